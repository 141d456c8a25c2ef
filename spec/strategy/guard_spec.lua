-- A halt, a dry run and the end of a run hold for whatever a strategy does with
-- ctx.client as well, and what it sends carries its name in the journal.
local etoro = require "etoro"
local json = require "etoro.values.json"
local runner = require "etoro.strategy.runner"
local strategies = require "spec.support.strategies"

describe("a strategy's client #lua", function()
  local lab

  before_each(function() lab = strategies.new() end)
  after_each(function() lab:remove() end)

  -- Calls each write there is, in main of a strategy that holds a position and has
  -- an order that waits; gives the codes of errors, or "done", by operation.
  local SWEEP = [[return { name = "sweep", symbols = { "AAPL" },
    main = function(ctx)
      assert(ctx:buy("AAPL", { amount = 300 }))
      ctx:log "halt"
      for name, op in pairs(ctx.client.operations) do
        local result, err = ctx.client:request { method = op.method,
          path = op.path:gsub("{.-}", "1"), body = op.body and { symbol = "AAPL",
            amount = 100, leverage = 1 } }
        ctx.state[name] = result and "done" or err.code
      end
      ctx.state.raw = select(2, ctx.client:request { method = "POST",
        path = "/api/v9/trading/orders", body = { symbol = "AAPL" } }).code
      local order, err = ctx.client.orders:open { symbol = "AAPL",
        transaction = "buy", amount = 100 }
      ctx.state.open = order and "done" or err.code
      ctx.state.close = ctx.client.positions:list()[1]:close() and "done"
    end }]]

  -- The strategy cannot reach the table of operations: its client shows it here.
  local function sweep(options)
    local client = assert(lab.box:client { account = "real" })
    local writes = {}
    for name, op in pairs(etoro.operations) do
      if op.method ~= "GET" and not op.reads then writes[name] = op end
    end
    rawset(client, "_writes", writes)
    local text = SWEEP:gsub("ctx%.client%.operations", "ctx.client._writes")
    local strategy = assert(etoro.strategy.load(lab:file("s.lua", text)))
    options.box, options.days = lab.box, 0.1
    options.on_note = function(note)
      lab.notes[#lab.notes + 1] = note
      if note.text == "halt" and options.halt then
        assert(io.open(options.halt, "w")):close()
      end
    end
    return assert(lab.box:run(runner.run, strategy, client, options)), writes
  end

  it("opens nothing while it is halted, and closes and cancels all the same",
    function()
    local result, writes = sweep { halt = lab.dir .. "/halt" }
    assert.is_nil(result.err, result.err and result.err.traceback)
    local entries = 0
    for name, op in pairs(writes) do
      local is_entry = op.trade == "open" or op.moves_money or false
      assert.equal(is_entry, result.state[name] == "no_entries", name)
      entries = entries + (is_entry and 1 or 0)
    end
    assert.is_true(entries > 5)
    assert.equal("no_entries", result.state.raw)
    assert.equal("no_entries", result.state.open)
    assert.equal("done", result.state.close)
    assert.same({}, assert(lab.box:client { account = "real" }).positions:list())
  end)

  it("is halted by a file that nobody can read", function()
    local path = lab.dir .. "/halt"
    assert(os.execute("ln -s " .. path .. " " .. path)) -- a circle
    local result = assert(lab:run([[return { name = "h", symbols = { "AAPL" },
      main = function(ctx)
        ctx.state.code = select(2, ctx:buy("AAPL", { amount = 100 })).code
        ctx.state.other = select(2, ctx.client.orders:open { symbol = "AAPL",
          transaction = "buy", amount = 100 }).code
      end }]], { halt = path }))
    assert.is_nil(result.err, result.err and result.err.traceback)
    assert.same({ "no_entries", "no_entries" }, { result.state.code,
      result.state.other })
  end)

  it("sends no write in a dry run, none that closes either", function()
    local client = lab:client()
    local order = assert(client.orders:open { symbol = "AAPL",
      transaction = "buy", amount = 300 })
    assert(order:wait())
    lab.box:advance(60)
    local before = lab.box.arrivals.count
    local result = assert(lab:run([[return { name = "dry", symbols = { "AAPL" },
      main = function(ctx)
        local client, codes = ctx.client, ctx.state
        local function keep(name, done, err) codes[name] = done and "done" or err.code end
        keep("buy", ctx:buy("AAPL", { amount = 100 }))
        keep("close", ctx:close "AAPL")
        keep("edit", ctx:positions()[1]:edit { stopLossRate = 1 })
        keep("open", client.orders:open { symbol = "AAPL", transaction = "buy",
          amount = 100 })
        keep("list", client.watchlists:create { name = "mine" })
        keep("raw", client:request { method = "DELETE", path = "/api/v9/x" })
      end }]], { dry_run = true, adopt = true }))
    assert.is_nil(result.err, result.err and result.err.traceback)
    for _, name in ipairs { "buy", "close", "edit", "open", "list", "raw" } do
      assert.equal("no_entries", result.state[name], name)
    end
    for _, request in ipairs(lab.box.arrivals) do
      assert.is_true(request.number <= before or request.method == "GET"
        or request.path:find("/info/", 1, true) ~= nil, request.path)
    end
    assert.equal(1, #assert(client.positions:list()))
  end)

  it("opens nothing before its start and after its end", function()
    local result = assert(lab:run([[return { name = "ends",
      symbols = function(ctx)
        ctx.state.early = select(2, ctx.client.orders:open { symbol = "AAPL",
          transaction = "buy", amount = 100 }).code
        return { "AAPL" }
      end,
      on_stop = function(ctx)
        ctx.state.late = select(2, ctx.client.orders:open { symbol = "AAPL",
          transaction = "buy", amount = 100 }).code
      end, main = function() end }]], { days = 0.1 }))
    assert.is_nil(result.err, result.err and result.err.traceback)
    assert.same({ "no_entries", "no_entries" }, { result.state.early,
      result.state.late })
  end)

  it("writes its name into the journal, and nobody else's", function()
    local path = lab.dir .. "/journal"
    local client = assert(lab.box:client { journal = path })
    assert(client.orders:open { symbol = "MSFT", transaction = "buy", amount = 100 })
    local strategy = assert(etoro.strategy.load(lab:file("s.lua",
      [[return { name = "mine", symbols = { "AAPL" },
        main = function(ctx)
          assert(ctx:buy("AAPL", { amount = 300 }))
          assert(ctx:close "AAPL")
          assert(ctx.client.orders:open { symbol = "AAPL", transaction = "buy",
            amount = 100 })
        end }]])))
    local result = assert(lab.box:run(runner.run, strategy, client,
      { box = lab.box, days = 0.1 }))
    assert.is_nil(result.err, result.err and result.err.traceback)
    client:close()
    local tags, ids = {}, {}
    for line in io.lines(path) do
      local entry = json.decode(line)
      if entry.kind == "intent" then
        tags[#tags + 1] = entry.tag or "none"
        ids[entry.id] = true
      end
    end
    assert.same({ "none", "mine", "mine", "mine" }, tags)
    for _, order in ipairs(result.orders) do
      assert.is_true(ids[order.request_id])
    end
  end)

  it("goes on when its run is over, and is closed with its client", function()
    local client = lab:client()
    local strategy = assert(etoro.strategy.load(lab:file("s.lua",
      [[return { name = "mine", main = function(ctx) ctx.state.n = 1 end }]])))
    local kept = client:guarded(function() end, "x")
    assert(lab.box:run(runner.run, strategy, client, { box = lab.box, days = 0.01 }))
    assert(client.orders:open { symbol = "AAPL", transaction = "buy", amount = 100 })
    kept:close()
    assert.is_true(client:is_closed() and kept:is_closed())
    local none, err = kept.positions:list()
    assert.is_nil(none)
    assert.equal("closed", err.kind)
  end)
end)
