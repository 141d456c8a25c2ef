-- Bars between two times, by the API's route of that kind. It ends some twelve
-- days ago, and its days begin in the evening before: days and weeks are made of
-- its hours here, so that they are those of the other route.

local data_columns = require "etoro.backtest.data.columns"
local range = require "etoro.market.range"
local run_limits = require "etoro.values.run_limits"
local times = require "etoro.values.times"

local M = {}

local HOUR, DAY = 3600, times.DAY

local function as_columns(bars)
  local columns = data_columns.new()
  for _, bar in ipairs(bars) do
    bar.volume = bar.volume or 0.0
    data_columns.add(columns, bar)
  end
  return columns
end

-- Longer bars of shorter ones; `phase` is when one of them begins.
local function resample(columns, width, phase)
  local out, start = data_columns.new(), nil
  local n = 0
  for i, time in ipairs(columns.time) do
    local at = (time - phase) // width * width + phase
    if at ~= start then
      n, start = n + 1, at
      for _, name in ipairs(data_columns.NAMES) do
        out[name][n] = columns[name][i]
      end
      out.time[n] = at
    else
      out.high[n] = math.max(out.high[n], columns.high[i])
      out.low[n] = math.min(out.low[n], columns.low[i])
      out.close[n] = columns.close[i]
      out.volume[n] = out.volume[n] + columns.volume[i]
    end
  end
  return out
end

M.edge = range.edge

--- How much of time is read at once.
---@param width integer seconds of a bar
---@return integer seconds
function M.window(width)
  local seconds = run_limits.bars_range_window * math.min(width, HOUR)
  return seconds // width * width
end

--- How much behind a window that was empty.
---@param window integer seconds
---@param width integer seconds of a bar
---@return integer seconds
function M.wider(window, width)
  return math.min(4 * window, run_limits.bars_range_widest * DAY // width * width)
end

--- Reads the bars that begin in a stretch of time.
---@param client etoro.Client
---@param about { id: integer, interval: string, width: integer, phase: number }
---@param from number
---@param to number
---@return etoro.BarColumns? columns
---@return etoro.Error|integer left_out_or_err rows that were no bars
function M.read(client, about, from, to)
  local is_made = about.width >= DAY
  local bars, response, left_out = range.read(client, { id = about.id,
    interval = is_made and "1h" or about.interval, from = from, to = to })
  if not bars then return nil, response end
  local columns = as_columns(bars)
  if is_made then columns = resample(columns, about.width, about.phase) end
  return columns, left_out
end

return M
