-- Creates an agent-portfolio, gives it tokens, acts as it, and takes all of it
-- back. `make demo` runs this against a sandbox, and so does `make run` where there
-- are no keys.
--
-- With your own keys (ETORO_API_KEY and ETORO_USER_KEY set):
--   make run EXAMPLE=agent_portfolio                        only reads
--   make run EXAMPLE=agent_portfolio ARGS="--invest 2000"   invests 2000 USD

local etoro = require "etoro"

local NAME = "Demo" .. os.date "%H%M%S" -- 6 to 10 characters, unique

local function columns(rows)
  local widths = {}
  for _, row in ipairs(rows) do
    for i, cell in ipairs(row) do
      widths[i] = math.max(widths[i] or 0, #tostring(cell))
    end
  end
  for _, row in ipairs(rows) do
    local cells = {}
    for i, cell in ipairs(row) do
      cells[i] = tostring(cell) .. (" "):rep(widths[i] - #tostring(cell))
    end
    print("  " .. table.concat(cells, "  "):gsub("%s+$", ""))
  end
end

local function short(scopes)
  local names = {}
  for i, name in ipairs(scopes or {}) do
    names[i] = name:gsub("^etoro%-public:", "")
  end
  return table.concat(names, " ")
end

local function show_tokens(portfolio)
  local rows = { { "token", "may", "from", "until", "secret" } }
  for _, token in ipairs(portfolio.userTokens) do
    local from = table.concat(token.ipsWhitelist or {}, " ")
    rows[#rows + 1] = {
      token.userTokenName, short(token.scopeNames),
      from ~= "" and from or "anywhere", token.expiresAt or "revocation",
      token.userToken or "not shown again",
    }
  end
  columns(rows)
end

local function show_portfolio(portfolio)
  columns {
    { "name", portfolio.agentPortfolioName },
    { "id", portfolio.agentPortfolioId },
    { "account (gcid)", portfolio.agentPortfolioGcid },
    { "virtual balance", ("%.2f USD"):format(
      portfolio.agentPortfolioVirtualBalance) },
    { "copied by mirror", portfolio.mirrorId },
  }
end

-- What may be done with anybody's keys: reading.
local function look_around(client)
  local instruments = assert(client.instruments:list())
  print(("There are %d instruments to trade."):format(#instruments))
  local portfolios = assert(client.portfolios:list())
  print(("You have %d agent-portfolios."):format(#portfolios))
  local rows = {}
  for i, portfolio in ipairs(portfolios) do
    rows[i] = { portfolio.agentPortfolioName, portfolio.agentPortfolioId,
      #portfolio.userTokens .. " tokens" }
  end
  columns(rows)
  print("A token can be given: " .. short(assert(client.portfolios:scopes())))
end

local function work(portfolio)
  print("\nIt has its first token. A second one, from this machine only and"
    .. " for an hour:")
  local token = assert(portfolio:create_token {
    userTokenName = "helper",
    scopeNames = { "etoro-public:trade.real:read",
      "etoro-public:trade.real:write" },
    ipsWhitelist = { "127.0.0.1" },
    expiresAt = os.time() + 3600,
  })
  show_tokens(portfolio)

  print("\nNarrowed to reading:")
  assert(token:update { scopeNames = { "etoro-public:trade.real:read" } })
  show_tokens(portfolio)

  local agent = assert(token:client())
  local me = assert(agent:call("GET /api/v1/me"))
  print(("\nActing through it, we are %s (gcid %d) and may %s."):format(
    me.username, me.gcid, short(me.scopes)))

  assert(token:revoke())
  local _, err = agent:call("GET /api/v1/me")
  print("Revoked. The API says now: " .. (err and err.code or "nothing"))
end

-- Runs the demo and deletes the portfolio whatever happens.
local function create_and_clean_up(client, usd)
  print(("\nCreating agent-portfolio %s with %s USD:"):format(NAME,
    usd))
  local portfolio, response = client.portfolios:create {
    investmentAmountInUsd = usd,
    agentPortfolioName = NAME,
    userTokenName = "first",
    scopeNames = { "etoro-public:trade.real:read" },
  }
  assert(portfolio, response)
  local ok, problem = pcall(function()
    show_portfolio(portfolio)
    work(portfolio)
  end)
  assert(portfolio:delete())
  print("\nDeleted " .. portfolio.agentPortfolioName
    .. "; the investment is back in your account.")
  if not ok then error(problem, 0) end
end

local function confirmed(usd)
  io.write(("\nThis takes %s USD out of your real account and"
    .. " invests them in a new agent-portfolio\nthat is deleted again a moment"
    .. " later. Prices may move meanwhile. Type yes to go on: "):format(usd))
  return io.read() == "yes"
end

local function main(usd)
  local url = os.getenv "ETORO_BASE_URL" or "https://public-api.etoro.com"
  local is_sandbox = url:find "^http://127%." ~= nil
  local client = assert(etoro.client { account = usd and "real" or "demo" })
  print(is_sandbox and "A sandbox on this machine: no account, no money."
    or "The API at " .. url .. ".")
  look_around(client)
  if is_sandbox then
    create_and_clean_up(client, usd or "2000.00")
  elseif not usd then
    print("\nThat was all reading. --invest USD creates a portfolio.")
  elseif confirmed(usd) then
    create_and_clean_up(client, usd)
  else
    print("Nothing was done.")
  end
end

local usd = arg[1] == "--invest" and arg[2]
if arg[1] and not usd then
  io.stderr:write("usage: agent_portfolio.lua [--invest USD]\n")
  os.exit(2)
end
local ok, problem = pcall(main, usd or nil)
if not ok then
  io.stderr:write(tostring(problem), "\n")
  os.exit(1)
end
