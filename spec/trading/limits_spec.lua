-- Ceilings and defaults of trading, each at its limit and one past it:
-- lua/etoro/values/limits.lua.
local desk = require "spec.support.desk"
local disk = require "spec.support.disk"
local eligibility = require "etoro.trading.precheck.eligibility"
local journal = require "etoro.trading.journal"
local known = require "etoro.trading.resolve.known"
local process = require "spec.support.process"
local scripted = require "spec.support.scripted"
local times = require "etoro.values.times"

local ORDER = { action = "open", transaction = "buy", symbol = "AAPL",
  orderType = "mkt", leverage = 1, amount = 100 }
local OPEN = "POST /api/v2/trading/execution/demo/orders"

describe("the ceilings of trading: #memory", function()
  it("limits.default_settle seconds until a lost order is over", function()
    for settle, seconds in pairs { [false] = 10, [4] = 4 } do
      local t = desk.new()
      t:fault { route = OPEN, fault = "cut_before" }
      local before = t.box:now()
      local _, err = t.client:call(OPEN, { body = ORDER },
        { on_unknown = "report", settle = settle or nil, deadline = 200 })
      assert.equal("unknown_outcome", err.kind)
      assert.near(seconds, t.box:now() - before, 0.2)
    end
  end)

  it("limits.journal_clock_age seconds of the server's time as it was heard, as long"
    .. " as no clock was set", function()
    local folder, date, set = process.scratch(), 1800000000, 0
    local path = folder .. "/orders.jsonl"
    local api = scripted.new(function(line)
      return 200, line:find("orders", 1, true) and '{"orderId":1}' or "{}",
        { Date = times.http(date) }
    end)
    local client = api:client { account = "demo", journal = path }
    local engine = client._journal.engine
    client._journal.engine = { now = function() return engine:now() end,
      unix = function() return engine:unix() + set end }
    local function order() assert(client:call(OPEN, { body = ORDER })) end
    order() -- nothing was heard before
    assert(client:call "GET /api/v1/me")
    date = 1900000000
    for _, seconds in ipairs { 59, 2, 0 } do
      api:advance(seconds)
      order()
    end
    set = 3600
    order()
    order()
    client:close()
    local heard = {}
    for _, record in ipairs(assert(journal.read(path))) do
      if record.kind == "intent" then
        heard[#heard + 1] = record.server and times.parse(record.server) or false
      end
    end
    assert.same({ false, 1800000059, 1800000061, 1900000000, false, 1900000000 },
      heard)
    process.remove(folder)
  end)

  it("limits.costs_age seconds of costs without a warning", function()
    for seconds, is_told in pairs { [3590] = false, [3610] = true } do
      local at = 1780000000 - seconds
      local api = scripted.new(function()
        return 200, '{"costs":[],"lastUpdated":"'
          .. os.date("!%Y-%m-%dT%H:%M:%SZ", at) .. '"}'
      end)
      local client = api:client { on_event = function() end }
      local _, response = client.orders:costs { symbol = "AAPL",
        transaction = "buy", amount = 100 }
      assert.equal(is_told, response.warning ~= nil)
    end
  end)

  it("limits.known_orders_max orders, and as many of before", function()
    local client = scripted.new(function() return 200, "{}" end):client()
    for id = 1, 40000 do known.add(client, id, "r" .. id) end
    assert.is_true(known.is_others(client, 1, "mine"))
    known.add(client, 40001, "r40001")
    assert.is_false(known.is_others(client, 1, "mine"))
    assert.is_true(known.is_others(client, 20001, "mine"))
  end)

  it("limits.precheck_kept_max instruments whose answers are kept", function()
    local api = scripted.new(function()
      return 200, '{"currency":"USD","eligibilities":[]}'
    end)
    local client = api:client()
    for id = 1, 1000 do eligibility.of(client, { instrumentId = id }) end
    assert.equal(1000, #api.lines)
    eligibility.of(client, { instrumentId = 1 })
    assert.equal(1000, #api.lines)
    eligibility.of(client, { instrumentId = 1001 })
    eligibility.of(client, { instrumentId = 1 })
    assert.equal(1002, #api.lines)
  end)

  it("limits.precheck_looks_max searches, limits.precheck_near_page items each",
    function()
      local api = scripted.new(function() return 200, '{"items":[]}' end)
      eligibility.symbols_like(api:client(), "ABCDEF")
      assert.equal(3, #api.lines)
      for i, text in ipairs { "ABCDEF", "ABCDE", "ABCD" } do
        assert.matches("pageSize=50&searchText=" .. text .. "$",
          api.lines[i])
      end
    end)
end)

describe("the journal's ceilings: #memory", function()
  local folder, path

  before_each(function()
    folder = process.scratch()
    path = folder .. "/orders.jsonl"
  end)
  after_each(function() process.remove(folder) end)

  it("limits.journal_ended_kept orders, and as many of before", function()
    local client = scripted.new(function() return 200, "{}" end)
      :client { journal = path }
    finally(function() client:close() end)
    local function finish(index)
      client:journal():finish({ request_id = "r" .. index },
        { trade = "open" }, {})
    end
    for i = 1, 2000 do finish(i) end
    assert.is_true(client:journal():under_way().r1)
    finish(2001)
    assert.is_nil(client:journal():under_way().r1)
    assert.is_true(client:journal():under_way().r1001)
  end)

  it("limits.journal_line_shown bytes of a line that is none", function()
    local client = scripted.new(function() return 200, "{}" end)
      :client { journal = path }
    client:close()
    for n = 200, 201 do
      local file = assert(io.open(path, "ab"))
      file:write(("x"):rep(n), "\n")
      file:close()
    end
    local _, problems = journal.read(path)
    assert.equal(2, #problems)
    assert.equal(("x"):rep(200), problems[1].text)
    assert.equal(("x"):rep(200), problems[2].text)
  end)

  it("ETORO_JOURNAL_LINES_MAX lines that wait for the disk", function()
    local done = process.run(disk.lua([[
      local core = require "etoro.core"
      local engine = core.engine()
      local j = assert(engine:journal(path))
      set "DISK_SHUT"
      local c = engine:client { base_url = "http://127.0.0.1",
        api_key = core.secret "a", user_key = core.secret "u" }
      assert(engine:submit(c, { method = "POST", target = "/x", journal = j,
        intent = "first" }))
      repeat -- from here on the thread waits for the disk
        engine:step(0.01)
      until require "spec.support.files".read(path):find "first\n"
      local count, ok, message = 0, true, nil
      repeat
        ok, message = j:append "line"
        count = count + (ok and 1 or 0)
      until not ok or count > 100001
      print(count, message)
      unset "DISK_SHUT"
    ]], "http://127.0.0.1:1", folder))
    assert.equal("", done.stderr)
    local count = tonumber(done.stdout:match "^%d+")
    -- the one at the disk may have left the queue
    assert.is_true(count == 99999 or count == 100000, done.stdout)
  end)
end)
