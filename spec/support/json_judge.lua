-- Judges of the decoder of answers: a checker of RFC 8259 that shares nothing
-- with it, and lua-cjson. The differences to lua-cjson that are meant have a
-- name each; any other is a fault.
local cjson = require("cjson").new()
local core = require "etoro.core"

cjson.decode_invalid_numbers(false)

local decode, null = core.decode, core.null

local M = {}

local MOST_DEEP = 1000

-- The place behind the string whose quote is at a place; nil and why.
local function string_end(text, at)
  at = at + 1
  while true do
    at = text:find('["\\%z\1-\31]', at)
    if not at then return nil, "cut" end
    local char = text:sub(at, at)
    if char == '"' then return at + 1 end
    if char ~= "\\" then return nil, char == "\0" and "zero" or "control" end
    if text:find('^\\["\\/bfnrt]', at) then
      at = at + 2
    elseif text:find("^\\u%x%x%x%x", at) then
      at = at + 6
    else
      return nil, text:find("^\\?%z", at) and "zero" or "escape"
    end
  end
end

local function number_end(text, at)
  local first, last = text:find("^%-?%d+", at)
  if not first then
    return nil, text:find("^%-?%.%d", at) and "point" or "number"
  end
  if text:find("^%-?0%d", at) then return nil, "number" end
  at = last + 1
  if text:find("^%.", at) then
    last = select(2, text:find("^%.%d+", at))
    if not last then return nil, "point" end
    at = last + 1
  end
  if text:find("^[eE]", at) then
    last = select(2, text:find("^[eE][+-]?%d+", at))
    if not last then return nil, "number" end
    at = last + 1
  end
  return at
end

local function skip(text, at)
  return (text:find("[^ \t\r\n]", at)) or #text + 1
end

local WORDS = { t = "^true", f = "^false", n = "^null" }
local CLOSING = { ["["] = "]", ["{"] = "}" }

local function wrong(text, at)
  if at > #text then return nil, "cut" end
  return nil, text:byte(at) == 0 and "zero" or "other"
end

local value_end

local function field_value(text, at)
  if text:sub(at, at) ~= '"' then return wrong(text, at) end
  local behind, why = string_end(text, at)
  if not behind then return nil, why end
  at = skip(text, behind)
  if text:sub(at, at) ~= ":" then return wrong(text, at) end
  return skip(text, at + 1)
end

local function container_end(text, at, depth)
  if depth >= MOST_DEEP then return nil, "depth" end
  local opening = text:sub(at, at)
  local why
  at = skip(text, at + 1)
  if text:sub(at, at) == CLOSING[opening] then return at + 1 end
  while true do
    if opening == "{" then
      at, why = field_value(text, at)
      if not at then return nil, why end
    end
    at, why = value_end(text, at, depth + 1)
    if not at then return nil, why end
    at = skip(text, at)
    local char = text:sub(at, at)
    if char == CLOSING[opening] then return at + 1 end
    if char ~= "," then return wrong(text, at) end
    at = skip(text, at + 1)
  end
end

function value_end(text, at, depth)
  local char = text:sub(at, at)
  if CLOSING[char] then return container_end(text, at, depth) end
  if char == '"' then return string_end(text, at) end
  if char:find "[-%d]" then return number_end(text, at) end
  local word = WORDS[char]
  local last = word and select(2, text:find(word, at))
  if last then return last + 1 end
  return wrong(text, at)
end

--- Tells whether a text is JSON, or blank; a mark of UTF-8 may stand before it.
---@param text string
---@return boolean
---@return string? why "control", "cut", "depth", "escape", "number", "other",
---"point", "zero"
function M.check(text)
  local at = skip(text, text:sub(1, 3) == "\239\187\191" and 4 or 1)
  if at > #text then return true end
  local behind, why = value_end(text, at, 0)
  if not behind then return false, why end
  at = skip(text, behind)
  if at <= #text then return false, select(2, wrong(text, at)) end
  return true
