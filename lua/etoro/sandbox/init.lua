-- A stand-in for the eToro API on this machine. One model, deterministic
-- under its seed; the clock comes from outside. In-process through handle(),
-- or served over HTTP by sandbox.serve.

local auth = require "etoro.sandbox.http.auth"
local bounds = require "etoro.sandbox.bounds"
local control = require "etoro.sandbox.control"
local core = require "etoro.core"
local faults = require "etoro.sandbox.http.faults"
local fold = require("etoro.sandbox.http.fold").table
local json = require "etoro.sandbox.json"
local limits = require "etoro.sandbox.http.limits"
local known = require "etoro.sandbox.options"
local reply = require "etoro.sandbox.http.reply"
local rng = require "etoro.sandbox.rng"
local router = require "etoro.sandbox.http.router"
local times = require "etoro.sandbox.times"
local universe = require "etoro.sandbox.market.universe"

---@class etoro.Sandbox
local methods = {}
local mt = { __name = "etoro.sandbox", __index = methods }

---@class etoro.SandboxModule
local M = {}

local MODELS = {}
for i, name in ipairs { "agents.portfolios", "market.instruments",
  "people.me", "areas", "market.data", "market.search", "trading" }
do
  MODELS[i] = require("etoro.sandbox." .. name)
end
local KEPT_ARRIVALS = 1000
local KEPT_BODY = 2 ^ 20 -- bytes of a recorded body

--- Makes a sandbox; nothing is shared between two of them.
---@param options? table see options.lua for names and meaning
---@return etoro.Sandbox
function M.new(options)
  options = options or {}
  if type(options) ~= "table" then
    error("sandbox.new takes a table of options", 2)
  end
  local message = bounds.problem(options, known.KINDS, "option")
  if message then error(message, 2) end
  local self = setmetatable({ given = {}, offset = 0, cuts = 0 }, mt)
  for name, default in pairs(known.DEFAULTS) do
    local value = options[name]
    if value == nil and options.strict then value = known.STRICT[name] end
    if value == nil then value = default end
    self.given[name] = value
  end
  self.router = router.new()
  for _, model in ipairs(MODELS) do model.routes(self.router) end
  self:reset()
  return self
end

--- Seconds since 1970 as the sandbox sees it. Its time ends with the year
--- 9999: later dates have no form that the API's answers could show.
---@return number
function methods:now()
  return math.max(0, math.min(self.options.now() + self.offset, times.LAST))
end

--- The kind of what the clock can be advanced by, see bounds.lua.
---@return fun(value: any): string?
function methods:step_kind()
  return bounds.number(0, math.floor(times.LAST - self:now()))
end

--- Moves the clock ahead.
---@param seconds number from 0 to the end of the year 9999
function methods:advance(seconds)
  local words = self:step_kind()(seconds)
  if words then error("seconds must be " .. words, 2) end
  self.offset = self.offset + seconds
end

-- A first number is drawn, the next ones follow: ids grow, as real ones do.
local function counter(self, name, low, high)
  self.counters[name] = (self.counters[name] or self.rng:range(low, high))
    + 1
  return self.counters[name]
end

function methods:next_gcid() return counter(self, "gcid", 3e7, 4e7) end
function methods:next_cid() return counter(self, "cid", 2e7, 3e7) end
function methods:next_mirror() return counter(self, "mirror", 1e6, 9e6) end

local function add_owner(self, key, scopes, name)
  local owner = {
    gcid = self:next_gcid(), real_cid = self:next_cid(),
    demo_cid = self:next_cid(), username = name, first_name = "Sandy",
    last_name = "Box", scopes = auth.set(scopes),
    credit = self.options.credit, portfolios = {},
  }
  self.owners[key] = owner
  return owner
end

