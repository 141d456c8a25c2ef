-- What trading costs in a backtest: stated by name, in a file, or in words.

local core = require "etoro.core"
local costs_etoro = require "etoro.backtest.costs_etoro"
local errors = require "etoro.errors"
local json = require "etoro.values.json"
local kinds = require "etoro.backtest.kinds"
local types = require "etoro.values.types"

local tonumber, tostring = core.number, core.text -- not up to the locale

local M = {}

M.FREE = "NONE: THIS RUN WAS FREE OF COSTS"

---@class etoro.BacktestCosts spread and nights are fractions of the price
---@field spread number between bid and ask; bars are bids
---@field fee number USD for each opening and each closing
---@field overnight number of a position's worth, each night of the calendar
---@field overnight_borrowed number the same, where it is leveraged or short
---@field conversion? number USD for one unit of what prices are in, where that is no dollar
---@field markup number of what is converted, at each opening and closing
---@field symbols? table<string, etoro.BacktestCosts> what is otherwise there
---@field by_kind? table<integer, table> by instrumentTypeID, until they are settled
---@field unknown? string[] symbols that are taken for shares
---@field unmeasured? string[] symbols whose figures nobody has measured
---@field unused? string[] symbols that have costs of their own, and that are not run

local NAMES = { "fee", "markup", "overnight", "overnight_borrowed", "spread" }
local IS_NAME, FREE = { conversion = true }, {}
for _, name in ipairs(NAMES) do IS_NAME[name], FREE[name] = true, 0.0 end

-- What may be 1 and more.
local IS_FREE_OF_BOUNDS = { fee = true, conversion = true }

local HOW = "'etoro' (what was measured there), 'none' (a free run, which its "
  .. "report says in large letters), words such as 'spread=0.001,fee=1', or a "
  .. "file of JSON"

local function wrong(message, ...)
  return nil, errors.new { kind = "invalid", code = "costs", field = "costs",
    message = message:format(...) }
end

local function read_one(given, base)
  local one = {}
  for name, value in pairs(base) do one[name] = value end
  for _, name in ipairs(types.sorted_names(given)) do
    local number = tonumber(given[name])
    if not IS_NAME[name] then
      return wrong("costs have no '%s': spread, fee, overnight, "
        .. "overnight_borrowed, conversion, markup", tostring(name))
    elseif not number or not (number >= 0) or number == math.huge
      or not IS_FREE_OF_BOUNDS[name] and number >= 1 then
      return wrong("costs: '%s' is a number from 0%s, got %s", name,
        IS_FREE_OF_BOUNDS[name] and "" or ", a fraction below 1",
        tostring(given[name]))
    elseif name == "conversion" and number == 0 then
      return wrong "costs: 'conversion' is above 0"
    end
    one[name] = number + 0.0
  end
  return one
end

-- A table of the names, and of tables of them by symbol.
local function read_table(given)
  local plain, by_symbol = {}, {}
  for name, value in pairs(given) do
    if type(value) == "table" then by_symbol[name] = value
    else plain[name] = value end
  end
  local all, err = read_one(plain, FREE)
  if not all then return nil, err end
  local symbols = {}
  for _, symbol in ipairs(types.sorted_names(by_symbol)) do
    symbols[symbol], err = read_one(by_symbol[symbol], all)
    if not symbols[symbol] then return nil, err end
  end
  all.symbols = next(symbols) and symbols
  return all
end

local function read_words(text)
  local given = {}
  for part in (text .. ","):gmatch "([^,]*)," do
    local name, value = part:match "^ *([a-z_]+) *= *([^ ]+) *$"
    if not name then
      return wrong("costs: '%s' is no NAME=NUMBER", part)
    end
    if given[name] then return wrong("costs: '%s' is there twice", name) end
    given[name] = value
  end
  return read_table(given)
end

local function read_file(path)
  local file, problem = io.open(path, "rb")
  local text = file and file:read "a"
  if file then file:close() end
  if not text then
    return wrong("costs are %s; there is no such file: %s", HOW,
      tostring(problem))
  end
  local given = json.decode(text, true)
  if type(given) ~= "table" or given[1] ~= nil then
    return wrong("%s is no JSON object of costs", path)
  end
  return read_table(given)
