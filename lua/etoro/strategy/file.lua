-- A strategy's file: run once for the table that it returns, and checked as a
-- whole before anything else happens.

local callbacks = require "etoro.strategy.callbacks"
local core = require "etoro.core"
local elsewhere = require "etoro.strategy.elsewhere"
local environment = require "etoro.strategy.environment"
local errors = require "etoro.errors"
local run_limits = require "etoro.values.run_limits"
local schedule = require "etoro.values.schedule"
local settings = require "etoro.strategy.settings"
local types = require "etoro.values.types"

local tostring = core.text -- not up to the locale

local M = {}

local CALLBACKS = { "on_start", "on_bar", "on_bars", "on_quote", "on_order",
  "on_position", "on_timer", "on_gap", "on_stop", "main" }

-- Lengths of bars that the API has candles of.
local INTERVALS = { ["1m"] = 60, ["5m"] = 300, ["10m"] = 600, ["15m"] = 900,
  ["30m"] = 1800, ["1h"] = 3600, ["4h"] = 14400, ["1d"] = 86400,
  ["1w"] = 604800 }

local NAME = "^[A-Za-z0-9][A-Za-z0-9_%.%-]*$" -- it names files, too

-- What is wrong with a value, as the words behind "'field' ".
local function is_name(value)
  if type(value) ~= "string" or not value:find(NAME) or #value > run_limits.strategy_name_max then
    return ("is a text of up to %d letters, digits, '-', '_' and '.'"):format(
      run_limits.strategy_name_max)
  end
end

