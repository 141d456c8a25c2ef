-- Brings an account to target weights: sells what is too much, then buys what
-- is too little. Prints its plan first, and asks.
--
--   make run EXAMPLE=rebalance ARGS="[--yes] [--real] AAPL=40 MSFT=30 TSLA=20"
--
-- The numbers are per cent of the account's worth; what is left over stays
-- cash, and what is held but not named is sold. Differences below 1 % of the
-- worth, or 10 USD, are left alone. Positions of copied traders are neither
-- counted nor touched. Nothing is done while orders wait, or with a short
-- position in the account; and nothing is bought when a sale did not go well.
--
-- Meant for an agent-portfolio, whose account the strategy has to itself: set
-- ETORO_API_KEY to your application's key and ETORO_USER_KEY to one of the
-- agent-portfolio's tokens, and give --real where that token trades its real
-- account. Without keys it runs against a sandbox in this very process.

local etoro = require "etoro"

local LEAST_SHARE, LEAST_USD, LEAST_UNITS = 0.01, 10, 0.000001

-- An agent-portfolio in a sandbox, with something to rebalance in it.
local function connect_sandbox()
  print("A sandbox in this process: no account, no money.")
  local owner = assert(etoro.sandbox.new():client { account = "real" })
  local portfolio = assert(owner.portfolios:create {
    investmentAmountInUsd = 2000, agentPortfolioName = "Balance",
    userTokenName = "rebalancer", scopeNames = {
      "etoro-public:trade.real:read", "etoro-public:trade.real:write" },
  })
  local client = assert(portfolio.userTokens[1]:client())
  for symbol, amount in pairs { AAPL = 6000, NVDA = 1500 } do
    local order = assert(client.orders:open { symbol = symbol,
      transaction = "buy", amount = amount })
    assert(order:wait())
    assert(order:positions())
  end
  return client
end

local function has_keys()
  for _, name in ipairs { "API_KEY", "API_KEY_FILE", "ACCESS_TOKEN", "PROFILE" } do
    if os.getenv("ETORO_" .. name) then return true end
  end
end

local function connect(is_real)
  if not has_keys() then return connect_sandbox() end
  return assert(etoro.client { account = is_real and "real" or "demo" })
end

-- What the account's own positions are worth, by instrument id.
local function holdings(client)
  local by_id = {}
  for _, position in ipairs(assert(client.account:pnl()).positions) do
    if (position.mirrorId or 0) == 0 then
      local id = position.instrumentId
      if not position.isBuy then
        error("position " .. position.positionId .. " is a short one, which"
          .. " this example does not know how to weigh", 0)
      end
      local held = by_id[id] or { value = 0,
        symbol = position.symbol or "instrument " .. id }
      held.value = held.value + assert(position.value,
        "the API tells no profit of position " .. position.positionId)
      by_id[id] = held
    end
  end
  return by_id
end

-- One line for each instrument that is held or named.
local function plan_of(client, weights)
  local held, lines, named = holdings(client), {}, {}
  local worth = assert(client.account:available_cash())
  for _, one in pairs(held) do worth = worth + one.value end
  local function add(id, symbol, weight)
    local value = held[id] and held[id].value or 0
    local target = worth * weight / 100
    lines[#lines + 1] = { id = id, symbol = symbol, value = value,
      target = target, change = target - value, is_out = weight == 0 }
  end
  for symbol, weight in pairs(weights) do
    local instrument = assert(client.instruments:find(symbol))
    if named[instrument.instrumentID] then
      error(symbol .. " is named twice", 0)
    end
    named[instrument.instrumentID] = true
    add(instrument.instrumentID, instrument.symbolFull, weight)
  end
  for id, one in pairs(held) do
    if not named[id] then add(id, one.symbol, 0) end
  end
  table.sort(lines, function(a, b) return a.change < b.change end)
  return lines, worth
end

local function is_due(line, worth)
  if line.is_out then return line.value > 0 end
  return math.abs(line.change) >= math.max(LEAST_USD, worth * LEAST_SHARE)
end

local function action_of(line, worth)
  if not is_due(line, worth) then return "leave" end
  if line.is_out then return "sell all" end
  return ("%s %.2f"):format(line.change < 0 and "sell" or "buy",
    math.abs(line.change))
end