local function add_owners(self)
  local o = self.options
  self.owners = {}
  local first = add_owner(self, o.user_key, o.owner_scopes, "sandy")
  local keys = {}
  for key in pairs(o.user_keys) do keys[#keys + 1] = key end
  table.sort(keys, core.before)
  for i, key in ipairs(keys) do
    add_owner(self, key, o.user_keys[key], ("sandy%d"):format(i + 1))
  end
  self.access_tokens = {}
  for token, entry in pairs(o.access_tokens) do
    local is_listed = type(entry) == "string"
    local of_token = is_listed and {} or entry
    self.access_tokens[is_listed and entry or token] = { owner = first,
      expires_at = of_token.expires_at,
      scopes = of_token.scopes and auth.set(of_token.scopes) or first.scopes }
  end
end

local function new_limits(options)
  return limits.new(options.limits, options.window, options.rate_headers)
end

--- Everything as it was when new, clock included.
function methods:reset()
  self.offset = 0
  self.options = {}
  for name, value in pairs(self.given) do self.options[name] = value end
  self.rng = rng.new(self.options.seed)
  self.counters = {}
  self.areas = {} -- what the models keep that is no owner's, by model
  self.tokens = {} -- by secret
  self.limits = new_limits(self.options)
  self.instruments = self.instruments
    or universe.build(self.options.instruments, self.options.strict)
  self.market, self.trading = nil, nil -- made when first asked for
  add_owners(self)
  self.late = {} -- requests whose work is still to be done
  self:clear_faults()
  self:clear_arrivals()
end

--- Takes all scripted faults away.
function methods:clear_faults()
  self.faults = faults.new(self.options.seed)
  self.cuts = self.cuts + 1 -- the server lets go of what it holds back
end

--- Takes the record of what arrived away.
function methods:clear_arrivals()
  self.arrivals = { count = 0, counts = {}, refused = 0,
    by_request_id = {} }
end

--- Changes options that may change while it runs.
---@param options table
---@return true? done
---@return string? message why not
function methods:change(options)
  if type(options) ~= "table" then return nil, "options must be a table" end
  local message = bounds.problem(options, known.CHANGEABLE, "option")
  if message then return nil, message end
  if self.trading then self.trading:run() end -- under the options it was in
  for name, value in pairs(options) do self.options[name] = value end
  if options.limits ~= nil or options.window or options.rate_headers then
    self.limits = new_limits(self.options)
  end
  return true
end

-- How often each write of the trading routes came, whatever became of it.
local function count_request_id(list, request)
  local id = request.headers["x-request-id"]
  if type(id) == "string" and request.method ~= "GET"
      and request.path:find("/trading/", 1, true) then
    id = core.lower(id)
    list.by_request_id[id] = (list.by_request_id[id] or 0) + 1
  end
end

local function record(self, request, route)
  local list = self.arrivals
  local name = request.method .. " " .. (route and route.path or request.path)
  list.count = list.count + 1
  list.counts[name] = (list.counts[name] or 0) + 1
  count_request_id(list, request)
  if #list >= 2 * KEPT_ARRIVALS then
    local keep = table.move(list, #list - KEPT_ARRIVALS + 1, #list, 1, {})
    keep.count, keep.counts, keep.refused = list.count, list.counts,
      list.refused
    keep.by_request_id = list.by_request_id
    list, self.arrivals = keep, keep
  end
  list[#list + 1] = { number = list.count, time = self:now(),
    method = request.method, path = request.path, query = request.query or "",
    headers = request.headers, body = (request.body or ""):sub(1, KEPT_BODY),
    connection = request.connection, route = name }
end

local function fail(route, status, code, message, self)
  if route and route.older then
    return reply.fail_older(status, code, message, self.rng:uuid())
  end
  return reply.fail(status, code, message)
end

-- Who calls, in the manner of the API the route belongs to.
local function identify(self, request, route)
  if route.older and not request.headers.authorization then
    return nil, fail(route, 401, "Unauthorized", "Unauthorized", self)
  end
  local caller, refusal = auth.identify(self, request)
  if caller then return caller end
  if route.older then
    refusal = fail(route, refusal.status, "Unauthorized", "Unauthorized", self)
  end
  return nil, refusal
end

local function read_body(request, route)
  local text = request.body or ""
  if text == "" or route.body_kind == "multipart" then return {} end
  if not reply.is_json(request) then return nil, reply.not_json() end
  local value = json.decode(text)
  if type(value) ~= "table" then
    return nil, reply.fail(400, "ValidationFailed", "The body is not JSON")
  end
  return value
end

-- What is wrong with the request's id, if anything.
local function refuse_id(self, request, route)
  if route.older then return nil end
  local id = request.headers["x-request-id"]
  if id == nil or id == "" then
    return reply.fail(422, "RequestIdRequired", "x-request-id is required")
  elseif not auth.request_id(id, self.options.strict) then
    return reply.fail(400, "ValidationFailed", "x-request-id must be a UUID")
  end
end

local function work(self, request, route, params, effects, caller)
  local refusal = refuse_id(self, request, route)
  if refusal then return refusal end
  if not auth.allowed(caller, route.scopes) then
    return fail(route, 403, "InsufficientPermissions",
      "Insufficient permissions", self)
  end
  local body
  body, refusal = read_body(request, route)
  if not body then return refusal end
  local query = router.query(request.query)
  if not self.options.strict then body, query = fold(body), fold(query) end
  return route.handler { box = self, request = request, caller = caller,
    params = params, query = query, body = body, effects = effects }
end

local function limited(self, request, route, params, effects)
  local caller, refusal = identify(self, request, route)
  if not caller then return refusal end
  local allowed, headers = self.limits:take(route.pool, caller.limit_key,
    self:now())
  local answer
  if allowed then
    answer = work(self, request, route, params, effects, caller)
  else
    answer = fail(route, 429, "TooManyRequests", "Too many requests", self)
    self.arrivals.refused = self.arrivals.refused + 1
  end
  for name, value in pairs(headers) do
    answer.headers[name] = answer.headers[name] or value
  end
  return answer
end

local function no_route(self, request, others)
  local older = request.path:find("^/api/sor/v3/") and { older = true }
  if #others == 0 then
    local is_plain = older or self.options.strict
    return fail(older, 404, is_plain and "NotFound" or "RouteNotFound",
      "The sandbox has no route " .. request.path, self)
  end
  local answer = fail(older, 405, "MethodNotAllowed",
    "This path does not take " .. request.method, self)
  answer.headers.Allow = table.concat(others, ", ")
  return answer
end

-- Does the work of requests whose connections went before it.
local function catch_up(self)
  local now, left = self:now(), {}
  for _, one in ipairs(self.late) do
    if one.at <= now then
      limited(self, one.request, one.route, one.params, {})
    else
      left[#left + 1] = one
    end
  end
  self.late = left
end

local function answer_to(self, request)
  local route, params = self.router:find(request.method, request.path)
  record(self, request, route)
  local fault = self.faults:take(request, route)
  local answer = faults.before(fault, self)
  if answer and fault.fault == "late_work" and route then
    table.insert(self.late, { at = self:now() + (fault.seconds or 0.5),
      request = request, route = route, params = params })
  end
  if answer then return answer end
  if not route then
    answer = no_route(self, request, params)
  else
    local effects = faults.effects(fault)
    answer = limited(self, request, route, params, effects)
    if effects.duplicate then
      limited(self, request, route, params, effects)
    end
  end
  return faults.after(fault, answer)
end

--- Answers one request.
--- request: { method, path, query (raw), headers (lower-case names), body,
--- remote }; answer: { status, headers, body, fault? }, see faults.lua.
---@param request table
---@return table answer
function methods:handle(request)
  local answer
  if self.late[1] then catch_up(self) end
  if request.path:sub(1, 9) == "/sandbox/" then
    answer = control.handle(self, request)
  else
    answer = answer_to(self, request)
  end
  answer.headers.Date = answer.headers.Date or times.http(self:now())
  return answer
end

--- Makes a client whose calls this sandbox answers in the client's own
--- process, under a clock that moves only when a call waits.
---@param options? etoro.ClientOptions
---@return etoro.Client? client
---@return etoro.Error? err
function methods:client(options)
  return require("etoro.sandbox.wire").client(self, options)
end

--- Serves over HTTP on this machine until stopped; see serve.lua.
---@param options? table those of new, and host, port, on_ready, max_body
---@return true? done
---@return string? message why it cannot be served
function M.serve(options)
  return require("etoro.sandbox.http.serve").run(options)
end

--- The same as an object to be stepped: server.url, server:step(seconds),
--- server:fd(), server:close().
---@param options? table
---@return table? server
---@return string? message
function M.server(options)
  return require("etoro.sandbox.http.serve").open(options)
end

return M
