local etoro = require "etoro"
local files = require "spec.support.files"
local strategies = require "spec.support.strategies"

local BUYER = [[return { name = "buyer", symbols = { "AAPL" }, interval = "1h",
  on_start = function(ctx)
    ctx.state.starts = (ctx.state.starts or 0) + 1
    ctx.state.found = #ctx:positions()
  end,
  on_bar = function(ctx)
    if ctx.state.bought then return end
    assert(ctx:buy("AAPL", { amount = 200 }))
    ctx.state.bought = true
  end }]]

local ORDER = '"orders":{"11111111-2222-4333-8444-555555555555":{"symbol":"AAPL",'
  .. '"time":1,"side":"%s"}}'

describe("a strategy's state", function()
  local lab, path

  before_each(function()
    lab = strategies.new()
    path = lab.dir .. "/state.json"
  end)
  after_each(function() lab:remove() end)

  local function run(text, options)
    local all = { state = path }
    for name, value in pairs(options or {}) do all[name] = value end
    return lab:run(text, all)
  end

  it("is there again, with what it holds", function()
    local first = assert(run(BUYER))
    assert.is_nil(first.err)
    assert.equal(1, #first.positions)
    local second = assert(run(BUYER))
    assert.is_nil(second.err)
    assert.same({ 2, 1 }, { second.state.starts, second.state.found })
    assert.same({}, second.orders)
    assert.equal(first.positions[1].positionID, second.positions[1].positionID)
    assert.equal(1, #assert(lab:client().positions:list()))
    assert.is_nil(io.open(path .. ".new"))
  end)

  it("is on the disk before an order leaves", function()
    local client = lab:client()
    local opened, seen = client.orders.open, nil
    local strategy = assert(etoro.strategy.load(lab:file("s.lua", BUYER)))
    getmetatable(client.orders).__index.open = function(...)
      local file = assert(io.open(path))
      seen = file:read "a"
      file:close()
      return opened(...)
    end
    finally(function() getmetatable(client.orders).__index.open = opened end)
    assert(lab.box:run(require("etoro.strategy.runner").run, strategy, client,
      { state = path, days = 1, box = lab.box }))
    assert.truthy(seen:find('"side":"buy"', 1, true))
    assert.truthy(seen:find('"symbol":"AAPL"', 1, true))
  end)

  -- What a run leaves that was killed between its order and the answer.
  local function killed(id)
    local file = assert(io.open(path, "w"))
    file:write('{"version":1,"strategy":"buyer","state":{"bought":true},',
      '"owned":{},"orders":{"', id, '":{"symbol":"AAPL","side":"buy",',
      '"amount":200,"time":1772800000}}}')
    file:close()
  end

  it("finds an order that was sent and whose answer nobody saw", function()
    local id = "11111111-2222-4333-8444-555555555555"
    local order = assert(lab:client().orders:open({ symbol = "AAPL",
      transaction = "buy", amount = 200 }, { request_id = id }))
    assert(order:positions())
    lab.box:advance(60)
    killed(id)
    local result = assert(run(BUYER))
    assert.is_nil(result.err)
    assert.equal(1, result.state.found)
    assert.equal(1, #assert(lab:client().positions:list()))
    assert.equal("filled", result.orders[1].state)
  end)

  it("waits for an order that does not show yet", function()
    lab.options.lookup_lag = 4
    lab:again()
    local id = "11111111-2222-4333-8444-555555555555"
    assert(lab:client().orders:open({ symbol = "AAPL", transaction = "buy",
      amount = 200 }, { request_id = id }))
    killed(id)
    local result = assert(run(BUYER))
    assert.is_nil(result.err)
    assert.equal(1, result.state.found)
    assert.equal(1, #assert(lab:client().positions:list()))
  end)

  -- A server that finds no order by its request id says 404 of what it has placed.
  it("finds it where the server knows no order by its request id", function()
    lab.options.idempotency = "measured"
    lab:again()
    local id = "11111111-2222-4333-8444-555555555555"
    local process = assert(lab.box:client { base_url = "http://127.0.0.2" })
    assert(process.orders:open({ symbol = "AAPL", transaction = "buy", amount = 200 },
      { request_id = id }))
    lab.box:advance(60)
    killed(id)
    local result = assert(run(BUYER))
    assert.is_nil(result.err)
    assert.equal("filled", result.orders[1].state)
    assert.equal(1, result.state.found)
    assert.equal(1, #assert(lab:client().positions:list()))
  end)

  it("finds one while it runs whose answer was lost, by what the account shows",
    function()
      lab.options.idempotency = "measured"
      lab:again()
      assert(lab.box.faults:add { fault = "lost_reply",
        route = "POST /api/v2/trading/execution/demo/orders" })
      local strategy = assert(etoro.strategy.load(lab:file("s.lua", [[return {
        name = "once", symbols = { "AAPL" }, main = function(ctx)
          local order, err = ctx:buy("AAPL", { amount = 200 })
          ctx.state.kind = not order and err.kind
          ctx:sleep(600)
          ctx.state.left = #ctx:positions()
        end }]])))
      local client = assert(lab.box:client { on_unknown = "report" })
      local result = assert(lab.box:run(require("etoro.strategy.runner").run,
        strategy, client, { state = path, days = 0.02, box = lab.box }))
      assert.is_nil(result.err)
      assert.equal("unknown_outcome", result.state.kind)
      assert.equal("filled", result.orders[1].state)
      assert.equal(1, result.state.left)
    end)

  it("takes none of two that are alike for it, nor says that there is none",
    function()
      lab.options.idempotency = "measured"
      lab:again()
      local other = assert(lab.box:client { base_url = "http://127.0.0.2" })
      for _ = 1, 2 do
        assert(other.orders:open { symbol = "AAPL", transaction = "buy",
          amount = 200 })
      end
      lab.box:advance(60)
      killed "11111111-2222-4333-8444-555555555555"
      local result = assert(run(BUYER))
      assert.is_nil(result.err)
      assert.equal("unknown", result.orders[1].state)
      assert.equal(0, result.state.found)
      assert.truthy(lab:told "note"[1]:find("cannot be told apart", 1, true))
    end)

  it("knows that an order never arrived", function()
    killed "99999999-2222-4333-8444-555555555555"
    local result = assert(run(BUYER))
    assert.is_nil(result.err)
    assert.equal(0, result.state.found)
    assert.same({}, result.orders)
    assert.truthy(lab:told "note"[1]:find("never reached the server", 1, true))
  end)

  it("is refused when it is another's, of another version or cut", function()
    local function refused(text, message)
      files.write(path, text)
      local result, err = run(BUYER)
      assert.is_nil(result)
      assert.equal("state", err.code)
      assert.truthy(err.message:find(message, 1, true), err.message)
    end
    refused('{"version":1,"strategy":"seller"}', "strategy 'seller', not of "
      .. "'buyer'")
    refused('{"version":2,"strategy":"buyer"}', "has version 2, this is 1")
    refused('{"version":1,"strategy":"buyer","account":"real"}',
      "is that of the account real, not of demo")
    refused('{"version":1,"strategy":"buyer","account":{}}', "is that of the account")
    refused('{"version":1,"strategy":"buy', "is cut or broken")
    refused("", "is cut or broken")
    refused("[]", "has version")
    os.remove(path)
    assert(os.execute("mkdir " .. path))
    local result, err = run(BUYER)
    assert.is_nil(result)
    assert.equal("state", err.code)
  end)

  it("is one run's at a time", function()
    local runner = require "etoro.strategy.runner"
    local client = lab:client()
    local strategy = assert(etoro.strategy.load(lab:file("s.lua", BUYER)))
    local results, refused = 0, nil
    lab.box:run(function()
      local tasks = {}
      for i = 1, 2 do
        tasks[i] = etoro.spawn(function()
          local result, err = runner.run(strategy, client,
            { state = path, days = 1, box = lab.box })
          results, refused = results + (result and 1 or 0), err or refused
        end)
      end
      etoro.all(tasks)
    end)
    assert.equal(1, results)
    assert.same({ "conflict", "state" }, { refused.kind, refused.code })
    assert.equal(1, #assert(lab:client().positions:list()))
    assert(run(BUYER)) -- and free again
  end)

  it("holds what JSON can hold, or says so", function()
    local result = run([[return { name = "f", symbols = { "AAPL" },
      interval = "1h", on_bar = function(ctx)
        ctx.state.f = function() end
      end }]])
    assert.truthy(result.err.message:find "ctx.state holds what cannot be kept")
  end)

  it("is kept where the strategy puts another table in its place", function()
    local text = [[return { name = "anew", symbols = { "AAPL" }, interval = "1h",
      on_start = function(ctx) ctx.state = { starts = (ctx.state.starts or 0) + 1 } end,
      on_bar = function() end }]]
    assert.equal(1, assert(run(text)).state.starts)
    assert.equal(2, assert(run(text)).state.starts)
    local result = assert(run((text:gsub("ctx.state = .- end", "ctx.state = 5 end"))))
    assert.truthy(result.err.message:find("ctx.state is a table", 1, true))
  end)

  it("tells what is gone where the clock was set back, and waits for nothing",
    function()
    local file = assert(io.open(path, "w"))
    file:write(('{"version":1,"strategy":"buyer","owned":{"77":{"symbol":"AAPL",'
      .. '"since":%d}}}'):format(strategies.START + 5 * 86400))
    file:close()
    local result = assert(run(BUYER))
    assert.is_nil(result.err)
    assert.equal("position 77 of AAPL was closed meanwhile", lab:told "note"[1])
    for _, note in ipairs(lab.notes) do
      if note.kind == "note" then
        assert.is_true(note.time - strategies.START < 30)
        break
      end
    end
  end)

  it("tells the strategy of what was closed while no run was there, behind on_start",
    function()
      local text = BUYER:gsub("on_bar =", [[on_position = function(ctx, position, what)
        ctx:log(what, position.positionID, position.symbol) end, on_bar =]])
      local first = assert(run(text))
      local position = first.positions[1]
      assert(assert(lab:client().positions:list())[1]:close())
      lab.box:advance(60)
      lab.notes = {}
      local second = assert(run(text))
      assert.equal(2, second.state.starts)
      assert.same({ ("gone %s AAPL"):format(position.positionID) }, lab:told "log")
    end)

  it("is refused where its parts are not what a run writes", function()
    for _, part in ipairs { '"owned":{"1":5}', '"owned":{"1":{"symbol":"AAPL"}}',
      '"orders":7', '"orders":{"x":{}}', '"state":"text"', '"owned":[1]',
      '"owned":{"x":{"symbol":"AAPL","since":1}}',
      '"owned":{"1":{"symbol":"AAPL","since":1e18}}',
      '"owned":{"1":{"symbol":"AAPL","since":-1}}', ORDER:format "hold",
      ORDER:format "close", ORDER:format 'close","positionID":"x',
      ORDER:format 'close","positionID":7,"held":-1,"why":"',
      ORDER:format 'buy","units":"many', ORDER:format 'buy","instrumentId":"x',
      '"owned":{"1":{"symbol":"AAPL","since":1,"instrumentId":{}}}' } do
      local file = assert(io.open(path, "w"))
      file:write('{"version":1,"strategy":"buyer",', part, "}")
      file:close()
      local result, err = run(BUYER)
      assert.is_nil(result)
      assert.same({ "invalid", "state" }, { err.kind, err.code }, part)
      assert.truthy(err.message:find("is broken", 1, true))
    end
    assert.same({}, assert(lab:client().positions:list()))
  end)
end)
