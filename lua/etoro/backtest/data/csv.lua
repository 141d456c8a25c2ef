-- Bars from a file of comma separated values, into columns. What is wrong is
-- told with its line and never repaired; see checks.lua for what bars may have
-- wrong among themselves.

local core = require "etoro.core"
local count = require "etoro.values.count"
local csv_header = require "etoro.backtest.data.csv_header"
local csv_times = require "etoro.backtest.data.csv_times"
local data_columns = require "etoro.backtest.data.columns"
local run_limits = require "etoro.values.run_limits"

local tonumber = core.number -- not up to the locale

local M = {}

local BOM = "\xEF\xBB\xBF"
local WIDE = { ["\xFF\xFE"] = true, ["\xFE\xFF"] = true } -- marks of UTF-16
local PRICES = { "open", "high", "low", "close" }

---@class etoro.BarColumns
---@field file string where the bars come from
---@field lines? integer[] the line of each, where there are lines
---@field time number[] seconds since 1970 at which each starts
---@field open number[]
---@field high number[]
---@field low number[]
---@field close number[]
---@field volume number[] 0 where the file has none
---@field conversion? number[] US dollars for one unit of what the prices are in
---@field conversion_kept? number the same of all, as the API said when they were got
---@field type? integer the API's instrumentTypeID, where bars came from there
---@field ignored string[] columns that nothing is read from
---@field told? etoro.DataFault[] what reading them has found, and let pass

---@class etoro.DataFault
---@field file string
---@field line integer
---@field kind string
---@field message string
---@field is_fatal boolean the bars cannot be used

local reader = {}
reader.__index = reader

function reader:fault(kind, message, ...)
  self.faulty = self.faulty + 1
  if #self.faults < run_limits.data_faults_told then
    self.faults[#self.faults + 1] = { file = self.file, line = self.line,
      kind = kind, message = message:format(...), is_fatal = true }
  end
end

--- Tells what may be right.
function reader:remark(kind, message, ...)
  if #self.told < run_limits.data_faults_told then
    self.told[#self.told + 1] = { file = self.file, line = self.line,
      kind = kind, message = message:format(...), is_fatal = false }
  end
end

reader.shown = csv_header.shown

-- "1,234.5" and "1.234,5" have signs between thousands; "0,5" is a decimal.
local function number_of(reading, name, text)
  local value = tonumber(text)
  if value and math.abs(value) < math.huge then return value + 0.0 end
  if text:find "^[+-]?%d+,%d+$" then
    reading:fault("text", "%s is '%s': write the decimal with a point", name,
      reading.shown(text))
  elseif text:find "^[+-]?%d[%d., ']*%d$" then
    reading:fault("text", "%s is '%s': write it with a point for the decimals and "
      .. "nothing between thousands", name, reading.shown(text))
  else
    reading:fault("text", "%s is '%s', which is no number", name,
      reading.shown(text))
  end
end

local function add(reading, time, open, high, low, close, volume)
  local columns, i = reading.columns, reading.bars + 1
  columns.time[i], columns.open[i], columns.high[i] = time, open, high
  columns.low[i], columns.close[i], columns.volume[i] = low, close, volume
  columns.lines[i], reading.bars = reading.line, i
end

local function check_symbol(reading, fields)
  local at = reading.header.symbol
  if not at then return end
  reading.symbol = reading.symbol or fields[at]
  if fields[at] ~= reading.symbol then
    reading:fault("symbol", "is of '%s', and the lines above are of '%s': a file "
      .. "has one symbol", reading.shown(fields[at]), reading.shown(reading.symbol))
  end
end