-- Prints the plan; gives how many lines of it have something to do.
local function show(lines, worth)
  local count = 0
  print(("Worth: %.2f USD."):format(worth))
  for _, line in ipairs(lines) do
    local action = action_of(line, worth)
    if action ~= "leave" then count = count + 1 end
    print(("  %-12s %10.2f -> %10.2f USD  %s"):format(line.symbol,
      line.value, line.target, action))
  end
  return count
end

-- A sale that was not seen done pays for nothing.
local function close(position, units)
  local _, response = assert(position:close { units = units })
  if response.warning then error(response.warning, 0) end
end

-- Sells so much of an instrument, whole positions before parts of one.
local function sell(client, line)
  local own, units = {}, 0
  for _, position in ipairs(assert(client.positions:list())) do
    if position.instrumentId == line.id and (position.mirrorId or 0) == 0 then
      own[#own + 1] = position
      units = units + position.units
    end
  end
  local left = line.is_out and units or units * -line.change / line.value
  for _, position in ipairs(own) do
    if left >= position.units then
      left = left - position.units
      close(position)
    elseif left >= LEAST_UNITS then
      close(position, ("%.6f"):format(left))
      left = 0
    end
  end
  print("  sold " .. line.symbol)
end

-- Whole cents, never more than there is.
local function amount_of(client, line)
  local cash = assert(client.account:available_cash())
  local amount = math.floor(math.min(line.change, cash) * 100) / 100
  if amount < LEAST_USD then
    error(("there is no cash left for it: %.2f USD"):format(cash), 0)
  end
  return ("%.2f"):format(amount)
end

local function buy(client, line)
  local order = assert(client.orders:open { symbol = line.symbol,
    transaction = "buy", amount = amount_of(client, line) })
  assert(order:wait { timeout = 60 })
  local state = order:state()
  if state ~= "filled" then
    error(("order %d is %s"):format(order.orderId, state), 0)
  end
  -- until the account shows it, the next run would buy it again
  assert(order:positions { timeout = 30 })
  print(("  bought %s: order %d is %s"):format(line.symbol,
    order.orderId, state))
end

-- Does all lines of one kind that are due; gives how many failed.
local function carry_out(client, lines, worth, is_sale)
  local failures = 0
  for _, line in ipairs(lines) do
    if is_due(line, worth) and (line.change < 0 or line.is_out) == is_sale then
      local ok, problem = pcall(is_sale and sell or buy, client, line)
      if not ok then
        failures = failures + 1
        print(("  %s failed: %s"):format(line.symbol, problem))
      end
    end
  end
  return failures
end

-- Sales come first: they pay for the rest.
local function rebalance(client, lines, worth)
  if carry_out(client, lines, worth, true) > 0 then
    error("Nothing was bought, for not all was sold.", 0)
  elseif carry_out(client, lines, worth, false) > 0 then
    error("Not all was bought.", 0)
  end
  print("Done.")
end

local function confirmed()
  io.write("Type yes to do this: ")
  return io.read() == "yes"
end

local function main(weights, flags)
  local client = connect(flags["--real"])
  if #assert(client.orders:list()) > 0 then
    error("Orders are waiting: run this again when they are done.", 0)
  end
  local lines, worth = plan_of(client, weights)
  if show(lines, worth) == 0 then
    print("Nothing to do.")
  elseif flags["--yes"] or confirmed() then
    rebalance(client, lines, worth)
  else
    print("Nothing was done.")
  end
end

local function read_arguments()
  local weights, flags, total = {}, {}, 0
  for _, text in ipairs(arg) do
    local symbol, weight = text:match "^([^=]+)=(%d+%.?%d*)$"
    if text == "--yes" or text == "--real" then
      flags[text] = true
    elseif not symbol or weights[symbol] then
      return nil, "what is '" .. text .. "'?"
    else
      weights[symbol] = tonumber(weight)
      total = total + weights[symbol]
    end
  end
  if next(weights) == nil then return nil, "no weights are given" end
  -- decimals do not add up to the last digit
  if total > 100 + 1e-9 then return nil, "the weights are over 100 %" end
  return weights, flags
end

local weights, flags = read_arguments()
if not weights then
  io.stderr:write(flags, "\nusage: rebalance.lua [--yes] [--real]"
    .. " SYMBOL=PERCENT...\n")
  os.exit(2)
end
local ok, problem = pcall(main, weights, flags)
if not ok then
  io.stderr:write(tostring(problem), "\n")
  os.exit(1)
end
