-- What the trading operations send, real and demo, byte for byte. `more` lists
-- what a method sends after the operation's own request.
local trading_order = require "etoro.trading.order"
local trading_position = require "etoro.trading.position"

local ORDER_ID, POSITION_ID = 981286176, 3614853889
local TOKEN = "066faaee-e1e9-49d2-a568-c6e1cc336ad8"
local REFERENCE = "1c94300c-90aa-4303-9d00-dec376d74efb"
local PLACED = '{"token":"' .. TOKEN .. '","orderId":981286176,'
  .. '"referenceId":"' .. REFERENCE .. '"}'
local FILLED = '{"orderId":981286176,"status":{"id":3,"name":"Filled",'
  .. '"errorCode":0},"positionExecutions":[{"positionId":3614853889}]}'
local EMPTY = '{"clientPortfolio":{"positions":[],"mirrors":[],"orders":[],'
  .. '"ordersForOpen":[]}}'
local HOLDS = '{"clientPortfolio":{"positions":[{"positionID":3614853889,'
  .. '"instrumentID":1001,"mirrorID":0,"units":2.5}],"mirrors":[]}}'
local COSTS = '{"instrumentId":1001,"symbol":"AAPL","costs":[{"costType":'
  .. '"markup","amount":0.15,"currency":"USD"}]}'
local ELIGIBLE = '{"currency":"USD","eligibilities":[],'
  .. '"notFoundInstrumentIds":[1],"notFoundSymbols":["X"]}'

-- These calls warn, as they should, that they saw no outcome.
local function quiet(client)
  client:waiter().on_event = function() end
  return client
end

-- what v3 says of a cancel names no request
local CANCELS = '{"orderId":981286176,"referenceId":""}'

local function order_of(client)
  quiet(client)
  return trading_order.wrap({ orderId = ORDER_ID }, client)
end

local function position_of(client)
  quiet(client)
  return trading_position.wrap({ positionID = POSITION_ID, instrumentID = 1001,
    mirrorID = 0, units = 2.5 }, client)
end

local function copy(client)
  return client.copying:start({ parentCID = 31000101, amount = "250.50",
    referenceID = "mine-1" }, { wait = 0 })
end
-- Nobody copies himself: who calls is asked first.
local ME = { { 200, '{"realCid":31,"demoCid":51}' } }
local COPY = '{"amount":250.50,"parentCID":31000101,"referenceID":"mine-1"}'

-- It makes a key of its own.
local function stop(client)
  return client.copying:stop(1234567, { wait = 0, detach = true })
end
local STOP = '/^{"clientRequestID":"%x+%-%x+%-4%x+%-%x+%-%x+","mirrorID":1234567,'
  .. '"unregisterType":"Detach"}$/'
local HAS_LENGTH = { ["content-length"] = "/^%d+$/" }

local function may_copy(client)
  return client.copying:eligibility { parentCID = 31000101, amount = -20 }
end
local MAY_COPY = '{"amount":-20,"parentCID":31000101}'

local function copy_status(client) return client.copying:status "mine-1" end

local function cancel_close(client)
  return client.positions:cancel_close(ORDER_ID)
end

local function eligibility(client)
  return client.orders:eligibility {
    instrumentIds = { 1 }, symbols = { "X" },
  }
end

local function open(client)
  return client.orders:open({
    symbol = "AAPL", transaction = "buy", settlementType = "real",
    amount = "100.50", stopLossRate = 150.25, takeProfitRate = "300.10",
    stopLossType = "trailing",
  }, { precheck = false })
end
local OPEN = '{"action":"open","amount":100.50,"leverage":1,'
  .. '"orderCurrency":"usd","orderType":"mkt","settlementType":"real",'
  .. '"stopLossRate":150.25,"stopLossType":"trailing","symbol":"AAPL",'
  .. '"takeProfitRate":300.10,"transaction":"buy"}'

