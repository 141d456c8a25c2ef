-- What a client looks at before it sends an order, for the direct door: the same
-- fields, defaults and rules, by the sandbox's terms and the broker's prices.

local core = require "etoro.core"
local eligibility = require "etoro.sandbox.trading.eligibility"
local errors = require "etoro.errors"
local order_fields = require "etoro.trading.order.fields"
local precheck = require "etoro.trading.precheck"
local routes = require "etoro.trading.routes"

local tonumber, tostring = core.number, core.text -- not up to the locale

local M = {}

local OPEN = routes.of("demo", "open")
local NUMBERS = { "amount", "units", "contracts", "leverage", "triggerRate",
  "limitRate",
  "stopLossRate", "takeProfitRate" }

local function no_bars(body)
  return errors.new { kind = "not_found", code = "no_data",
    message = ("there are no bars of '%s'"):format(
      tostring(body.symbol or body.instrumentId)) }
end

-- The terms of an instrument, as the API tells them.
local function terms_of(broker, instrument)
  local known = broker.eligibilities
  if not known[instrument] then known[instrument] = eligibility.view(instrument) end
  return known[instrument]
end

local function rate_of(broker, id)
  local bid, ask = broker.market:quote(id)
  if not bid then return nil end
  local conversion = broker.market:conversion(id, broker.now)
  return { instrumentID = id, bid = bid, ask = ask,
    conversionRateBid = conversion, conversionRateAsk = conversion }
end
M.rate_of = rate_of

--- Settles the fields of an order and checks them, as `client.orders:open` does.
--- Raises for names and types.
---@param broker etoro.BacktestBroker
---@param fields etoro.NewOrder
---@param is_checked? boolean false: no rules
---@return table? body with numbers for texts
---@return etoro.Error? err
function M.settle(broker, fields, is_checked)
  local body, err = order_fields.settle(OPEN, fields)
  if not body then return nil, err end
  local instrument = broker.market:find(body.instrumentId, body.symbol)
  if not instrument then return nil, no_bars(body) end
  local item = terms_of(broker, instrument)
  body.settlementType = body.settlementType or order_fields.settlement(body, item)
  local id = instrument.instrumentID
  if is_checked ~= false then
    err = precheck.rules { body = body, item = item, currency = "USD", id = id,
      name = body.symbol or instrument.symbolFull,
      direction = order_fields.direction(body),
      rate = function() return rate_of(broker, id) end,
      is_open = function() end } -- what it orders waits for its price
    if err then return nil, err end
  end
  for _, name in ipairs(NUMBERS) do
    if body[name] ~= nil then body[name] = tonumber(body[name]) end
  end
  body.instrumentId, body.symbol = id, nil
  return body
end

return M
