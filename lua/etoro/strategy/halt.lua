-- The halt of a run: a file that somebody else writes and takes away. While it is
-- there nothing is opened; where it says so, all is closed.

local closes = require "etoro.strategy.closes"
local core = require "etoro.core"
local exits = require "etoro.strategy.exits"
local limits = require "etoro.values.limits"
local run_limits = require "etoro.values.run_limits"
local waiting = require "etoro.tasks.waiting"

local tonumber, tostring = core.number, core.text -- not up to the locale

local M = {}

--- Whether somebody has halted the run, and what is in the file that does. One that
--- is there and cannot be read halts as well.
---@param run etoro.StrategyRun
---@return string?
function M.text(run)
  local path = run.options.halt
  if not path then return nil end
  local file, _, code = io.open(path, "rb")
  if not file then return code ~= 2 and "halt" or nil end -- ENOENT
  local text = file:read "a" or ""
  file:close()
  return text
end

---@class etoro.StrategyClosed what became of a position that was to be closed
---@field symbol string
---@field positionID integer
---@field state "closed"|"resting"|"unknown"|"open" resting: it waits for its market
---@field why? string

-- The newest close of a position.
local function close_of(run, id)
  local orders = run.book.orders
  for i = #orders, 1, -1 do
    local record = orders[i]
    if record.side == "close" and tostring(record.positionID) == id then
      return record
    end
  end
end

-- A close that is sent and has no end is not sent again.
local function is_closing(run, id)
  local record = close_of(run, id)
  return record ~= nil and not record.units
    and (record.state == "sent" or record.state == "resting")
end

-- Waits for one that is under way.
local function await(run, id)
  local record = close_of(run, id)
  while record and record.state == "sent" do waiting.sleep(limits.shared_tick) end
end

local function became(run, id, symbol)
  await(run, id)
  local one = { symbol = symbol, positionID = tonumber(id), state = "closed" }
  if not run.book.owned[id] then return one end
  local record = close_of(run, id)
  local waits = record and (record.state == "resting" or record.state == "unknown")
  one.state = waits and record.state or "open"
  one.why = record and (record.why or waits and closes.words(record)) or nil
  return one
end

--- Closes what the run holds, and takes back its orders that wait.
---@param run etoro.StrategyRun
---@return etoro.StrategyClosed[]? closed in the order of their ids
---@return etoro.Error? err what it holds could not be read
function M.close_all(run)
  run.closed_at = run.client:now() -- who looks meanwhile does not close, too
  run:begin_decision()
  exits.take_back(run)
  local list, err = run:positions()
  if not list then return nil, err end
  local held = {}
  for id, entry in pairs(run.book.owned) do
    held[#held + 1] = { id = id, symbol = entry.symbol }
  end
  table.sort(held, function(a, b) return tonumber(a.id) < tonumber(b.id) end)
  for _, position in ipairs(list) do
    if not is_closing(run, tostring(position.positionID)) then
      run.ctx:close(position)
    end
  end
  for i, one in ipairs(held) do held[i] = became(run, one.id, one.symbol) end
  return held
end

-- What could not be closed is tried again, not each second.
local function is_due(run)
  local is_any = next(run.book.owned) ~= nil or run.book:waiting()[1] ~= nil
  return is_any and (not run.closed_at
    or run.client:now() - run.closed_at >= run_limits.strategy_order_look)
end

--- Says that it was halted or resumed. Closes what it holds where it is told to,
--- until that is done.
---@param run etoro.StrategyRun
---@param is_closed_elsewhere? boolean somebody else does that
function M.look(run, is_closed_elsewhere)
  local text = M.text(run)
  if (text ~= nil) ~= (run.is_halted or false) then
    run.is_halted = text ~= nil
    run:note("note", text and "halted: nothing is opened" or "resumed")
  end
  if not (text and text:find "^close") then
    run.closed_at = nil
  elseif not is_closed_elsewhere and is_due(run) then
    local _, err = M.close_all(run)
    if err then run:note("error", "nothing is closed: " .. tostring(err)) end
  end
end

return M
