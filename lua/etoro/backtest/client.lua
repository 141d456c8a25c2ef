-- What a strategy has in place of a client in a backtest: prices as they are at
-- that moment, and an account that the broker keeps. What would know the future
-- is not there, and asking for it is an error.

local asked = require "etoro.trading.closing.asked"
local blame = require "etoro.values.blame"
local named = require "etoro.values.named"
local checks = require "etoro.backtest.checks"
local core = require "etoro.core"
local errors = require "etoro.errors"
local order_states = require "etoro.trading.order.states"
local routes = require "etoro.trading.routes"
local spelling = require "etoro.values.spelling"
local stops = require "etoro.trading.account.stops"
local times = require "etoro.values.times"
local trading_position = require "etoro.trading.position"

local tonumber, tostring = core.number, core.text -- not up to the locale

local M = {}

local function strict(name, methods)
  return setmetatable({}, { __name = name, __index = function(_, key)
    return methods[key] or blame.raise(("a backtest has no %s.%s: it has the "
      .. "bars that are over, by ctx, and nothing later"):format(name,
      tostring(key)))
  end })
end

local EDIT = routes.of("demo", "edit")
local OF_WAIT = { timeout = "number" }

local function numbers_of(changes)
  local all = {}
  for name, value in pairs(changes) do
    all[name] = type(value) == "string" and tonumber(value) or value
  end
  return all
end

-- The position of the books that one shows; nil when they have forgotten it.
local function own_of(desk, shown)
  return desk.broker.account.positions[shown.positionID]
end

local function fill(shown, position)
  position.opened_text = position.opened_text or times.format(position.opened)
  shown.positionID, shown.isBuy = position.id, position.is_buy
  shown.instrumentID = position.instrument.instrumentID
  shown.symbol, shown.openRate = position.instrument.symbolFull, position.rate
  shown.openDateTime, shown.units = position.opened_text, position.units
  shown.amount, shown.leverage = position.amount, position.leverage
  shown.stopLossRate, shown.takeProfitRate = position.stop_loss, position.take_profit
  shown.isTslEnabled = position.trail ~= nil
  return shown
end

local function position_of(desk, position)
  return setmetatable(fill({ positionID = nil, isBuy = nil, instrumentID = nil,
    symbol = nil, openRate = nil, openDateTime = nil, units = nil, amount = nil,
    leverage = nil, stopLossRate = nil, takeProfitRate = nil, isTslEnabled = nil },
    position), desk.position_mt)
end

-- A position that is closed is no error, as on an account.
local function close(desk, shown, fields, options)
  local own = own_of(desk, shown)
  local is_over = not own or own.closed
  local units, err = asked.units(is_over and shown or own, fields)
  if err then return nil, err end
  if is_over then return shown end
  local how, rest = trading_position.take_close(options, { on_accepted = "function" })
  local id = rest.request_id or core.uuid()
  units = tonumber(units)
  local done
  done, err = desk.broker:close(shown.positionID, units, id)
  if not done then return nil, err end
  if how.on_accepted then how.on_accepted(shown, done.id) end
  desk:closing(done, shown, units, id)
  return shown
end

local function edit(desk, shown, changes, options)
  local body, err = asked.changes(EDIT, changes)
  local _, rest = trading_position.take_close(options, {})
  if err then return nil, err end
  local own = own_of(desk, shown)
  if not own or own.closed then
    return nil, errors.new { kind = "conflict", code = "refused",
      message = "The position is closed" }
  end
  local ok
  ok, err = desk.broker:edit(shown.positionID, numbers_of(body),
    rest.request_id or core.uuid())
  if not ok then return nil, err end
  return fill(shown, own)
end

local function refresh(desk, shown)
  local own = own_of(desk, shown)
  if own and not own.closed then return fill(shown, own) end
  return nil, errors.not_found(("the portfolio shows no position %s"):format(
    tostring(shown.positionID)))
end

-- What positions of a desk have in common. What their methods work on is out of a
-- strategy's reach.
local function position_mt_of(desk)
  local methods = {}
  function methods.is_closed(shown)
    local own = own_of(desk, shown)
    return not own or own.closed ~= nil
  end
  function methods.close(shown, fields, options)
    local done, err = close(desk, shown, fields, options)
    return done, err
  end
  function methods.edit(shown, changes, options)
    local done, err = edit(desk, shown, changes, options)
    return done, err
  end
  function methods.refresh(shown) return refresh(desk, shown) end
  methods.stop_loss, methods.take_profit = stops.stop_loss, stops.take_profit
  return { __name = "etoro.position", __index = spelling.wrap_index(methods) }
end

local order_methods = {}
local order_mt = { __name = "etoro.order",
  __index = spelling.wrap_index(order_methods) }