local function are_symbols(value)
  if type(value) == "function" then return nil end
  if type(value) ~= "table" or #value == 0 then
    return "is a list of symbols, or a function of ctx that gives one"
  end
  local seen = {}
  for i = 1, #value do
    local symbol = value[i]
    if type(symbol) ~= "string" or symbol == "" then
      return ("has %s at place %d, where a symbol should be"):format(
        type(symbol) == "string" and "an empty text" or "a " .. type(symbol), i)
    end
    if seen[symbol] then return ("names '%s' twice"):format(symbol) end
    seen[symbol] = true
  end
  for place in pairs(value) do
    if not (math.type(place) == "integer" and place >= 1 and place <= #value) then
      return ("is a list; '%s' is no place in it"):format(tostring(place))
    end
  end
end

local function is_interval(value)
  if type(value) == "string" and INTERVALS[value] then return nil end
  return "is one of 1m, 5m, 10m, 15m, 30m, 1h, 4h, 1d and 1w"
end

local function is_count(value)
  if math.type(value) == "integer" and value >= 0 and value <= 1000 then
    return nil
  end
  return "is a whole number of bars from 0 to 1000"
end

local function are_timers(value)
  if type(value) ~= "table" then
    return "is a table of names and times, such as "
      .. "{ rebalance = \"Mon 15:30 America/New_York\" }"
  end
  for name, text in pairs(value) do
    if type(name) ~= "string" or type(text) ~= "string" then
      return ("has a timer %s that is no name and time"):format(tostring(name))
    end
  end
  for _, name in ipairs(types.sorted_names(value)) do
    local text = value[name]
    local plan, problem = schedule.interval(text), nil
    if not plan then plan, problem = schedule.read(text) end
    if not plan then
      return ("has the timer '%s' at no time: %s"):format(name, problem)
    end
  end
end

local function is_policy(value)
  if value == "stop" or value == "skip" then return nil end
  return "is \"stop\" or \"skip\""
end

local function is_table(value)
  if type(value) == "table" then return nil end
  return "is a table"
end

local function is_function(value)
  if type(value) == "function" then return nil end
  return "is a function"
end

local FIELDS = { name = is_name, symbols = are_symbols, interval = is_interval,
  warmup = is_count, timers = are_timers, on_error = is_policy,
  settings = is_table, indicators = is_function }
for _, name in ipairs(CALLBACKS) do FIELDS[name] = is_function end

local function needed(strategy)
  if strategy.name == nil then return "name", "is missing: give it one" end
  local acts = false
  for _, name in ipairs(CALLBACKS) do
    acts = acts or (strategy[name] ~= nil and name ~= "on_start"
      and name ~= "on_stop")
  end
  if not acts then
    return "on_bar", "is missing: without a callback, or main, it does nothing"
  end
  local on_bars = strategy.on_bar or strategy.on_bars or strategy.indicators
    or (strategy.warmup or 0) > 0
  if on_bars and strategy.interval == nil then
    return "interval", "is missing: how long is a bar?"
  end
  if (on_bars or strategy.on_quote) and strategy.symbols == nil then
    return "symbols", "is missing: whose bars or quotes?"
  end
  if strategy.timers and not strategy.on_timer then
    return "timers", "is there, and no on_timer that they call"
  end
end

-- The first line of a text that has one of some patterns, comments apart; else 1.
local function line_with(text, patterns)
  local line = 0
  for whole in (text .. "\n"):gmatch "(.-)\n" do
    line = line + 1
    local code = whole:gsub("%-%-.*", "") .. " "
    for _, pattern in ipairs(patterns) do
      if code:find(pattern) then return line end
    end
  end
  return 1
end

local function literal(text) return (text:gsub("[^A-Za-z0-9_]", "%%%0")) end

-- The line of a field is not known to Lua: it is the first in the text where
-- the name is given a value.
local function line_of(text, name)
  name = literal(tostring(name))
  return line_with(text, { "%f[A-Za-z0-9_]" .. name .. "[ \t]*=[^=]",
    "%f[A-Za-z0-9_]function[ \t]+[A-Za-z0-9_.]+[.:]" .. name .. "[ \t]*%(" })
end

-- Where the symbols of a list are written.
local function symbol_lines(text, symbols)
  local lines = {}
  for _, symbol in ipairs(type(symbols) == "table" and symbols or {}) do
    lines[symbol] = line_with(text, { "[\"']" .. literal(symbol) .. "[\"']" })
  end
  return lines
end

local function wrong(file, name, text)
  return errors.new { kind = "invalid", code = "strategy", field = name,
    message = ("%s:%d: '%s' %s"):format(file.path, line_of(file.text, name),
      tostring(name), text) }
end

local function broken(problem)
  return errors.new { kind = "invalid", code = "strategy",
    message = environment.told(problem) }
end

-- The first fault, in the order of names, so that it is the same each time.
local function find_fault(file, strategy)
  local names = {}
  for name in pairs(strategy) do names[#names + 1] = name end
  table.sort(names, function(a, b)
    return core.before(tostring(a), tostring(b))
  end)
  for _, name in ipairs(names) do
    local check = FIELDS[name]
    if not check then
      return wrong(file, name, "is not known here"
        .. elsewhere.hint(name, FIELDS))
    end
    local problem = check(strategy[name])
    if problem then return wrong(file, name, problem) end
  end
  local name, problem = needed(strategy)
  if name then
    return errors.new { kind = "invalid", code = "strategy", field = name,
      message = ("%s:1: '%s' %s"):format(file.path, name, problem) }
  end
end

local function read(path)
  local file, problem = io.open(path, "rb")
  if not file then return nil, problem end
  local text
  text, problem = file:read "a"
  file:close()
  if not text then return nil, path .. ": " .. problem end
  return text
end

local function run(env, text, path)
  local chunk, problem = environment.compile(env, text, path)
  if not chunk then return nil, broken(problem) end
  local ok, result = callbacks.within_budget("the file", function(raised)
    return errors.is(raised) and raised or tostring(raised)
  end, chunk)
  if not ok then return nil, broken(result) end
  if type(result) ~= "table" then
    return nil, broken(("%s:1: a strategy's file returns a table, not %s")
      :format(path, result == nil and "nothing" or "a " .. type(result)))
  elseif debug.getmetatable(result) then
    return nil, broken(("%s:1: a strategy's file returns a plain table, without a "
      .. "metatable"):format(path))
  end
  return result
end

---@alias etoro.StrategyInterval
---| "1m"
---| "5m"
---| "10m"
---| "15m"
---| "30m"
---| "1h"
---| "4h"
---| "1d"
---| "1w"

---@alias etoro.StrategyNow table<string, etoro.Indicator> a symbol's indicators, by name
---@alias etoro.StrategyBars table<string, etoro.StrategyBar> by symbol

--- What a strategy's file returns; doc/strategies.md.
---@class etoro.StrategyFile
---@field name string names its orders and files
---@field symbols? string[]|fun(ctx: etoro.StrategyContext): string[]
---@field interval? etoro.StrategyInterval length of a bar
---@field settings? table<string, any> by name: a value, or what it may be
---@field indicators? fun(settings: table<string, any>): table<string, etoro.Indicator>
---@field warmup? integer bars before the first decision
---@field timers? table<string, string> names and times
---@field on_error? "stop"|"skip"
---@field on_start? fun(ctx: etoro.StrategyContext)
---@field on_bar? fun(ctx: etoro.StrategyContext, bar: etoro.StrategyBar, now: etoro.StrategyNow)
---@field on_bars? fun(ctx: etoro.StrategyContext, time: number, bars: etoro.StrategyBars)
---@field on_quote? fun(ctx: etoro.StrategyContext, quote: table)
---@field on_timer? fun(ctx: etoro.StrategyContext, name: string, due: number)
---@field on_order? fun(ctx: etoro.StrategyContext, order: etoro.Order, record: etoro.StrategyOrder)
---@field on_position? fun(ctx: etoro.StrategyContext, position: etoro.Position, what: string)
---@field on_gap? fun(ctx: etoro.StrategyContext, gap: { symbol: string, from: number, to: number })
---@field on_stop? fun(ctx: etoro.StrategyContext, why: "over"|"stopped"|"failed")
---@field main? fun(ctx: etoro.StrategyContext)

--- The strategy of a file, ready to run; nothing of it has run but the file
--- itself.
---@class etoro.Strategy
---@field name string
---@field path string
---@field symbols? string[]|fun(ctx: table): string[]
---@field symbol_lines table<string, integer> where those of a list are written
---@field text string of the file
---@field modules table<string, string> texts of the files beside it that were required so far
---@field interval? string
---@field seconds? integer of the interval
---@field settings table<string, any> the values that it runs with
---@field declared table<string, etoro.Setting> what they may be
---@field warmup integer bars that it asks for, beside those of its indicators
---@field callbacks table<string, function>
---@field timers table<string, string>
---@field indicators? fun(settings: table): table
---@field on_error "stop"|"skip"

local function fill_settings(file, strategy, given)
  local declared, problem, name = settings.declare(strategy.settings or {})
  if not declared and not name then return nil, wrong(file, "settings", problem) end
  if not declared then
    return nil, errors.new { kind = "invalid", code = "strategy", field = name,
      message = ("%s:%d: %s"):format(file.path, line_of(file.text, name), problem) }
  end
  local values
  values, problem, name = settings.fill(declared, given)
  if not values then
    return nil, errors.new { kind = "invalid", code = "setting", field = name,
      message = ("%s: %s"):format(file.path, problem) }
  end
  return values, declared
end

local function assemble(file, strategy, values, declared)
  local self = { name = strategy.name, path = file.path,
    symbols = strategy.symbols,
    symbol_lines = symbol_lines(file.text, strategy.symbols), interval = strategy.interval,
    seconds = INTERVALS[strategy.interval], settings = values,
    declared = declared, warmup = strategy.warmup or 0,
    timers = strategy.timers or {}, indicators = strategy.indicators,
    on_error = strategy.on_error or "stop", callbacks = {},
    text = file.text, modules = file.modules }
  for _, name in ipairs(CALLBACKS) do
    self.callbacks[name] = strategy[name]
  end
  return self
end

--- Reads and checks a file.
---@param path string
---@param options etoro.StrategyWorld without its folder, and with settings: what
---is to be otherwise than the file's defaults
---@return etoro.Strategy? strategy
---@return etoro.Error? err kind "invalid", the message begins with file and line
function M.load(path, options)
  local text, problem = read(path)
  if not text then
    return nil, errors.new { kind = "invalid", code = "strategy",
      message = "the strategy's file cannot be read: " .. tostring(problem) }
  end
  local env = environment.new { folder = path:match "^(.*/)" or "./",
    outside = options.outside, now = options.now, print = options.print,
    seed = options.seed, is_hidden = options.is_hidden,
    on_read = options.on_read, on_module = options.on_module,
    machine = options.machine }
  local file = { path = path, text = text, modules = env.texts }
  local strategy, err = run(env, text, path)
  if not strategy then return nil, err end
  err = find_fault(file, strategy)
  if err then return nil, err end
  local values, declared = fill_settings(file, strategy, options.settings)
  if not values then return nil, declared end
  return assemble(file, strategy, values, declared)
end

return M