local function open_at_limit(client)
  return client.orders:open({
    symbol = "AAPL", transaction = "sellShort", settlementType = "cfd",
    orderType = "limitIOC", limitRate = "201.50", stopLossRate = 250, units = "0.120",
  }, { precheck = false })
end
local AT_LIMIT = '{"action":"open","leverage":1,"limitRate":201.50,'
  .. '"orderCurrency":"usd","orderType":"limitIOC","settlementType":"cfd",'
  .. '"stopLossRate":250,"symbol":"AAPL","transaction":"sellShort","units":0.120}'

-- v3 takes no settlement of an order that waits for its rate
local function rest(client)
  return client.orders:open({
    instrumentId = 1, transaction = "buy", orderType = "mit", triggerRate = 150.25,
    amount = "100.50",
  }, { precheck = false })
end
local RESTS = '{"action":"open","amount":100.50,"instrumentId":1,"leverage":1,'
  .. '"orderCurrency":"usd","orderType":"mit","transaction":"buy",'
  .. '"triggerRate":150.25}'

local function is_order(order)
  return order.orderId == ORDER_ID and order.referenceId == REFERENCE
end

local function cancel(client)
  return order_of(client):cancel { wait = 0 }
end

local function get(client) return client.orders:get "981286176" end

local function is_filled(order)
  return order:state() == "filled" and order:is_final()
end

local function close(client)
  return position_of(client):close({ units = "1.5" }, { wait = 0 })
end

-- An outcome that names the position is all that is asked for.
local function close_and_look(client)
  return position_of(client):close(nil, { wait = 5 })
end
local CLOSING = '{"orderForClose":{"orderID":981286176}}'
local CLOSED = '{"orderID":981286176,"errorCode":null,"positions":[{'
  .. '"positionID":3614853889,"occurred":"2026-01-31T00:00:00Z","units":2.5}]}'
local function is_closed(position) return position:is_closed() end

local function edit(client)
  return position_of(client):edit({ stopLossRate = "99.5",
    clearTakeProfit = true }, { wait = 0 })
end

local function costs(client)
  return client.orders:costs { instrumentId = 1001, transaction = "sellShort",
    settlementType = "cfd", leverage = 5, units = 0.25 }
end
local COSTS_ASKED = '{"action":"open","instrumentId":1001,"leverage":5,'
  .. '"orderCurrency":"usd","orderType":"mkt","settlementType":"cfd",'
  .. '"transaction":"sellShort","units":0.25}'

local function has_total(result) return result.total == 0.15 end

-- Positions come without symbols, which are asked for at once.
local SYMBOLS = { "GET /api/v1/market-data/instruments?instrumentIds=1001" }

local function list(client) return client.positions:list() end

local function has_position(result)
  return #result == 1 and result[1].positionId == POSITION_ID
end

local function call(name, params)
  return function(client) return client:call(name, params) end
end

local V1, V2 = "/api/v1/trading", "/api/v2/trading"

