-- Reads what a request brings by the description of its operation (see
-- etoro.operations for the words), as strictly as the API is documented.
-- Parameters that the operation does not know are left alone.

local auth = require "etoro.sandbox.http.auth"
local core = require "etoro.core"
local fold = require "etoro.sandbox.http.fold"
local json = require "etoro.values.json"
local rules = require "etoro.values.rules"
local times = require "etoro.values.times"
local types = require "etoro.values.types"

local tonumber = core.number -- not up to the locale

local M = {}

-- Names of specs are gone through in order, so that the same wrong request is
-- refused in the same words.
local long = types.spec_of

-- By specs, which never change.
local names = setmetatable({}, { __mode = "k" })

local function names_of(specs)
  local list = names[specs]
  if not list then
    list = types.sorted_names(specs)
    names[specs] = list
  end
  return list
end

-- The value that a text of a path or query stands for; nil: it has not the
-- form of the type.
local read = {}

function read.integer(text)
  return text:find "^%-?%d+$" and tonumber(text) or nil
end

function read.number(text)
  return text:find "^%-?[%d.]+$" and tonumber(text) or nil
end

function read.boolean(text)
  if text == "true" then return true end
  if text == "false" then return false end
end

function read.date(text)
  return times.parse(text) and not times.moment(text) and text or nil
end

function read.datetime(text)
  return times.moment(text) and text
end

function read.uuid(text)
  return core.is_uuid(text) and core.lower(text) or nil
end

