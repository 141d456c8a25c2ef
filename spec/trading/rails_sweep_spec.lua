-- Every write that there is against every rail, in this process and over HTTP: what a
-- rail is not meant for passes it, what it is meant for never leaves, and no key shows
-- in anything that is said meanwhile.
local etoro = require "etoro"
local process = require "spec.support.process"
local support_server = require "spec.support.server"

local NOW = 1772800000 -- a Friday
local KEYS = { api_key = "canary-api-5f1e77aa", user_key = "canary-user-9c04d2be" }
local RATES = "GET /api/v1/market-data/instruments/rates"
local OLD = { rates = { { instrumentID = 1001, bid = 204, ask = 205,
  conversionRateBid = 1, conversionRateAsk = 1, date = "2026-01-01T00:00:00.000Z" } } }
local EXITS = { close = true, cancel = true, edit = true, leave = true }
local COPIES = { ["POST /api/v2/trading/copy"] = true,
  ["POST /api/v2/trading/copy/demo"] = true }

-- By the rail that has to refuse: what stands beside it, what was counted, what is
-- changed of the sandbox.
local RAILS = {
  max_order_usd = { rails = { max_order_usd = 0.01 } },
  max_leverage = { rails = { max_leverage = 0.5 } },
  max_position_usd = { rails = { max_position_usd = 0.01 } },
  max_exposure_usd = { rails = { max_exposure_usd = 0.01 } },
  max_positions = { rails = { max_positions = 0 } },
  allow = { rails = { allow = {} } },
  deny = { rails = { deny = { 1001 } } },
  writes_per_minute = { rails = { writes_per_minute = 0 }, all = true },
  writes_per_day = { rails = { writes_per_day = 0 }, all = true },
  halt_file = { rails = {}, money = true },
  max_day_loss_usd = { rails = { max_day_loss_usd = 1 }, kept = { first = 1e9 } },
  max_drawdown = { rails = { max_drawdown = 0.5 }, kept = { highest = 1e9 } },
  cool_down = { rails = { max_drawdown = 0.5, cool_down = 86400 },
    kept = { stopped = true } },
  market_hours = { rails = { market_hours = "require" }, options = { market_open = false } },
  max_price_age = { rails = { max_price_age = 60 },
    fault = { route = RATES, fault = "status", status = 200, body = OLD, times = 0 } },
}

describe("each write and each rail #lua", function()
  local dir, said

  before_each(function()
    dir, said = os.tmpname(), {}
    os.remove(dir)
    assert(os.execute("mkdir " .. dir))
  end)
  after_each(function() os.execute("rm -r " .. dir) end)

  local function hear(value, depth)
    said[#said + 1] = tostring(value)
    if type(value) ~= "table" or (depth or 0) > 4 then return end
    for name, inner in next, value do
      hear(name, (depth or 0) + 1)
      hear(inner, (depth or 0) + 1)
    end
  end

  -- The options of a client behind one rail; its counts are those of an earlier
  -- program.
  local function options_of(name, rail, now)
    local journal = dir .. "/" .. name
    local kept = rail.kept or {}
    kept.day = now // 86400
    if kept.stopped then kept.stopped = now end
    assert(require "etoro.values.kept".write(journal .. ".rails", etoro.encode(kept)))
    local rails = {}
    for key, value in pairs(rail.rails) do rails[key] = value end
    if name == "halt_file" then
      rails.halt_file = dir .. "/halt"
      assert(io.open(rails.halt_file, "w")):close()
    end
    return { rails = rails, journal = journal, account = "real", on_event = hear,
      max_retries = 0, api_key = KEYS.api_key, user_key = KEYS.user_key }
  end

  it("knows of each write what it does to the account", function()
    local counts = {}
    for _, op in pairs(etoro.operations) do
      if op.method ~= "GET" and not op.reads then
        local kind = op.trade or op.moves_money and "money" or "none"
        counts[kind] = (counts[kind] or 0) + 1
      end
    end
    assert.same({ open = 10, close = 2, cancel = 10, edit = 2, leave = 4, money = 7,
      none = 56 }, counts)
  end)

  -- Sends each write once; gives how many the rail refused.
  local function sweep(client, name, rail)
    local count = 0
    for key, op in pairs(etoro.operations) do
      if op.method ~= "GET" and not op.reads then
        local result, err = client:request { method = op.method,
          path = op.path:gsub("{.-}", "1"), body = op.body and { symbol = "AAPL",
            instrumentId = 1001, amount = 100, leverage = 1 } }
        hear(result)
        hear(err)
        local must = not EXITS[op.trade] and (rail.all or op.trade == "open"
          or COPIES[key] or op.moves_money and rail.money) or false
        local is_refused = result == nil and err.code == "rail"
        assert.equal(must, is_refused, name .. " " .. key)
        if is_refused then
          assert.equal(name, err.rule, key)
          assert.is_false(err.may_have_executed)
          count = count + 1
        end
      end
    end
    local result, err = client:request { method = "POST", path = "/api/v9/orders",
      body = { symbol = "AAPL" } }
    hear(err)
    assert.is_nil(result)
    assert.equal("known_writes", err.rule)
    return count
  end

  local function check_said()
    local text = table.concat(said, "\n")
    for path in io.popen("ls " .. dir .. "/*"):lines() do
      local file = assert(io.open(path, "rb"))
      text = text .. file:read "a"
      file:close()
    end
    assert.is_true(#text > 10000)
    for _, key in pairs(KEYS) do assert.is_nil(text:find(key, 1, true)) end
  end

  -- No entry of either account has arrived.
  local function check_arrived(arrivals)
    local closes = 0
    for _, request in ipairs(arrivals) do
      local op = request.route and etoro.operations[request.route]
      assert.is_false(op ~= nil and op.trade == "open", request.path)
      if op and op.trade == "close" then closes = closes + 1 end
    end
    assert.is_true(closes >= 2)
  end

  for name, rail in pairs(RAILS) do
    it("of this process: " .. name, function()
      local box = etoro.sandbox.new { limits = false, api_key = KEYS.api_key,
        user_key = KEYS.user_key, now = function() return NOW end }
      if rail.options then assert(box:change(rail.options)) end
      if rail.fault then assert(box.faults:add(rail.fault)) end
      local client = assert(box:client(options_of(name, rail, NOW)))
      assert.is_true(sweep(client, name, rail) > 5)
      client:close()
      check_arrived(box.arrivals)
      check_said()
    end)
  end

  -- Now, with a minute left of the day, for what was counted is that day's.
  local function now()
    local left = 86400 - os.time() % 86400
    if left < 60 then process.sleep(left + 1) end
    return os.time()
  end

  it("over HTTP", function()
    local server = support_server.start { limits = false, api_key = KEYS.api_key,
      user_key = KEYS.user_key }
    finally(function() server:stop() end)
    for name, rail in pairs(RAILS) do
      server:reset()
      server:clear()
      server:set { market_open = not rail.options }
      if rail.fault then server:fault(rail.fault) end
      local client = assert(server:client(options_of(name, rail, now())))
      assert.is_true(sweep(client, name, rail) > 5)
      client:close()
      check_arrived(server:arrivals())
    end
    check_said()
  end)
end)
