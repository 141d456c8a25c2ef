-- Private events of the sandbox's orders, closes and positions.
local ceilings = require "etoro.sandbox.ceilings"
local cjson = require "cjson"
local sandbox = require "etoro.sandbox"
local stream_hub = require "etoro.sandbox.stream.hub"
local ws = require "spec.support.ws"


describe("the sandbox's private events #lua", function()
  local box, client, way

  -- A way that is logged in and hears them.
  local function listen(one)
    local new = one._runtime.open_way(one._core)
    assert(new:login "in")
    assert(new:send(cjson.encode { id = "s", operation = "Subscribe",
      data = { topics = { "private" } } }))
    assert.equal("open", (new:take()))
    for _ = 1, 2 do
      assert.is_true(cjson.decode(select(2, new:take()) or "{}").success)
    end
    return new
  end

  local function make(options)
    local all = { api_key = ws.API_KEY, user_key = ws.USER_KEY,
      now = function() return 1700000000 end }
    for name, value in pairs(options or {}) do all[name] = value end
    box = sandbox.new(all)
    client = assert(box:client())
    way = listen(client)
  end

  before_each(function() make() end)

  -- All that has been said, as { type, content, id }.
  local function heard(from)
    local list = {}
    local kind, text = (from or way):take()
    while kind do
      if kind == "text" then
        local one = cjson.decode(text).messages[1]
        assert.equal("private", one.topic)
        list[#list + 1] = { type = one.type, id = one.id,
          content = cjson.decode(one.content) }
      end
      kind, text = (from or way):take()
    end
    return list
  end

  local function types(list)
    local names = {}
    for i, one in ipairs(list) do
      names[i] = one.type:match "^Trading%.(.*)$" .. " "
        .. ("%d"):format(one.content.StatusID or 0)
    end
    return names
  end

  local function pass(seconds)
    box:advance(seconds)
    stream_hub.of(box):tick()
  end

  local function place(one)
    return assert((one or client).orders:open { symbol = "AAPL",
      transaction = "buy", amount = 100 })
  end

  it("tell of an order what REST tells", function()
    local order = place()
    assert.same({}, heard()) -- the answer is first
    pass(1)
    local list = heard()
    assert.same({ "OrderForOpen.Update 1", "Position.Opened 0",
      "OrderForOpen.Update 3" }, types(list))
    local me = assert(client.account:me())
    local position = assert(client.positions:list())[1]
    for _, one in ipairs(list) do
      assert.same({ order.orderId, me.demoCid, 1001 }, { one.content.OrderID,
        one.content.CID, one.content.InstrumentID })
    end
    local last = list[3].content
    assert.same({ 3, order.referenceId, 17, 0, false }, { last.StatusId,
      last.RequestGuid, last.OrderType, last.ErrorCode, last.IsInMirror })
    assert.same({ position.positionID, position.openRate, position.units },
      { last.PositionID, last.EndRate, last.ExecutedUnits })
    local opened = list[2].content
    assert.same({ position.positionID, position.openRate, position.amount },
      { opened.PositionID, opened.OpenRate, opened.Amount })
    assert.equal("2023-11-14T22:13:20.0000000Z", last.RequestOccurred)
  end)

  it("tell of closes and edits", function()
    place()
    pass(1)
    local position = assert(client.positions:list())[1]
    heard()
    assert(client:call("PATCH /api/v2/trading/demo/positions/{positionId}", {
      positionId = position.positionID, body = { stopLossRate = 1 } }))
    pass(1)
    local list = heard()
    assert.same({ "Position.Updated 0" }, types(list))
    assert.same({ 1, position.positionID }, { list[1].content.StopLossRate,
      list[1].content.PositionID })
    local units = position.units
    assert(position:close { units = units / 2 })
    pass(1)
    list = heard()
    assert.same({ "OrderForCloseMultiple.Update 1", "Position.Updated 0",
      "OrderForCloseMultiple.Update 3" }, types(list))
    assert.same({ position.positionID },
      list[1].content.PendingClosePositionIDs)
    assert.same({}, list[3].content.PendingClosePositionIDs)
    assert.equal(19, list[3].content.OrderType)
    assert.is_true(list[2].content.Units < units)
    assert(position:refresh())
    assert(position:close())
    pass(1)
    list = heard()
    assert.same({ "OrderForCloseMultiple.Update 1", "Position.Closed 0",
      "OrderForCloseMultiple.Update 3" }, types(list))
    local closed, done = list[2].content, list[3].content
    assert.same({ closed.CloseRate, closed.NetProfit }, { done.EndRate,
      done.NetProfit })
  end)

  it("tell why an order was refused, and that one was cancelled", function()
    make { reject = 1, fill_delay = 5 }
    place()
    pass(6)
    local list = heard()
    assert.same({ "OrderForOpen.Update 1", "OrderForOpen.Update 4" },
      types(list))
    assert.is_true(list[2].content.ErrorCode > 0)
    assert.is_string(list[2].content.ErrorMessage)
    assert(box:change { reject = 0 })
    assert(place():cancel())
    pass(1)
    assert.same({ "OrderForOpen.Update 1", "OrderForOpen.Update 6",
      "OrderForOpen.Update 7" }, types(heard()))
  end)

  it("come at their moment, without a request, in a program too", function()
    make { fill_delay = 3600 }
    local spans = {}
    box:run(function()
      local stream = assert(client:stream())
      assert(stream:subscribe { "private" })
      repeat local event = stream:next() until event.kind == "connected"
      local start = client:now()
      place()
      while #spans < 3 do
        local event = stream:next()
        if event.content then
          spans[#spans + 1] = math.floor(client:now() - start + 0.5)
        end
      end
      stream:close()
    end)
    assert.same({ 0, 3600, 3600 }, spans)
  end)

  it("tell of a stop loss that was reached", function()
    place()
    pass(1)
    local position = assert(client.positions:list())[1]
    assert(client:call("PATCH /api/v2/trading/demo/positions/{positionId}", {
      positionId = position.positionID,
      body = { stopLossRate = position.openRate * 0.5 } }))
    pass(1)
    heard()
    box:handle { method = "POST", path = "/sandbox/trading/price", headers = {
      ["content-type"] = "application/json" }, query = "",
      body = '{"instrumentId":1001,"price":10}' }
    pass(1)
    assert.same({ "Position.Closed 0" }, types(heard()))
  end)

  it("are those of the caller's accounts, each with its CID", function()
    local me = assert(client.account:me())
    local real = assert(box:client { account = "real" })
    place(real)
    pass(1)
    local list = heard()
    assert.equal(3, #list)
    for _, one in ipairs(list) do
      assert.equal(me.realCid, one.content.CID)
    end
    local portfolio = assert(real.portfolios:create {
      investmentAmountInUsd = 2000, agentPortfolioName = "MyPort1",
      userTokenName = "bot", scopeNames = { "etoro-public:trade.real:write",
        "etoro-public:trade.real:read" } })
    local agent = assert(portfolio.userTokens[1]:client())
    local agents = listen(agent)
    place(client)
    pass(1)
    assert.same({}, heard(agents))
    assert.equal(3, #heard())
    place(agent)
    pass(1)
    list = heard(agents)
    assert.same({ "OrderForOpen.Update 1", "Position.Opened 0",
      "OrderForOpen.Update 3" }, types(list))
    assert.is_false(list[2].content.IsInMirror)
    local copies = heard()
    assert.same({ "Position.Opened 0" }, types(copies))
    assert.same({ me.realCid, true }, { copies[1].content.CID,
      copies[1].content.IsInMirror })
  end)

  it("come before the answer where options say so", function()
    make { early_events = true, fill_delay = 0 }
    local start = client:now()
    local order = place()
    assert.is_true(client:now() - start >= ceilings.box_early)
    local list = heard()
    assert.equal("OrderForOpen.Update 1", types(list)[1])
    assert.equal(order.orderId, list[1].content.OrderID)
  end)

  it("come twice where options say so", function()
    make { doubled_events = true }
    place()
    pass(1)
    local list = heard()
    assert.same({ "OrderForOpen.Update 1", "OrderForOpen.Update 1",
      "Position.Opened 0", "Position.Opened 0", "OrderForOpen.Update 3",
      "OrderForOpen.Update 3" }, types(list))
    assert.same(list[1].content, list[2].content)
    assert.not_equal(list[1].id, list[2].id)
  end)

  it("come in any order where options say so, the same under a seed",
    function()
    local first
    for round = 1, 2 do
      make { shuffled_events = true, fill_delay = 0.01 }
      for _ = 1, 5 do place() end
      pass(2) -- the fills
      pass(ceilings.box_shuffle)
      local list, sorted = {}, {}
      for i, one in ipairs(heard()) do
        list[i] = ("%d %s"):format(one.content.OrderID, one.type)
        sorted[i] = one.content.OrderID
      end
      assert.equal(15, #list)
      assert.is_false((function()
        for i = 2, #sorted do
          if sorted[i] < sorted[i - 1] then return false end
        end
        return true
      end)())
      if round == 2 then assert.same(first, list) end
      first = list
    end
  end)

  it("are lost for who is not there, and end with their topic", function()
    assert(way:send(cjson.encode { id = "u", operation = "Unsubscribe",
      data = { topics = { "private" } } }))
    assert.is_true(cjson.decode(select(2, way:take()) or "{}").success)
    place()
    pass(1)
    assert.same({}, heard())
    local later = listen(client)
    pass(1)
    assert.same({}, heard(later))
  end)
end)
