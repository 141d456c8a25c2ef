local etoro = require "etoro"
local json = require "etoro.values.json"
local limits = require "etoro.values.limits"
local operations = require "etoro.operations"
local run_limits = require "etoro.values.run_limits"

local KEY = "canary-user-key"

describe("the server of other programs", function()
  local box, client, server, lines, audit, refusal

  local function start(options)
    box = etoro.sandbox.new { now = function() return 1772800000 end,
      limits = false, user_key = KEY,
      instruments = options and options.instruments }
    client = assert(box:client { rails = options and options.rails,
      deadline = options and options.deadline, rate_limit = false, on_event = function() end })
    lines, audit, refusal = {}, {}, nil
    server = etoro.serve.new { client = client, writes = options ~= nil,
      write = function(line) lines[#lines + 1] = line end,
      audit = function(entry)
        if refusal then return nil, refusal end
        audit[#audit + 1] = json.show(entry)
        return true
      end }
  end

  before_each(function() start() end)

  -- What it says to a message, or to several at once.
  local function say(...)
    local messages = { ... }
    local before = #lines
    box:run(function()
      for _, message in ipairs(messages) do
        server:line(type(message) == "string" and message or json.encode(message))
      end
      while server:busy() > 0 do etoro.sleep(0.05) end
    end)
    local answers = {}
    for i = before + 1, #lines do
      assert.falsy(lines[i]:find "\n")
      answers[#answers + 1] = json.decode(lines[i], true)
    end
    return table.unpack(answers)
  end

  local count = 0
  local function request(method, params)
    count = count + 1
    return { jsonrpc = "2.0", id = count, method = method, params = params }
  end

  local function of_call(name, arguments)
    return request("tools/call", { name = name, arguments = arguments })
  end

  local function told(answer)
    assert.is_nil(answer.error, answer.error and answer.error.message)
    local content = answer.result.content
    return json.decode(content[1].text), answer.result.isError
  end

  local function call(name, arguments)
    return told(say(of_call(name, arguments)))
  end

  local function good(name, arguments)
    local value, is_error = call(name, arguments)
    assert(not is_error, is_error and value.message)
    return value
  end

  local function bad(name, arguments)
    local value, is_error = call(name, arguments)
    assert.is_true(is_error)
    return value
  end

  it("says what it speaks", function()
    for wanted, given in pairs { ["2024-11-05"] = "2024-11-05",
      ["2025-06-18"] = "2025-06-18", ["1999-01-01"] = "2025-11-25" } do
      local result = say(request("initialize", { protocolVersion = wanted })).result
      assert.equal(given, result.protocolVersion)
      assert.equal("lua-etoro", result.serverInfo.name)
      assert.is_false(result.capabilities.tools.listChanged)
    end
    assert.same({}, say(request "ping").result)
  end)

  it("has a tool for each operation that reads, and none that writes", function()
    local titles, names = {}, {}
    for _, tool in ipairs(say(request "tools/list").result.tools) do
      assert.truthy(tool.name:find "^[a-z0-9_]+$")
      assert.is_true(#tool.name <= 64)
      assert.is_nil(names[tool.name])
      assert.equal("object", tool.inputSchema.type)
      assert.is_true(tool.annotations.readOnlyHint)
      names[tool.name], titles[tool.title] = tool, true
    end
    for id, op in pairs(operations) do
      local reads = (op.method == "GET" or op.reads) and not op.deprecated
        and op.account ~= "real"
      assert.equal(reads or nil, titles[id], id)
    end
    local candles = names.market_data_instruments_history_candles.inputSchema
    assert.same({ "candlesCount", "direction", "instrumentId", "interval" },
      candles.required)
    assert.equal("integer", candles.properties.candlesCount.type)
    assert.truthy(names.trading_info_costs.inputSchema.properties.body.properties.amount)
    local _, wrong = say(request "tools/list", of_call("prepare_order", {}))
    assert.equal(-32602, wrong.error.code)
  end)

  it("reads, by symbol and by the API's own names", function()
    local rates = good("quotes", { symbols = { "AAPL", "MSFT" } })
    assert.equal(2, #rates)
    assert.is_true(rates[1].ask > rates[1].bid)
    assert.equal("AAPL", rates[1].symbol)
    assert.equal("MSFT", rates[2].symbol)
    assert.equal(good("instrument", { symbol = "MSFT" }).instrumentID,
      rates[2].instrumentID)
    assert.equal(3, #good("candles", { symbol = "AAPL", interval = "OneDay",
      count = 3 }))
    assert.equal("AAPL", good("instrument", { symbol = "AAPL" }).symbolFull)
    assert.is_true(good("equity", {}).equity > 0)
    assert.same({}, good("positions"))
    local some = say(of_call("quotes", { symbols = { "AAPL", "AAPLX" } })).result
    assert.equal(1, #json.decode(some.content[1].text))
    assert.truthy(some.content[2].text:find("^warning: .*AAPLX"))
    some = good("quotes", { symbols = { "AAPLX", "MSFT", "AAPL" } })
    assert.equal("MSFT", some[1].symbol)
    assert.equal("AAPL", some[2].symbol)
    assert.is_true(some[2].instrumentID ~= some[1].instrumentID)
    assert.is_true(#good("market_data_exchanges", {}).exchangeInfo > 0)
    assert.equal("not_found", bad("instrument", { symbol = "AAPLX" }).kind)
    assert.truthy(bad("market_data_exchanges", { nonsense = 1 }).message
      :find "nonsense")
    assert.truthy(bad("quotes", { symbols = 7 }).message)
  end)

  it("gives an empty list as a list", function()
    local function text(name, arguments)
      return say(of_call(name, arguments)).result.content[1].text
    end
    assert.equal("[]", text "positions")
    assert.equal("[]", text "orders")
    assert.equal("[]", text("quotes", { symbols = { "AAPLX" } }))
    assert.truthy(text "equity":find('"differences":[]', 1, true))
    assert.truthy(text "equity":find('"missing":[]', 1, true))
  end)

  it("takes each interval that it names", function()
    for _, tool in ipairs(say(request "tools/list").result.tools) do
      if tool.name == "candles" then
        for interval in tool.description:match "Intervals: (.*)%.":gmatch "%w+" do
          good("candles", { symbol = "AAPL", interval = interval, count = 1 })
        end
      end
    end
  end)

  it("names tools where the library names its methods", function()
    local unknown = bad("order", { orderId = 7 })
    assert.equal("This account has no order 7; the tool 'orders' has those that wait",
      unknown.hint)
    assert.matches("params have to be an object with the name of a tool",
      say(request "tools/call").error.message)
  end)

  it("places once what was prepared", function()
    start { rails = { max_order_usd = 500 } }
    local prepared = good("prepare_order", { symbol = "AAPL", transaction = "buy",
      amount = 100, stopLossRate = json.null })
    assert.equal(100, prepared.order.amount)
    assert.equal("demo", prepared.account)
    assert.same({}, good("positions"))
    local one, two = say(of_call("place", { prepared = prepared.prepared }),
      of_call("place", { prepared = prepared.prepared }))
    one, two = told(one), told(two)
    assert.equal("filled", one.state)
    assert.equal(one.order.orderId, two.order.orderId)
    assert.equal(one.order.orderId,
      good("place", { prepared = prepared.prepared, wait = 0 }).order.orderId)
    assert.equal(1, #good("positions"))
    assert.equal("not_prepared", bad("place", { prepared = one.reference_id .. "x" })
      .code)
  end)

  it("holds to its client's rails", function()
    start { rails = { max_order_usd = 500, writes_per_day = 1 } }
    local function prepare(as, amount)
      return as("prepare_order", { symbol = "AAPL", transaction = "buy",
        amount = amount })
    end
    local refused = prepare(bad, 1000)
    assert.equal("rail", refused.code)
    assert.equal("max_order_usd", refused.rule)
    local one, other = prepare(good, 100), prepare(good, 200)
    good("place", { prepared = one.prepared })
    refused = bad("place", { prepared = other.prepared })
    assert.equal("writes_per_day", refused.rule)
    assert.equal(1, #good("positions"))
  end)

  it("closes a part once, moves stops, cancels orders", function()
    start { rails = { max_order_usd = 500 } }
    local prepared = good("prepare_order", { symbol = "AAPL", transaction = "buy",
      units = 2 })
    good("place", { prepared = prepared.prepared })
    local position = good("positions")[1]
    local id = position.positionID
    assert.equal("AAPL", position.symbol)
    local function is_worth(one) assert.near(one.amount + one.profit, one.value, 1e-9) end
    is_worth(position)
    local part = good("prepare_close", { positionId = id, units = 0.5 })
    assert.equal("AAPL", part.position.symbol)
    is_worth(part.position)
    assert.equal(2, good("positions")[1].units)
    good("place", { prepared = part.prepared })
    good("place", { prepared = part.prepared })
    assert.equal(1.5, good("positions")[1].units)
    good("edit_position", { positionId = id, takeProfitRate = 500 })
    assert.equal(500, good("positions")[1].takeProfitRate)
    local whole = good("prepare_close", { positionId = id })
    assert.is_true(good("place", { prepared = whole.prepared }).is_closed)
    assert.same({}, good("positions"))
    prepared = good("prepare_order", { symbol = "AAPL", transaction = "buy",
      amount = 100, orderType = "mit", triggerRate = 50 })
    local order = good("place", { prepared = prepared.prepared, wait = 0 })
    assert.equal("cancelled",
      good("cancel_order", { orderId = order.order.orderId }).state)
  end)

  local CLOSE = "POST /api/v1/trading/execution/demo/market-close-orders/positions/"
    .. "{positionId}"

  local function opened(units)
    start { rails = {}, deadline = limits.prepared_lifetime / 4 }
    good("place", { prepared = good("prepare_order", { symbol = "AAPL",
      transaction = "buy", units = units }).prepared })
    return good("positions")[1].positionID
  end

  -- A close whose answer is lost, while the portfolio cannot be read.
  local function closed_unseen(id, units)
    local prepared = good("prepare_close", { positionId = id, units = units }).prepared
    assert(box.faults:add { fault = "lost_reply", route = CLOSE })
    for _, path in ipairs { "portfolio", "pnl" } do
      assert(box.faults:add { fault = "status", status = 503, times = 0,
        route = "GET /api/v1/trading/info/demo/" .. path })
    end
    local refused = bad("place", { prepared = prepared })
    assert.equal("unknown_outcome", refused.kind)
    box:clear_faults()
    return prepared, refused
  end

  it("closes a part once, though nobody knows what became of it", function()
    local id = opened(2)
    local prepared, refused = closed_unseen(id, 0.5)
    assert.same(refused, bad("place", { prepared = prepared }))
    assert.same(refused, bad("place", { prepared = prepared, wait = 0 }))
    assert.equal(1.5, good("positions")[1].units)
    -- what was surely not done may be tried again
    prepared = good("prepare_close", { positionId = id, units = 0.5 }).prepared
    assert(box.faults:add { fault = "status", status = 400, route = CLOSE })
    assert.is_false(bad("place", { prepared = prepared }).may_have_executed)
    good("place", { prepared = prepared })
    assert.equal(1, good("positions")[1].units)
  end)

  it("places once what is asked for twice at the same time", function()
    local id = opened(2)
    local part = good("prepare_close", { positionId = id, units = 0.5 }).prepared
    local order = good("prepare_order", { symbol = "MSFT", transaction = "buy",
      amount = 100 }).prepared
    local all = { say(of_call("place", { prepared = part }),
      of_call("place", { prepared = order }), of_call("place", { prepared = part }),
      of_call("place", { prepared = order }), of_call("place", { prepared = order })) }
    local orders = {}
    for _, answer in ipairs(all) do
      local value, is_error = told(answer)
      assert.is_false(is_error)
      if value.order then orders[#orders + 1] = value.order.orderId end
    end
    assert.same({ orders[1], orders[1], orders[1] }, orders)
    local list = good("positions")
    assert.equal(2, #list)
    assert.equal(1.5, list[1].units)
  end)

  it("refuses arguments that a tool's schema has no room for", function()
    local id = opened(2)
    for _, case in ipairs {
      { "prepare_close", { positionId = id, unit = 0.5 }, "unit.*units" },
      { "prepare_close", { positionID = id }, "positionId" },
      { "prepare_close", { positionId = id, units = 0 }, "greater than 0" },
      { "prepare_close", { positionId = id, units = "half" }, "decimal" },
      { "prepare_close", { positionId = id, units = json.null }, "units" },
      { "prepare_close", { positionId = id, units = 2.5 }, "has 2 units" },
      { "prepare_close", { positionId = id, units = "2.000001" }, "has 2 units" },
      { "prepare_order", { symbol = "AAPL", transaction = "buy", amount = 100,
        leverag = 5 }, "leverage" },
      { "prepare_order", { symbol = "AAPL", transaction = "buy", amount = 100,
        action = "close" }, "action" },
      { "place", { prepared = 7 }, "prepared" },
      { "place", {}, "prepared" },
      { "place", { prepared = "x", wait = 61 }, "wait" },
      { "cancel_order", { orderId = 1, positionId = id }, "positionId" },
      { "edit_position", { positionId = id, stopLoss = 5 }, "stopLossRate" },
      { "quotes", { symbols = { "AAPL" }, symbol = "MSFT" }, "symbols" },
      { "quotes", { symbols = {} }, "symbols" },
      { "candles", { symbol = "AAPL", interval = "1h", count = 1001 }, "count" },
      { "positions", { symbol = "AAPL" }, "symbol" },
      { "order", { orderId = 1.5 }, "orderId" },
    } do
      local refused = bad(case[1], case[2])
      assert.equal("invalid", refused.kind, case[1])
      assert.matches(case[3], refused.message)
    end
    assert.equal(2, good("positions")[1].units)
  end)

  -- A schema says of each value what it is.
  local function is_typed(schema, path)
    assert(schema.type or schema.enum, path)
    for name, inner in pairs(schema.properties or {}) do
      is_typed(inner, path .. "." .. name)
    end
    if schema.items then is_typed(schema.items, path .. "[]") end
    for _, name in ipairs(schema.required or {}) do
      assert(schema.properties[name], path .. "." .. name)
    end
  end

  it("has types for all that it takes", function()
    start { rails = {} }
    for _, tool in ipairs(say(request "tools/list").result.tools) do
      is_typed(tool.inputSchema, tool.name)
      assert.is_false(tool.inputSchema.additionalProperties, tool.name)
    end
  end)

  it("tells what became of a whole close, asked again", function()
    local prepared = closed_unseen(opened(2))
    assert.is_true(good("place", { prepared = prepared }).is_closed)
    assert.same({}, good("positions"))
  end)

  it("does nothing that was prepared more than limits.prepared_lifetime ago",
    function()
      local id = opened(2)
      for _, units in ipairs { 0.5, 1 } do
        local late = units == 1
        local close = good("prepare_close", { positionId = id, units = units })
        local order = good("prepare_order", { symbol = "MSFT", transaction = "buy",
          amount = 100 })
        assert.is_true(close.expires_at > client:unix())
        box:advance(limits.prepared_lifetime + (late and 1 or -1))
        for _, one in ipairs { close, order } do
          local placed = late and bad or good
          local value = placed("place", { prepared = one.prepared })
          assert.equal(late and "expired" or nil, value.code)
        end
      end
      local list = good("positions")
      assert.equal(2, #list)
      assert.equal(1.5, list[1].units)
    end)

  it("writes down what a write did, and to what", function()
    local id = opened(2)
    local order = good("prepare_order", { symbol = "MSFT", transaction = "buy",
      amount = 100 })
    local placed = good("place", { prepared = order.prepared })
    local close = good("prepare_close", { positionId = id })
    good("place", { prepared = close.prepared })
    bad("place", { prepared = "none" })
    local kept = {}
    for _, line in ipairs(audit) do
      local entry = json.decode(line)
      if entry.what == "answered" and entry.tool ~= "positions" then
        kept[#kept + 1] = entry
      end
    end
    assert.equal(7, #kept)
    assert.equal(order.prepared, kept[3].prepared)
    assert.equal(placed.order.orderId, kept[4].orderId)
    assert.equal("filled", kept[4].state)
    assert.equal(close.prepared, kept[5].prepared)
    assert.equal(id, kept[5].positionID)
    assert.equal(id, kept[6].positionID)
    assert.is_true(kept[6].is_closed)
    assert.equal("not_prepared", kept[7].code)
    local refused = select(2, closed_unseen(opened(2), 0.5))
    local last = json.decode(audit[#audit])
    assert.is_true(last.may_have_executed)
    assert.equal(refused.request_id, last.request_id)
  end)

  it("hides nothing that was done where the audit cannot be written any more",
    function()
      local id = opened(2)
      for i, fail in ipairs {
        function() return nil, { message = "the disk is full" } end,
        function() error "the disk is full" end,
      } do
        local prepared = good("prepare_close", { positionId = id, units = 0.5 }).prepared
        server.audit = function(entry)
          if entry.what == "asked" then return true end
          return fail()
        end
        local result = say(of_call("place", { prepared = prepared })).result
        server.audit = function() return true end
        assert.is_false(result.isError)
        assert.equal(id, json.decode(result.content[1].text).position.positionID)
        assert.matches("^warning: .*the disk is full", result.content[2].text)
        assert.equal(2 - 0.5 * i, good("positions")[1].units)
      end
    end)

  it("writes down what was refused and what was given up", function()
    local read = of_call("equity", {})
    say(of_call("nope", {}), of_call("me", { 1 }), read, { jsonrpc = "2.0",
      method = "notifications/cancelled", params = { requestId = read.id } })
    assert.equal(3, #audit)
    local kept = table.concat(audit)
    assert.truthy(kept:find("unknown tool 'nope'\",\"what\":\"refused\"", 1, true))
    assert.truthy(kept:find("arguments have to be an object", 1, true))
    assert.truthy(kept:find('"tool":"equity","what":"given up"', 1, true))
  end)

  it("writes down each call before it is made, and no key", function()
    start { rails = { max_order_usd = 500 } }
    good("quotes", { symbols = { "AAPL" } })
    bad("me", { apiKey = KEY, userKey = KEY })
    assert.equal(4, #audit)
    assert.truthy(audit[1]:find('"what":"asked"', 1, true))
    assert.truthy(audit[2]:find('"ok":true', 1, true))
    assert.truthy(audit[4]:find('"ok":false', 1, true))
    for _, text in ipairs { table.concat(audit), table.concat(lines) } do
      assert.falsy(text:find(KEY, 1, true))
    end
    local prepared = good("prepare_order", { symbol = "AAPL", transaction = "buy",
      amount = 100 })
    refusal = { kind = "invalid", code = "audit", message = "the disk is full" }
    assert.equal("audit", bad("place", { prepared = prepared.prepared }).code)
    refusal = nil
    assert.same({}, good("positions"))
  end)

  it("answers as JSON-RPC does", function()
    assert.equal(-32700, say "{".error.code)
    assert.equal(-32600, say "3".error.code)
    assert.equal(-32600, say '{"jsonrpc":"1.0","id":1,"method":"ping"}'.error.code)
    assert.equal(-32600, say '{"jsonrpc":"2.0","id":{},"method":"ping"}'.error.code)
    assert.equal(-32601, say(request "resources/list").error.code)
    assert.equal(-32602, say(request "tools/call").error.code)
    assert.equal(-32602, say(request("tools/call",
      { name = "me", arguments = { 1 } })).error.code)
    assert.equal("text", say '{"jsonrpc":"2.0","id":"text","method":"ping"}'.id)
    -- no answer to what asks for none
    assert.is_nil(say '{"jsonrpc":"2.0","method":"notifications/initialized"}')
    assert.is_nil(say '{"jsonrpc":"2.0","id":1,"result":{}}')
    assert.is_nil(say "")
    local all = say(json.encode { request "ping", of_call("me", {}),
      { jsonrpc = "2.0", method = "notifications/initialized" } })
    assert.equal(2, #all)
    assert.equal(-32600, say(("x"):rep(run_limits.serve_line_max + 1)).error.code)
    assert.equal(-32700, say(("x"):rep(run_limits.serve_line_max)).error.code)
  end)

  it("gives up a call that is cancelled, but none that writes", function()
    start { rails = { max_order_usd = 500 } }
    local read = of_call("equity", {})
    assert.is_nil(say(read, { jsonrpc = "2.0", method = "notifications/cancelled",
      params = { requestId = read.id } }))
    local prepared = good("prepare_order", { symbol = "AAPL", transaction = "buy",
      amount = 100 })
    local write = of_call("place", { prepared = prepared.prepared })
    local done = say(write, { jsonrpc = "2.0", method = "notifications/cancelled",
      params = { requestId = write.id } })
    assert.equal("filled", told(done).state)
  end)

  it("answers the rest of a batch that has a call given up", function()
    local read, other = of_call("equity", {}), of_call("me", {})
    local all = say(json.encode { read, other, { jsonrpc = "2.0",
      method = "notifications/cancelled", params = { requestId = read.id } } })
    assert.equal(1, #all)
    assert.equal(other.id, all[1].id)
    assert.is_nil(say(json.encode { read, { jsonrpc = "2.0",
      method = "notifications/cancelled", params = { requestId = read.id } } }))
    assert.equal(0, server:busy())
  end)

  it("gives up each of two calls with one id, and no other", function()
    local read, other = of_call("equity", {}), of_call("me", {})
    local answers = { say(read, read, other, { jsonrpc = "2.0",
      method = "notifications/cancelled", params = { requestId = read.id } },
      { jsonrpc = "2.0", method = "notifications/cancelled", params = {} },
      { jsonrpc = "2.0", method = "notifications/cancelled" }) }
    assert.equal(1, #answers)
    assert.equal(other.id, answers[1].id)
  end)

  it("answers what is no request with its id, where it has one", function()
    for text, id in pairs { ['{"jsonrpc":"1.0","id":7,"method":"ping"}'] = 7,
      ['{"jsonrpc":"2.0","id":"a","method":[]}'] = "a",
      ['{"jsonrpc":"2.0","id":[1],"method":"ping"}'] = json.null,
      ["[]"] = json.null, ["{}"] = json.null, ['"text"'] = json.null,
      ["null"] = json.null } do
      local answer = say(text)
      assert.equal(-32600, answer.error.code, text)
      assert.equal(id, answer.id, text)
    end
    assert.equal(-32600, say("[[]]")[1].error.code)
    assert.equal(-32600, say("[null]")[1].error.code)
    for _, text in ipairs { "\0", "{]", '{"a":1}x', ("["):rep(1000) } do
      assert.equal(-32700, say(text).error.code, text)
    end
  end)

  it("has ends: of an answer, of calls at a time, of what is prepared", function()
    local all = {}
    for i = 1, run_limits.serve_calls_max + 1 do all[i] = of_call("me", {}) end
    local answers, refused = { say(table.unpack(all)) }, 0
    for _, answer in ipairs(answers) do
      if answer.error then refused = refused + 1 end
    end
    assert.equal(run_limits.serve_calls_max + 1, #answers)
    assert.equal(1, refused)
  end)

  it("refuses to hand over what is too large", function()
    start { instruments = 200, rails = {} }
    assert.is_true(#good("v1_market_data_instruments", {}).instrumentDisplayDatas >= 200)
    start { instruments = run_limits.serve_answer_max // 300, rails = {} }
    local refused = bad("v1_market_data_instruments", {})
    assert.equal("too_large", refused.code)
    assert.truthy(refused.message:find(("%d"):format(run_limits.serve_answer_max), 1, true))
  end)

  it("forgets the oldest of what was prepared", function()
    start { rails = {} }
    good("place", { prepared = good("prepare_order", { symbol = "AAPL",
      transaction = "buy", amount = 100 }).prepared })
    local id, all = good("positions")[1].positionID, {}
    while #all <= run_limits.serve_prepared_max do
      local some = {} -- many at a time: a close is not prepared for long
      for i = 1, math.min(run_limits.serve_calls_max, run_limits.serve_prepared_max + 1 - #all) do
        some[i] = of_call("prepare_close", { positionId = id })
      end
      for _, answer in ipairs { say(table.unpack(some)) } do
        all[#all + 1] = told(answer).prepared
      end
    end
    assert.equal(run_limits.serve_prepared_max + 1, #all)
    assert.equal("not_prepared", bad("place", { prepared = all[1] }).code)
    assert.is_true(good("place", { prepared = all[2] }).is_closed)
  end)

  it("waits a while for the end of an order, unless told for how long", function()
    start { rails = {} }
    for _, wait in ipairs { false, 1 } do
      local prepared = good("prepare_order", { symbol = "AAPL",
        transaction = "buy", amount = 100, orderType = "mit", triggerRate = 50 })
      local began = client:now()
      good("place", { prepared = prepared.prepared, wait = wait or nil })
      local took = client:now() - began
      assert.is_true(took >= (wait or run_limits.serve_wait))
      assert.is_true(took < (wait or run_limits.serve_wait) + 1)
    end
  end)

  it("takes run_limits.serve_calls_max messages in a batch", function()
    local all = {}
    for i = 1, run_limits.serve_calls_max do all[i] = request "ping" end
    assert.equal(run_limits.serve_calls_max, #say(json.encode(all)))
    all[#all + 1] = request "ping"
    local refused = say(json.encode(all))
    assert.equal(-32600, refused.error.code)
    assert.matches(("%d messages"):format(run_limits.serve_calls_max), refused.error.message)
  end)

  it("shows the beginning of a long complaint", function()
    local long = ("x"):rep(run_limits.serve_message_max * 2)
    for _, answer in ipairs { say(of_call(long, {}), request(long)) } do
      assert.is_true(#answer.error.message <= run_limits.serve_message_max + 3)
    end
    assert.is_true(#audit[1] < 2 * run_limits.serve_message_max)
    local message = bad("me", { [("x"):rep(run_limits.serve_message_max)] = 1 }).message
    assert.truthy(message:find("^unknown parameter 'xxx"))
    assert.is_true(#message <= run_limits.serve_message_max + 3)
    assert.is_true(#message >= run_limits.serve_message_max)
  end)
end)
