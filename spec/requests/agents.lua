-- Agent-portfolios and their tokens: see spec/call/requests_spec.lua.
local ID = "a1b2c3d4-e5f6-4890-abcd-ef1234567890"
local TOKEN = "b2c3d4e5-f6a7-4901-9cde-f12345678901"
local READ = "etoro-public:trade.real:read"
local A_TOKEN = '{"userTokenId":"' .. TOKEN .. '","userToken":"sk_secret",'
  .. '"userTokenName":"bot","scopeNames":["' .. READ .. '"],"expiresAt":null}'
local A_PORTFOLIO = '{"agentPortfolioId":"' .. ID .. '",'
  .. '"agentPortfolioName":"MyPort1","agentPortfolioGcid":31,'
  .. '"agentPortfolioVirtualBalance":10000,"mirrorId":5,'
  .. '"userTokens":[' .. A_TOKEN .. "]}"
local LISTED = '{"agentPortfolios":[{"agentPortfolioId":"' .. ID .. '",'
  .. '"agentPortfolioName":"MyPort1","userTokens":[{"userTokenId":"' .. TOKEN
  .. '","userTokenName":"bot"}]}]}'
local V1, V2 = "/api/v1/agent-portfolios", "/api/v2/agent-portfolios"
local TOKENS = "/" .. ID .. "/user-tokens"

local function portfolio(client) return client.portfolios:list()[1] end
local function token(client) return portfolio(client).userTokens[1] end
local function is_portfolio(result)
  return result.agentPortfolioId == ID
    and result.userTokens[1].userToken:reveal() == "sk_secret"
end
local function is_token(result)
  return result.userTokenId == TOKEN
    and result.userToken:reveal() == "sk_secret"
end
local function is_true(result) return result == true end

local LINES = {
  { op = "GET /api/v1/agent-portfolios",
    call = function(client) return client.portfolios:list() end,
    method = "GET", target = V1, answer = LISTED,
    check = function(list) return list[1].agentPortfolioId == ID end },
  { op = "POST /api/v2/agent-portfolios",
    call = function(client)
      return client.portfolios:create { investmentAmountInUsd = "2000.50",
        agentPortfolioName = "MyPort1", userTokenName = "bot",
        scopeNames = { READ }, ipsWhitelist = {}, expiresAt = 4102444799 }
    end,
    method = "POST", target = V2,
    body = '{"agentPortfolioName":"MyPort1","expiresAt":'
      .. '"2099-12-31T23:59:59Z","investmentAmountInUsd":2000.50,'
      .. '"ipsWhitelist":[],"scopeNames":["' .. READ .. '"],'
      .. '"userTokenName":"bot"}',
    status = 201, answer = A_PORTFOLIO, check = is_portfolio },
  { op = "POST /api/v1/agent-portfolios",
    call = function(client)
      return client.portfolios:create { investmentAmountInUsd = 2000,
        agentPortfolioName = "MyPort1", userTokenName = "bot",
        scopeIds = { 200 } }
    end,
    method = "POST", target = V1,
    body = '{"agentPortfolioName":"MyPort1","investmentAmountInUsd":2000,'
      .. '"scopeIds":[200],"userTokenName":"bot"}',
    status = 201, answer = A_PORTFOLIO, check = is_portfolio },
  { op = "DELETE /api/v1/agent-portfolios/{agentPortfolioId}",
    earlier = { { 200, LISTED } },
    call = function(client) return portfolio(client):delete() end,
    method = "DELETE", target = V1 .. "/" .. ID, status = 204,
    check = is_true },
  { op = "GET /api/v2/agent-portfolios/user-tokens/scopes",
    call = function(client) return client.portfolios:scopes() end,
    method = "GET", target = V2 .. "/user-tokens/scopes",
    answer = '{"scopes":[{"name":"' .. READ .. '"}]}',
    check = function(names) return names[1] == READ end },
  { op = "POST /api/v2/agent-portfolios/{agentPortfolioId}/user-tokens",
    earlier = { { 200, LISTED } },
    call = function(client)
      return portfolio(client):create_token { userTokenName = "bot",
        scopeNames = { READ }, ipsWhitelist = { "203.0.113.7" } }
    end,
    method = "POST", target = V2 .. TOKENS,
    body = '{"ipsWhitelist":["203.0.113.7"],"scopeNames":["' .. READ
      .. '"],"userTokenName":"bot"}',
    status = 201, answer = A_TOKEN, check = is_token },
  { op = "POST /api/v1/agent-portfolios/{agentPortfolioId}/user-tokens",
    earlier = { { 200, LISTED } },
    call = function(client)
      return portfolio(client):create_token { userTokenName = "bot",
        scopeIds = { 200, 202 } }
    end,
    method = "POST", target = V1 .. TOKENS,
    body = '{"scopeIds":[200,202],"userTokenName":"bot"}',
    status = 201, answer = A_TOKEN, check = is_token },
  { op = "PATCH /api/v2/agent-portfolios/{agentPortfolioId}/user-tokens"
      .. "/{userTokenId}",
    earlier = { { 200, LISTED } },
    call = function(client, etoro)
      return token(client):update { expiresAt = etoro.null,
        ipsWhitelist = {} }
    end,
    method = "PATCH", target = V2 .. TOKENS .. "/" .. TOKEN,
    body = '{"expiresAt":null,"ipsWhitelist":[]}', status = 204,
    check = function(result) return result.userTokenId == TOKEN end },
  { op = "PATCH /api/v1/agent-portfolios/{agentPortfolioId}/user-tokens"
      .. "/{userTokenId}",
    earlier = { { 200, LISTED } },
    call = function(client)
      return token(client):update { scopeIds = { 201 } }
    end,
    method = "PATCH", target = V1 .. TOKENS .. "/" .. TOKEN,
    body = '{"scopeIds":[201]}', status = 204,
    check = function(result) return result.userTokenId == TOKEN end },
  { op = "DELETE /api/v1/agent-portfolios/{agentPortfolioId}/user-tokens"
      .. "/{userTokenId}",
    earlier = { { 200, LISTED } },
    call = function(client) return token(client):revoke() end,
    method = "DELETE", target = V1 .. TOKENS .. "/" .. TOKEN, status = 204,
    check = is_true },
}
for _, line in ipairs(LINES) do line.account = "real" end

return LINES
