-- Every example of examples/strategies/, unchanged: in this process and over HTTP, on
-- the demo and on the real account of the sandbox. On the same bars it decides alike, and
-- for the same amounts.
--
-- Over HTTP days have to pass in seconds: the clock that tasks sleep by and the
-- sandbox's jump together to when somebody wakes, once nobody waits for an answer.
local clock = require "etoro.tasks.clock"
local core = require "etoro.core"
local etoro = require "etoro"
local process = require "spec.support.process"
local runner = require "etoro.strategy.runner"
local scheduler = require "etoro.tasks.scheduler"
local support_server = require "spec.support.server"

local FOLDER = "examples/strategies/"
local NEAR = 0.002 -- parts of a size
local DAYS = { dca = 7.1, rebalance = 7.1 } -- a Monday of New York; all others: 3
local CREDIT = 100000 -- of the real account, as of the demo one
local PRICE = "/sandbox/trading/price"
local SETTINGS = { rotate_tokens = { days = 2 } }

local function names()
  local list = {}
  for name in process.run { "ls", FOLDER }.stdout:gmatch "([%w_]+)%.lua" do
    list[#list + 1] = name
  end
  return list
end

describe("an example #lua", function()
  local server, lead, ahead, world, begin

  before_each(function()
    server = support_server.start { limits = false, seed = 7, credit = CREDIT }
    local status, answer = server:raw("GET", "/sandbox/clock")
    assert.equal(200, status)
    -- all four begin within one hour, however long they take
    local minute = answer.now % 3600
    lead = minute > 2700 and 3600 - minute + 60 or 0
    begin = answer.now + lead
    world = { now = clock.world.now, unix = clock.world.unix }
  end)
  after_each(function()
    clock.world.now, clock.world.unix = world.now, world.unix
    server:stop()
  end)

  local function is_waited_for()
    local count = 0
    scheduler.each_parked(function() count = count + 1 end)
    return count > 0
  end

  -- Moves both clocks on while `is_over` says no.
  local function drive(is_over)
    while not is_over() do
      etoro.sleep(0)
      local first = clock.world.sleepers[1]
      local left = first and first.at - clock.world.now() or 0
      if left > 0 and not scheduler.is_ready() and not is_waited_for() then
        server:advance(left)
        ahead = ahead + left
      end
    end
  end

  -- A client, and what is made of it, by the clock that jumps.
  local function timed(client)
    local function set(one)
      rawset(one, "now", function() return client._runtime.engine:now() + ahead end)
      rawset(one, "unix", function() return core.now() + ahead end)
      return one
    end
    local guarded = client.guarded
    rawset(client, "guarded", function(self, gate, tag)
      return set(guarded(self, gate, tag))
    end)
    return set(client)
  end

  -- What has to be there before: a position to guard, bought below all that is to
  -- come, so that no decision is of the price of one second; a portfolio to keep.
  local function prepare(client, name, pin)
    if name == "trailing_guardian" then
      pin '{"instrumentId":1001,"price":100}'
      local order = assert(client.orders:open { symbol = "AAPL",
        transaction = "buy", amount = 300 })
      assert(order:wait())
      assert(order:positions())
      pin '{"instrumentId":1001,"price":null}'
    elseif name == "rotate_tokens" then
      assert(client.portfolios:create { investmentAmountInUsd = 2000,
        agentPortfolioName = "Keeper1", userTokenName = "mine",
        scopeNames = { "etoro-public:trade.real:read" } })
    end
  end

  local function options_of(name, notes)
    return { box = true, days = DAYS[name] or 3,
      adopt = name == "trailing_guardian" or nil,
      on_note = function(note) notes[#notes + 1] = note end }
  end

  local function load(name, client)
    return assert(etoro.strategy.load(FOLDER .. name .. ".lua",
      { settings = SETTINGS[name], now = function() return client:unix() end }))
  end

  -- The hours since the begin, what was ordered and what it said then.
  local function decisions(result, notes)
    assert.is_nil(result.err, result.err and result.err.traceback)
    local list, sizes = {}, {}
    for _, order in ipairs(result.orders) do
      sizes[#sizes + 1] = order.amount or order.units or "all"
      list[#list + 1] = { order.time // 3600 - begin // 3600, order.symbol,
        order.side, order.state }
    end
    for _, note in ipairs(notes) do
      if note.kind == "log" or note.kind == "notify" then
        list[#list + 1] = { note.time // 3600 - begin // 3600,
          (note.text:gsub("rotated%-%d+", "token")) }
      end
    end
    return list, sizes
  end

  -- Prices are of a second, and over HTTP it is not the same one: what is a part of
  -- equity is off by what they have moved.
  local function assert_near(expected, sizes)
    assert.equal(#expected, #sizes)
    for i, size in ipairs(sizes) do
      if size == "all" then assert.equal("all", expected[i])
      else assert.is_true(math.abs(size / expected[i] - 1) < NEAR, ("%s, not %s"):format(
        size, expected[i])) end
    end
  end

  local function in_process(name, account)
    local box = etoro.sandbox.new { limits = false, seed = 7, credit = CREDIT,
      now = function() return begin end }
    local client, notes = assert(box:client { account = account }), {}
    prepare(client, name, function(body)
      assert.equal(200, box:handle { method = "POST", path = PRICE, query = "",
        headers = {}, body = body, remote = "127.0.0.1" }.status)
    end)
    return decisions(assert(box:run(runner.run, load(name, client), client,
      options_of(name, notes))), notes)
  end

  local function over_http(name, account)
    server:reset()
    server:advance(lead)
    ahead = lead
    local client, notes = timed(assert(server:client { account = account })), {}
    clock.world.now = function() return world.now() + ahead end
    clock.world.unix = function() return world.unix() + ahead end
    prepare(client, name, function(body)
      assert.equal(200, (server:raw("POST", PRICE, body)))
    end)
    local result
    etoro.run(function()
      local body = etoro.spawn(function()
        result = assert(runner.run(load(name, client), client,
          options_of(name, notes)))
      end)
      drive(function() return body.status == "done" or body.status == "failed" end)
      body:wait()
    end)
    client:close()
    clock.world.now, clock.world.unix = world.now, world.unix
    return decisions(result, notes)
  end

  for _, name in ipairs(names()) do
    it("decides alike wherever it runs: " .. name, function()
      local first, sizes
      for _ = 1, 20 do -- in the prices of some days there is nothing to decide
        first, sizes = in_process(name, "demo")
        if #first > 0 then break end
        lead, begin = lead + 86400, begin + 86400
      end
      assert.is_true(#first > 0)
      assert.same({ first, sizes }, { in_process(name, "real") })
      for _, account in ipairs { "demo", "real" } do
        local list, other = over_http(name, account)
        assert.same(first, list)
        assert_near(sizes, other)
      end
    end)
  end
end)
