-- What a run on an account did: its decisions by its journal, and what became of
-- them by the account that the journal is of. A journal is written before and
-- after a request; it holds no fills.

local core = require "etoro.core"
local errors = require "etoro.errors"
local operations = require "etoro.operations"
local reader = require "etoro.trading.journal.reader"
local spelling = require "etoro.values.spelling"
local times = require "etoro.values.times"
local types = require "etoro.values.types"

local tonumber, tostring = core.number, core.text -- not up to the locale

local M = {}

---@class etoro.ParityOrder a decision, on either side
---@field time number seconds since 1970
---@field symbol string
---@field side "buy"|"sell"|"close"
---@field amount? number USD
---@field units? number
---@field state string
---@field why? string
---@field position? integer that it opened, or closed

---@class etoro.ParityFill what came of an order that opened something
---@field units number
---@field entry_time number
---@field entry_price number
---@field closed number units that are closed
---@field exit_time? number of the last part
---@field exit_price? number in the middle, by units
---@field gross number USD: of what is closed, before fees
---@field fees number USD

---@class etoro.ParitySide
---@field orders etoro.ParityOrder[] in order of time
---@field fills table<etoro.ParityOrder, etoro.ParityFill>

local function wrong(message, ...)
  return nil, errors.new { kind = "invalid", code = "journal", field = "journal",
    message = message:format(...) }
end

local function get(item, name)
  local value = type(item) == "table" and spelling.get(item, name)
  return value ~= core.null and value or nil
end