local kept = setmetatable({}, { __mode = "k" }) -- by order: desk, order of the books

-- An order waits for its turn until it is one of the books.
local function books_of(own)
  if own.turn then
    own.order = own.turn.order
    if own.order.id then own.turn = nil end
  end
  return own.order
end

local function show(self)
  local order = books_of(kept[self])
  self.orderId = order.id
  self.status = { name = order.status, errorCode = order.error_code,
    errorMessage = order.error_message }
  return self
end

-- The state, and whether it is final: they follow from what the books say, and
-- are read out of it when that has changed.
local function state_of(self)
  local own = kept[self]
  local order = books_of(own)
  if not own.state or own.status ~= order.status or own.code ~= order.error_code then
    own.status, own.code = order.status, order.error_code
    own.state, own.is_final = order_states.of(show(self))
  end
  return own.state, own.is_final
end

function order_methods:wait(options)
  named.options(options, OF_WAIT, "option")
  return show(self)
end

function order_methods:refresh() return show(self) end
function order_methods:state() return (state_of(self)) end

function order_methods:is_final()
  local _, is_final = state_of(self)
  return is_final
end

function order_methods:stop_loss() return books_of(kept[self]).stop_loss end
function order_methods:take_profit() return books_of(kept[self]).take_profit end

function order_methods:refusal() return order_states.refusal(show(self)) end

function order_methods:positions(options)
  named.options(options, OF_WAIT, "option")
  local list, own = {}, kept[self]
  for i, position in ipairs(books_of(own).executions) do
    list[i] = position_of(own.desk, position)
  end
  return list
end

function order_methods:cancel()
  local own = kept[self]
  local desk, order = own.desk, books_of(own)
  if desk.turns:cancel(order) then return show(self) end
  local ok, err = desk.broker:cancel(order.id, core.uuid())
  if not ok then return nil, err end
  return show(self)
end

local function order_of(desk, order, turn)
  local self = setmetatable({ orderId = order.id,
    instrumentId = order.instrument.instrumentID }, order_mt)
  kept[self] = { desk = desk, order = order, turn = turn }
  return show(self)
end

local function rate_of(desk, id)
  local rate = checks.rate_of(desk.broker, id)
  if rate then return rate end
  return nil, errors.new { kind = "not_found", code = "no_price",
    message = "it has no price yet" }
end

local function orders_of(desk)
  return strict("client.orders", { open = function(_, fields, options)
    local how = options or {}
    local body, err = checks.settle(desk.broker, fields, how.precheck)
    if not body then return nil, err end
    local id = how.request_id or core.uuid()
    local turn = desk.turns:take(body, id)
    local order = turn and turn.order
    if not turn then order, err = desk.broker:place(body, id) end
    if not order then return nil, err end
    local shown = order_of(desk, order, turn)
    if turn then turn.shown = shown end
    desk:placed(shown, order, body, id)
    return shown
  end })
end

local function parts_of(desk)
  return {
    orders = orders_of(desk),
    positions = strict("client.positions", { list = function()
      local list = {}
      for i, position in ipairs(desk.broker.open) do
        list[i] = position_of(desk, position)
      end
      return list
    end }),
    market = strict("client.market", { rate = function(_, id)
      local rate, err = rate_of(desk, id)
      return rate, err
    end }),
    instruments = strict("client.instruments", { find = function(_, symbol)
      local id = desk.broker:id_of(symbol)
      if id then return { instrumentID = id, symbol = symbol } end
      return nil, errors.new { kind = "not_found", code = "no_data",
        message = ("there are no bars of '%s'"):format(tostring(symbol)) }
    end }),
    account = strict("client.account", { equity = function()
      local equity, cash = desk.broker:worth()
      return { equity = equity, available_cash = cash + desk.turns:coming() }
    end }),
  }
end

--- Makes one.
---@param desk table broker, turns; closing(desk, close, position, units, request_id)
---and placed(desk, shown, order, body, request_id) hear what is asked for
---@return etoro.Client
function M.new(desk)
  desk.position_mt = position_mt_of(desk)
  local methods = parts_of(desk)
  function methods.unix() return desk.broker.now end
  methods.now = methods.unix
  function methods.environment() return "demo" end
  return strict("client", methods)
end

--- The order of the books that one shows; see turns.lua.
---@param order etoro.Order one of a backtest's
---@return table
function M.books_of(order) return books_of(kept[order]) end

--- The position that an order has opened.
---@param order etoro.Order one of a backtest's
---@return integer? position
function M.opened_by(order)
  local first = M.books_of(order).executions[1]
  return first and first.id
end

--- Shows a position as a strategy sees it.
M.position = position_of

return M
