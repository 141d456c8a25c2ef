-- For alloc_host: a portfolio's life, with memory failing anywhere in it.
local url = ...
local core = require "etoro.core"
local etoro = require "etoro"
require "cjson" -- now, so that the host keeps it loaded

local steps = {
  function(c)
    return c.client.portfolios:create { investmentAmountInUsd = 2000,
      agentPortfolioName = "M" .. core.uuid():sub(1, 8),
      userTokenName = "first",
      scopeNames = { "etoro-public:trade.real:read" } }
  end,
  function(c)
    return c.portfolio:create_token { userTokenName = "second",
      scopeNames = { "etoro-public:trade.real:write" },
      ipsWhitelist = { "127.0.0.1" } }
  end,
  function(c) return c.token:update { expiresAt = etoro.null } end,
  function(c) return c.token:client { account = "real" } end,
  function(c) return c.agent:request { method = "GET", path = "/api/v1/me" } end,
  function(c) return c.token:revoke() end,
  function(c) return c.portfolio:refresh() end,
  function(c) return c.portfolio:delete() end,
}
local names = { "portfolio", "token", [4] = "agent" }

-- What the last run left behind; the list would grow with every step.
local function clean(client)
  for _, portfolio in ipairs(assert(client.portfolios:list())) do
    assert(portfolio:delete())
  end
end

local is_clean = false

return function()
  local client, err = etoro.client { base_url = url, max_retries = 0,
    api_key = "sandbox-api-key", user_key = "sandbox-user-key" }
  if not client then return nil, err end
  if not is_clean then
    clean(client)
    is_clean = true
  end
  local context = { client = client }
  for number, step in ipairs(steps) do
    local result
    result, err = step(context)
    if not result then return nil, err end
    if names[number] then context[names[number]] = result end
  end
  client:close()
  return true
end
