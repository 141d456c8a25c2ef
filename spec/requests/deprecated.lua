-- Operations that have a successor: reached by client:call alone. See
-- spec/call/requests_spec.lua.
local TOKEN = "066faaee-e1e9-49d2-a568-c6e1cc336ad8"
local ID = "a1b2c3d4-e5f6-4890-abcd-ef1234567890"
local USER_TOKEN = "b2c3d4e5-f6a7-4901-9cde-f12345678901"
local CONFIRMED = '{"token":"' .. TOKEN .. '"}'
local OPENED = '{"orderForOpen":{"orderID":981286176,"statusID":1},"token":"'
  .. TOKEN .. '"}'
local INFO = '{"token":"' .. TOKEN .. '","orderID":981286176,"statusID":3,'
  .. '"errorCode":null}'

local function is_confirmed(result) return result.token == TOKEN end
local function is_opened(result)
  return result.orderForOpen.orderID == 981286176
end
local function is_order(result)
  return result.orderID == 981286176 and result.errorCode == nil
end
local function is_eligibility(result)
  return result.notFoundSymbols[1] == "X"
end

local BY_AMOUNT = { InstrumentID = 1001, IsBuy = true, Leverage = 1,
  Amount = "100.50", StopLossRate = 150.25 }
local BY_AMOUNT_SENT = '{"Amount":100.50,"InstrumentID":1001,"IsBuy":true,'
  .. '"Leverage":1,"StopLossRate":150.25}'
local BY_UNITS = { InstrumentID = 1001, IsBuy = false, Leverage = 2,
  AmountInUnits = 0.25, IsNoStopLoss = true }
local BY_UNITS_SENT = '{"AmountInUnits":0.25,"InstrumentID":1001,'
  .. '"IsBuy":false,"IsNoStopLoss":true,"Leverage":2}'
local LIMIT = { InstrumentID = 1001, IsBuy = true, Leverage = 1, Amount = 100,
  Rate = "180.10", StopLossRate = 150, TakeProfitRate = 300 }
local LIMIT_SENT = '{"Amount":100,"InstrumentID":1001,"IsBuy":true,'
  .. '"Leverage":1,"Rate":180.10,"StopLossRate":150,"TakeProfitRate":300}'
local ASKED = { instrumentIds = { 1001 }, symbols = { "X" } }
local ASKED_SENT = '{"instrumentIds":[1001],"symbols":["X"]}'
local NOT_FOUND = '{"currency":"USD","eligibilities":[],'
  .. '"notFoundSymbols":["X"]}'

local function calling(name, params)
  return function(client) return client:call(name, params) end
end