end

-- What lua-cjson refuses and JSON knows, and what it takes and JSON does not.
local function refuses_more(text)
  return text:sub(1, 3) == "\239\187\191" -- a mark of UTF-8
    or not text:find "[^ \t\r\n]" -- nothing at all
    or text:find "\\u[dD][89a-fA-F]" ~= nil -- half a pair of escapes
end
local TAKES_MORE = { control = true, point = true, zero = true }

local SECRETS = {}
for name in ([[usertoken accesstoken refreshtoken idtoken clientsecret
  codeverifier apikey userkey xapikey xuserkey]]):gmatch "%S+" do
  SECRETS[name] = true
end

-- The last two letters stand together, at the end.
local function is_secret_name(name)
  return #name <= 40 and name:find "[eE][nNtTyYrR]$" ~= nil
    and SECRETS[name:gsub("[_.%- ]", ""):lower()] or false
end

local same

local function same_number(ours, theirs)
  if type(ours) == "string" then -- beyond 64 bits, or any double
    return math.abs(theirs) >= 2.0 ^ 63 and tonumber(ours) + 0.0 == theirs
  end
  return type(ours) == "number" and ours + 0.0 == theirs -- a float
    and (math.type(ours) == "integer" or ours % 1 ~= 0
      or math.abs(ours) >= 2.0 ^ 63)
end

-- A string, or the same with asterisks where it holds JSON with secrets.
local function same_text(ours, theirs)
  return ours == theirs or type(ours) == "string" and theirs:find '["\\]' ~= nil
    and ours:find("*", 1, true) ~= nil
end

local function same_secret(ours, theirs)
  if not core.is_secret(ours) then return false end
  local text = ours:reveal()
  if type(theirs) == "number" then return tonumber(text) + 0.0 == theirs end
  return text == tostring(theirs)
end

local function same_table(ours, theirs, is_sealed, keep_null)
  if type(ours) ~= "table" then return false end
  local count = 0
  for name, value in pairs(theirs) do
    local is_secret = is_sealed
      or type(name) == "string" and is_secret_name(name)
    if value == null and type(name) == "string" and not keep_null then
      if ours[name] ~= nil then return false end
    else
      count = count + 1
      local is_masked = ours[name] == nil and type(name) == "string"
        and name:find '"'
      if not is_masked
          and not same(ours[name], value, is_secret, keep_null) then
        return false
      end
    end
  end
  for _ in pairs(ours) do count = count - 1 end
  return count == 0
end

function same(ours, theirs, is_sealed, keep_null)
  local kind = type(theirs)
  if kind == "table" then
    return same_table(ours, theirs, is_sealed, keep_null)
  end
  if theirs == null then return ours == null end
  if is_sealed then return same_secret(ours, theirs) end
  if kind == "number" then return same_number(ours, theirs) end
  if kind == "string" then return same_text(ours, theirs) end
  return ours == theirs
end

--- Raises where the decoder and its judges are not of one mind about a text.
---@param text string
---@param keep_null? boolean
function M.judge(text, keep_null)
  local ours, message = decode(text, keep_null)
  local is_json, why = M.check(text)
  local function must(holds, what)
    if not holds then
      error(("%s: %q (%s)"):format(what, text, message or why or "no words"), 0)
    end
  end
  must(is_json == (message == nil), "JSON or not")
  must(message == nil or ours == nil, "a value and a message")
  local ok, theirs = pcall(cjson.decode, text)
  if ok and is_json then
    if theirs == null and not keep_null then theirs = nil end
    must(ours == theirs or same(ours, theirs, false, keep_null),
      "not the value of lua-cjson")
  elseif ok then
    must(TAKES_MORE[why], "lua-cjson takes it")
  elseif is_json then
    must(refuses_more(text), "lua-cjson refuses it: " .. tostring(theirs))
  end
end

return M