function read.list(text, spec)
  local out, kind = {}, long(spec.items or "string").type
  for item in (text .. ","):gmatch("([^,]*),") do
    local value = item
    if read[kind] then value = read[kind](item) end
    if value == nil then return nil end
    out[#out + 1] = value
  end
  return out
end

local function is_list(value)
  return type(value) == "table" and (next(value) == nil or value[1] ~= nil)
end

-- Whether a value of a JSON body is of the type.
local of_type = {
  list = is_list,
  object = function(v) return type(v) == "table" and v[1] == nil end,
  integer = function(v) return type(v) == "number" and v % 1 == 0 end,
}
for _, name in ipairs { "string", "number", "boolean" } do
  of_type[name] = function(v) return type(v) == name end
end
for _, name in ipairs { "uuid", "date", "datetime" } do
  of_type[name] = function(v)
    return type(v) == "string" and read[name](v) ~= nil
  end
end

-- What is wrong with the size of a value, as a text.
local function size_problem(value, spec)
  if type(value) == "number" then
    if spec.min and value < spec.min then
      return ("must be at least %s"):format(spec.min)
    elseif spec.max and value > spec.max then
      return ("must be at most %s"):format(spec.max)
    elseif spec.above and value <= spec.above then
      return ("must be greater than %s"):format(spec.above)
    end
  elseif type(value) == "string" then
    local length = json.utf8_length(value) or #value
    if spec.min_length and length < spec.min_length then
      return ("must have at least %d characters"):format(spec.min_length)
    elseif spec.max_length and length > spec.max_length then
      return ("must have at most %d characters"):format(spec.max_length)
    end
  elseif spec.min_items and #value < spec.min_items then
    return ("must have at least %d items"):format(spec.min_items)
  elseif spec.max_items and #value > spec.max_items then
    return ("must have at most %d items"):format(spec.max_items)
  end
end

local problem_of

local LUA_TYPES = { string = "string", number = "number", boolean = "boolean" }

local function set_of(list)
  local set = {}
  for _, value in ipairs(list) do set[value] = true end
  return set
end

-- A quick look at a value by a specification; what it does not pass may be
-- right all the same. Made once for each.
local function quick(spec)
  spec = long(spec)
  local wanted = LUA_TYPES[spec.type]
  local low, high, above = spec.min, spec.max, spec.above
  local set = spec.enum and set_of(spec.enum)
  if not wanted or spec.min_length then
    return function(value) return not problem_of(value, spec, "") end
  end
  return function(value)
    if type(value) ~= wanted or set and not set[value] then return false end
    if wanted == "number" then
      return (not low or value >= low) and (not high or value <= high)
        and (not above or value > above)
    end
    return not spec.max_length or #value <= spec.max_length
      or not problem_of(value, spec, "")
  end
end

-- By the fields of a specification: a look at each, and those that must be
-- there.
local looks = setmetatable({}, { __mode = "k" })

local function look_of(fields)
  local look = looks[fields]
  if not look then
    look = { checks = {}, needed = {} }
    for name, spec in next, fields do
      look.checks[name] = quick(spec)
      if long(spec).required then look.needed[#look.needed + 1] = name end
    end
    looks[fields] = look
  end
  return look
end

-- Whether all fields are there and right, and none is spelt otherwise: most
-- bodies are so, and the others are looked through in order. What is there is
-- all there is then, in whatever letters it is asked for.
local function are_right(body, fields)
  local look = look_of(fields)
  local checks, needed = look.checks, look.needed
  for name, value in next, body do
    local check = checks[name]
    if not check or not check(value) then return false end
  end
  for i = 1, #needed do
    if rawget(body, needed[i]) == nil then return false end
  end
  fold.undo(body)
  return true
end

local function problem_of_fields(body, fields, prefix, optional)
  if are_right(body, fields) then return nil end
  for _, name in ipairs(names_of(fields)) do
    local value = body[name]
    if value ~= nil and value ~= json.null or not optional[name] then
      local problem, field = problem_of(value, fields[name], prefix .. name)
      if problem then return problem, field end
    end
  end
end

-- What is wrong with a value of a JSON body and the name of the field; nil
-- when nothing is.
function problem_of(value, spec, name)
  if type(spec) == "string" then spec = long(spec) end
  if value == json.null and spec.nullable then return nil end
  if value == nil or value == json.null then
    if spec.required then return "is required", name end
    if value == json.null then return "must not be null", name end
    return nil
  end
  local fits = of_type[spec.type]
  if fits and not fits(value) then
    return "must be a " .. spec.type, name
  end
  if spec.enum and not auth.contains(spec.enum, value) then
    return "is not one of the allowed values", name
  end
  local problem = size_problem(value, spec)
  if problem then return problem, name end
  if spec.fields then
    return problem_of_fields(value, spec.fields, name .. ".", {})
  end
  for i, item in ipairs(spec.items and value or {}) do
    local field
    problem, field = problem_of(item, spec.items, ("%s[%d]"):format(name,
      i - 1))
    if problem then return problem, field end
  end
end

local function problem(where, field, message)
  return nil, { where = where, field = field,
    message = field and ("%s %s"):format(field, message) or message }
end

-- The value of one text; nil and what is wrong with it otherwise.
local function value_of(text, spec, name, is_strict)
  local value = text
  if spec.type == "date" and not is_strict and times.moment(text) then
    return text:sub(1, 10)
  end
  if read[spec.type] then value = read[spec.type](text, spec) end
  if value == nil then return nil, "must be a " .. spec.type end
  local wrong = problem_of(value, spec, name)
  if wrong then return nil, wrong end
  return value
end

-- Puts the values of a path's or query's texts into `out`.
local function read_texts(texts, specs, where, out, is_strict)
  if next(specs) == nil then return out end
  for _, name in ipairs(names_of(specs)) do
    local spec, text = long(specs[name]), texts[name]
    if text == nil or text == "" and where == "query" then
      if spec.required then return problem(where, name, "is required") end
      out[name] = spec.default
    else
      local value, wrong = value_of(text, spec, name, is_strict)
      if wrong then return problem(where, name, wrong) end
      out[name] = value
    end
  end
  return out
end

--- What is wrong with a body and the name of the field; nil when nothing is.
---@param op etoro.Operation
---@param body table
---@param optional? table<string, true> fields that may be left out all the same
---@return string? problem
---@return string? field
function M.problem_of_body(op, body, optional)
  if type(op.body.type) == "string" then
    return problem_of(body, op.body, "body")
  elseif body[1] ~= nil then
    return "must be an object", "body"
  end
  local wrong, field = problem_of_fields(body, op.body, "", optional or {})
  if wrong then return wrong, field end
  return rules.broken(op, body)
end

local function check_body(op, ctx, optional)
  if ctx.request.body == "" and not optional then
    return problem("request", "body", "is missing")
  end
  local wrong, field = M.problem_of_body(op, ctx.body, optional)
  if wrong then return problem("body", field, wrong) end
  return true
end

--- The values of path and query by name, defaults filled in; nil and
--- { where = "path" | "query" | "body" | "request", field, message }
--- otherwise. The body is checked, and stays where it is.
---@param op etoro.Operation
---@param ctx table
---@param optional? table<string, true> fields of the body whose absence the
---handler looks after
---@return table? args
---@return table? wrong
function M.read(op, ctx, optional)
  local is_strict = ctx.box.options.strict
  local out, wrong = read_texts(ctx.params, op.params.path, "path", {},
    is_strict)
  if not out then return nil, wrong end
  out, wrong = read_texts(ctx.query, op.params.query, "query", out,
    is_strict)
  if not out then return nil, wrong end
  if op.body and not op.body_kind then
    local ok
    ok, wrong = check_body(op, ctx, optional)
    if not ok then return nil, wrong end
  elseif not op.body then
    local message = rules.broken(op, out)
    if message then return problem("query", nil, message) end
  end
  return out
end

return M
