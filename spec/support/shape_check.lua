-- Compares decoded JSON with the types of spec.support.shapes.
local json = require "etoro.values.json"
local shapes = require "spec.support.shapes"

local M = {}

local LETTERS = { s = "string", n = "number", i = "number", b = "boolean",
  o = "table" }

local function is_list(value)
  return type(value) == "table" and (next(value) == nil or value[1] ~= nil)
end

local check

local function check_fields(value, kind, where, odd)
  local fields = assert(shapes.types[kind], kind)
  for name, field in pairs(fields) do
    local path = where .. "." .. name
    if value[name] == nil then
      if field.required then return path .. " is missing" end
    else
      local own = odd[kind .. "." .. name] or field.kind
      local wrong = check(value[name], own, path, odd)
      if wrong then return wrong end
    end
  end
  for name in pairs(value) do
    if not fields[name] and not odd[kind .. "." .. name] then
      return where .. "." .. name .. " is not documented"
    end
  end
end

local function check_list(value, kind, where, odd)
  if not is_list(value) then return where .. " is no list" end
  for i, item in ipairs(value) do
    local wrong = check(item, kind, ("%s[%d]"):format(where, i), odd)
    if wrong then return wrong end
  end
end

function check(value, kind, where, odd)
  local one, other = kind:match "^(.-)|(.+)$"
  if one then
    return check(value, one, where, odd) and check(value, other, where, odd)
  end
  if kind:sub(-1) == "?" then
    if value == json.null then return nil end
    kind = kind:sub(1, -2)
  end
  local item = kind:match "^%[(.+)%]$"
  if item then return check_list(value, item, where, odd) end
  if kind == "a" then return nil end
  local wanted = LETTERS[kind] or "table"
  if value == json.null or type(value) ~= wanted
      or kind == "i" and value % 1 ~= 0 then
    return ("%s should be %s, is %s"):format(where, kind, json.encode(value))
  end
  if not LETTERS[kind] then return check_fields(value, kind, where, odd) end
end

--- What does not fit, as a text; nil when all does. `odd` has, by
--- "Type.field", the type of fields that are not as the document says.
function M.problem(name, status, text, odd)
  local kind = shapes.answers[("%s %d"):format(name, status)]
  if not kind then return "the status is not documented" end
  if kind == "" then return text ~= "" and "should have no body" or nil end
  if text == "" then return "has no body" end
  return check(json.decode_plain(text), kind, "", odd)
end

return M
