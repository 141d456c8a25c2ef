-- What an answer says of its failure, whatever shape it has. The API alone has
-- nine, and a gateway before it may have more.

local spelling = require "etoro.values.spelling"
local core = require "etoro.core"
local limits = require "etoro.values.limits"

---@class etoro.Failure what an answer says of its failure
---@field code? string
---@field message? string
---@field field? string the body field that is at fault
---@field details? any the faults, as they came
---@field server_request_id? string

local tostring = core.text -- not up to the locale

local M = {}

local get = spelling.get

local MESSAGES = { "errorMessage", "message", "detail", "title",
  "error_description", "errorDescription", "description", "reason", "msg",
  "text" }
local CODES = { "errorCode", "code", "reasonCode" }
local FIELDS = { "field", "fieldName", "propertyName", "property", "param",
  "name", "path", "pointer" }
local LISTS = { "errors", "messages", "validationErrors", "failures" }

local function text_of(value)
  if type(value) == "string" and value:find "[^ \t-\r]" then return value end
  if math.type(value) == "integer" then return ("%d"):format(value) end
  if type(value) == "number" then return tostring(value) end
end

local function first_of(fields, names)
  for _, name in ipairs(names) do
    local text = text_of(get(fields, name))
    if text then return text end
  end
end

local function sorted_names(fields)
  local names = {}
  for name in pairs(fields) do
    if type(name) == "string" then names[#names + 1] = name end
  end
  table.sort(names, core.before)
  return names
end

local faults_of

-- One fault: a text, or an object that says what is wrong, and where.
local function fault_of(value)
  if type(value) ~= "table" then return { message = text_of(value) } end
  return {
    field = first_of(value, FIELDS), code = first_of(value, CODES),
    message = first_of(value, MESSAGES) or text_of(get(value, "error")),
  }
end

-- Faults by the name of their field: {Field = "text"} or {Field = {"text"}}.
local function faults_by_field(fields)
  local faults = {}
  for _, name in ipairs(sorted_names(fields)) do
    for _, fault in ipairs(faults_of(fields[name])) do
      fault.field = fault.field or name
      faults[#faults + 1] = fault
    end
  end
  return faults
end

-- The faults that a text, an object or a list tells of.
function faults_of(value)
  local faults = {}
  if type(value) == "table" and value[1] ~= nil then
    for _, item in ipairs(value) do faults[#faults + 1] = fault_of(item) end
  elseif type(value) == "table" then
    local fault = fault_of(value)
    if not fault.message then return faults_by_field(value) end
    faults[1] = fault
  elseif text_of(value) then
    faults[1] = fault_of(value)
  end
  return faults
end

local function words_of(faults)
  local words, untold = {}, 0
  for _, fault in ipairs(faults) do
    local text = fault.message or fault.code
    if not text then
      untold = untold + 1
    elseif #words == limits.faults_told_max then
      untold = untold + 1
    elseif fault.field then
      words[#words + 1] = fault.field .. ": " .. text
    else
      words[#words + 1] = text
    end
  end
  if #words == 0 then return nil end
  if untold > 0 then words[#words + 1] = ("and %d more"):format(untold) end
  return table.concat(words, "; ")
end

local function add_faults(found, list)
  local faults = faults_of(list)
  local words = words_of(faults)
  if not words then return end
  found.message = found.message and found.message .. ": " .. words or words
  found.code = found.code or faults[1].code
  found.field = found.field or faults[1].field
  found.details = found.details or type(list) == "table" and list or nil
end

local function read_object(body)
  local inner = get(body, "error")
  local free = text_of(inner) -- a code (OAuth), or words (copies)
  local is_word = free and not free:find(" ", 1, true)
  local object = type(inner) == "table" and inner[1] == nil and inner or {}
  local meta = get(body, "meta")
  local found = {
    code = first_of(body, CODES) or first_of(object, CODES) or is_word and free or nil,
    message = first_of(body, MESSAGES) or first_of(object, MESSAGES) or free,
    server_request_id = text_of(get(body, "requestId"))
      or text_of(get(object, "requestId"))
      or type(meta) == "table" and text_of(get(meta, "requestId")) or nil,
    field = text_of(get(object, "field")), details = get(object, "details"),
  }
  if type(inner) == "table" and object ~= inner then add_faults(found, inner) end
  for _, name in ipairs(LISTS) do
    add_faults(found, get(body, name) or get(object, name))
  end
  return found
end

--- Reads what a decoded answer says of its failure: objects of any of the
--- API's shapes (portal: each operation's errors), lists of faults, and text.
---@param body any
---@return etoro.Failure
function M.read(body)
  if type(body) == "table" and body[1] == nil then return read_object(body) end
  local found = {}
  add_faults(found, body)
  return found
end

--- What an answer that is no JSON says, where it is words and not a page, a
--- broken object or bytes.
---@param text? string
---@return string? message
function M.plain(text)
  if not text or not text:find "[^ \t-\r]"
      or text:find "^[ \t-\r]*[<{%[\"]" then
    return nil
  end
  -- not %c: what that matches is up to the host's locale
  if text:find "[%z\1-\8\14-\31\127]" then return nil end
  return text
end

return M
