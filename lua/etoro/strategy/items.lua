-- What a run knows of each of its instruments: its bars until now, and the
-- strategy's indicators of it.

local callbacks = require "etoro.strategy.callbacks"
local core = require "etoro.core"
local errors = require "etoro.errors"
local run_limits = require "etoro.values.run_limits"

local tostring = core.text -- not up to the locale

local M = {}

---@class etoro.StrategyItem
---@field symbol string
---@field id integer
---@field indicators table<string, etoro.Indicator> as the strategy sees them
---@field lines etoro.Indicator[] the same, whatever it does with that table
---@field line_names string[] of each
---@field bars etoro.StrategyBar[] the newest of them, oldest first
---@field is_kept? boolean its bars stand where they came from, `bars` shows them
---@field newest? etoro.StrategyBar
---@field last? number time of the newest
---@field fed integer bars that its indicators have had
---@field warmup_asked integer bars that the strategy wants before its first decision
---@field gap? { symbol: string, from: number, to: number } bars that are missing before it

local function wrong(strategy, field, message, ...)
  return errors.new { kind = "invalid", code = "strategy", field = field,
    message = (strategy.path or strategy.name) .. ": "
      .. message:format(...) }
end

local function make_indicators(strategy)
  if not strategy.indicators then return {} end
  local err, made = callbacks.call("indicators", strategy.indicators,
    strategy.settings)
  if err then return nil, err end
  if type(made) ~= "table" or made.add_bar then
    return nil, wrong(strategy, "indicators", "'indicators' gives %s, not a table of "
      .. "indicators, such as { fast = ta.sma(10) }", type(made) == "table"
      and "one indicator" or type(made))
  end
  for name, one in pairs(made) do
    if type(one) ~= "table" or not one.add_bar then
      return nil, wrong(strategy, "indicators",
        "indicator '%s' is none; etoro.indicators makes them", tostring(name))
    end
  end
  return made
end

-- A symbol that is none, with the place where it is written.
local function no_symbol(strategy, symbol, err)
  if err.kind ~= "not_found" then return err end
  local line = strategy.symbol_lines and strategy.symbol_lines[symbol]
  return errors.new { kind = err.kind, code = err.code, field = "symbols",
    request_id = err.request_id, message = ("%s:%s %s"):format(
      strategy.path or strategy.name, line and line .. ":" or "", err.message) }
end

-- The one of an instrument, by its own symbol.
local function of_id(others, id)
  for _, item in pairs(others) do
    if item.id == id then return item end
  end
end

