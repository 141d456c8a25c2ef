-- The first line of a file of bars: which column is which.

local core = require "etoro.core"
local zone = require "etoro.values.zone"

local M = {}

-- What a column may be called; small letters, without blanks and signs.
local NAMES = {
  time = "time", date = "time", datetime = "time", timestamp = "time",
  opentime = "time", gmttime = "time", fromdate = "time", localtime = "time",
  open = "open", high = "high", low = "low", close = "close",
  conversion = "conversion", conversionrate = "conversion", fxrate = "conversion",
  volume = "volume", vol = "volume", tickvolume = "volume", tickvol = "volume",
}
local SYMBOLS = { symbol = true, ticker = true, instrument = true }
local SEPARATORS = { ",", ";", "\t" }

--- A text of a file's in a message.
---@param text string
---@return string
function M.shown(text)
  text = #text > 40 and text:sub(1, 37) .. "..." or text
  return (text:gsub("[^ -~]", "?"))
end

local function strip(text)
  return (text:gsub("^[ \t]+", ""):gsub("[ \t\r]+$", ""))
end

-- A field in quotes, which may hold the separator: where it ends.
local function quoted(line, at)
  local pieces, from = {}, at + 1
  while true do
    local stop = line:find('"', from, true)
    if not stop then return nil end
    pieces[#pieces + 1] = line:sub(from, stop - 1)
    if line:sub(stop + 1, stop + 1) ~= '"' then
      return table.concat(pieces, '"'), stop + 1
    end
    from = stop + 2
  end
end

local function field_at(line, at, separator)
  local start = line:match("^[ ]*()", at)
  if line:sub(start, start) ~= '"' then
    local stop = line:find(separator, at, true)
    return strip(line:sub(at, stop and stop - 1)), stop
  end
  local text, behind = quoted(line, start)
  if not text then return nil, nil, "a quote in it is not closed" end
  local stop = line:match("^[ \r]*()", behind)
  if stop <= #line and line:sub(stop, stop) ~= separator then
    return nil, nil, "something stands behind a closed quote"
  end
  return strip(text), stop <= #line and stop or nil
end

--- The fields of a line.
---@param line string
---@param separator string
---@return string[]? fields
---@return string? fault
function M.split(line, separator)
  local fields, at = {}, 1
  while true do
    local text, stop, fault = field_at(line, at, separator)
    if not text then return nil, fault end
    fields[#fields + 1] = text
    if not stop then return fields end
    at = stop + 1
  end
end

-- The separator that a header is written with.
local function separator_of(header)
  local best, most = ",", 0
  for _, separator in ipairs(SEPARATORS) do
    local count = #(M.split(header, separator) or {})
    if count > most then best, most = separator, count end
  end
  return best
end

-- "Time (America/New_York)" names the zone of the times in it.
local function zone_in(reading, name)
  local text = name:match "%((.-)%)"
  if not text or reading.zone then return end
  local found, message = zone.open(text)
  if not found then
    reading:fault("zone", "its time column names the zone '%s': %s",
      M.shown(text), message)
  end
  reading.zone = found
end

-- A date and a time of day in two columns are one time.
local function is_clock(header, known, letters, name_of_time)
  return known == "time" and letters == "time" and name_of_time == "date"
    and not header.at.clock
end

local function take_column(reading, header, i, name)
  local letters = core.lower(name:gsub("%(.*$", "")):gsub("[^a-z]", "")
  local known = NAMES[letters]
  if known and not header.at[known] then
    header.at[known], header.letters[known] = i, letters
    if known == "time" then
      header.time_name = letters
      zone_in(reading, name)
    end
  elseif is_clock(header, known, letters, header.time_name) then
    header.at.clock = i
  elseif known and known ~= "time" and letters == header.letters[known] then
    reading:fault("header", "names '%s' twice", M.shown(name))
  else
    if SYMBOLS[letters] then header.symbol = i end
    header.ignored[#header.ignored + 1] = name == "" and ("column %d"):format(i)
      or M.shown(name)
  end
end

---@class etoro.CsvHeader
---@field separator string
---@field count integer columns
---@field at table<string, integer> which is which; `clock` is a time of day beside a date
---@field letters table<string, string> what each is called there: counts of ticks and of
---units may stand side by side
---@field ignored string[]
---@field symbol? integer the column of a symbol

--- Reads it; what is wrong is told to the reader.
---@param reading table of csv.lua
---@param line string
---@return etoro.CsvHeader? header
function M.read(reading, line)
  local header = { separator = separator_of(line), at = {}, letters = {}, ignored = {} }
  local faults, fields = reading.faulty, M.split(line, separator_of(line))
  if not fields then
    reading:fault("header", "a quote in it is not closed")
    return nil
  end
  header.count = #fields
  for i, name in ipairs(fields) do take_column(reading, header, i, name) end
  local missing = {}
  for _, name in ipairs { "time", "open", "high", "low", "close" } do
    if not header.at[name] then missing[#missing + 1] = name end
  end
  if #missing == 5 and line:find '^"?%d' then
    reading:fault("header", "is a bar, and names no column: put a line above it such as "
      .. "time,open,high,low,close,volume")
  elseif #missing > 0 then
    reading:fault("header", "has no column %s; its first line must name "
      .. "time, open, high, low, close and may name volume",
      table.concat(missing, ", "))
  end
  return reading.faulty == faults and header or nil
end

return M
