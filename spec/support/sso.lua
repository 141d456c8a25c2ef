-- A small login server with OAuth's token and revocation endpoints, over real
-- HTTP, in a process of its own. As a module: sso.start() gives a handle.
-- As a program it serves: PKCE is verified, codes and refresh tokens work
-- once, and what arrived is kept for the specs.
local cjson = require "cjson"
local files = require "spec.support.files"

local METHODS = {}
local M = {}

-- The server's side.

local function decode(text)
  return (text:gsub("%+", " "):gsub("%%(%x%x)", function(hex)
    return string.char(tonumber(hex, 16))
  end))
end

local function parameters(text)
  local params = {}
  for name, value in (text or ""):gmatch("([^&=]+)=([^&]*)") do
    params[decode(name)] = decode(value)
  end
  return params
end

local function run(command, input)
  local name = os.tmpname()
  files.write(name, input)
  local pipe = assert(io.popen(command:format(name)))
  local text = pipe:read "a"
  pipe:close()
  os.remove(name)
  return (text:gsub("%s+$", ""))
end

-- openssl's, so that the module's own digest is not measured by itself
local function challenge_of(verifier)
  return (run("openssl dgst -sha256 -binary %s | openssl base64 -A", verifier)
    :gsub("%+", "-"):gsub("/", "_"):gsub("=", ""))
end

local function base64url(text)
  return (run("openssl base64 -A -in %s", text)
    :gsub("%+", "-"):gsub("/", "_"):gsub("=", ""))
end

local state

local function reset()
  state = { count = 0, codes = {}, live = {}, dead = {}, arrivals = {},
    faults = {}, access = {}, lifetime = 3600 }
end

local function refuse(status, code, description)
  return status, { error = code, error_description = description }
end

local function id_token(nonce)
  local claims = cjson.encode { iss = state.issuer, aud = { "client-1" },
    sub = "user-1", nonce = state.wrong_nonce or nonce }
  return base64url '{"alg":"RS256"}' .. "." .. base64url(claims) .. ".c2ln"
end

local function issue(nonce)
  state.count = state.count + 1
  local access = "canary-access-" .. state.count
  local refresh = "canary-refresh/" .. state.count .. "=="
  state.live[refresh], state.access[access] = true, true
  return 200, {
    access_token = access, refresh_token = refresh, token_type = "Bearer",
    expires_in = state.lifetime, scope = "openid",
    id_token = nonce and id_token(nonce),
  }
end

local function has_login(request, form)
  local given = request.headers.authorization
  if given then
    local expected = run("openssl base64 -A -in %s",
      "client-1:canary%2Bsecret%20%3A1")
    return given == "Basic " .. expected and form.client_id == nil
  end
  return form.client_id == "client-1" and form.client_secret == nil
end

local grants = {}

function grants.authorization_code(form)
  local code = state.codes[form.code or ""]
  state.codes[form.code or ""] = nil
  if not code then return refuse(400, "invalid_grant", "no such code") end
  if code.redirect_uri ~= form.redirect_uri
      or challenge_of(form.code_verifier or "") ~= code.code_challenge then
    return refuse(400, "invalid_grant", "the verifier does not fit")
  end
  return issue(code.nonce)
end

function grants.refresh_token(form)
  local token = form.refresh_token or ""
  if not state.live[token] then
    return refuse(400, "invalid_grant", "refresh token " .. token
      .. " is not alive")
  end
  state.live[token], state.dead[token] = nil, true
  return issue()
end

local routes = {}

routes["GET /authorize"] = function(request)
  local asked = parameters(request.query)
  if asked.response_type ~= "code" or asked.code_challenge_method ~= "S256"
      or not asked.code_challenge then
    return refuse(400, "invalid_request")
  end
  state.count = state.count + 1
  local code = "canary-code-" .. state.count
  state.codes[code] = asked
  return 200, { location = ("%s?code=%s&state=%s"):format(asked.redirect_uri,
    code, asked.state) }
end

routes["POST /token"] = function(request)
  local form = parameters(request.body)
  if request.headers["content-type"] ~= "application/x-www-form-urlencoded"
      or request.headers["x-api-key"] or request.headers["x-user-key"] then
    return refuse(400, "invalid_request")
  elseif not has_login(request, form) then
    return refuse(401, "invalid_client", "who is "
      .. request.body .. ", " .. (request.headers.authorization or "") .. "?")
  end
  local grant = grants[form.grant_type]
  if not grant then return refuse(400, "unsupported_grant_type") end
  return grant(form)
end

routes["POST /revoke"] = function(request)
  local form = parameters(request.body)
  if not has_login(request, form) then return refuse(401, "invalid_client") end
  state.live[form.token] = nil
  return 200, ""
end

routes["GET /.well-known/openid-configuration"] = function()
  local document = {
    issuer = state.issuer, authorization_endpoint = state.issuer .. "/authorize",
    token_endpoint = state.issuer .. "/token",
    revocation_endpoint = state.issuer .. "/revoke",
  }
  for name, value in pairs(state.document or {}) do document[name] = value end
  return 200, document
