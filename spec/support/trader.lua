-- A sandbox in this process and someone who trades in it: short ways to ask
-- its trading routes. trader.new(options); options.account is "demo" (what it
-- is when left out) or "real", the others are the sandbox's.
local box = require "spec.support.box"
local operations = require "etoro.operations"

local methods = {}
local mt = { __name = "spec.trader", __index = methods }
local M = { null = box.null, START = box.START }

-- What it asks, by the real account's operation; the demo one is its twin.
local ASKS = {
  orders = "POST /api/v2/trading/execution/orders",
  queued = "POST /api/v3/trading/execution/orders",
  lookup = "GET /api/v2/trading/info/orders:lookup",
  close = "POST /api/v1/trading/execution/market-close-orders/positions"
    .. "/{positionId}",
  cancel_close = "DELETE /api/v1/trading/execution/market-close-orders"
    .. "/{orderId}",
  outcome = "GET /api/v1/trading/info/real/close-orders/{orderId}",
  edit = "PATCH /api/v2/trading/positions/{positionId}",
  costs = "POST /api/v2/trading/info/costs",
  eligibility = "POST /api/v2/trading/info/eligibility",
  pnl = "GET /api/v1/trading/info/real/pnl",
  portfolio = "GET /api/v1/trading/info/portfolio",
  aggregate = "GET /api/v1/trading/info/aggregate-portfolio",
  totals = "POST /api/v1/trading/info/aggregate-portfolio",
  breakdown = "GET /api/v2/trading/info/instrument-breakdown",
  history = "GET /api/v1/trading/info/trade/history",
  by_amount = "POST /api/v1/trading/execution/market-open-orders/by-amount",
  by_units = "POST /api/v1/trading/execution/market-open-orders/by-units",
  open_orders = "DELETE /api/v1/trading/execution/market-open-orders"
    .. "/{orderId}",
  limit = "POST /api/v1/trading/execution/limit-orders",
  info = "GET /api/v1/trading/info/real/orders/{orderId}",
  old_eligibility = "POST /api/v1/trading/info/eligibility",
}

-- An operation's path without the id at its end.
local function path_of(op) return (op.path:gsub("/{%w+}$", "")) end

-- The paths: real, demo.
M.PATHS = {}
for name, real in pairs(ASKS) do
  local op = operations[real]
  M.PATHS[name] = { path_of(op), path_of(operations[op.twin]) }
end

function M.new(options)
  local all, account = { limits = false }, "demo"
  for name, value in pairs(options or {}) do
    if name == "account" then account = value else all[name] = value end
  end
  return setmetatable({ box = box.new(all), account = account, ids = 0,
    headers = {} }, mt)
end

--- Another one at the same sandbox: on another account, or with other keys.
function methods:other(account, headers)
  return setmetatable({ box = self.box, account = account or self.account,
    ids = self.ids + 1000000, headers = headers or self.headers }, mt)
end

function methods:next_id()
  self.ids = self.ids + 1
  return ("0b9f5b04-1fc4-492a-a2c2-%012d"):format(self.ids)
end

local function digits(value)
  return type(value) == "number" and ("%d"):format(value) or value
end

--- Asks one of PATHS: status, body. `tail` is an id or a query.
function methods:ask(method, name, tail, body, request_id)
  local path = M.PATHS[name][self.account == "real" and 1 or 2]
  if type(tail) == "number" then tail = "/" .. digits(tail) end
  local headers = { ["x-request-id"] = request_id or self:next_id() }
  for key, value in pairs(self.headers) do headers[key] = value end
  return self.box:ask(method, path .. (tail or ""), body, headers)
end

--- A good body of a v2 order, with changes; null takes a field out.
function M.body(changes)
  local all = { action = "open", transaction = "buy", instrumentId = 1001,
    settlementType = "cfd", orderType = "mkt", leverage = 1, amount = 100,
    orderCurrency = "usd" }
  for name, value in pairs(changes or {}) do
    all[name] = value ~= box.null and value or nil
  end
  return all
end

function methods:open(changes, request_id)
  return self:ask("POST", "orders", nil, M.body(changes), request_id)
end

--- Opens, and lets the time of the fill and of the lag go by: the lookup and
--- the first position.
function methods:opened(changes)
  local status, order = self:open(changes)
  assert(status == 200, ("opening: %d %s"):format(status,
    order and order.detail or ""))
  self:wait(1)
  local looked = self:lookup(order.orderId)
  return looked, looked.positionExecutions[1], order
end

--- The lookup's body, then its status.
function methods:lookup(id)
  local status, body = self:ask("GET", "lookup",
    "?orderId=" .. digits(id))
  return body, status
end

function methods:status(id)
  return self:lookup(id).status.name
end

function methods:close(position_id, changes, request_id)
  local body = {}
  body[self.account == "real" and "InstrumentId" or "InstrumentID"] = 1001
  for name, value in pairs(changes or {}) do body[name] = value end
  return self:ask("POST", "close", position_id, body, request_id)
end

function methods:portfolio(name)
  local _, body = self:ask("GET", name or "portfolio")
  return body.clientPortfolio
end

function methods:wait(seconds) self.box:advance(seconds) end

function methods:fate(fate)
  local status, body = self.box:ask("POST", "/sandbox/trading/fate", fate)
  assert(status == 201, body and body.errorMessage)
end

function methods:price(instrument_id, price)
  local status, body = self.box:ask("POST", "/sandbox/trading/price",
    { instrumentId = instrument_id, price = price or box.null })
  assert(status == 200, body and body.errorMessage)
  return body.bid, body.ask
end

function methods:set(options)
  local status, body = self.box:ask("POST", "/sandbox/options", options)
  assert(status == 204, body and body.errorMessage)
end

--- The true books; with a kind, the first account of that kind.
function methods:books(kind)
  local _, body = self.box:ask("GET", "/sandbox/trading")
  if not kind then return body end
  for _, account in ipairs(body.accounts) do
    if account.account == kind then return account end
  end
end

return M
