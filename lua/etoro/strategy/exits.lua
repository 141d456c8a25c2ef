-- What a strategy asks to be closed, and the waiting orders that are taken back with
-- it. All that can go wrong comes back as nil, err.

local closes = require "etoro.strategy.closes"
local core = require "etoro.core"
local dealing = require "etoro.strategy.dealing"
local words = require "etoro.strategy.words"

local tonumber, tostring = core.number, core.text -- not up to the locale

local refusal, number_in = words.refusal, words.number_in

local WORDS = { units = true, orders = true }

local M = {}

--- What a position is worth in US dollars: its margin with what it has won or lost.
---@param position etoro.Position
---@param rate table
---@return number? dollars nil where the API does not tell enough
function M.worth(position, rate)
  local is_buy = position.isBuy ~= false
  local price = is_buy and rate.bid or rate.ask
  local amount, units, open = tonumber(position.amount), tonumber(position.units),
    tonumber(position.openRate)
  if not (amount and units and open and tonumber(price)) then return nil end
  local moved = (price - open) * units * (tonumber(rate.conversionRateBid) or 1)
  return amount + (is_buy and moved or -moved)
end

--- Closes one position, or a part, and counts what that brings to the cash of this
--- decision, by the price that it goes by.
---@param run etoro.StrategyRun
---@param position etoro.Position
---@param units? number
---@return etoro.Position? closed
---@return etoro.Error? err
function M.one(run, position, units)
  local rate = run:deciding().cash and run:rate(position.symbol)
  local brings = rate and M.worth(position, rate) or 0
  local held = tonumber(position.units)
  if units and held then brings = brings * tonumber(units) / held end
  local closed, err, state = closes.one(run, position, units)
  if closed and state == "filled" then run:earn(math.max(0, words.cents(brings))) end
  run:log_deal("close", position.symbol, { units = units }, state, err)
  return closed, err
end

-- Orders of a symbol that may open something yet: taken back, where that is asked
-- for, else told, once.
local function look_at_waiting(run, symbol, is_asked)
  local failure
  local list = is_asked and run.book:waiting(symbol) or run.book:untold(symbol)
  for _, record in ipairs(list) do
    local name = ("the order for %s of %s is %s"):format(core.figure(
      tonumber(record.amount or record.units)), record.symbol, record.state)
    if not is_asked then
      run:note("note", name .. ": it may open a position yet; { orders = true } "
        .. "takes it back")
    elseif not record.order then
      failure = failure or refusal("under_way", "orders",
        "%s: nobody can take it back before that is known", name)
    else
      local order = record.order
      local done, err = dealing.cancel(run, order)
      run:log_deal("cancel", record.symbol, record, done and order, err)
      failure = failure or err
    end
  end
  return failure
end

--- Takes back all orders of a run that may open something yet.
---@param run etoro.StrategyRun
---@return etoro.Error? err of the first that could not be
function M.take_back(run) return (look_at_waiting(run, nil, true)) end

local function check_close(options)
  if options ~= nil and type(options) ~= "table" then
    return refusal("invalid", "options", "options of a close are a table, got %s",
      type(options))
  end
  local err = words.check(options or {}, WORDS) -- a slip would close all
  if err or not options then return err end
  if options.orders ~= nil and type(options.orders) ~= "boolean" then
    return refusal("invalid", "orders", "'orders' is true or false, got %s",
      tostring(options.orders))
  end
  local _
  _, err = number_in(options, "units", 0)
  return err
end

-- A position of the strategy's own; one that is not the API's table is looked up.
local function own_position(run, what)
  local entry = run.book.owned[tostring(what.positionID)]
  if not entry then
    return nil, refusal("not_own", "position",
      "position %s is not this strategy's", tostring(what.positionID))
  end
  if what.close then
    what.symbol = entry.symbol
    return what
  end
  local list, err = run:positions(entry.symbol)
  for _, position in ipairs(list or {}) do
    if tostring(position.positionID) == tostring(what.positionID) then
      return position
    end
  end
  return nil, err or refusal("not_own", "position", "position %s is closed",
    tostring(what.positionID))
end

-- What is to be closed: the strategy's positions of a symbol, or one of them.
local function chosen(run, what)
  if type(what) == "table" then
    local position, err = own_position(run, what)
    return position and { position }, err
  end
  local item, err = words.find_item(run, what)
  if not item and not run.book:holds(what) then return nil, err end -- exits go on
  local list
  list, err = run:positions(what)
  return list, err
end

-- How many units of each position make up so many in all, the oldest first.
local function shares(list, symbol, units)
  local left, held, parts = tonumber(units), 0, {}
  table.sort(list, function(a, b) return tonumber(a.positionID) < tonumber(b.positionID) end)
  for _, position in ipairs(list) do
    local has = tonumber(position.units) or 0
    local part = math.min(has, left)
    if part > 0 then parts[#parts + 1] = { position = position, units = part } end
    -- units have six decimals: less is what floats leave over
    held, left = held + has, math.floor((left - part) * 1e6 + 0.5) / 1e6
  end
  if left <= 0 then return parts end
  return nil, refusal("too_many_units", "units", "the strategy holds %s units of %s; you "
    .. "asked to close %s", core.figure(held), symbol, tostring(units))
end

-- Which positions are closed, and how much of each: all of it where no units stand.
local function parts_of(run, what, units)
  local list, err = chosen(run, what)
  if not list then return nil, err end
  if units and type(what) ~= "table" then
    list, err = shares(table.move(list, 1, #list, 1, {}), what, units)
    return list, err
  end
  local parts = {}
  for i, position in ipairs(list) do parts[i] = { position = position, units = units } end
  return parts
end

-- Says that nothing was closed, and why: who asks may not look at what comes back.
local function refuse(run, what, err)
  local is_one = type(what) == "table"
  run:log_deal("close", is_one and (what.symbol or what.positionID) or what, {}, nil,
    err)
  return nil, err
end

--- Closes what the strategy holds of a symbol, or one position of its own. Units of a
--- symbol are units in all, of the oldest position first.
---@param run etoro.StrategyRun
---@param what string|table
---@param options? { units?: number, orders?: boolean }
---@return table[]? closed
---@return etoro.Error? err of the first that was not closed
function M.close(run, what, options)
  local failure = check_close(options)
  if failure then return refuse(run, what, failure) end
  local units = options and options.units
  if type(what) ~= "table" and not units
      and (run.items[what] or run.book:holds(what)) then
    failure = look_at_waiting(run, what, options and options.orders)
  end
  local parts, err = parts_of(run, what, units)
  if not parts then return refuse(run, what, err) end
  local closed = {}
  for _, part in ipairs(parts) do
    local one
    one, err = M.one(run, part.position, part.units)
    closed[#closed + 1] = one
    failure = failure or err
  end
  if failure then return nil, failure end
  return closed
end

--- Closes all that the strategy holds.
---@param run etoro.StrategyRun
---@param options? { orders?: boolean }
---@return table[]? closed
---@return etoro.Error? err of the first that was not closed
function M.close_all(run, options)
  local failure = check_close(options)
  if failure then return refuse(run, "all", failure) end
  failure = look_at_waiting(run, nil, options and options.orders)
  local list, err = run:positions()
  if not list then return nil, err end
  local closed = {}
  for _, position in ipairs(list) do
    local one
    one, err = M.one(run, position)
    closed[#closed + 1] = one
    failure = failure or err
  end
  if failure then return nil, failure end
  return closed
end

return M
