-- An operation's arguments, read the short way: what an operation takes is made
-- into functions when it is first called. What they do not take for right goes
-- the long way (call/arguments), which says what is wrong.

local core = require "etoro.core"
local rules = require "etoro.values.rules"
local targets = require "etoro.call.targets"
local values_compiled = require "etoro.values.compiled"

local M = {}

local escape, math_type, text_of = core.escape, math.type, targets.text_of

local NOTHING = {} -- never written to

---@class etoro.CompiledParam
---@field name string
---@field check fun(value: any): any copy
---@field escaped? string its name; nil for one of the path, or a header
---@field commas? boolean
---@field repeated? boolean

local RULES = { "one_of", "any_of", "at_most_one", "together", "none_of",
  "max_together", "in_order" }

local function has_rules_of(op)
  for _, kind in ipairs(RULES) do
    if op[kind] then return true end
  end
  return false
end

local function of_query(name, spec)
  return {
    name = name, check = values_compiled.value(spec), escaped = escape(name, "query"),
    commas = spec.commas, repeated = spec.repeated,
  }
end

-- All parameters by name; what only filters is made when it is met.
local function params_of(op)
  local params = {}
  for name, spec in pairs(op.params.path) do
    params[name] = { name = name, check = values_compiled.value(spec) }
  end
  for name, spec in pairs(op.params.query) do
    params[name] = of_query(name, spec)
  end
  for name, spec in pairs(op.params.header or NOTHING) do
    params[name] = { name = name, check = values_compiled.value(spec) }
  end
  if not op.params.filters then return params end
  return setmetatable(params, { __index = function(all, name)
    local spec = targets.query_spec(op, name)
    local param = spec and of_query(name, spec) or nil
    if param then rawset(all, name, param) end
    return param
  end })
end

