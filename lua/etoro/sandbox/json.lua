-- JSON as the sandbox writes and reads it. Keys are sorted, so that the same
-- seed gives the same bytes; integers stay integers whatever their size.

local core = require "etoro.core"
local json = require "etoro.values.json"

local cjson = require "cjson"

-- not up to the locale
local tonumber, tostring = core.number, core.text

local M = { null = cjson.null }

local array_mt = { __name = "etoro.sandbox.array" }
local raw_mt = { __name = "etoro.sandbox.raw" }
local decoder = cjson.new()
decoder.decode_invalid_numbers(false)

--- Marks a list, so that it is [] when empty.
function M.array(list)
  return setmetatable(list or {}, array_mt)
end

--- A piece of JSON that is text already.
function M.raw(text)
  return setmetatable({ text = text }, raw_mt)
end

local ESCAPES = {
  ['"'] = '\\"', ["\\"] = "\\\\", ["\b"] = "\\b", ["\f"] = "\\f",
  ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t",
}

local function escape(c)
  return ESCAPES[c] or ("\\u%04x"):format(c:byte())
end

local function number(n)
  if n % 1 == 0 and n > -2 ^ 63 and n < 2 ^ 63 then
    return ("%d"):format(n)
  end
  local text
  for digits = 15, 17 do
    text = core.figure(n, digits)
    if tonumber(text) == n then break end
  end
  return text
end

M.number = number

local function quoted(text)
  if not text:find('[\0-\31\127"\\]') then return '"' .. text .. '"' end
  return '"' .. text:gsub('[\0-\31\127"\\]', escape) .. '"'
end

-- Names of fields as they are written, colon and all. Other tables have ids
-- for keys, so that only so many are kept.
local MOST_NAMES = 4000
local names, name_count = {}, 0

local function name_text(key)
  local text = names[key]
  if not text then
    text = quoted(tostring(key)) .. ":"
    if name_count < MOST_NAMES then
      names[key], name_count = text, name_count + 1
    end
  end
  return text
end

local encode

local function object(t, out)
  local keys = {}
  for key in pairs(t) do keys[#keys + 1] = key end
  table.sort(keys, core.before)
  out[#out + 1] = "{"
  for i = 1, #keys do
    if i > 1 then out[#out + 1] = "," end
    out[#out + 1] = name_text(keys[i])
    encode(t[keys[i]], out)
  end
  out[#out + 1] = "}"
end

local function list(t, out)
  out[#out + 1] = "["
  for i = 1, #t do
    if i > 1 then out[#out + 1] = "," end
    encode(t[i], out)
  end
  out[#out + 1] = "]"
end

function encode(v, out)
  local kind, mt = type(v), getmetatable(v)
  if v == M.null then
    out[#out + 1] = "null"
  elseif kind == "string" then
    out[#out + 1] = quoted(v)
  elseif kind == "number" then
    out[#out + 1] = number(v)
  elseif kind == "boolean" then
    out[#out + 1] = tostring(v)
  elseif kind == "table" and mt == raw_mt then
    out[#out + 1] = v.text
  elseif kind == "table" and (mt == array_mt or v[1] ~= nil) then
    list(v, out)
  elseif kind == "table" then
    object(v, out)
  else -- a sealed secret in a recorded header; nothing else gets here
    out[#out + 1] = quoted(tostring(v))
  end
end

function M.encode(v)
  local out = {}
  encode(v, out)
  return table.concat(out)
end

local function decode(text)
  if json.reads_numbers(decoder.decode) then return decoder.decode(text) end
  return core.restore(decoder.decode(core.mark_numbers(text)), nil, true, true)
end

--- The decoded value, or nil and a message.
function M.decode(text)
  local ok, value = pcall(decode, text)
  if ok then return value end
  return nil, value
end

return M
