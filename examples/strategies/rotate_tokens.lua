-- Keeps an agent-portfolio's tokens young: makes a new one before the old one
-- expires, tries it, and only then takes the old one back. The secret is in this
-- program alone: a new start makes a new token.
--
--   etoro --real run examples/strategies/rotate_tokens.lua --set portfolio=NAME

local DAY = 86400
local agent -- acts as the portfolio, with the newest token

local function find(ctx)
  for _, portfolio in ipairs(assert(ctx.client.portfolios:list())) do
    if portfolio.agentPortfolioName == ctx.settings.portfolio then
      return portfolio
    end
  end
  ctx:notify("there is no agent-portfolio '" .. ctx.settings.portfolio .. "'")
end

-- A client of the token, if the API takes it.
local function try(token)
  local client, err = token:client()
  if not client then return nil, err end
  local me
  me, err = client:call "GET /api/v1/me"
  if not me then return nil, err end
  return client
end

-- Takes back what this strategy has made before, and nobody else's.
local function revoke_others(ctx, portfolio, newest)
  local old = {}
  for _, token in ipairs(portfolio.userTokens) do
    if token ~= newest and token.userTokenName:find("^rotated%-%d+$") then
      old[#old + 1] = token
    end
  end
  for _, token in ipairs(old) do
    local name = token.userTokenName
    local done, err = token:revoke()
    ctx:log(name, done and "is revoked" or "stays: " .. err.message)
  end
end

local function rotate(ctx)
  local portfolio, s = find(ctx), ctx.settings
  if not portfolio then return end
  local now = math.floor(ctx:now())
  local token, err = portfolio:create_token {
    userTokenName = ("rotated-%d"):format(now), scopeNames = s.scopes,
    expiresAt = now + s.days * DAY }
  if not token then return ctx:notify("no new token: " .. err.message) end
  local client
  client, err = try(token)
  if not client then
    token:revoke()
    return ctx:notify("the new token does not work: " .. err.message)
  end
  agent = client
  ctx.state.due = now + (s.days - 1) * DAY
  ctx:log(token.userTokenName, "acts as", agent:environment(), "from now on")
  revoke_others(ctx, portfolio, token)
end

return {
  name = "rotate-tokens",
  settings = {
    portfolio = { default = "Keeper1", help = "its name" },
    days = { default = 7, min = 2, max = 90, help = "that a token lasts" },
    scopes = { default = { "etoro-public:trade.real:read",
      "etoro-public:trade.real:write" }, help = "of a token" },
  },
  timers = { look = "1h" },
  on_start = rotate,
  on_timer = function(ctx)
    if ctx:now() >= (ctx.state.due or 0) then rotate(ctx) end
  end,
}
