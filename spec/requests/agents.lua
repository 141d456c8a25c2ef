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

local SSO, SUB = "/api/v1/sso", "/api/v1/sub-accounts"
local APPLICATION = '{"application":{"clientId":"' .. ID
  .. '","applicationName":"bot"},"clientSecret":"sk_secret"}'
local FIELDS = { applicationName = "bot", applicationIconUrl = "https://a.b/c",
  scopes = { { scopeId = 230, isMandatory = true } },
  redirectUris = { "https://a.b/d" } }
local FIELDS_TEXT = '{"applicationIconUrl":"https://a.b/c","applicationName":"bot",'
  .. '"redirectUris":["https://a.b/d"],"scopes":[{"isMandatory":true,"scopeId":230}]}'
local OF_SUB = { ["x-sub-account-id"] = "enc+id/=" }

local function has_secret(result)
  return result.clientId == ID and result.clientSecret:reveal() == "sk_secret"
end

local function add(op, call, target, changes)
  local line = { op = op, call = call, method = op:match "^%u+", target = target,
    status = 200 }
  for name, value in pairs(changes) do line[name] = value end
  table.insert(LINES, line)
end

add("GET " .. SSO .. "/applications", function(client)
  return client.applications:list()
end, SSO .. "/applications", { answer = '{"applications":[{"clientId":"x"}]}',
  check = function(list) return list[1].clientId == "x" end })
add("GET " .. SSO .. "/scopes", function(client)
  return client.applications:scopes()
end, SSO .. "/scopes", { answer = '{"scopes":[{"scopeId":224,"scopeName":"x"}]}',
  check = function(list) return list[1].scopeId == 224 end })
add("POST " .. SSO .. "/applications", function(client)
  return client.applications:create(FIELDS)
end, SSO .. "/applications", { status = 201, answer = APPLICATION,
  body = FIELDS_TEXT, check = has_secret })
add("PUT " .. SSO .. "/applications/{clientId}", function(client)
  return client.applications:update(ID, { applicationName = "new",
    allowedGcids = {} })
end, SSO .. "/applications/" .. ID, { answer = APPLICATION,
  body = '{"allowedGcids":[],"applicationName":"new"}',
  check = function(result) return result.applicationName == "bot" end })
add("DELETE " .. SSO .. "/applications/{clientId}", function(client)
  return client.applications:delete(ID)
end, SSO .. "/applications/" .. ID, { status = 204, check = is_true })
add("POST " .. SSO .. "/applications/{clientId}/client-secret", function(client)
  return client.applications:rotate(ID)
end, SSO .. "/applications/" .. ID .. "/client-secret", {
  answer = '{"clientId":"' .. ID .. '","clientSecret":"sk_secret"}',
  check = has_secret })

add("GET " .. SUB .. "/me/accounts", function(client)
  return client.subaccounts:list()
end, SUB .. "/me/accounts", { answer = '{"accounts":[{"subAccountId":"e"}]}',
  check = function(list) return list[1].subAccountId == "e" end })
add("POST " .. SUB .. "/me/accounts", function(client)
  return client.subaccounts:create "beneath"
end, SUB .. "/me/accounts", { status = 202,
  body = '{"additionalParams":{"username":"beneath"},'
    .. '"providerName":"etoro-trading"}',
  answer = '{"account":{"subAccountId":"e","status":"Pending"}}',
  check = function(account) return account.status == "Pending" end })
local SUB_TOKENS = SUB .. "/etoro-trading/user-tokens"
add("GET " .. SUB_TOKENS, function(client)
  return client.subaccounts:tokens()
end, SUB_TOKENS, { answer = '{"userTokens":[{"userTokenId":"t"}]}',
  check = function(list) return list[1].userTokenId == "t" end })
add("GET " .. SUB_TOKENS .. "/scopes", function(client)
  return client.subaccounts:scopes()
end, SUB_TOKENS .. "/scopes", { answer = '{"scopes":[{"name":"x"}]}',
  check = function(list) return list[1].name == "x" end })
add("POST " .. SUB_TOKENS, function(client)
  return client.subaccounts:create_token("enc+id/=", { userTokenName = "bot",
    scopeNames = { READ } })
end, SUB_TOKENS, { status = 201, answer = A_TOKEN, headers = OF_SUB,
  body = '{"scopeNames":["' .. READ .. '"],"userTokenName":"bot"}',
  check = is_token })
add("PATCH " .. SUB_TOKENS .. "/{userTokenId}", function(client)
  return client.subaccounts:update_token("enc+id/=", TOKEN, { scopeNames = { READ } })
end, SUB_TOKENS .. "/" .. TOKEN, { status = 204, headers = OF_SUB,
  body = '{"scopeNames":["' .. READ .. '"]}', check = is_true })
add("DELETE " .. SUB_TOKENS .. "/{userTokenId}", function(client)
  return client.subaccounts:revoke_token("enc+id/=", TOKEN)
end, SUB_TOKENS .. "/" .. TOKEN, { status = 204, headers = OF_SUB, check = is_true })
add("POST " .. SUB .. "/etoro-trading/money-transfers", function(client)
  return client.subaccounts:transfer("enc+id/=", { amountInUsd = "2.50",
    direction = "FromSubAccount" })
end, SUB .. "/etoro-trading/money-transfers", { headers = OF_SUB,
  body = '{"amountInUsd":2.50,"direction":"FromSubAccount"}', check = is_true })

for _, line in ipairs(LINES) do line.account = "real" end

return LINES