end

-- The API that the tokens are for.
routes["GET /api/v1/me"] = function(request)
  local token = (request.headers.authorization or ""):match "^Bearer (.*)$"
  if not state.access[token or ""] then return refuse(401, "Unauthorized") end
  return 200, { gcid = 1, realCid = 2, demoCid = 3, username = "me" }
end

-- For the specs.
routes["GET /control"] = function() return 200, state.arrivals end

routes["POST /control"] = function(request)
  for name, value in pairs(cjson.decode(request.body)) do
    state[name] = value ~= cjson.null and value or nil
  end
  return 200, {}
end

routes["DELETE /control"] = function()
  local issuer = state.issuer
  reset()
  state.issuer = issuer
  return 200, {}
end

local function encode(answer)
  return type(answer) == "table" and cjson.encode(answer) or answer
end

local function answer(http, request)
  local route = request.method .. " " .. request.path
  if not request.path:find "^/control" then
    table.insert(state.arrivals, { route = route, body = request.body,
      query = request.query, headers = request.headers })
  end
  local fault = table.remove(state.faults[route] or {}, 1)
  if fault and fault.cut == "before" then return http:cut(request.id) end
  if fault and fault.status then
    return http:respond(request.id, fault.status, fault.headers or {},
      fault.body or "")
  end
  local handle = routes[route]
  local status, body = 404, { error = "not_found" }
  if handle then status, body = handle(request) end
  if fault and fault.cut then return http:cut(request.id) end
  local headers = { ["Content-Type"] = "application/json" }
  if fault and fault.seconds then
    os.execute(("sleep %g"):format(fault.seconds))
  end
  http:respond(request.id, status, headers, fault and fault.instead
    or encode(body))
end

function M.serve()
  local http = assert(require("etoro.httpd").listen {})
  reset()
  state.issuer = ("http://127.0.0.1:%d"):format(http:port())
  io.stdout:write("sso ", state.issuer, "\n")
  io.stdout:flush()
  while true do
    local request, why = http:wait(1)
    if request then answer(http, request) end
    if why == "interrupted" then return end
  end
end

-- The specs' side.

local mt = { __name = "spec.sso", __index = METHODS }

function M.start()
  local process = require "spec.support.process"
  local child = process.spawn { os.getenv "LUA" or "lua5.4", "-e",
    "require('spec.support.sso').serve()" }
  return setmetatable({ process = child, logins = {},
    url = child:expect "sso (http://[%d.:]+)\n" }, mt)
end

local function control(self, method, value)
  local ltn12 = require "ltn12"
  local body = value and cjson.encode(value) or ""
  local parts = {}
  local _, status = require("socket.http").request {
    url = self.url .. "/control", method = method,
    source = ltn12.source.string(body), sink = ltn12.sink.table(parts),
    headers = { ["content-length"] = tostring(#body) },
  }
  assert(status == 200, status)
  return cjson.decode(table.concat(parts))
end

--- Requests that arrived on a route such as "POST /token".
function METHODS:arrivals(route)
  local some = {}
  for _, request in ipairs(control(self, "GET")) do
    if request.route == route then
      request.form = parameters(request.body)
      some[#some + 1] = request
    end
  end
  return some
end

--- Sets lifetime, document, wrong_nonce, or faults: lists by route of
--- { cut = "before" | "after", status, body, headers, instead, seconds }.
function METHODS:set(values) control(self, "POST", values) end

--- Closes the logins that were made here, and forgets what arrived.
function METHODS:reset()
  for _, login in ipairs(self.logins) do login:close() end
  self.logins = {}
  control(self, "DELETE")
end

--- An application's login with this server; an option that is false is not given.
function METHODS:login(options)
  local all = {
    client_id = "client-1", redirect_uri = "http://127.0.0.1/back",
    discovery = self.url .. "/.well-known/openid-configuration",
    authorize_url = self.url .. "/authorize",
    token_url = self.url .. "/token", revoke_url = self.url .. "/revoke",
  }
  for name, value in pairs(options or {}) do all[name] = value or nil end
  local login = assert(require("etoro").oauth.new(all))
  self.logins[#self.logins + 1] = login
  return login
end

--- The tokens of a user that logs in.
function METHODS:tokens_of(login)
  local url, session = login:authorize()
  return assert(login:exchange(self:visit(url), session))
end

--- The requests that asked for a token by another.
function METHODS:refreshes()
  local some = {}
  for _, request in ipairs(self:arrivals "POST /token") do
    if request.form.grant_type == "refresh_token" then some[#some + 1] = request end
  end
  return some
end

--- What a browser does with an authorization URL: the callback's URL.
function METHODS.visit(_, url)
  local body, status = require("socket.http").request(url)
  assert(status == 200, body)
  return cjson.decode(body).location
end

function METHODS:stop() self.process:stop() end

M.parameters = parameters

M.visit = METHODS.visit

return M
