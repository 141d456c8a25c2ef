-- Requests of a caller's own making, for client:request.

local blame = require "etoro.values.blame"
local call_keys = require "etoro.call.keys"
local named = require "etoro.values.named"
local rules = require "etoro.values.rules"
local core = require "etoro.core"
local errors = require "etoro.errors"
local index = require "etoro.call.index"
local json = require "etoro.values.json"
local limits = require "etoro.values.limits"

local tostring = core.text -- not up to the locale

local M = {}

local FIELDS = {
  method = "string", path = "string", query = "table", headers = "table",
  body = true,
}

-- Headers that are ours to set: who is calling, what is read, the framing; and
-- those that make some servers see another method, path or host than the one
-- checked, or another caller. With dashes: many servers take other marks for
-- one.
local RESERVED = {
  accept = true, ["accept-encoding"] = true, authorization = true,
  connection = true, ["content-length"] = true, cookie = true, expect = true,
  forwarded = true, host = true, ["http2-settings"] = true,
  ["keep-alive"] = true, te = true, trailer = true,
  ["transfer-encoding"] = true, upgrade = true, via = true,
  ["x-api-key"] = true, ["x-user-key"] = true, ["x-request-id"] = true,
  ["x-real-ip"] = true, ["x-client-ip"] = true, ["client-ip"] = true,
  ["true-client-ip"] = true, ["cf-connecting-ip"] = true,
}

local RESERVED_PATTERNS = {
  "^proxy%-", "^x%-forwarded", "^x%-original", "^x%-rewrite", "^x%-method",
  "^x%-http%-method", "^x%-host$", "^x%-envoy%-", "override$",
}

-- Whether a header is not the caller's to set.
local function is_reserved(name)
  local lower = core.lower(name)
  local plain = lower:gsub("[^a-z0-9]", "-")
  if RESERVED[plain] or plain == "content-type" and lower ~= plain then
    return true
  end
  for _, pattern in ipairs(RESERVED_PATTERNS) do
    if plain:find(pattern) then return true end
  end
  return false
end

local function query_text(value)
  if math.type(value) == "integer" then return ("%d"):format(value) end
  if type(value) == "number" then
    local is_finite = value - value == 0
    return is_finite and core.json_number(value) or nil
  end
  if type(value) == "string" or type(value) == "boolean" then
    return tostring(value)
  end
end

local function query_value(name, value)
  if type(value) ~= "table" then
    local text = query_text(value)
    if not text then
      blame.raise(("bad query value '%s': string, finite number, boolean or"
        .. " list expected, got %s"):format(name, type(value) == "number"
        and tostring(value) or type(value)))
    end
    return core.escape(text, "query")
  end
  local items = {}
  for key in pairs(value) do
    if math.type(key) ~= "integer" then
      blame.raise(("bad query value '%s': a list has no field '%s'"):format(
        name, tostring(key)))
    end
  end
  for i, item in ipairs(value) do
    items[i] = query_value(name, item)
  end
  return table.concat(items, ",")
end