return {
  { op = "POST /api/v2/trading/execution/orders", call = open,
    method = "POST", target = "/api/v2/trading/execution/orders",
    body = OPEN, status = 200, answer = PLACED, check = is_order },
  { op = "POST /api/v2/trading/execution/demo/orders", call = open,
    method = "POST", target = "/api/v2/trading/execution/demo/orders",
    body = OPEN, status = 200, answer = PLACED, check = is_order },

  { op = "DELETE /api/v2/trading/execution/orders/{orderId}", call = cancel,
    method = "DELETE", target = "/api/v2/trading/execution/orders/981286176",
    status = 200, answer = '{"token":"' .. TOKEN .. '"}',
    more = { "GET /api/v2/trading/info/orders:lookup?orderId=981286176" } },
  { op = "DELETE /api/v2/trading/execution/demo/orders/{orderId}",
    call = cancel, method = "DELETE",
    target = "/api/v2/trading/execution/demo/orders/981286176",
    status = 200, answer = "",
    more = {
      "GET /api/v2/trading/info/demo/orders:lookup?orderId=981286176",
    } },

  { op = "POST /api/v3/trading/execution/orders", call = open,
    orders_api = "v3", method = "POST", target = "/api/v3/trading/execution/orders",
    body = OPEN, status = 202, answer = PLACED, check = is_order },
  { op = "POST /api/v3/trading/execution/demo/orders", call = open,
    orders_api = "v3", method = "POST",
    target = "/api/v3/trading/execution/demo/orders",
    body = OPEN, status = 202, answer = PLACED, check = is_order },
  { op = "POST /api/v3/trading/execution/demo/orders", call = open_at_limit,
    note = "at a limit", orders_api = "v3", method = "POST",
    target = "/api/v3/trading/execution/demo/orders",
    body = AT_LIMIT, status = 202, answer = PLACED, check = is_order },
  { op = "POST /api/v2/trading/execution/demo/orders", call = open_at_limit,
    note = "at a limit", method = "POST",
    target = "/api/v2/trading/execution/demo/orders",
    body = AT_LIMIT, status = 200, answer = PLACED, check = is_order },
  { op = "POST /api/v3/trading/execution/orders", call = rest,
    note = "that waits for its rate", orders_api = "v3", method = "POST",
    target = "/api/v3/trading/execution/orders",
    body = RESTS, status = 202, answer = PLACED, check = is_order },

  { op = "DELETE /api/v3/trading/execution/orders/{orderId}", call = cancel,
    orders_api = "v3", method = "DELETE",
    target = "/api/v3/trading/execution/orders/981286176",
    status = 202, answer = CANCELS,
    more = { "GET /api/v2/trading/info/orders:lookup?orderId=981286176" } },
  { op = "DELETE /api/v3/trading/execution/demo/orders/{orderId}",
    call = cancel, orders_api = "v3", method = "DELETE",
    target = "/api/v3/trading/execution/demo/orders/981286176",
    status = 202, answer = CANCELS,
    more = {
      "GET /api/v2/trading/info/demo/orders:lookup?orderId=981286176",
    } },

  { op = "GET /api/v2/trading/info/orders:lookup", call = get,
    method = "GET",
    target = "/api/v2/trading/info/orders:lookup?orderId=981286176",
    status = 200, answer = FILLED, check = is_filled },
  { op = "GET /api/v2/trading/info/demo/orders:lookup", call = get,
    method = "GET",
    target = "/api/v2/trading/info/demo/orders:lookup?orderId=981286176",
    status = 200, answer = FILLED, check = is_filled },

  { op = "POST " .. V1
      .. "/execution/market-close-orders/positions/{positionId}",
    call = close, method = "POST",
    target = "/api/v1/trading/execution/market-close-orders/positions"
      .. "/3614853889",
    body = '{"InstrumentId":1001,"UnitsToDeduct":1.5}',
    status = 200, answer = "{}",
    more = { "GET /api/v1/trading/info/portfolio" } },
  { op = "POST " .. V1
      .. "/execution/demo/market-close-orders/positions/{positionId}",
    call = close, method = "POST",
    target = "/api/v1/trading/execution/demo/market-close-orders/positions"
      .. "/3614853889",
    body = '{"InstrumentID":1001,"UnitsToDeduct":1.5}',
    status = 200, answer = "{}",
    more = { "GET /api/v1/trading/info/demo/portfolio" } },

  { op = "DELETE " .. V1 .. "/execution/market-close-orders/{orderId}",
    call = cancel_close, method = "DELETE",
    target = "/api/v1/trading/execution/market-close-orders/981286176",
    status = 200, answer = "{}" },
  { op = "DELETE " .. V1 .. "/execution/demo/market-close-orders/{orderId}",
    call = cancel_close, method = "DELETE",
    target = "/api/v1/trading/execution/demo/market-close-orders/981286176",
    status = 200, answer = "{}" },

  { op = "GET " .. V1 .. "/info/real/close-orders/{orderId}",
    call = close_and_look, method = "GET", earlier = { { 200, CLOSING } },
    target = "/api/v1/trading/info/real/close-orders/981286176",
    status = 200, answer = CLOSED, check = is_closed },
  { op = "GET " .. V1 .. "/info/demo/close-orders/{orderId}",
    call = close_and_look, method = "GET", earlier = { { 200, CLOSING } },
    target = "/api/v1/trading/info/demo/close-orders/981286176",
    status = 200, answer = CLOSED, check = is_closed },

  { op = "PATCH " .. V2 .. "/positions/{positionId}", call = edit,
    method = "PATCH", target = "/api/v2/trading/positions/3614853889",
    body = '{"clearTakeProfit":true,"stopLossRate":99.5}',
    status = 202, answer = '{"operationId":"' .. TOKEN .. '"}',
    more = { "GET /api/v1/trading/info/portfolio" } },
  { op = "PATCH " .. V2 .. "/demo/positions/{positionId}", call = edit,
    method = "PATCH", target = "/api/v2/trading/demo/positions/3614853889",
    body = '{"clearTakeProfit":true,"stopLossRate":99.5}',
    status = 202, answer = '{"operationId":"' .. TOKEN .. '"}',
    more = { "GET /api/v1/trading/info/demo/portfolio" } },

  { op = "POST " .. V2 .. "/info/costs", call = costs, method = "POST",
    target = "/api/v2/trading/info/costs", body = COSTS_ASKED,
    status = 200, answer = COSTS, check = has_total },
  { op = "POST " .. V2 .. "/info/demo/costs", call = costs, method = "POST",
    target = "/api/v2/trading/info/demo/costs", body = COSTS_ASKED,
    status = 200, answer = COSTS, check = has_total },

  { op = "POST " .. V2 .. "/info/eligibility",
    call = eligibility, method = "POST", target = "/api/v2/trading/info/eligibility",
    body = '{"instrumentIds":[1],"symbols":["X"]}',
    status = 200, answer = ELIGIBLE },
  { op = "POST " .. V2 .. "/info/demo/eligibility",
    call = eligibility, method = "POST", target = "/api/v2/trading/info/demo/eligibility",
    body = '{"instrumentIds":[1],"symbols":["X"]}',
    status = 200, answer = ELIGIBLE },

  { op = "GET " .. V1 .. "/info/real/pnl",
    call = call("GET " .. V1 .. "/info/real/pnl"), method = "GET",
    target = "/api/v1/trading/info/real/pnl",
    status = 200, answer = EMPTY },
  { op = "GET " .. V1 .. "/info/demo/pnl",
    call = call("GET " .. V1 .. "/info/demo/pnl"), method = "GET",
    target = "/api/v1/trading/info/demo/pnl",
    status = 200, answer = EMPTY },

  { op = "GET " .. V1 .. "/info/portfolio", call = list, method = "GET",
    target = "/api/v1/trading/info/portfolio",
    status = 200, answer = HOLDS, check = has_position, more = SYMBOLS },
  { op = "GET " .. V1 .. "/info/demo/portfolio", call = list,
    method = "GET", target = "/api/v1/trading/info/demo/portfolio",
    status = 200, answer = HOLDS, check = has_position, more = SYMBOLS },

  { op = "GET " .. V1 .. "/info/aggregate-portfolio",
    call = call("GET " .. V1 .. "/info/aggregate-portfolio",
      { instrumentIds = { 1001, 1002 }, mirrorIds = { 0 } }), method = "GET",
    target = "/api/v1/trading/info/aggregate-portfolio"
      .. "?instrumentIds=1001,1002&mirrorIds=0",
    status = 200, answer = "{}" },
  { op = "GET " .. V1 .. "/info/demo/aggregate-portfolio",
    call = call("GET " .. V1 .. "/info/demo/aggregate-portfolio",
      { instrumentIds = { 1001, 1002 }, mirrorIds = { 0 } }), method = "GET",
    target = "/api/v1/trading/info/demo/aggregate-portfolio"
      .. "?instrumentIds=1001,1002&mirrorIds=0",
    status = 200, answer = "{}" },

  { op = "GET " .. V1 .. "/info/trade/history",
    call = call("GET " .. V1 .. "/info/trade/history",
      { minDate = "2026-01-02", page = 2, pageSize = 50 }), method = "GET",
    target = "/api/v1/trading/info/trade/history"
      .. "?minDate=2026-01-02&page=2&pageSize=50",
    status = 200, answer = "[]" },
  { op = "GET " .. V1 .. "/info/trade/demo/history",
    call = call("GET " .. V1 .. "/info/trade/demo/history",
      { minDate = "2026-01-02", page = 2, pageSize = 50 }), method = "GET",
    target = "/api/v1/trading/info/trade/demo/history"
      .. "?minDate=2026-01-02&page=2&pageSize=50",
    status = 200, answer = "[]" },

  { op = "POST " .. V2 .. "/copy", call = copy, method = "POST",
    earlier = ME, target = "/api/v2/trading/copy", body = COPY, status = 200,
    answer = '{"token":"' .. TOKEN .. '"}',
    check = function(made) return made.isPending end },
  { op = "POST " .. V2 .. "/copy/demo", call = copy, method = "POST",
    earlier = ME, target = "/api/v2/trading/copy/demo", body = COPY, status = 200,
    answer = '{"token":"' .. TOKEN .. '"}',
    check = function(made) return made.referenceID == "mine-1" end },
  { op = "POST " .. V2 .. "/copy/close", call = stop, method = "POST",
    target = "/api/v2/trading/copy/close", body = STOP, headers = HAS_LENGTH,
    answer = '{"token":"' .. TOKEN .. '"}',
    check = function(ended) return ended.mirrorID == 1234567 end },
  { op = "POST " .. V2 .. "/copy/demo/close", call = stop, method = "POST",
    target = "/api/v2/trading/copy/demo/close", body = STOP,
    headers = HAS_LENGTH, answer = '{"token":"' .. TOKEN .. '"}' },
  { op = "DELETE " .. V2 .. "/copy", call = call("DELETE " .. V2 .. "/copy",
      { mirrorID = 1234567, clientRequestID = TOKEN }), method = "DELETE",
    target = "/api/v2/trading/copy?clientRequestID=" .. TOKEN
      .. "&mirrorID=1234567", status = 200, answer = '{"token":"' .. TOKEN .. '"}' },
  { op = "DELETE " .. V2 .. "/copy/demo", call = call("DELETE " .. V2
      .. "/copy/demo", { mirrorID = 1234567, clientRequestID = TOKEN }),
    method = "DELETE", target = "/api/v2/trading/copy/demo?clientRequestID="
      .. TOKEN .. "&mirrorID=1234567", status = 200,
    answer = '{"token":"' .. TOKEN .. '"}' },
  { op = "POST " .. V2 .. "/copy/eligibility", call = may_copy, method = "POST",
    target = "/api/v2/trading/copy/eligibility", body = MAY_COPY, status = 200,
    answer = '{"CID":1,"parentCID":2,"isSuccess":true}',
    check = function(able) return able.isSuccess end },
  { op = "POST " .. V2 .. "/copy/demo/eligibility", call = may_copy,
    method = "POST", target = "/api/v2/trading/copy/demo/eligibility",
    body = MAY_COPY, status = 200,
    answer = '{"CID":1,"parentCID":2,"isSuccess":true}' },
  { op = "GET " .. V2 .. "/copy/{referenceId}", call = copy_status,
    method = "GET", target = "/api/v2/trading/copy/mine-1", status = 200,
    answer = '{"referenceID":"mine-1","isSuccess":true,"mirrorID":7}',
    check = function(made) return made.mirrorID == 7 end },
  { op = "GET " .. V2 .. "/copy/demo/{referenceId}", call = copy_status,
    method = "GET", target = "/api/v2/trading/copy/demo/mine-1", status = 200,
    answer = '{"referenceID":"mine-1","isSuccess":true,"mirrorID":7}' },
}
