-- JSON in and out without a digit lost. Requests are written here, because
-- lua-cjson 2.1.0 knows no empty array and cuts numbers at 14 digits;
-- answers are read by the core in one pass, which seals secrets and brings
-- integers through.

local blame = require "etoro.values.blame"
local cjson = require("cjson").new() -- the shared one's settings are the host's
local core = require "etoro.core"
local limits = require "etoro.values.limits"

local tostring = core.text -- not up to the locale

local M = { null = core.null }

local BODY_DEPTH, SHOWN_DEPTH = limits.body_depth_max, limits.shown_depth_max

local null = core.null
local math_type = math.type

local ESCAPES = {
  ['"'] = '\\"', ["\\"] = "\\\\", ["\b"] = "\\b", ["\f"] = "\\f",
  ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t",
}

-- Bounds of the second byte and number of bytes, by first byte (RFC 3629).
local function utf8_lead(byte)
  if byte >= 0xC2 and byte <= 0xDF then return 0x80, 0xBF, 2 end
  if byte == 0xE0 then return 0xA0, 0xBF, 3 end
  if byte == 0xED then return 0x80, 0x9F, 3 end
  if byte >= 0xE1 and byte <= 0xEF then return 0x80, 0xBF, 3 end
  if byte == 0xF0 then return 0x90, 0xBF, 4 end
  if byte >= 0xF1 and byte <= 0xF3 then return 0x80, 0xBF, 4 end
  if byte == 0xF4 then return 0x80, 0x8F, 4 end
end

-- Where the character that begins at a byte ends; nil for none of UTF-8.
local function char_end(text, at)
  local low, high, bytes = utf8_lead(text:byte(at))
  local second = text:byte(at + 1)
  if not low or not second or second < low or second > high then return nil end
  local tail = text:sub(at + 2, at + bytes - 1)
  if #tail ~= bytes - 2 or tail:find("[^\128-\191]") then return nil end
  return at + bytes - 1
end

--- Marks a table as a list: [] where it is empty.
---@param items? table
---@return table items
function M.list(items)
  return setmetatable(items or {}, core.empty_list)
end

local written_mt = { __name = "etoro.json.written" }

--- Writes a value that will not change, once for all the texts that it is to
--- be a part of.
---@param value any
---@return table
function M.written(value)
  return M.as_written(M.show(value))
end

--- Takes JSON that was written elsewhere for a part of other texts, as it is.
---@param text string
---@return table
function M.as_written(text)
  return setmetatable({ text = text }, written_mt)
end

--- Counts the characters of a UTF-8 text.
---@param text string
---@return integer? count nil when the text is not valid UTF-8
function M.utf8_length(text)
  local count, at, size = 0, 1, #text
  while at <= size do
    local ascii_end = select(2, text:find("^[%z\1-\127]+", at))
    if ascii_end then
      count, at = count + ascii_end - at + 1, ascii_end + 1
    else
      local last = char_end(text, at)
      if not last then return nil end
      count, at = count + 1, last + 1
    end
  end
  return count
end

local REPLACEMENT = "\239\191\189" -- U+FFFD

