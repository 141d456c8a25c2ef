-- The strategies of examples/ against what a person would work out by hand.
local etoro = require "etoro"
local process = require "spec.support.process"
local strategies = require "spec.support.strategies"
local times = require "etoro.values.times"

local START = strategies.START -- a Friday
local FOLDER = "examples/strategies/"

local function files()
  local list = {}
  for name in process.run { "ls", FOLDER }.stdout:gmatch "[^\n]+" do
    list[#list + 1] = FOLDER .. name
  end
  return list
end

describe("a strategy of examples/ #lua", function()
  local lab

  before_each(function() lab = strategies.new() end)
  after_each(function() lab:remove() end)

  local function run(name, options)
    local all = { file = FOLDER .. name .. ".lua", box = lab.box, days = 10,
      on_note = function(note) lab.notes[#lab.notes + 1] = note end }
    for key, value in pairs(options or {}) do all[key] = value end
    local result = assert(etoro.strategy.run(all))
    assert.is_nil(result.err, result.err and result.err.traceback)
    return result
  end

  local function bars_of(symbol, interval)
    return assert(lab:client().market:candles { symbol = symbol,
      interval = interval, count = 1000 })
  end

  -- What was ordered of a symbol: the hour, and the side.
  local function done(result, symbol)
    local list = {}
    for _, order in ipairs(result.orders) do
      if order.symbol == symbol then
        list[#list + 1] = { order.time // 3600 * 3600, order.side }
      end
    end
    return list
  end

  it("has 80 lines at most, and loads", function()
    local all = files()
    assert.is_true(#all >= 5)
    for _, path in ipairs(all) do
      local count = 0
      for _ in io.lines(path) do count = count + 1 end
      assert.is_true(count <= 80, path)
      assert(etoro.strategy.load(path))
    end
  end)

  -- New York is four hours behind UTC from the 8th of March 2026 on.
  it("dca buys on Mondays at half past three in New York", function()
    local result = run("dca", { days = 17, settings = { amount = 60 } })
    local got = {}
    for i, order in ipairs(result.orders) do
      got[i] = { times.format(order.time), order.symbol, order.side,
        order.amount, order.state }
    end
    assert.same({
      { "2026-03-09T19:30:00Z", "AAPL", "buy", 60, "filled" },
      { "2026-03-16T19:30:00Z", "AAPL", "buy", 60, "filled" },
    }, got)
    assert.equal(120, result.state.bought)
  end)

  it("rebalance buys its weights, and leaves alone what is near enough",
    function()
    local result = run("rebalance", { days = 4 })
    local got = {}
    for i, order in ipairs(result.orders) do
      got[i] = { order.symbol, order.side, order.amount }
    end
    assert.same({ { "AAPL", "buy", 40000 }, { "MSFT", "buy", 30000 },
      { "NVDA", "buy", 20000 } }, got)
    lab:again()
    run("rebalance", { days = 4, settings = { weights = { AAPL = 11 } } })
    assert.truthy(table.concat(lab:told "notify"):find("AAPL: a weight is a part "
      .. "of equity", 1, true))
  end)

  it("rebalance sells first, and buys with what that brought", function()
    local state = lab.dir .. "/state"
    local first = run("rebalance", { days = 4, state = state,
      settings = { weights = { AAPL = 0.2, MSFT = 0.7 } } })
    assert.equal(2, #first.positions)
    local result = run("rebalance", { days = 8, state = state,
      settings = { weights = { AAPL = 0.7, MSFT = 0.2 } } })
    local got = {}
    for i, order in ipairs(result.orders) do
      got[i] = { order.symbol, order.side, order.state }
    end
    assert.same({ { "MSFT", "close", "filled" }, { "AAPL", "buy", "filled" } },
      { got[1], got[2] })
    local equity, sums = result.equity[#result.equity].equity, { AAPL = 0, MSFT = 0 }
    for _, position in ipairs(result.positions) do
      sums[position.symbol] = sums[position.symbol] + position.amount
    end
    assert.is_true(math.abs(sums.AAPL / equity - 0.7) < 0.03, sums.AAPL / equity)
    assert.is_true(math.abs(sums.MSFT / equity - 0.2) < 0.03, sums.MSFT / equity)
  end)

  it("rotate_tokens makes a new token, tries it, and takes the old one back",
    function()
    local client = assert(lab.box:client { account = "real" })
    local portfolio = assert(client.portfolios:create {
      investmentAmountInUsd = 2000, agentPortfolioName = "Keeper1",
      userTokenName = "mine", scopeNames = { "etoro-public:trade.real:read" } })
    local strategy = assert(etoro.strategy.load(FOLDER .. "rotate_tokens.lua",
      { settings = { days = 3 } }))
    local function once(days)
      local result = assert(lab.box:run(require("etoro.strategy.runner").run,
        strategy, client, { box = lab.box, days = days, state = lab.dir .. "/state",
          on_note = function(note) lab.notes[#lab.notes + 1] = note end }))
      assert.is_nil(result.err, result.err and result.err.traceback)
      assert(portfolio:refresh())
      local names = {}
      for i, token in ipairs(portfolio.userTokens) do
        names[i] = token.userTokenName
      end
      table.sort(names)
      return names
    end
    assert.same({ "mine", "rotated-" .. START }, once(0.5))
    local later = once(5) -- a new start, two days, four days
    assert.equal(2, #later)
    assert.equal("mine", later[1])
    local made = math.tointeger(tonumber(later[2]:match "%d+"))
    assert.is_true(made >= START + 4.5 * times.DAY - 3600
      and made <= START + 5.5 * times.DAY)
    local expires = times.parse(portfolio.userTokens[1].userTokenName == "mine"
      and portfolio.userTokens[2].expiresAt or portfolio.userTokens[1].expiresAt)
    assert.is_true(math.abs(expires - made - 3 * times.DAY) < 2)
    local told = table.concat(lab:told "log", "\n")
    local _, revoked = told:gsub("is revoked", "")
    assert.equal(3, revoked)
    -- where the API does not take the new one, the old one stays
    assert(lab.box.faults:add { route = "GET /api/v1/me", fault = "status",
      status = 401, times = 0 })
    assert.same(later, once(0.1))
    assert.truthy(table.concat(lab:told "notify"):find("does not work", 1, true))
  end)

  -- Closes below the mean of 20 by more than two deviations.
  it("mean_reversion buys far below the mean and sells at it", function()
    local result = run("mean_reversion", { days = 12 })
    local all = 0
    for _, symbol in ipairs { "AAPL", "MSFT", "NVDA", "TSLA" } do
      local bars, expected, holds = bars_of(symbol, "1h"), {}, false
      for i = 20, #bars do
        local ends = times.parse(bars[i].fromDate) + 3600
        local sum, squares = 0, 0
        for k = i - 19, i do sum = sum + bars[k].close end
        local mean = sum / 20
        for k = i - 19, i do squares = squares + (bars[k].close - mean) ^ 2 end
        local z = (bars[i].close - mean) / math.sqrt(squares / 20)
        if ends > START and ends <= START + 12 * times.DAY then
          if not holds and z < -2 then
            holds = true
            expected[#expected + 1] = { ends, "buy" }
          elseif holds and z >= 0 then
            holds = false
            expected[#expected + 1] = { ends, "close" }
          end
        end
      end
      local got = done(result, symbol)
      assert.same(expected, got)
      all = all + #got
    end
    assert.is_true(all > 8)
  end)

  local function mean(bars, i, n)
    local sum = 0
    for k = i - n + 1, i do sum = sum + bars[k].close end
    return sum / n
  end

  it("sma_cross buys and closes on its crosses, two at most, with stops",
    function()
    local result = run("sma_cross", { days = 12, settings = { most = 2 } })
    local all = 0
    for _, symbol in ipairs { "AAPL", "MSFT" } do
      local bars, expected, holds = bars_of(symbol, "1h"), {}, false
      for i = 31, #bars do
        local ends = times.parse(bars[i].fromDate) + 3600
        local above = mean(bars, i, 10) > mean(bars, i, 30)
        local was = mean(bars, i - 1, 10) > mean(bars, i - 1, 30)
        if ends > START and ends <= START + 12 * times.DAY and above ~= was
            and above ~= holds then
          holds = above
          expected[#expected + 1] = { ends, above and "buy" or "close" }
        end
      end
      local got = done(result, symbol)
      assert.same(expected, got)
      all = all + #got
    end
    assert.is_true(all > 8)
    for _, position in ipairs(result.positions) do
      assert.is_true(math.abs(position.stopLossRate / position.openRate - 0.95)
        < 0.01)
    end
  end)

  -- Each cross of two averages of both symbols: by time, then in the file's order.
  local function crosses(fast, slow, days)
    local list, symbols = {}, { "AAPL", "MSFT" }
    for place, symbol in ipairs(symbols) do
      local bars = bars_of(symbol, "1h")
      for i = slow + 1, #bars do
        local ends = times.parse(bars[i].fromDate) + 3600
        local above = mean(bars, i, fast) > mean(bars, i, slow)
        if ends > START and ends <= START + days * times.DAY then
          list[#list + 1] = { time = ends, symbol = symbol, place = place,
            up = above and mean(bars, i - 1, fast) <= mean(bars, i - 1, slow),
            down = not above and mean(bars, i - 1, fast) >= mean(bars, i - 1, slow) }
        end
      end
    end
    table.sort(list, function(a, b)
      if a.time ~= b.time then return a.time < b.time end
      return a.place < b.place
    end)
    return list
  end

  -- What a person would do who follows the file's rules; stops: when which
  -- position was gone. Gives the orders, and how often a rule forbade a buy.
  local function by_hand(list, most, pause, stops)
    local orders, held, count, paused = { AAPL = {}, MSFT = {} }, {}, 0, {}
    local full, resting = 0, 0
    for _, one in ipairs(list) do
      local symbol = one.symbol
      if stops[symbol] and stops[symbol][one.time] then
        held[symbol], count, paused[symbol] = nil, count - 1, pause
      end
      local left = paused[symbol] or 0
      paused[symbol] = math.max(0, left - 1)
      if one.down and held[symbol] then
        held[symbol], count = nil, count - 1
        table.insert(orders[symbol], { one.time, "close" })
      elseif one.up and not held[symbol] then
        if left > 0 then resting = resting + 1
        elseif count >= most then full = full + 1
        else
          held[symbol], count = true, count + 1
          table.insert(orders[symbol], { one.time, "buy" })
        end
      end
    end
    return orders, full, resting
  end

  local function same_orders(expected, result)
    for _, symbol in ipairs { "AAPL", "MSFT" } do
      assert.same(expected[symbol], done(result, symbol))
    end
  end

  it("sma_cross holds no more positions than its limit", function()
    local days = 12
    local list
    for _, most in ipairs { 1, 2 } do
      lab:again()
      local result = run("sma_cross", { days = days, settings = { fast = 5,
        slow = 17, most = most > 1 and most or nil, stop = 0.4, pause = 0 } })
      list = crosses(5, 17, days)
      local expected, full = by_hand(list, most, 0, {})
      same_orders(expected, result)
      assert.equal(most == 1, full > 0)
    end
  end)

  it("sma_cross does not buy for some bars after a stop", function()
    local days, skipped = 40, {}
    for _, pause in ipairs { 0, 12 } do
      lab:again()
      lab.notes = {}
      local result = run("sma_cross", { days = days, settings = { fast = 5,
        slow = 17, stop = 0.012, most = 2, pause = pause } })
      local stops, count = { AAPL = {}, MSFT = {} }, 0
      for _, note in ipairs(lab.notes) do
        local symbol = note.kind == "log" and note.text:match "^(%u+) was stopped out"
        if symbol then
          stops[symbol][note.time // 3600 * 3600], count = true, count + 1
        end
      end
      assert.is_true(count > 2)
      local expected, _, resting = by_hand(crosses(5, 17, days), 2, pause,
        stops)
      same_orders(expected, result)
      skipped[pause] = resting
    end
    assert.equal(0, skipped[0])
    assert.is_true(skipped[12] > 0)
  end)

  it("trailing_guardian moves stops up behind the highest close", function()
    local order = assert(lab:client().orders:open { symbol = "AAPL",
      transaction = "buy", amount = 300 })
    assert(order:wait())
    local opened = assert(order:positions())[1]
    local result = run("trailing_guardian", { days = 5, adopt = true,
      settings = { distance = 0.1 } })
    local high = opened.openRate
    for _, bar in ipairs(bars_of("AAPL", "1h")) do
      local ends = times.parse(bar.fromDate) + 3600
      if ends > START + 60 and ends <= START + 5 * times.DAY then
        high = math.max(high, bar.close)
      end
    end
    assert.equal(1, #result.positions)
    assert.equal(math.floor(high * 0.9 * 100) / 100,
      result.positions[1].stopLossRate)
  end)
end)