local LINES = {
  { op = "POST /api/v1/trading/execution/demo/market-open-orders/by-amount",
    params = { body = BY_AMOUNT },
    method = "POST",
    target = "/api/v1/trading/execution/demo/market-open-orders/by-amount",
    body = BY_AMOUNT_SENT,
    status = 200, answer = OPENED, check = is_opened },
  { op = "POST /api/v1/trading/execution/demo/market-open-orders/by-units",
    params = { body = BY_UNITS },
    method = "POST",
    target = "/api/v1/trading/execution/demo/market-open-orders/by-units",
    body = BY_UNITS_SENT,
    status = 200, answer = OPENED, check = is_opened },
  { op = "DELETE /api/v1/trading/execution/demo/market-open-orders/{orderId}",
    params = { orderId = 981286176 },
    method = "DELETE",
    target = "/api/v1/trading/execution/demo/market-open-orders/981286176",
    status = 200, answer = CONFIRMED, check = is_confirmed },
  { op = "POST /api/v1/trading/execution/demo/limit-orders",
    params = { body = LIMIT },
    method = "POST",
    target = "/api/v1/trading/execution/demo/limit-orders",
    body = LIMIT_SENT,
    status = 200, answer = CONFIRMED, check = is_confirmed },
  { op = "DELETE /api/v1/trading/execution/demo/limit-orders/{orderId}",
    params = { orderId = "981286176" },
    method = "DELETE",
    target = "/api/v1/trading/execution/demo/limit-orders/981286176",
    status = 200, answer = CONFIRMED, check = is_confirmed },
  { op = "GET /api/v1/trading/info/demo/orders/{orderId}",
    params = { orderId = 981286176 },
    method = "GET",
    target = "/api/v1/trading/info/demo/orders/981286176",
    status = 200, answer = INFO, check = is_order },
  { op = "POST /api/v1/trading/info/demo/eligibility",
    params = { body = ASKED },
    method = "POST",
    target = "/api/v1/trading/info/demo/eligibility",
    body = ASKED_SENT,
    status = 200, answer = NOT_FOUND, check = is_eligibility },
  { op = "POST /api/v1/trading/execution/market-open-orders/by-amount",
    params = { body = BY_AMOUNT },
    method = "POST",
    target = "/api/v1/trading/execution/market-open-orders/by-amount",
    body = BY_AMOUNT_SENT,
    status = 200, answer = OPENED, check = is_opened },
  { op = "POST /api/v1/trading/execution/market-open-orders/by-units",
    params = { body = BY_UNITS },
    method = "POST",
    target = "/api/v1/trading/execution/market-open-orders/by-units",
    body = BY_UNITS_SENT,
    status = 200, answer = OPENED, check = is_opened },
  { op = "DELETE /api/v1/trading/execution/market-open-orders/{orderId}",
    params = { orderId = 981286176 },
    method = "DELETE",
    target = "/api/v1/trading/execution/market-open-orders/981286176",
    status = 200, answer = CONFIRMED, check = is_confirmed },
  { op = "POST /api/v1/trading/execution/limit-orders",
    params = { body = LIMIT },
    method = "POST",
    target = "/api/v1/trading/execution/limit-orders",
    body = LIMIT_SENT,
    status = 200, answer = CONFIRMED, check = is_confirmed },
  { op = "DELETE /api/v1/trading/execution/limit-orders/{orderId}",
    params = { orderId = "981286176" },
    method = "DELETE",
    target = "/api/v1/trading/execution/limit-orders/981286176",
    status = 200, answer = CONFIRMED, check = is_confirmed },
  { op = "GET /api/v1/trading/info/real/orders/{orderId}",
    params = { orderId = 981286176 },
    method = "GET",
    target = "/api/v1/trading/info/real/orders/981286176",
    status = 200, answer = INFO, check = is_order },
  { op = "POST /api/v1/trading/info/eligibility",
    params = { body = ASKED },
    method = "POST",
    target = "/api/v1/trading/info/eligibility",
    body = ASKED_SENT,
    status = 200, answer = NOT_FOUND, check = is_eligibility },

  { op = "POST /api/v1/agent-portfolios", account = "real",
    params = { body = { investmentAmountInUsd = 2000, scopeIds = { 211 },
      agentPortfolioName = "MyPort1", userTokenName = "bot" } },
    method = "POST",
    target = "/api/v1/agent-portfolios",
    body = '{"agentPortfolioName":"MyPort1","investmentAmountInUsd":2000,'
      .. '"scopeIds":[211],"userTokenName":"bot"}',
    status = 207, answer = '{"agentPortfolioId":"' .. ID
      .. '","userTokenCreated":false}',
    check = function(result, response)
      return result.userTokenCreated == false and response.status == 207
    end },
  { op = "POST /api/v1/agent-portfolios/{agentPortfolioId}/user-tokens",
    account = "real",
    params = { agentPortfolioId = ID, body = { userTokenName = "bot",
      scopeIds = { 200 } } },
    method = "POST",
    target = "/api/v1/agent-portfolios/a1b2c3d4-e5f6-4890-abcd-ef1234567890"
      .. "/user-tokens",
    body = '{"scopeIds":[200],"userTokenName":"bot"}',
    status = 201, answer = '{"userTokenId":"' .. USER_TOKEN .. '"}',
    check = function(result) return result.userTokenId == USER_TOKEN end },
  { op = "PATCH /api/v1/agent-portfolios/{agentPortfolioId}/user-tokens"
      .. "/{userTokenId}", account = "real",
    params = { agentPortfolioId = ID, userTokenId = USER_TOKEN,
      body = { scopeIds = { 200 } } },
    method = "PATCH",
    target = "/api/v1/agent-portfolios/a1b2c3d4-e5f6-4890-abcd-ef1234567890"
      .. "/user-tokens/b2c3d4e5-f6a7-4901-9cde-f12345678901",
    body = '{"scopeIds":[200]}', status = 204,
    check = function(result) return result == true end },
}
for _, line in ipairs(LINES) do line.call = calling(line.op, line.params) end

return LINES
