-- The arguments of an operation: checked, before anything is sent, and made
-- into a request. What a program got wrong (a type, an unknown name, a missing
-- field) raises at the caller's line; what data can cause is returned as nil and
-- an error object.
--
-- What is right goes a short way (call/compiled); this is the way that says what
-- is wrong.

local blame = require "etoro.values.blame"
local check = require "etoro.values.fields"
local named = require "etoro.values.named"
local compiled = require "etoro.call.compiled"
local core = require "etoro.core"
local errors = require "etoro.errors"
local json = require "etoro.values.json"
local multipart = require "etoro.call.multipart"
local rules = require "etoro.values.rules"
local targets = require "etoro.call.targets"
local types = require "etoro.values.types"

local M = {}

local check_value, spec_of = types.value, types.spec_of
local sorted_names, query_spec = types.sorted_names, targets.query_spec
local list_text, text_of = targets.list_text, targets.text_of

-- A body that is no object: one spec.
local function check_bare_body(spec, body)
  if body == nil then blame.raise("missing parameter 'body'") end
  check.check_type(spec, body, "field", "body")
  local copy, message, place = check_value(spec, body)
  if copy == nil then return nil, check.invalid("body", place, message) end
  return copy
end

local function broken_rule(op, given)
  local message = rules.broken(op, given)
  return message and errors.invalid(nil, message)
end

local function check_body(op, body)
  if not op.body then
    if body ~= nil then
      blame.raise(("%s %s takes no body"):format(op.method, op.path))
    end
    return true
  elseif type(op.body.type) == "string" then
    return check_bare_body(op.body, body)
  end
  body = body == nil and {} or body
  check.fields(op.body, body, "field")
  if op.at_least_one and next(body) == nil then
    return nil, errors.invalid(nil, "nothing to change: give at least one of "
      .. table.concat(sorted_names(op.body), ", "))
  end
  local fields, err = check.values(op.body, body)
  if not fields then return nil, err end
  err = broken_rule(op, fields)
  if err then return nil, err end
  return fields
end

local function path_values(op, params)
  local texts = {}
  for name in op.path:gmatch("{(.-)}") do
    local fault = targets.step_fault(params[name])
    if fault then return nil, check.invalid(name, "", fault) end
    local value, message, place = check_value(spec_of(op.params.path[name]),
      params[name])
    if value == nil then return nil, check.invalid(name, place, message) end
    texts[name] = text_of(value)
  end
  return texts
end

-- One entry a parameter, in order of their names.
local function query_values(op, params)
  local out = {}
  for _, name in ipairs(sorted_names(params)) do
    local spec = name ~= "body" and query_spec(op, name)
    if spec then
      local value, message, place = check_value(spec, params[name])
      local parts = type(value) == "table"
      local text
      if parts then text, message = list_text(value) else text = value end
      if text == nil then return nil, check.invalid(name, place, message) end
      for _, one in ipairs(parts and spec.repeated and value or { text }) do
        out[#out + 1] = { name = name, value = text_of(one),
          part = (parts or spec.commas) and "list" or "query" }
      end
    end
  end
  return out
end

-- The lines of what is given as headers.
local function header_lines(op, params)
  local lines = {}
  for _, name in ipairs(sorted_names(op.params.header)) do
    if params[name] ~= nil then
      local value, message, place = check_value(op.params.header[name],
        params[name])
      local text = value ~= nil and text_of(value)
      if not text or not core.is_header(name, text) then
        return nil, check.invalid(name, place or "",
          message or "is no line of plain text")
      end
      lines[#lines + 1] = name .. ": " .. text
    end
  end
  return lines
end

local function known_names(op)
  local known = { body = op.body and true or nil }
  for name in pairs(op.params.path) do known[name] = true end
  for name in pairs(op.params.query) do known[name] = true end
  for name in pairs(op.params.header or {}) do known[name] = true end
  local filters = op.params.filters or {}
  for name in pairs(filters.names or {}) do known[name] = true end
  for name in pairs(filters.more or {}) do known[name] = true end
  return known
end

-- The spec of what is given beside the path.
local function spec_beside(op, name)
  return query_spec(op, name) or op.params.header and op.params.header[name]
end

local function check_param_names(op, params)
  for _, name in ipairs(sorted_names(params)) do
    if name ~= "body" and not op.params.path[name]
        and not spec_beside(op, name) then
      blame.raise(named.unknown("parameter", name, known_names(op)))
    end
  end
  for name in op.path:gmatch("{(.-)}") do
    if params[name] == nil then
      blame.raise(("missing parameter '%s'"):format(name))
    end
    check.check_type(spec_of(op.params.path[name]), params[name], "parameter",
      name)
  end
  for _, specs in ipairs { op.params.query, op.params.header } do
    for _, name in ipairs(sorted_names(specs)) do
      if params[name] == nil and specs[name].required then
        blame.raise(("missing parameter '%s'"):format(name))
      end
    end
  end
  for _, name in ipairs(sorted_names(params)) do
    local spec = name ~= "body" and spec_beside(op, name)
    if spec then
      check.check_type(spec, params[name], "parameter", name)
    end
  end
end

--- Checks all that an operation takes. Raises for names, types and missing
--- values; returns nil and an error for what data can cause.
---@param op etoro.Operation
---@param params? table path and query parameters by name, and body
---@return table<string, string>? path values as text, to be encoded
---@return { name: string, value: string, part: "query"|"list" }[]|etoro.Error
---@return table? body nil when the operation has none
---@return string[]? headers lines; nil when it takes none
function M.params(op, params)
  params = params == nil and {} or params
  if type(params) ~= "table" then
    blame.raise("parameters must be a table, got " .. named.type_name(params))
  end
  check_param_names(op, params)
  local body, err = check_body(op, params.body)
  if not body then return nil, err end
  local path, query
  path, err = path_values(op, params)
  if not path then return nil, err end
  query, err = query_values(op, params)
  if not query then return nil, err end
  err = not op.body and broken_rule(op, params)
  if err then return nil, err end
  local headers
  if op.params.header then
    headers, err = header_lines(op, params)
    if not headers then return nil, err end
  end
  return path, query, op.body and body or nil, headers
end

local function add_body(request, op, body)
  if op.body_kind == "multipart" then
    request.body, request.content_type = multipart.encode(body)
  elseif op.body then
    request.body = json.encode(body, op.body)
  end
  return request
end

--- Checks the body alone of an operation that takes nothing else. Raises for
--- names, types and missing values; returns nil and an error for what data can
--- cause.
---@param op etoro.Operation
---@param body table
---@return table? copy to be sent
---@return etoro.Error? err
function M.body(op, body)
  local copy = compiled.body(op, body)
  if copy then return copy end
  return check_body(op, body)
end

--- As M.request, of a body that M.body has made, and of nothing else.
---@param op etoro.Operation
---@param params { body: table }
---@return { target: string, body?: string } request
---@return table<string, string> path empty
---@return table body
function M.of_body(op, params)
  local body = params.body
  return add_body({ target = op.path }, op, body), {}, body
end

--- Checks an operation's arguments and makes the request of them.
---@param op etoro.Operation
---@param params? table path and query parameters by name, and body
---@return { target: string, body?: string, content_type?: string }? request
---@return table<string, string>|etoro.Error path values as text
---@return table? body as it is sent, not encoded
function M.request(op, params)
  local target, path, body, headers = compiled.read(op, params)
  if not target then
    local query
    path, query, body, headers = M.params(op, params)
    if not path then return nil, query end
    target = targets.build(op, path, query)
  end
  return add_body({ target = target, headers = headers }, op, body), path, body
end

return M