-- The texts of a template between its placeholders, and what fills these.
local function parts_of(op, params)
  local texts, holes, at = {}, {}, 1
  for from, name, to in op.path:gmatch("(){(.-)}()") do
    texts[#texts + 1] = op.path:sub(at, from - 1)
    holes[#holes + 1] = params[name]
    at = to
  end
  texts[#texts + 1] = op.path:sub(at)
  return texts, holes
end

local function body_check(op)
  if not op.body then return nil end
  if type(op.body.type) == "string" then return values_compiled.value(op.body) end
  local check, at_least_one = values_compiled.object(op.body), op.at_least_one
  return function(body)
    if body == nil then body = {} end
    body = check(body)
    if body and at_least_one and next(body) == nil then return nil end
    return body
  end
end

local function compile(op)
  local params = params_of(op)
  local required, wanted = {}, 0
  for name, spec in pairs(op.params.query) do
    if type(spec) == "table" and spec.required then
      required[name], wanted = true, wanted + 1
    end
  end
  local texts, holes = parts_of(op, params)
  local body, has_rules = body_check(op), has_rules_of(op)
  return {
    params = params, texts = texts, holes = holes, required = required,
    wanted = wanted, body = body, has_rules = has_rules,
    header = op.params.header,
  }
end

-- One value as it stands in the path; its text goes into `path`.
local function step_of(param, given, path)
  local found = given[param.name]
  if found == nil then return nil end
  local value = param.check(found)
  if math_type(value) == "integer" then
    local text = value .. ""
    path[param.name] = text
    return text
  end
  local text = type(value) == "string" and value or text_of(value)
  if not text then return nil end
  path[param.name] = text
  if text ~= value then return text end -- a number
  local step = escape(text, "segment")
  -- what needs no escape is a step
  if step ~= found and targets.step_fault(found) then return nil end
  return step
end

-- The path with its placeholders filled; nil where a value is in doubt. Of one
-- or two, as most have, in one piece.
local function path_of(compiled, given, path)
  local texts, holes = compiled.texts, compiled.holes
  local first = step_of(holes[1], given, path)
  if not first then return nil end
  if not holes[2] then return texts[1] .. first .. texts[2] end
  local second = step_of(holes[2], given, path)
  if not second then return nil end
  local target = texts[1] .. first .. texts[2] .. second .. texts[3]
  for i = 3, #holes do
    local step = step_of(holes[i], given, path)
    if not step then return nil end
    target = target .. step .. texts[i + 1]
  end
  return target
end

local function by_name(a, b) return core.before(a.name, b.name) end

-- A list whose name is written once for each item.
local function each_item(param, list)
  local out = {}
  for i, item in ipairs(list) do
    out[i] = param.escaped .. "=" .. escape(text_of(item), "list")
  end
  return table.concat(out, "&")
end

-- One parameter as it stands in the query.
local function query_text(param, value)
  value = param.check(value)
  if value == nil then return nil end
  if math_type(value) == "integer" then
    return param.escaped .. ("=%d"):format(value)
  end
  local is_list = type(value) == "table"
  local text
  if is_list then text = targets.list_text(value) else text = text_of(value) end
  if text and is_list and param.repeated then return each_item(param, value) end
  local escaped = text
    and escape(text, (is_list or param.commas) and "list" or "query")
  return escaped and param.escaped .. "=" .. escaped
end

-- The query's parameters that are given; nil where a name is not known, or
-- one is missing.
local function found_in(compiled, given)
  local params, found, count = compiled.params, nil, 0
  for name in next, given do
    local param = params[name]
    if name == "body" then
      if not compiled.body then return nil end
    elseif not param then
      return nil
    elseif param.escaped then
      found = found or {}
      found[#found + 1] = param
      if compiled.required[name] then count = count + 1 end
    end
  end
  return count == compiled.wanted and (found or NOTHING) or nil
end

local function read_query(compiled, given)
  local found = found_in(compiled, given)
  if not found then return nil end
  if found == NOTHING then return "" end
  if #found > 1 then table.sort(found, by_name) end
  for i, param in ipairs(found) do
    local text = query_text(param, given[param.name])
    if not text then return nil end
    found[i] = text
  end
  return "?" .. table.concat(found, "&")
end

local all = setmetatable({}, { __mode = "k" }) -- by operation

local function compiled_of(op)
  local compiled = all[op]
  if not compiled then
    compiled = compile(op)
    all[op] = compiled
  end
  return compiled
end

-- The lines of what is given as headers.
local function read_headers(compiled, given)
  local lines = {}
  for name, spec in pairs(compiled.header) do
    local value = given[name]
    if value ~= nil then
      value = text_of(compiled.params[name].check(value))
      if not value or not core.is_header(name, value) then return nil end
      lines[#lines + 1] = name .. ": " .. value
    elseif spec.required then
      return nil
    end
  end
  return lines
end

local function read(compiled, op, given)
  local body
  if compiled.body then
    body = compiled.body(given.body)
    if body == nil then return nil end
  end
  local target, path = compiled.texts[1], NOTHING
  if compiled.holes[1] then
    path = {}
    target = path_of(compiled, given, path)
    if not target then return nil end
  end
  local query = read_query(compiled, given)
  if not query then return nil end
  if compiled.has_rules and rules.broken(op, op.body and body or given) then
    return nil
  end
  local headers = compiled.header and read_headers(compiled, given)
  if compiled.header and not headers then return nil end
  return query == "" and target or target .. query, path, body, headers
end

--- Reads arguments that are plainly right.
---@param op etoro.Operation
---@param given? table path and query parameters by name, and body
---@return string? target nil when the long way has to judge
---@return table<string, string>? path values as text
---@return any body nil when the operation has none
---@return string[]? headers lines; nil when it takes none
function M.read(op, given)
  local compiled = compiled_of(op)
  if given == nil then given = NOTHING end
  if type(given) ~= "table" or getmetatable(given) then return nil end
  return read(compiled, op, given)
end

--- Reads a body that is plainly right.
---@param op etoro.Operation it has one
---@param body any
---@return any copy nil when the long way has to judge
function M.body(op, body)
  local compiled = compiled_of(op)
  local copy = compiled.body(body)
  if copy == nil or compiled.has_rules and rules.broken(op, copy) then
    return nil
  end
  return copy
end

return M
