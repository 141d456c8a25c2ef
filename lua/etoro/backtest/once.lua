-- One run of a strategy's file over bars: what it is to run with, looked at
-- before anything happens.

local blame = require "etoro.values.blame"
local broker = require "etoro.backtest.broker"
local named = require "etoro.values.named"
local core = require "etoro.core"
local costs = require "etoro.backtest.costs"
local engine = require "etoro.backtest.engine"
local errors = require "etoro.errors"
local finer = require "etoro.backtest.data.finer"
local load = require "etoro.backtest.data.load"
local backtest_result = require "etoro.backtest.result"
local etoro_strategy = require "etoro.strategy"
local run_limits = require "etoro.values.run_limits"
local times = require "etoro.values.times"

local tostring = core.text -- not up to the locale

local M = {}

local OPTIONS = { file = "string", data = "string|table", cash = "number",
  settings = "table", costs = "string|table", fill = "string",
  from = "string|number", to = "string|number", seed = "number",
  both_fills = "boolean",
  on_note = "function", on_time = "function", print = "function" }

--- Raises for options that are none.
---@param options etoro.BacktestOptions
---@param more? table<string, string> that are options as well
function M.check(options, more)
  local known = more or {}
  for name, kind in pairs(OPTIONS) do known[name] = kind end
  named.options(options or {}, known, "option")
  if not options or options.file == nil then
    blame.raise "missing required field 'file'"
  end
  if options.fill and options.fill ~= "next_open"
      and options.fill ~= "same_close" then
    blame.raise "bad option 'fill': it is 'next_open' or 'same_close'"
  end
  if options.seed and not math.tointeger(options.seed) then
    blame.raise "bad option 'seed': it is a whole number"
  end
end

local function invalid(field, message, ...)
  return nil, errors.new { kind = "invalid", code = "backtest", field = field,
    message = message:format(...) }
end

--- Reads a time that is ISO 8601 or seconds since 1970.
---@param value? string|number
---@return number? seconds
local function moment_of(value)
  if type(value) == "string" then return times.parse(value) end
  return value and times.format(value) and value
end
M.moment_of = moment_of

local function span_of(options)
  local begins, ends = moment_of(options.from), moment_of(options.to)
  for _, name in ipairs { "from", "to" } do
    if options[name] and not moment_of(options[name]) then
      return invalid(name, "'%s' is no time: '%s'", name, tostring(options[name]))
    end
  end
  if begins and ends and begins >= ends then
    return invalid("from", "'from' is to lie before 'to'")
  end
  return { begins = begins or -math.huge, ends_before = ends or math.huge }
end

local function no_sources(strategy)
  if type(strategy.symbols) ~= "table" then
    return invalid("symbols", "%s: a backtest takes a list of symbols%s",
      strategy.path, type(strategy.symbols) == "function"
        and ", not a function" or "")
  end
  return true
end

-- The start of the first bar that counts; nil where there is none.
local function first_of(data, span)
  local first
  for _, columns in pairs(data) do
    for _, time in ipairs(columns.time) do
      if time >= span.begins and time < span.ends_before then
        first = math.min(first or time, time)
        break
      end
    end
  end
  return first
end

-- The file as a strategy, under the clock of the broker that is to come.
local function strategy_of(options, desk, changes)
  return etoro_strategy.load(options.file, { settings = options.settings,
    seed = options.seed, print = options.print or function() end,
    is_hidden = load.hides(options.data), on_read = changes.on_read,
    on_module = changes.on_module, machine = changes.machine,
    now = function() return desk.broker and desk.broker.now or 0 end })
end

-- Bars of the same symbols that a run before has read: who runs a file many times
-- keeps them.
local function read_data(options, strategy, kept)
  local key = table.concat(strategy.symbols, "\0") .. "\0"
    .. tostring(strategy.interval)
  if kept.key == key then return kept.data, nil, kept.seconds end
  local data, err, seconds = load.read(options.data, strategy.symbols,
    strategy.interval, os.time())
  if not data then return nil, err end
  kept.key, kept.data, kept.seconds, kept.finer = key, data, seconds, nil
  return data, nil, seconds
end

local function start_of(data)
  local start = math.huge
  for _, columns in pairs(data) do start = math.min(start, columns.time[1]) end
  return start
end

