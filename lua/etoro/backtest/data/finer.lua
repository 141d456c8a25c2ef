-- Finer bars of a symbol, beside those that a backtest goes by: they tell which
-- came first inside of a bar, its high or its low.

local checks = require "etoro.backtest.data.checks"
local csv = require "etoro.backtest.data.csv"
local core = require "etoro.core"
local errors = require "etoro.errors"
local run_limits = require "etoro.values.run_limits"
local schedule = require "etoro.values.schedule"
local store = require "etoro.backtest.data.store"

local tostring = core.text -- not up to the locale

local M = {}

-- The finest first.
local INTERVALS = { "1m", "5m", "10m", "15m", "30m", "1h", "4h", "1d" }

---@class etoro.FinerBars
---@field columns etoro.BarColumns
---@field interval string
---@field at integer the first that is not passed
---@field used integer bars that it has told the inside of
---@field asked integer bars whose inside was asked for

-- The file of finer bars that stands beside a CSV file.
local function beside(path, interval)
  return (path:gsub("%.[Cc][Ss][Vv]$", "")) .. "." .. interval .. ".csv"
end

--- Whether a file's name is that of finer bars beside a CSV file.
---@param name string
---@param path string
---@return boolean
function M.is_beside(name, path)
  for _, interval in ipairs(INTERVALS) do
    if name == beside(path, interval) then return true end
  end
  return false
end

local function first_fatal(faults)
  for _, fault in ipairs(faults) do
    if fault.is_fatal then return fault end
  end
end

local function refused(faults)
  local fault = type(faults) == "table" and first_fatal(faults)
  return nil, errors.new { kind = "invalid", code = "data", field = "data",
    message = fault and ("%s:%d: %s"):format(fault.file, fault.line,
      fault.message) or tostring(faults) }
end

local function is_there(path)
  local file = io.open(path, "rb")
  if file then file:close() end
  return file ~= nil
end

-- One candidate; nothing where there is none.
local function read(source, symbol, interval)
  local columns, faults
  if source then
    local path = beside(source, interval)
    if not is_there(path) then return nil end
    columns, faults = csv.read(path)
    if not columns then return refused(faults) end
  else
    local err
    columns, err = store.read(symbol, interval)
    if not columns then
      if err.code == "absent" then return nil end
      return nil, err
    end
  end
  local is_usable, found = checks.of(columns, os.time())
  if not is_usable then return refused(found) end
  return columns
end

--- Reads the finest bars of a symbol that there are.
---@param source? string its CSV file; without one those that are kept
---@param symbol string
---@param seconds integer of the bars that it goes by
---@return etoro.FinerBars? finer nil where there are none
---@return etoro.Error? err
function M.read(source, symbol, seconds)
  for _, interval in ipairs(INTERVALS) do
    if schedule.interval(interval) < seconds then
      local columns, err = read(source, symbol, interval)
      if err then return nil, err end
      if columns then
        return { columns = columns, interval = interval, at = 1, used = 0,
          asked = 0 }
      end
    end
  end
end

-- Whether some bars reach as far up and down as one.
local function reach(columns, first, last, bar)
  local high, low = -math.huge, math.huge
  for i = first, last do
    high, low = math.max(high, columns.high[i]), math.min(low, columns.low[i])
  end
  local slack = run_limits.data_same_price
  return high >= bar.high * (1 - slack) and low <= bar.low * (1 + slack)
end

--- Those inside of a bar, where they tell of its high and of its low.
---@param finer etoro.FinerBars
---@param bar { time: number, high: number, low: number }
---@param ends number when the bar is over
---@return integer? first
---@return integer? last
function M.inside(finer, bar, ends)
  local columns, first = finer.columns, finer.at
  local time = columns.time
  while time[first] and time[first] < bar.time do first = first + 1 end
  local last = first - 1
  local width = columns.width -- one that goes on behind the bar has prices from then
  while time[last + 1] and time[last + 1] + width <= ends do last = last + 1 end
  finer.at, finer.asked = first, finer.asked + 1
  if last < first or not reach(columns, first, last, bar) then return nil end
  finer.used = finer.used + 1
  return first, last
end

return M
