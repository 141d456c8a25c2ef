-- Files for backtests that a spec writes down, and bars that are made up.
--
--   local lab = past.new()
--   lab:csv("AAPL", { "100 110 90 105", ... })      -- days from 2024-01-01 on
--   lab:walk("AAPL", seed, count)                    -- weekdays
--   local result, err = lab:run("return { ... }", options)
local etoro = require "etoro"
local files = require "spec.support.files"
local process = require "spec.support.process"
local times = require "etoro.values.times"

local methods = {}
methods.__index = methods
local M = {}

M.START = times.parse "2024-01-01T00:00:00Z" -- a Monday

function M.new()
  return setmetatable({ dir = process.scratch() }, methods)
end

function methods:file(name, text)
  local path = self.dir .. "/" .. name
  return files.write(path, text)
end

--- Bars written as "open high low close", one a day.
function methods:csv(symbol, rows)
  local lines = { "time,open,high,low,close,volume" }
  for i, row in ipairs(rows) do
    local time = times.format(M.START + (i - 1) * times.DAY)
    lines[#lines + 1] = time .. "," .. row:gsub("%s+", ",") .. ",1000"
  end
  return self:file(symbol .. ".csv", table.concat(lines, "\n") .. "\n")
end

-- Numbers that are the same on each machine.
local function numbers(seed)
  return function()
    seed = seed * 16807 % 2147483647
    return seed / 2147483647
  end
end

--- A walk of so many weekdays, from a Monday on; gapless: each opens where the
--- one before has closed.
function methods:walk(symbol, seed, count, start, is_gapless)
  local random, price = numbers(seed), 100.0
  local time = start and times.parse(start) or M.START
  local lines = { "time,open,high,low,close,volume" }
  while #lines <= count do
    local weekday = times.weekday(time // times.DAY)
    if weekday ~= 0 and weekday ~= 6 then
      local gap = (random() - 0.5) * 0.02
      local open = is_gapless and price or price * (1 + gap)
      local close = open * (1 + (random() - 0.49) * 0.05)
      local high = math.max(open, close) * (1 + random() * 0.01)
      local low = math.min(open, close) * (1 - random() * 0.01)
      lines[#lines + 1] = ("%s,%.2f,%.2f,%.2f,%.2f,10"):format(
        times.format(time):sub(1, 10), open, high + 0.01, low - 0.01, close)
      price = close
    end
    time = time + times.DAY
  end
  return self:file(symbol .. ".csv", table.concat(lines, "\n") .. "\n")
end

function methods:run(text, options)
  local all = { file = self:file("strategy.lua", text),
    data = self.dir, costs = "none" }
  for name, value in pairs(options or {}) do all[name] = value end
  return etoro.backtest.run(all)
end

function methods:remove() process.remove(self.dir) end

return M