local function prepare(options, desk, changes)
  local strategy, err = strategy_of(options, desk, changes)
  if not strategy then return nil, err end
  local ok
  ok, err = no_sources(strategy)
  if not ok then return nil, err end
  local span
  span, err = span_of(options)
  if not span then return nil, err end
  for what, value in pairs(changes) do span[what] = value end
  span.on_time = options.on_time
  local data, seconds
  data, err, seconds = read_data(options, strategy, changes.kept)
  if not data then return nil, err end
  span.first = first_of(data, span)
  if not span.first then
    local first, last = start_of(data), -math.huge
    for _, columns in pairs(data) do
      last = math.max(last, columns.time[#columns.time])
    end
    return invalid("from", "there is no bar between 'from' and 'to' in these: the first "
      .. "is of %s, the last of %s", times.format(first), times.format(last))
  end
  strategy.seconds = strategy.seconds or seconds
  span.data, span.seconds, span.symbols = data, seconds, strategy.symbols
  return strategy, span
end

-- Finer bars of symbols, where there are some; kept as the others are.
local function read_finer(span, kept)
  if kept.finer then return kept.finer end
  local by_symbol = {}
  for _, symbol in ipairs(span.symbols) do
    local found, err = finer.read(span.data[symbol].source, symbol, span.seconds)
    if err then return nil, err end
    by_symbol[symbol] = found
  end
  kept.finer = by_symbol
  return by_symbol
end

-- The same for one run, by instrument: how far each is passed is the run's own.
local function finer_of(desk, by_symbol)
  local by_id = {}
  for symbol, found in pairs(by_symbol) do
    local own = {}
    for name, value in pairs(found) do own[name] = value end
    own.at, own.used = 1, 0
    by_id[desk.broker:id_of(symbol)] = own
  end
  return by_id
end

local function finer_columns(by_symbol)
  local all = {}
  for symbol, found in pairs(by_symbol) do all[symbol] = found.columns end
  return all
end

---@class etoro.BacktestChanges of one run among several
---@field ends_before? number see engine
---@field begins? number
---@field warm_bars? boolean
---@field is_brief? boolean its measures alone, see result.brief
---@field new_broker? function in place of the direct one, see wire.lua
---@field kept? table where its bars are kept for the next one
---@field on_read? fun(path: string, place: string): string? see strategy.environment
---@field on_module? fun(name: string, place: string)
---@field machine? fun(name: string, value: number, place: string): number

-- What a run is to go by: the strategy, its bars, costs and cash.
local function ready(options, desk, changes)
  local cash = options.cash or run_limits.backtest_cash
  if not (cash > 0 and cash < math.huge) then
    return invalid("cash", "'cash' is a number of USD above 0")
  end
  local figures, name = costs.read(options.costs)
  if not figures then return nil, name end
  changes.kept = changes.kept or {}
  local strategy, span = prepare(options, desk, changes)
  if not strategy then return nil, span end
  local by_symbol, err = read_finer(span, changes.kept)
  if not by_symbol then return nil, err end
  figures = costs.settle(figures, strategy.symbols, span.data)
  span.fill, span.on_note = options.fill or "next_open", options.on_note
  return { strategy = strategy, span = span, costs_name = name,
    finer = by_symbol, about = { file = strategy.text, modules = strategy.modules,
      seed = options.seed or 1, settings = strategy.settings, costs = figures,
      data = span.data, finer = finer_columns(by_symbol), cash = cash,
      fill = span.fill, from = moment_of(options.from), to = moment_of(options.to),
      symbols = strategy.symbols } }
end

--- Runs a file once.
---@param options etoro.BacktestOptions that were checked
---@param changes? etoro.BacktestChanges
---@return etoro.BacktestResult? result
---@return etoro.Error? err
---@return etoro.BacktestEngine? run that the result is of
function M.run(options, changes)
  local desk = {}
  local set, err = ready(options, desk, changes or {})
  if not set then return nil, err end
  local about, span = set.about, set.span
  local new = changes and changes.new_broker or broker.new
  desk.broker = new(about.symbols, about.cash, about.costs, start_of(span.data))
  desk.broker:describe(span.data)
  desk.broker.finer = finer_of(desk, set.finer)
  local run
  run, err = engine.run(set.strategy, desk.broker, span)
  if not run then return nil, err end
  if changes and changes.is_brief then return backtest_result.brief(run, about) end
  return backtest_result.of(run, about, set.costs_name), nil, run
end

---@class etoro.BacktestBase what runs that differ in settings share
---@field name string of the strategy
---@field hash string of all but the settings that differ
---@field first number the start of the first bar that counts
---@field last number the end of the last one
---@field declared table<string, etoro.Setting>
---@field settings table<string, any> those that are given for all
---@field is_free boolean of costs

--- Reads what runs of one file share.
---@param options etoro.BacktestOptions that were checked
---@param kept table where the bars are kept for the runs
---@return etoro.BacktestBase? base
---@return etoro.Error? err
function M.base(options, kept)
  local set, err = ready(options, {}, { kept = kept })
  if not set then return nil, err end
  local about, span, last = set.about, set.span, -math.huge
  about.settings = options.settings or {}
  for _, columns in pairs(span.data) do
    last = math.max(last, columns.time[#columns.time] + span.seconds)
  end
  return { name = set.strategy.name, hash = backtest_result.hash(about),
    first = span.first, last = math.min(last, span.ends_before),
    declared = set.strategy.declared, settings = about.settings,
    is_free = costs.are_free(about.costs) }
end

--- The strategy of options, which nothing has run of but its file.
---@param options etoro.BacktestOptions
---@return etoro.Strategy? strategy
---@return etoro.Error? err
function M.strategy(options)
  local strategy, err = strategy_of(options, {}, {})
  return strategy, err
end

--- The same run with the other time of filling: how much hangs on it.
---@param options etoro.BacktestOptions that were checked
---@return table? other { fill, profit, return, measures }
function M.other_fill(options)
  local other = {}
  for name, value in pairs(options) do other[name] = value end
  other.fill = options.fill == "same_close" and "next_open" or "same_close"
  other.print, other.on_note = nil, nil
  local result = M.run(other, { is_brief = true })
  if not result then return nil end
  return { fill = other.fill, profit = result.measures.profit,
    ["return"] = result.measures["return"], measures = result.measures }
end

return M
