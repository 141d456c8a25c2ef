-- JSON in and out without a digit lost. Requests are written here, because
-- lua-cjson 2.1.0 knows no empty array and cuts numbers at 14 digits;
-- answers are read by the core in one pass, which seals secrets and brings
-- integers through.

local blame = require "etoro.values.blame"
local cjson = require("cjson").new() -- the shared one's settings are the host's
local core = require "etoro.core"
local errors = require "etoro.errors"
local limits = require "etoro.values.limits"
local named = require "etoro.values.named"

local tostring = core.text -- not up to the locale

local M = { null = core.null }

--- Marks a table as a list: [] where it is empty.
---@param items? table
---@return table items
function M.list(items)
  return setmetatable(items or {}, core.empty_list)
end

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
  return setmetatable({ text = text }, core.json_written)
end

--- Counts the characters of a UTF-8 text.
---@param text string
---@return integer? count nil when the text is not valid UTF-8
function M.utf8_length(text)
  return (utf8.len(text))
end

local REPLACEMENT = "\239\191\189" -- U+FFFD

--- The same text with U+FFFD for each byte that is no part of UTF-8: what a
--- server sends can always be shown.
---@param text string
---@return string
function M.readable(text)
  local parts, at = {}, 1
  local _, bad = utf8.len(text)
  while bad do
    parts[#parts + 1] = text:sub(at, bad - 1)
    parts[#parts + 1] = REPLACEMENT
    at = bad + 1
    _, bad = utf8.len(text, at)
  end
  return at == 1 and text or table.concat(parts) .. text:sub(at)
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

local function encode(value, spec, root, most, is_shown)
  local text, path, message = core.json_write(value, spec, root, most, is_shown)
  if text then return text end
  blame.raise("cannot encode " .. path .. ": it " .. message)
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
  return encode(value, schema, root or "value", limits.body_depth_max, false)
end

--- Writes a value for people and logs: as encode, but whatever an answer or an
--- error can hold is written. A byte that is not UTF-8 becomes U+FFFD.
---@param value any
---@return string json
function M.show(value)
  return encode(value, nil, "value", limits.shown_depth_max, true)
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

--- Reads a text of a program's own; see etoro.decode.
---@param text string
---@param options? etoro.DecodeOptions
---@return any value
---@return etoro.Error? err
function M.read(text, options)
  if type(text) ~= "string" then
    blame.raise("text: JSON in a string expected, got " .. type(text))
  end
  named.options(options, { keep_null = "boolean" }, "option")
  local value, message = core.decode(text, options and options.keep_null)
  if value ~= nil then return value end
  if not message and text:find "null" then return core.null end
  return nil, errors.new { kind = "invalid", code = "bad_json", field = "text",
    message = "the text is no JSON: " .. (message or "it is empty") }
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

--- A name that a text of one object gives twice, in whatever letters: which of its
--- values counts is up to who reads it.
---@param text string
---@return string? name
function M.name_twice(text)
  local seen = {}
  for name in text:gmatch '"([^"]*)"[ \t-\r]*:' do
    local small = core.lower(name)
    if seen[small] then return name end
    seen[small] = true
  end
end

return M
