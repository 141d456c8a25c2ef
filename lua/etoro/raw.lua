-- Requests of a caller's own making, for client:request.

local check = require "etoro.check"
local core = require "etoro.core"
local errors = require "etoro.errors"
local json = require "etoro.json"

local M = {}

local FIELDS = {
  method = "string", path = "string", query = "table", headers = "table",
  body = true,
}

-- Headers that are ours to set: who is calling, and the framing.
local RESERVED = {
  ["x-api-key"] = true, ["x-user-key"] = true, authorization = true,
  ["x-request-id"] = true, ["proxy-authorization"] = true, host = true,
  ["content-length"] = true, ["transfer-encoding"] = true,
  connection = true, cookie = true, expect = true, te = true,
}

local function query_text(value)
  if math.type(value) == "integer" then return string.format("%d", value) end
  if type(value) == "number" then return core.json_number(value) end
  if type(value) == "string" or type(value) == "boolean" then
    return tostring(value)
  end
end

local function query_value(name, value, level)
  if type(value) ~= "table" then
    local text = query_text(value)
    if not text then
      error(string.format("bad query value '%s': string, number, boolean or"
        .. " list expected, got %s", name, type(value)), level + 1)
    end
    return core.escape(text, "query")
  end
  local items = {}
  for index, item in ipairs(value) do
    items[index] = query_value(name, item, level + 1)
  end
  return table.concat(items, ",")
end

local function query_string(query, level)
  local names, parts = {}, {}
  for name in pairs(query) do
    if type(name) ~= "string" then
      error("query names must be strings", level + 1)
    end
    names[#names + 1] = name
  end
  table.sort(names)
  for index, name in ipairs(names) do
    parts[index] = core.escape(name, "query") .. "="
      .. query_value(name, query[name], level + 1)
  end
  return table.concat(parts, "&")
end

-- The lines, and the content type apart; nil and an error for bad bytes.
local function header_lines(headers, level)
  local lines, content_type = {}, nil
  for name, value in pairs(headers) do
    if type(name) ~= "string" or type(value) ~= "string" then
      error("headers must be strings by name", level + 1)
    end
    local lower = name:lower()
    if RESERVED[lower] then
      error(string.format("header '%s' is set by the client", name),
        level + 1)
    elseif not core.is_header(name, value) then
      return nil, errors.invalid("headers", string.format(
        "hold '%s', whose name or value is not one line of plain text",
        name:gsub("%c", "?")))
    elseif lower == "content-type" then
      content_type = value
    else
      lines[#lines + 1] = name .. ": " .. value
    end
  end
  table.sort(lines)
  return lines, content_type
end

-- A path as a server would read it: no escapes of plain characters, no double
-- or final slashes, no dots, no case.
local function plain_path(path)
  path = path:gsub("[?#].*$", "")
  path = path:gsub("%%(%x%x)", function(hex)
    return string.char(tonumber(hex, 16))
  end)
  local parts = {}
  for part in path:lower():gmatch("[^/\\]+") do
    if part == ".." then
      parts[#parts] = nil
    elseif part ~= "." then
      parts[#parts + 1] = part
    end
  end
  return parts
end

local function fits(template, parts)
  local index = 0
  for part in template:lower():gmatch("[^/]+") do
    index = index + 1
    if parts[index] ~= part and not part:find("^{.*}$")
      or parts[index] == nil
    then
      return false
    end
  end
  return index == #parts
end

--- The documented operation that a path belongs to. Plain text beats a
--- placeholder where both fit.
---@param method string
---@param path string
---@return etoro.Operation? op
function M.find(method, path)
  local parts = plain_path(path)
  local found, least
  for _, op in pairs(require "etoro.operations") do
    if op.method == method and fits(op.path, parts) then
      local _, holes = op.path:gsub("{", "")
      if not found or holes < least then found, least = op, holes end
    end
  end
  return found
end

--- Makes the operation and the wire's request of what the caller wrote.
---@param request table
---@param level integer
---@return table? op method, path, class, final, moves_money
---@return table? wire target, body, content_type, headers
---@return etoro.Error? err
function M.build(request, level)
  if type(request) ~= "table" then
    error("request must be a table, got " .. type(request), level + 1)
  end
  check.options(request, FIELDS, "request field", level + 1)
  if not request.path then error("missing request field 'path'", level + 1) end
  local method = (request.method or "GET"):upper()
  if request.path:sub(1, 1) ~= "/" then
    return nil, nil, errors.invalid("path", "must start with a slash; the"
      .. " host comes from base_url")
  end
  local known = M.find(method, request.path)
  local op = {
    method = method, path = request.path:gsub("%?.*$", ""),
    class = known and known.class or method == "GET" and "safe" or "never",
    final = known and known.final, moves_money = known and known.moves_money,
    scopes = known and known.scopes,
  }
  local wire = { target = request.path }
  if request.query and next(request.query) then
    wire.target = wire.target .. (wire.target:find("?", 1, true) and "&"
      or "?") .. query_string(request.query, level + 1)
  end
  local headers, content_type = header_lines(request.headers or {}, level + 1)
  if not headers then return nil, nil, content_type end
  wire.headers, wire.content_type = headers, content_type
  if type(request.body) == "string" then
    wire.body = request.body
  elseif request.body ~= nil then
    wire.body = json.encode(request.body, known and known.body, level + 1,
      "body")
  end
  return op, wire
end

return M