--- The same text with U+FFFD for each byte that is no part of UTF-8: what a
--- server sends can always be shown.
---@param text string
---@return string
function M.readable(text)
  if M.utf8_length(text) then return text end
  local parts, at, size = {}, 1, #text
  while at <= size do
    local last = select(2, text:find("^[%z\1-\127]+", at))
      or char_end(text, at)
    parts[#parts + 1] = last and text:sub(at, last) or REPLACEMENT
    at = (last or at) + 1
  end
  return table.concat(parts)
end

--- Tells whether a text is a decimal number as JSON writes one, without an
--- exponent.
---@param text string
---@return boolean
function M.is_decimal(text)
  local whole, fraction = text:match("^%-?(%d+)(.*)$")
  if not whole or #whole > 1 and whole:sub(1, 1) == "0" then return false end
  return fraction == "" or fraction:find("^%.%d+$") ~= nil
end

--- Tells whether a text is a whole number as JSON writes one.
---@param text string
---@return boolean
function M.is_whole(text)
  return M.is_decimal(text) and not text:find(".", 1, true)
end

local function fail(path, message)
  error({ path = path, message = message }, 0)
end

local function write_string(text, path, state)
  if not text:find('[%z\1-\31"\\\128-\255]') then
    return '"' .. text .. '"'
  end
  if state.is_shown then
    text = M.readable(text)
  elseif not M.utf8_length(text) then
    fail(path, "is not valid UTF-8")
  end
  -- not %c: what that matches is up to the host's locale
  return '"' .. text:gsub('[%z\1-\31"\\]', function(char)
    return ESCAPES[char] or ("\\u%04x"):format(char:byte())
  end) .. '"'
end

local function write_number(value, path)
  if math_type(value) == "integer" then
    return ("%d"):format(value)
  end
  if value ~= value or value == math.huge or value == -math.huge then
    fail(path, "is not a finite number")
  end
  return core.json_number(value)
end

-- Texts stand for numbers only where the schema says number.
local function write_digits(text, spec_type, path)
  if spec_type == "integer" and not M.is_whole(text) then
    fail(path, "is not a whole number")
  elseif not M.is_decimal(text) then
    fail(path, "is not a decimal number")
  end
  return text
end

-- The number of items when the keys are 1, 2, ... n; nil when they are names.
local function list_length(value, path)
  local count, names = 0, 0
  for key in pairs(value) do
    count = count + 1
    if type(key) == "string" then
      names = names + 1
    elseif type(key) ~= "number" then
      fail(path, "has a " .. type(key) .. " as a key")
    end
  end
  if names > 0 and names < count then
    fail(path, "has both names and numbers as keys")
  elseif names > 0 then
    return nil
  end
  for i = 1, count do
    if value[i] == nil then
      fail(path, "is a list with gaps; put etoro.null into them")
    end
  end
  return count
end

local function spec_of(spec)
  if type(spec) == "string" then return { type = spec } end
  return spec or {}
end

local write_value

local function write_list(value, count, spec, path, state)
  local out, items = {}, spec_of(spec.items)
  for i = 1, count do
    out[i] = write_value(value[i], items,
      ("%s[%d]"):format(path, i), state)
  end
  return "[" .. table.concat(out, ",") .. "]"
end

-- What an answer held goes as it came: its texts stand for no numbers.
local function field_spec(spec, field)
  field = spec_of(field)
  return spec.open and not field.required and {} or field
end

local function write_object(value, spec, path, state)
  local names, out, fields = {}, {}, spec.fields or {}
  for name in pairs(value) do names[#names + 1] = name end
  table.sort(names, core.before)
  for i, name in ipairs(names) do
    local inner = path .. "." .. name
    out[i] = write_string(name, inner, state) .. ":"
      .. write_value(value[name], field_spec(spec, fields[name]), inner, state)
  end
  return "{" .. table.concat(out, ",") .. "}"
end

local function write_table(value, spec, path, state)
  if state.open[value] then fail(path, "is a table inside itself") end
  local most = state.is_shown and SHOWN_DEPTH or BODY_DEPTH
  if state.depth >= most then
    fail(path, "is nested deeper than " .. most .. " tables")
  end
  state.open[value], state.depth = true, state.depth + 1
  local text
  local count = list_length(value, path)
  if count and (count > 0 or spec.type == "list"
      or getmetatable(value) == core.empty_list) then
    text = write_list(value, count, spec, path, state)
  else
    text = write_object(value, spec, path, state)
  end
  state.open[value], state.depth = nil, state.depth - 1
  return text
end

function write_value(value, spec, path, state)
  local kind = type(value)
  if kind == "string" then
    if spec.type == "number" or spec.type == "integer" then
      return write_digits(value, spec.type, path)
    end
    return write_string(value, path, state)
  elseif kind == "number" then
    return write_number(value, path)
  elseif kind == "boolean" then
    return tostring(value)
  elseif kind == "table" then
    if getmetatable(value) == written_mt then return value.text end
    return write_table(value, spec, path, state)
  elseif value == null then
    return "null"
  elseif core.is_secret(value) then
    return '"****"'
  end
  fail(path, "is a " .. kind .. ", which JSON cannot hold")
end

local function encode(value, spec, state, root)
  local ok, result = pcall(write_value, value, spec, root, state)
  if ok then return result end
  if type(result) ~= "table" then error(result, 0) end
  blame.raise("cannot encode " .. result.path .. ": it " .. result.message)
end

--- Writes a value as JSON: numbers with all their digits and no exponent,
--- etoro.null as null, names in order, secrets as "****". Raises, naming the
--- place, for what JSON cannot hold: NaN and infinities, functions, text that
--- is not UTF-8, lists with gaps, a table inside itself, more than 100 levels.
---@param value any
---@param schema? table specs of the fields of an object (as in
---etoro.operations) or one spec: there texts stand for numbers where the type
---is number or integer, and an empty table is [] where it is list
---@param root? string what messages call the value; "value"
---@return string json
function M.encode(value, schema, root)
  local spec = spec_of(schema)
  if schema and type(spec.type) ~= "string" then
    spec = { type = "object", fields = schema }
  end
  return encode(value, spec, { open = {}, depth = 0 }, root or "value")
end

--- Writes a value for people and logs: as encode, but whatever an answer or an
--- error can hold is written. A byte that is not UTF-8 becomes U+FFFD.
---@param value any
---@return string json
function M.show(value)
  return encode(value, {}, { open = {}, depth = 0, is_shown = true }, "value")
end

cjson.decode_invalid_numbers(false)
local decode_text = cjson.decode

-- lua-cjson keeps the decimal point that the process's locale had when any of
-- its instances was made, and reads numbers by the locale of the moment: where
-- the two differ, 3.25 cannot be read, and [3,25] may be one number.
local function reads_numbers()
  local ok, half = pcall(decode_text, "0.5")
  return ok and half == 0.5
end

--- Decodes JSON: integers are Lua integers (digits as a string past 64 bits),
--- secrets are sealed, null in an object is absent and in a list etoro.null.
---@param text string
---@param keep_null? boolean keep null in objects too
---@return any value nil for an empty text and for a bare null
---@return string? message when the text is not JSON
function M.decode(text, keep_null)
  return core.decode(text, keep_null)
end

--- Decodes JSON for a server or a test: nothing is sealed, null stays, also in
--- objects, and numbers are what lua-cjson makes of them.
---@param text string
---@return any value nil when the text is not JSON
---@return string? message
function M.decode_plain(text)
  if not reads_numbers() then return core.decode(text, true, true) end
  local ok, value = pcall(decode_text, text)
  if ok then return value end
  return nil, tostring(value)
end

return M