end

local PRESETS = {
  ETORO = function() return { by_kind = costs_etoro } end,
  NONE = function() return read_table {} end,
}

--- Reads costs. None are taken for granted.
---@param given? string|table a name ("etoro", "none"), words, a file, or a table
---@return etoro.BacktestCosts? costs
---@return etoro.Error|string name_or_err what the report calls them
function M.read(given)
  if given == nil then
    return wrong("a backtest has to be told what trading costs: the option "
      .. "'costs' takes %s", HOW)
  end
  local preset = type(given) == "string" and PRESETS[core.upper(given)]
  if preset then return preset(), core.lower(given) end
  local costs, err
  if type(given) == "table" then
    costs, err = read_table(given)
  elseif given:find "=" then
    costs, err = read_words(given)
  else
    costs, err = read_file(given)
  end
  if not costs then return nil, err end
  return costs, type(given) == "table" and "given" or given
end

-- Costs as they were stated; those of a symbol that is not run may be those of a slip.
local function with_unused(costs, symbols)
  local is_run, all, unused = {}, {}, json.list()
  for _, symbol in ipairs(symbols) do is_run[symbol] = true end
  for _, symbol in ipairs(types.sorted_names(costs.symbols or {})) do
    if not is_run[symbol] then unused[#unused + 1] = symbol end
  end
  if not unused[1] then return costs end
  for name, value in pairs(costs) do all[name] = value end
  all.unused = unused
  return all
end

--- Costs of these symbols, by symbol where they go by kinds of instruments: what
--- the API said of the bars, else what the sandbox knows.
---@param costs etoro.BacktestCosts as read
---@param symbols string[]
---@param data? table<string, etoro.BarColumns> by symbol
---@return etoro.BacktestCosts costs
function M.settle(costs, symbols, data)
  if not costs.by_kind then return with_unused(costs, symbols) end
  local settled = { symbols = {}, unmeasured = json.list(), unknown = json.list() }
  for _, symbol in ipairs(symbols) do
    local kind = kinds.of(symbol, data and data[symbol]) or "other"
    if not costs.by_kind[kind] or kind == "other" then
      settled.unknown[#settled.unknown + 1] = symbol
    end
    local figures, one = costs.by_kind[kind] or costs.by_kind.other, {}
    for _, name in ipairs(NAMES) do one[name] = figures[name] end
    settled.symbols[symbol] = one
    if not figures.measured then
      settled.unmeasured[#settled.unmeasured + 1] = symbol
    end
  end
  return settled
end

local function costs_nothing(one)
  for _, name in ipairs(NAMES) do
    if (one[name] or 0) > 0 then return false end
  end
  return true
end

--- Whether nothing costs anything, however that was said.
---@param costs etoro.BacktestCosts that are settled
---@return boolean
function M.are_free(costs)
  for _, one in pairs(costs.symbols or {}) do
    if not costs_nothing(one) then return false end
  end
  return costs_nothing(costs)
end

--- What a report has to say of them: what was converted, what is for nothing, what nobody
--- has measured.
---@param costs etoro.BacktestResultCosts
---@return string[]
function M.remarks(costs)
  local list, figures = {}, costs.figures
  for _, symbol in ipairs(types.sorted_names(costs.converted or {})) do
    list[#list + 1] = ("prices of %s are converted to US dollars %s"):format(symbol,
      costs.converted[symbol])
  end
  if figures.unused then
    list[#list + 1] = ("costs of %s are stated, and no such symbol is run"):format(
      table.concat(figures.unused, ", "))
  end
  if figures.unknown and figures.unknown[1] then
    list[#list + 1] = ("what %s is, is not known: it costs what shares do"):format(
      table.concat(figures.unknown, ", "))
  end
  if figures.unmeasured and figures.unmeasured[1] then
    list[#list + 1] = ("nobody has measured what %s costs; figures of its like or "
      .. "published ones stand in"):format(table.concat(figures.unmeasured, ", "))
  end
  return list
end

--- What a symbol costs.
---@param costs etoro.BacktestCosts
---@param symbol string
---@return etoro.BacktestCosts
function M.of(costs, symbol)
  return costs.symbols and costs.symbols[symbol] or costs
end

return M
