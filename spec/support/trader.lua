-- A sandbox in this process and someone who trades in it: short ways to ask
-- its trading routes. trader.new(options); options.account is "demo" (what it
-- is when left out) or "real", the others are the sandbox's.
local box = require "spec.support.box"

local methods = {}
local mt = { __name = "spec.trader", __index = methods }
local M = { null = box.null, START = box.START }

local V1, V2 = "/api/v1/trading/", "/api/v2/trading/"

-- The paths, literally: real, demo.
M.PATHS = {
  orders = { V2 .. "execution/orders", V2 .. "execution/demo/orders" },
  lookup = { V2 .. "info/orders:lookup", V2 .. "info/demo/orders:lookup" },
  close = { V1 .. "execution/market-close-orders/positions",
    V1 .. "execution/demo/market-close-orders/positions" },
  cancel_close = { V1 .. "execution/market-close-orders",
    V1 .. "execution/demo/market-close-orders" },
  outcome = { V1 .. "info/real/close-orders", V1 .. "info/demo/close-orders" },
  edit = { V2 .. "positions", V2 .. "demo/positions" },
  costs = { V2 .. "info/costs", V2 .. "info/demo/costs" },
  eligibility = { V2 .. "info/eligibility", V2 .. "info/demo/eligibility" },
  pnl = { V1 .. "info/real/pnl", V1 .. "info/demo/pnl" },
  portfolio = { V1 .. "info/portfolio", V1 .. "info/demo/portfolio" },
  aggregate = { V1 .. "info/aggregate-portfolio",
    V1 .. "info/demo/aggregate-portfolio" },
  history = { V1 .. "info/trade/history", V1 .. "info/trade/demo/history" },
  by_amount = { V1 .. "execution/market-open-orders/by-amount",
    V1 .. "execution/demo/market-open-orders/by-amount" },
  by_units = { V1 .. "execution/market-open-orders/by-units",
    V1 .. "execution/demo/market-open-orders/by-units" },
  open_orders = { V1 .. "execution/market-open-orders",
    V1 .. "execution/demo/market-open-orders" },
  limit = { V1 .. "execution/limit-orders",
    V1 .. "execution/demo/limit-orders" },
  info = { V1 .. "info/real/orders", V1 .. "info/demo/orders" },
  old_eligibility = { V1 .. "info/eligibility",
    V1 .. "info/demo/eligibility" },
}

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
