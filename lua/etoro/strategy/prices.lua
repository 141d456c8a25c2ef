-- The prices of a run: on_quote as they are pushed, or looked at now and then where
-- there is no stream; and when they are no ground for an entry: a stream that is cut
-- or silent, a price that is old, bars that are missing. Exits go on.

local callbacks = require "etoro.strategy.callbacks"
local core = require "etoro.core"
local eligibility = require "etoro.trading.precheck.eligibility"
local run_limits = require "etoro.values.run_limits"
local times = require "etoro.values.times"
local waiting = require "etoro.tasks.waiting"

local tostring = core.text -- not up to the locale

local M = {}

-- Of what waits to be called one price of each symbol is kept, the newest.
local function tell(run, quote)
  for i = run.queue.first, run.queue.last do
    local event = run.queue[i]
    if event.name == "on_quote" and event[1].symbol == quote.symbol then
      event[1] = quote
      return
    end
  end
  run:tell("on_quote", quote)
end

local function poll(run)
  local last = run.quoted
  while not run.is_over do
    local ids, symbols = {}, {}
    for i, symbol in ipairs(run.symbols) do
      ids[i], symbols[run.items[symbol].id] = run.items[symbol].id, symbol
    end
    for _, rate in ipairs(run.client.market:rates(ids) or {}) do
      local symbol = symbols[rate.instrumentID]
      local price = symbol and tostring(rate.bid) .. " " .. tostring(rate.ask)
      if price and last[symbol] ~= price then
        last[symbol], rate.symbol = price, symbol
        tell(run, rate)
      end
    end
    callbacks.drain(run)
    waiting.sleep(run_limits.strategy_quote_look)
  end
end

-- Subscribes to what has come to the run's symbols.
local function follow_symbols(run, stream, known)
  if known.symbols == run.symbols then return true end
  local list = {}
  for _, symbol in ipairs(run.symbols) do
    local id = run.items[symbol].id
    if not known[id] then list[#list + 1] = id end
  end
  local ok, err = stream:subscribe(list)
  if not ok then return nil, err end
  for _, symbol in ipairs(run.symbols) do known[run.items[symbol].id] = symbol end
  known.symbols = run.symbols
  return true
end

local on = {}

function on.quote(run, event, symbol)
  if run.doubts[symbol] then
    run.doubts[symbol] = nil
    run:note("note", ("prices of %s come again"):format(symbol))
  end
  local price = tostring(event.bid) .. " " .. tostring(event.ask)
  if run.quoted[symbol] == price or not (event.bid and event.ask) then return end
  run.quoted[symbol], event.symbol = price, symbol
  tell(run, event)
end

function on.stale(run, event, symbol)
  run.doubts[symbol] = ("no price has come for %s s"):format(
    core.fixed(event.silent or 0, 0))
  run:note("note", ("%s: %s; nothing is opened"):format(symbol,
    run.doubts[symbol]))
end

-- A cut is told once, however often the stream tries in vain to come back.
function on.disconnected(run, event)
  local words, is_new = "the stream of prices is cut since " .. times.format(event.at)
  for _, symbol in ipairs(run.symbols) do
    is_new = is_new or not run.doubts[symbol]
    run.doubts[symbol] = run.doubts[symbol] or words
  end
  if is_new then run:note("note", words .. "; nothing is opened") end
end

function on.gap(run, event)
  for _, symbol in ipairs(run.symbols) do
    run:tell("on_gap", { symbol = symbol, from = event.from, to = event.to })
  end
end

-- Gives an error when the stream has ended.
local function read(run, stream)
  local known = {}
  while not run.is_over do
    local ok, err = follow_symbols(run, stream, known)
    if not ok then return err end
    local event
    event, err = stream:next(run_limits.strategy_quote_look)
    if err then return err end
    local symbol = event and event.instrumentId and known[event.instrumentId]
    if event and on[event.kind] and (symbol or not event.instrumentId) then
      on[event.kind](run, event, symbol)
      callbacks.drain(run)
    end
  end
end

--- Tells on_quote of prices, as long as the run lasts.
---@param run etoro.StrategyRun
function M.watch(run)
  local stream, err = run.client:stream()
  if stream then
    run.has_stream = true
    local _ <close> = setmetatable({}, { __close = function()
      run.has_stream = false
      stream:close()
    end })
    err = read(run, stream)
  end
  if run.is_over then return end
  run.doubts = {}
  run:note("note", ("prices are looked at each %d s: %s"):format(
    run_limits.strategy_quote_look, tostring(err)))
  poll(run)
end

--- Why a price is no ground for an entry: its market is closed, or it is old. Where the
--- API tells neither nobody knows.
---@param run etoro.StrategyRun
---@param id integer of the instrument
---@param rate table
---@param response? etoro.Response that it came with, for the server's clock
---@return string? reason
function M.doubt(run, id, rate, response)
  local age = eligibility.age(run.client, rate, response)
  local is_old = age and age > run_limits.strategy_price_age
  local is_closed = eligibility.is_open(run.client, id) == false
  if is_old then
    return ("%sits price is %s s old, at most %d"):format(is_closed
      and "its market is closed, " or "", core.fixed(age, 1),
      run_limits.strategy_price_age)
  end
  return is_closed and "its market is closed" or nil
end

-- Why what a callback decides at a bar comes too late: bars that could not be read, or
-- waited behind a callback that slept, come one after the other, and each would be bought
-- at the same price of now.
local function lateness(run)
  local begun, seconds = run:deciding().time, run.strategy.seconds
  if not begun or not seconds then return nil end
  local late = run.client:unix() - begun - seconds
  if late <= math.max(seconds, run_limits.strategy_price_age) then return nil end
  return ("the bar that it decides at was over at %s, %s s ago"):format(
    times.format(begun + seconds), core.fixed(late, 0))
end

--- Why the prices of an instrument are no ground for an entry.
---@param run etoro.StrategyRun
---@param item etoro.StrategyItem
---@return string? reason
function M.refused(run, item)
  if run.doubts[item.symbol] then return run.doubts[item.symbol] end
  if item.gap then
    return ("its bars from %s to %s are missing"):format(times.format(item.gap.from),
      times.format(item.gap.to))
  end
  local late = lateness(run)
  if late then return late end
  local rate, err = run:rate(item.symbol)
  if not rate then return "its price cannot be read: " .. tostring(err) end
  return run:price_doubt(item.id, rate, run:rate_response(item.symbol))
end

return M