local function query_string(query)
  local names, parts = {}, {}
  for name in pairs(query) do
    if type(name) ~= "string" then
      blame.raise("query names must be strings")
    end
    names[#names + 1] = name
  end
  table.sort(names, core.before)
  for i, name in ipairs(names) do
    parts[i] = core.escape(name, "query") .. "="
      .. query_value(name, query[name])
  end
  return table.concat(parts, "&")
end

-- The lines, and the content type apart; nil and an error for bad bytes.
local function header_lines(headers)
  local lines, content_type = {}, nil
  for name, value in pairs(headers) do
    if type(name) ~= "string" or type(value) ~= "string" then
      blame.raise("headers must be strings by name")
    end
    if is_reserved(name) then
      blame.raise(("header '%s' is set by the client"):format(name))
    elseif not core.is_header(name, value) then
      return nil, errors.invalid("headers",
        ("hold '%s', whose name or value is not one line of plain text"):format(
        name:gsub("[\0-\31\127]", "?")))
    elseif core.lower(name) == "content-type" then
      content_type = value
    else
      lines[#lines + 1] = name .. ": " .. value
    end
  end
  if #lines > limits.header_lines_max then
    blame.raise(("at most %d headers, got %d"):format(limits.header_lines_max,
      #lines))
  end
  table.sort(lines, core.before)
  return lines, content_type
end

local function unescape(text)
  return (text:gsub("%%(%x%x)", function(hex)
    return string.char(tonumber(hex, 16))
  end))
end

-- Why a path cannot be sent, as far as the core does not say. Steps in
-- disguise are some servers' and some libcurls' steps all the same.
local function path_fault(path)
  if path:sub(1, 1) ~= "/" then
    return "must start with a slash; the host comes from base_url"
  elseif path:find("\0", 1, true) then
    return "holds a zero byte"
  end
  -- most paths are plain, which is seen at a glance
  if not (path:find("/.", 1, true) or path:find("%", 1, true)) then
    return nil
  end
  for part in path:gsub("[?#].*$", ""):gmatch("[^/]+") do
    local plain = unescape(part)
    if plain == "." or plain == ".." then
      return "holds '" .. part .. "', which would change the route"
    end
  end
end

--- The documented operation that a path belongs to.
---@param method string
---@param path string
---@return etoro.Operation? op
function M.find(method, path)
  return index.find(method, core.path_steps(path))
end

-- What the table knows of a path, which is without its query. What lets a
-- request do more than one of an unknown path, such as being sent again or past
-- a halt, holds only where there is no doubt about which path it is.
local function knowledge(method, prefix, path, body)
  local whole = prefix .. path
  local steps = core.path_steps(whole)
  -- with a prefix either may be what the API sees: a proxy may take it away
  local known = index.find(method, steps)
    or prefix ~= "" and M.find(method, path) or nil
  local is_plain = known
    and (index.is_plainly(known, path) or index.is_plainly(known, whole))
  local moves_money = index.may_move_money(method, steps)
  if not is_plain then
    return {
      method = method, path = path, class = method == "GET" and "safe" or "never",
      moves_money = moves_money, final = known and known.final,
      scopes = known and known.scopes, pool = known and known.pool,
    }, known
  end
  local class = rules.class_of(known, body)
  return {
    method = method, path = path, class = class, moves_money = moves_money,
    final = known.final, scopes = known.scopes, pool = known.pool,
    trade = known.trade, reads = known.reads, template = known.path,
    account = known.account, like = class == known.class and known or nil,
    in_path = known.trade and { positionId = path:match "positions/(%d+)" },
  }, known
end

--- The body of a request as a table, to be compared with what came of it.
---@param request table
---@return table? body nil when it is none
function M.body_of(request)
  local body = request.body
  if type(body) == "string" and body:find("^[ \t-\r]*{") then
    body = json.decode(body)
  end
  return type(body) == "table" and body or nil
end

--- Makes the operation and the wire's request of what the caller wrote.
---@param request table
---@param prefix string the base URL's path, which comes before the request's
---@return table? op method, path, class, final, moves_money
---@return table? wire target, body, content_type, headers
---@return etoro.Error? err
function M.build(request, prefix)
  if type(request) ~= "table" then
    blame.raise("request must be a table, got " .. type(request))
  end
  named.options(request, FIELDS, "request field")
  if not request.path then blame.raise("missing request field 'path'") end
  local method = core.upper(request.method or "GET")
  local message = path_fault(request.path)
  if message then return nil, nil, errors.invalid("path", message) end
  if method:find("\0", 1, true) then
    return nil, nil, errors.invalid("method", "holds a zero byte")
  end
  local path = request.path
  local query = path:find("?", 1, true)
  if query then path = path:sub(1, query - 1) end
  local op, known = knowledge(method, prefix, path, request.body)
  if known and known.key
      and not call_keys.is_in(known, request, M.body_of(request)) then
    op.class, op.like = "never", nil
  end
  local wire = { target = request.path }
  if request.query and next(request.query) then
    wire.target = wire.target .. (wire.target:find("?", 1, true) and "&"
      or "?") .. query_string(request.query)
  end
  if request.headers then
    local headers, content_type = header_lines(request.headers)
    if not headers then return nil, nil, content_type end
    wire.headers, wire.content_type = headers, content_type
  end
  if type(request.body) == "string" then
    -- nothing is no JSON, and gets no type
    wire.body = (request.body ~= "" or wire.content_type) and request.body
      or nil
  elseif request.body ~= nil then
    wire.body = json.encode(request.body, known and known.body, "body")
  end
  return op, wire
end

return M