-- Reads a row field by field, and says what is wrong with it.
local function read_slowly(reading, line)
  local header = reading.header
  local fields, fault = csv_header.split(line, header.separator)
  if fault then return reading:fault("fields", fault) end
  if #fields ~= header.count then
    return reading:fault("fields", "has %s where the first line names "
      .. "%d%s", count(#fields, "field"), header.count, #fields > header.count
      and header.separator == "," and "; decimals are written with a point" or "")
  end
  check_symbol(reading, fields)
  local at, row = header.at, { volume = 0.0 }
  row.time = csv_times.read(reading, at.clock
    and fields[at.time] .. " " .. fields[at.clock] or fields[at.time])
  if not row.time then return end
  for _, name in ipairs(PRICES) do
    row[name] = number_of(reading, name, fields[at[name]])
    if not row[name] then return end
  end
  if at.volume and fields[at.volume] ~= "" then
    row.volume = number_of(reading, "volume", fields[at.volume])
    if not row.volume then return end
  end
  if at.conversion then
    row.conversion = number_of(reading, "conversion", fields[at.conversion])
    if not row.conversion then return end
    if row.conversion <= 0 then
      return reading:fault("price", "its conversion is not above 0")
    end
    reading.columns.conversion[reading.bars + 1] = row.conversion
  end
  add(reading, row.time, row.open, row.high, row.low, row.close, row.volume)
end

-- A row as most are: nothing quoted, plain numbers. false where it is not so.
local function read_fast(reading, time, open, high, low, close, volume)
  time = time and csv_times.fast(reading, time)
  open, high = tonumber(open or ""), tonumber(high or "")
  low, close = tonumber(low or ""), tonumber(close or "")
  volume = volume == nil and 0.0 or tonumber(volume)
  if not (time and open and high and low and close and volume) then return false end
  local sum = open + high + low + close + volume
  if sum - sum ~= 0 then return false end -- one is infinite
  add(reading, time, open + 0.0, high + 0.0, low + 0.0, close + 0.0, volume + 0.0)
  return true
end

local ORDER = { "time", "open", "high", "low", "close", "volume" }

-- How to take the fields of such a row: a pattern, and which of its captures is
-- the time and so on; nil for a row that has to be read slowly.
local function plan(header)
  if header.at.clock or header.at.conversion or header.symbol then return nil end
  local pieces, rank, place = {}, {}, 0
  for i = 1, header.count do
    local text = '[^' .. header.separator .. '"\r]*'
    for _, name in ipairs(ORDER) do
      if header.at[name] == i then
        place = place + 1
        rank[name], text = place, "(" .. text .. ")"
      end
    end
    pieces[i] = text
  end
  return "^" .. table.concat(pieces, header.separator) .. "\r?$", rank
end

-- Whether the columns come in the usual order, one after the other.
local function is_usual(rank)
  for i, name in ipairs(ORDER) do
    if rank[name] ~= i and (name ~= "volume" or rank.volume) then return false end
  end
  return true
end

local function row_reader(reading)
  local pattern, rank = plan(reading.header)
  if not pattern then
    return function(line) read_slowly(reading, line) end
  end
  local match = string.match
  if is_usual(rank) then
    return function(line)
      if not read_fast(reading, match(line, pattern)) then
        read_slowly(reading, line)
      end
    end
  end
  local t, o, h = rank.time, rank.open, rank.high
  local l, c, v = rank.low, rank.close, rank.volume
  return function(line)
    local found = { match(line, pattern) }
    if not read_fast(reading, found[t], found[o], found[h], found[l], found[c],
        v and found[v]) then
      read_slowly(reading, line)
    end
  end
end

local function begin(reading, line)
  if WIDE[line:sub(1, 2)] or line:find("\0", 1, true) then
    reading:fault("header", "is UTF-16, or no text: save it as UTF-8")
  elseif line:find("\r.", 1) then
    reading:fault("header", "its lines end with a CR alone: save it with LF")
  else
    reading.header = csv_header.read(reading, line)
  end
  return reading.header
end

local function read_lines(reading, handle)
  local read_row
  for raw in handle:lines() do
    local line = raw
    reading.line = reading.line + 1
    if reading.line == 1 and line:sub(1, 3) == BOM then line = line:sub(4) end
    if read_row and line ~= "" and line ~= "\r" then
      read_row(line)
    elseif line:find "[^ \t\r]" then
      if not begin(reading, line) then return end
      if reading.header.at.conversion then reading.columns.conversion = {} end
      read_row = row_reader(reading)
    end
  end
end

--- Reads a file of bars: its first line names the columns (time, open, high,
--- low, close, volume, in any order and writing), a time is the bar's start.
---@param path string
---@param options? { zone?: etoro.Zone } zone: of times that name no offset; UTC
---@return etoro.BarColumns? columns
---@return etoro.DataFault[]|string faults a text where the file cannot be read
---@return integer? count of all of them; only the first are told
function M.read(path, options)
  local handle, message = core.open_file(path)
  if not handle then return nil, ("%s: %s"):format(path, message) end
  local columns = data_columns.new()
  columns.file, columns.lines = path, {}
  local reading = setmetatable({ file = path, line = 0, faults = {}, told = {},
    faulty = 0, bars = 0, columns = columns, zone = options and options.zone },
    reader)
  local ok, why = pcall(read_lines, reading, handle)
  handle:close()
  if not ok then return nil, ("%s: %s"):format(path, why) end
  if reading.faulty == 0 and reading.bars == 0 then
    reading:fault("empty", "has no bars")
  end
  if reading.faulty > 0 then return nil, reading.faults, reading.faulty end
  columns.ignored, columns.told = reading.header.ignored, reading.told
  return columns, {}
end

return M