-- The intents of a strategy that open or close, each with its outcome.
local function intents_of(path, name)
  local list, by_id, others = {}, {}, {}
  local problems, err = reader.each(path, function(record)
    local op = record.kind == "intent" and operations[record.op]
    local trade = op and op.trade
    if trade == "open" or trade == "close" then
      if record.tag == name then
        by_id[record.id] = { intent = record, trade = trade }
        list[#list + 1] = by_id[record.id]
      else
        others[record.tag or "nobody"] = true
      end
    elseif record.kind == "outcome" and by_id[record.id] then
      by_id[record.id].outcome = record
    end
  end)
  if not problems then return nil, err end
  return list, others, problems
end

local function names_of(others)
  local names = {}
  for name in pairs(others) do names[#names + 1] = "'" .. name .. "'" end
  table.sort(names, core.before)
  return #names > 0 and table.concat(names, ", ") or "nobody"
end

-- Symbols by instrument, as the account's market knows them.
local function symbols_of(client, symbols)
  local by_id = {}
  for _, symbol in ipairs(symbols) do
    local found, err = client.instruments:find(symbol)
    if not found then return nil, err end
    by_id[found.instrumentID] = symbol
  end
  return by_id
end

local function order_of(entry, by_id)
  local intent, outcome = entry.intent, entry.outcome or {}
  local body = intent.body
  local id = get(body, "instrumentId")
  return { time = times.parse(intent.at), request_id = intent.id,
    account = intent.account, origin = intent.origin,
    symbol = get(body, "symbol") or id and by_id[id],
    side = entry.trade == "close" and "close"
      or get(body, "transaction") == "buy" and "buy" or "sell",
    amount = tonumber(get(body, "amount")),
    units = tonumber(get(body, "units") or get(body, "UnitsToDeduct")),
    state = outcome.state or "unknown", why = outcome.code,
    order_id = outcome.orderId,
    position = entry.trade == "close"
      and tonumber(get(intent.params, "positionId")) or nil }
end

-- What a lookup tells of an order: how it ended, and what it opened.
local function look_up(client, order)
  local body, err = client.orders:get(order.order_id)
  if not body then return nil, err end
  order.state = body:state()
  order.why = get(get(body, "status"), "errorMessage")
  local list = get(body, "positionExecutions") or {}
  local fill = { units = 0, closed = 0, gross = 0, fees = 0, positions = {} }
  local worth = 0
  for _, one in ipairs(list) do
    local data = get(one, "openingData")
    local units, rate = tonumber(get(data, "units")), tonumber(get(data, "avgPrice"))
    if units and rate then
      fill.units, worth = fill.units + units, worth + units * rate
      fill.entry_time = fill.entry_time or times.parse(get(data, "executionTime"))
      fill.fees = fill.fees + (tonumber(get(data, "fees")) or 0)
        + (tonumber(get(data, "taxes")) or 0)
      local id = get(one, "positionId")
      fill.positions[tostring(id)] = tonumber(get(data, "fees")) or 0
      order.position = order.position or id
    end
  end
  if fill.units == 0 then return true end
  fill.entry_price = worth / fill.units
  fill.entry_time = fill.entry_time or order.time
  return true, fill
end

local function add_close(fill, item, opening_fee)
  local units = tonumber(get(item, "units")) or 0
  local rate = tonumber(get(item, "closeRate"))
  fill.gross = fill.gross + (tonumber(get(item, "netProfit")) or 0)
  -- the fees of a position are told with each of its parts
  local fees = tonumber(get(item, "fees")) or 0
  fill.later = math.max(fill.later or 0, fees - opening_fee)
  fill.exit_price = ((fill.exit_price or 0) * fill.closed + rate * units)
    / (fill.closed + units)
  fill.closed = fill.closed + units
  fill.exit_time = math.max(fill.exit_time or 0,
    times.parse(get(item, "closeTimestamp")))
end

-- What the account has closed since, by position.
local function read_history(client, since)
  local by_position = {}
  local ok, err = pcall(function()
    for item in client.account:each_trade { minDate = since } do
      local key = tostring(get(item, "positionId"))
      by_position[key] = by_position[key] or {}
      table.insert(by_position[key], item)
    end
  end)
  if not ok and errors.is(err) then return nil, err end
  if not ok then error(err, 0) end
  return by_position
end

local function close_fill(fill, history)
  for _, id in ipairs(types.sorted_names(fill.positions)) do
    for _, item in ipairs(history[id] or {}) do
      add_close(fill, item, fill.positions[id])
    end
  end
  fill.fees = fill.fees + (fill.later or 0)
  fill.positions, fill.later = nil, nil
end

local function read_fills(client, side)
  local fills, first = {}, side.orders[1].time
  local history, err = read_history(client, times.format(first - times.DAY)
    :sub(1, 10))
  if not history then return nil, err end
  for _, order in ipairs(side.orders) do
    if order.side ~= "close" and order.order_id then
      local ok, fill = look_up(client, order)
      if not ok then return nil, fill end
      if fill then
        close_fill(fill, history)
        fills[order] = fill
      end
    end
  end
  side.fills = fills
  return side
end

-- A close names a position; whose symbol it is tells the order that opened it.
local function name_closes(side)
  local by_position = {}
  for _, order in ipairs(side.orders) do
    if order.position and order.side ~= "close" then
      by_position[order.position] = order.symbol
    end
  end
  local left = {}
  for _, order in ipairs(side.orders) do
    order.symbol = order.symbol or by_position[order.position]
    if order.symbol then left[#left + 1] = order
    else side.strangers = side.strangers + 1 end
  end
  side.orders = left
  return side
end

-- Another account's orders would be looked up in vain, or be somebody else's.
local function check_account(client, order)
  local mine = client:environment()
  if order.account and order.account ~= mine then
    return wrong("the journal is of the %s account, and this client is of the %s one",
      order.account, mine)
  end
  return true
end

--- Reads what a strategy's run did.
---@param client etoro.Client of the account that the journal is of
---@param path string
---@param strategy etoro.Strategy
---@return etoro.ParitySide? side
---@return etoro.Error? err
function M.read(client, path, strategy)
  local list, others, problems = intents_of(path, strategy.name)
  if not list then return nil, others end
  if #list == 0 then
    return wrong("the journal '%s' has no order of '%s'; it has those of %s", path,
      strategy.name, names_of(others))
  end
  local by_id, err = symbols_of(client, strategy.symbols)
  if not by_id then return nil, err end
  local side = { orders = {}, fills = {}, strangers = 0, problems = problems }
  for i, entry in ipairs(list) do side.orders[i] = order_of(entry, by_id) end
  local ok
  ok, err = check_account(client, side.orders[1])
  if not ok then return nil, err end
  side, err = read_fills(client, side)
  if not side then return nil, err end
  return name_closes(side)
end

return M
