-- The symbols of a run over time: a function of them is asked each day, and an
-- instrument that is called otherwise is still the one that is held.
local files = require "spec.support.files"
local json = require "etoro.values.json"
local strategies = require "spec.support.strategies"

local CANDLES = "GET /api/v1/market-data/instruments/{instrumentId}/history/candles"
  .. "/{direction}/{interval}/{candlesCount}"

-- Wants one position of its symbol.
local HOLDER = [[return { name = "holder", symbols = { "%s" }, interval = "1h",
  on_bar = function(ctx, bar)
    if #assert(ctx:positions(bar.symbol)) == 0 then
      assert(ctx:buy(bar.symbol, { amount = 200 }))
    end
  end }]]

describe("the symbols of a run #lua", function()
  local lab, path

  before_each(function()
    lab = strategies.new()
    path = lab.dir .. "/state.json"
  end)
  after_each(function() lab:remove() end)

  local function symbols_held(result)
    assert.is_nil(result.err, result.err and result.err.traceback)
    local list = {}
    for i, position in ipairs(result.positions) do list[i] = position.symbol end
    return list
  end

  it("are the same instrument's, however they are spelt: nothing is bought twice", function()
    for _, symbol in ipairs { "AAPL", "aapl", "AAPL" } do
      local result = assert(lab:run(HOLDER:format(symbol), { state = path, days = 0.2 }))
      assert.same({ symbol }, symbols_held(result))
      assert.equal(1, #assert(lab:client().positions:list()))
    end
  end)

  it("are the same in orders that an earlier run has left", function()
    assert(lab:run([[return { name = "waits", symbols = { "AAPL" }, interval = "1h",
      on_bar = function() end, on_start = function(ctx) ctx:buy("AAPL", { amount = 200 }) end }]],
      { state = path, days = 0.001, on_note = function() end }))
    local kept = json.decode(files.read(path))
    local id, entry = next(kept.owned)
    assert.equal(1001, entry.instrumentId)
    kept.orders = { [entry.request_id] = { symbol = "AAPL", side = "buy", amount = 200,
      time = entry.since, instrumentId = 1001 } }
    kept.owned = {}
    files.write(path, json.encode(kept))
    local result = assert(lab:run([[return { name = "waits", symbols = { "aapl" },
      interval = "1h", on_bar = function() end, on_start = function(ctx)
        ctx:log(#assert(ctx:positions "aapl")) end }]], { state = path, days = 0.001 }))
    assert.same({ "aapl" }, symbols_held(result))
    assert.equal(id, tostring(result.positions[1].positionID))
    assert.same({ "1" }, lab:told "log")
    assert.equal("aapl", result.orders[1].symbol)
  end)

  it("follow an instrument that is called otherwise from one day to the next", function()
    local result = assert(lab:run([[return { name = "renamed", interval = "1h",
      symbols = function(ctx)
        ctx.state.asked = (ctx.state.asked or 0) + 1
        return ctx.state.asked == 1 and { "AAPL" } or { "aapl", "MSFT" }
      end,
      on_bar = function(ctx, bar)
        if bar.symbol == "MSFT" then return end
        local held = assert(ctx:positions(bar.symbol))
        if #held == 0 then assert(ctx:buy(bar.symbol, { amount = 200 })) end
        for _, one in ipairs(ctx:bars(bar.symbol)) do assert(one.symbol == bar.symbol) end
        if bar.symbol == "aapl" then ctx.state.last = held[1].symbol end
      end }]], { days = 2 }))
    assert.same({ "aapl" }, symbols_held(result))
    assert.same({ 3, "aapl" }, { result.state.asked, result.state.last })
    assert.same({ "AAPL is called aapl now" }, lab:told "note")
    assert.equal(1, #result.orders)
  end)

  it("can be closed that are on the list no more, also by the next run", function()
    local function run(list, body)
      return assert(lab:run(([[return { name = "rotates", symbols = function() return %s end,
        interval = "1h", on_bar = function() end, on_start = function(ctx) %s end }]]):format(
        list, body), { state = path, days = 0.01 }))
    end
    local all = '{ "AAPL", "MSFT", "NVDA" }'
    assert.same({ "AAPL", "MSFT", "NVDA" }, symbols_held(run(all,
      ("for _, s in ipairs %s do assert(ctx:buy(s, { amount = 200 })) end"):format(all))))
    local result = run('{ "AAPL" }', [[
      assert(ctx:close "MSFT")
      assert(ctx:target("NVDA", 0))
      for _, other in ipairs { "BTC", "MSFT" } do
        ctx:log(select(2, ctx:close(other)).code, select(2, ctx:target(other, 0)).code)
      end
      ctx:log(select(2, ctx:target("NVDA", 0.1)).code)]])
    assert.same({ "AAPL" }, symbols_held(result))
    assert.same({ "unknown_symbol unknown_symbol", "unknown_symbol unknown_symbol",
      "unknown_symbol" }, lab:told "log")
  end)

  it("are asked for each day where no bars are", function()
    local result = assert(lab:run([[return { name = "timed",
      symbols = function(ctx)
        ctx.state.asked = (ctx.state.asked or 0) + 1
        return ctx.state.asked == 1 and { "AAPL" } or { "BTC" }
      end,
      timers = { buy = "20h" },
      on_timer = function(ctx) assert(ctx:buy("BTC", { amount = 200 })) end }]], { days = 1 }))
    assert.same({ "BTC" }, symbols_held(result))
    assert.equal(2, result.state.asked)
  end)

  it("stay where the API does not answer, and are asked for again soon", function()
    local result = assert(lab:run([[return { name = "stays", interval = "1h",
      symbols = function(ctx)
        ctx.state.asked = (ctx.state.asked or 0) + 1
        return ctx.state.asked == 1 and { "AAPL" } or { "AAPL", "BTC" }
      end,
      on_bar = function(ctx, bar)
        if bar.symbol == "BTC" and not ctx.state.first then ctx.state.first = ctx:now() end
      end,
      on_stop = function(ctx) ctx.state.stopped = ctx:now() end,
      timers = { before = "23:55" },
      on_timer = function(ctx) ctx:log "midnight" end }]], { days = 1, on_note = function(note)
        lab.notes[#lab.notes + 1] = note
        if note.text == "midnight" then
          assert(lab.box.faults:add { fault = "status", status = 503, times = 20,
            route = CANDLES })
        end
      end }))
    assert.is_nil(result.err, result.err and result.err.traceback)
    local told = {}
    for _, text in ipairs(lab:told "error") do
      told[#told + 1] = text:match "^its symbols cannot be looked up, and stay as they are"
    end
    assert.equal(1, #told)
    local midnight = 1772841600
    assert.is_true(result.state.first > midnight)
    assert.is_true(result.state.first <= midnight + 3700, result.state.first - midnight)
    assert.is_true(result.state.asked > 2)
  end)
end)
