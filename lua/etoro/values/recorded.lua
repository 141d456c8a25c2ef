-- The lines of a stream's record: a head, then what went over the wire, each a
-- JSON object of its own.

local core = require "etoro.core"
local json = require "etoro.values.json"

local M = {}

---@alias etoro.WireDirection "in"|"out"|"binary"|"open"|"closed"|"account"

---@alias etoro.WireHook fun(to: etoro.WireDirection, time: number, text: string, way: integer)

---@class etoro.WireLine
---@field time number seconds since 1970
---@field direction etoro.WireDirection texts, bytes that came, a connection's begin and end
---@field way integer which of the stream's connections
---@field text string of "binary" in hexadecimal, of "closed" why, of "account" "demo CID"

--- How every record begins.
M.MARK = '{"record":"etoro.stream","version":1,'

local DIGITS = "0123456789abcdef"

--- Writes bytes in hexadecimal.
---@param bytes string
---@return string
function M.hex(bytes)
  return (bytes:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

--- Reads bytes that are written so.
---@param text string
---@return string? bytes
function M.bytes(text)
  if #text % 2 ~= 0 or text:find "[^0-9a-f]" then return nil end
  return (text:gsub("..", function(pair)
    return string.char((DIGITS:find(pair:sub(1, 1), 1, true) - 1) * 16
      + DIGITS:find(pair:sub(2), 1, true) - 1)
  end))
end

-- To the microsecond.
local function stamp(time) return '"time":' .. core.fixed(time, 6) end

--- Writes the head.
---@param time number
---@return string line
function M.head(time) return M.MARK .. stamp(time) .. "}" end

--- Writes a line.
---@param line etoro.WireLine
---@return string line
function M.line(line)
  return ('{%s,"direction":"%s","way":%d,"text":%s}'):format(stamp(line.time),
    line.direction, line.way, json.encode(json.readable(line.text)))
end

local DIRECTIONS = { ["in"] = true, out = true, binary = true, open = true,
  closed = true, account = true }

local function is_time(value)
  return type(value) == "number" and value >= 0 and value < math.huge
end

--- Reads a line.
---@param text string without its end
---@return etoro.WireLine|"head"|nil line
function M.read(text)
  local line = core.decode(text, true, true) -- as it is: nothing is sealed
  if type(line) ~= "table" or not is_time(line.time) then return nil end
  if text:sub(1, #M.MARK) == M.MARK then return "head" end
  if DIRECTIONS[line.direction] and math.type(line.way) == "integer"
      and type(line.text) == "string"
      and (line.direction ~= "binary" or M.bytes(line.text)) then
    return line
  end
end

return M