--- Begins an item, or begins it anew: without bars, and with indicators that have had none.
---@param strategy etoro.Strategy
---@param item etoro.StrategyItem
---@return etoro.StrategyItem? item
---@return etoro.Error? err
function M.begin(strategy, item)
  local indicators, err = make_indicators(strategy)
  if not indicators then return nil, err end
  local lines, names = {}, {}
  for name, one in pairs(indicators) do
    lines[#lines + 1], names[#names + 1] = one, name
  end
  item.indicators, item.lines, item.line_names = indicators, lines, names
  item.bars, item.fed, item.is_ready = {}, 0, nil
  item.newest, item.last = nil, nil
  return item
end

--- Gives an item another symbol, its bars too.
---@param item etoro.StrategyItem
---@param symbol string
function M.rename(item, symbol)
  item.symbol = symbol
  for _, bar in ipairs(item.bars) do bar.symbol = symbol end
end

--- Finds a symbol's instrument.
---@param client etoro.Client
---@param strategy etoro.Strategy
---@param symbol string
---@param others table<string, etoro.StrategyItem> that the run has already
---@param wanted? table<string, any> the symbols that count now; all
---@return etoro.StrategyItem? item one of the others where its symbol is wanted no more:
---what it is of has another one now
---@return etoro.Error? err
function M.new(client, strategy, symbol, others, wanted)
  local found, err = client.instruments:find(symbol)
  if not found then return nil, no_symbol(strategy, symbol, err) end
  local same = of_id(others, found.instrumentID)
  if same and (not wanted or wanted[same.symbol]) then -- it would be bought for both
    return nil, wrong(strategy, "symbols", "'symbols' gives '%s' and '%s', which are "
      .. "one instrument", same.symbol, symbol)
  elseif same then
    return same
  end
  return M.begin(strategy, { symbol = symbol, id = found.instrumentID,
    warmup_asked = strategy.warmup or 0 })
end

local function keep(bars, bar)
  bars[#bars + 1] = bar
  if #bars >= 2 * run_limits.strategy_bars_kept then
    table.move(bars, #bars - run_limits.strategy_bars_kept + 1, #bars, 1)
    for i = #bars, run_limits.strategy_bars_kept + 1, -1 do bars[i] = nil end
  end
end

--- Shows a bar that is over.
---@param item etoro.StrategyItem
---@param bar etoro.StrategyBar
function M.show(item, bar)
  if not item.is_kept then keep(item.bars, bar) end
  item.newest, item.last = bar, bar.time
end

--- Hands a bar that is over to the indicators.
---@param item etoro.StrategyItem
---@param bar etoro.StrategyBar
function M.feed(item, bar)
  local lines = item.lines
  item.fed = item.fed + 1
  for i = 1, #lines do lines[i]:add_bar(bar) end
end

--- Adds a bar that is over, to the indicators as well.
---@param item etoro.StrategyItem
---@param bar etoro.StrategyBar
function M.add(item, bar)
  M.show(item, bar)
  M.feed(item, bar)
end

--- How many of an item's bars there were by a time.
---@param item etoro.StrategyItem
---@param time? number the start of the newest that counts; all
---@return integer
function M.count(item, time)
  local bars = item.bars
  local count = #bars
  if not time or not item.last or item.last <= time then return count end
  while count > 0 and bars[count].time > time do count = count - 1 end
  return count
end

--- How many bars the indicators take until their start has no weight.
---@param item etoro.StrategyItem
---@return integer
function M.needed(item)
  local most = 0
  for _, one in ipairs(item.lines) do most = math.max(most, one.needs) end
  return most
end

--- Whether the warm-up is over, and all indicators have values; from then on they do.
---@param item etoro.StrategyItem
---@return boolean
function M.is_ready(item)
  if item.is_ready then return true end
  if item.fed < item.warmup_asked then return false end
  for _, one in ipairs(item.lines) do
    if not one.ready then return false end
  end
  item.is_ready = true
  return true
end

--- The names of the indicators that still depend on where they began.
---@param item etoro.StrategyItem
---@return string[]
function M.unsettled(item)
  local names = {}
  for i, one in ipairs(item.lines) do
    if not one.settled then names[#names + 1] = item.line_names[i] end
  end
  table.sort(names, core.before)
  return names
end

--- The names of the indicators that have no value, though they have had all that they
--- need: it is not to come of more bars alone.
---@param item etoro.StrategyItem
---@return string[]
function M.without_value(item)
  local names = {}
  for i, one in ipairs(item.lines) do
    if one.settled and not one.ready then names[#names + 1] = item.line_names[i] end
  end
  table.sort(names, core.before)
  return names
end

--- The symbols of a strategy, which may be a function of ctx.
---@param strategy etoro.Strategy
---@param ctx table
---@return string[]? symbols
---@return etoro.Error? err
function M.symbols(strategy, ctx)
  local symbols = strategy.symbols
  if type(symbols) == "function" then
    local err
    err, symbols = callbacks.call("symbols", symbols, ctx)
    if err then return nil, err end
  end
  if strategy.symbols == nil then return {} end
  if type(symbols) ~= "table" or symbols[1] == nil and next(symbols) ~= nil then
    return nil, wrong(strategy, "symbols", "'symbols' gives %s, not a list",
      type(symbols) == "table" and "a table without a first place" or type(symbols))
  end
  local seen = {}
  for i, symbol in ipairs(symbols) do
    if type(symbol) ~= "string" or seen[symbol] then
      return nil, wrong(strategy, "symbols", "'symbols' gives %s at place %d",
        type(symbol) ~= "string" and "a " .. type(symbol) or "'" .. symbol
          .. "' once more", i)
    end
    seen[symbol] = true
  end
  return table.move(symbols, 1, #symbols, 1, {})
end

return M
