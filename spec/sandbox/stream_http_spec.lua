-- The served sandbox's WebSocket, against the client's own half of one.
local ceilings = require "etoro.sandbox.ceilings"
local cjson = require "cjson"
local core = require "etoro.core"
local sandbox = require "etoro.sandbox"
local ws = require "spec.support.ws"
local patience = require "spec.support.patience"

describe("the served sandbox's stream", function()
  local server, engine, way, time

  before_each(function()
    time = 1700000000
    server = assert(sandbox.server { api_key = ws.API_KEY,
      user_key = ws.USER_KEY, now = function() return time end })
    engine = core.engine()
    way = assert(engine:stream(ws.client(engine, server.url),
      { target = "/ws" }))
  end)
  after_each(function() server:close() end)

  local function take()
    local ends = core.monotonic() + patience
    while core.monotonic() < ends do
      local news = table.pack(way:take())
      if news[1] then return table.unpack(news, 1, news.n) end
      server:step(0.002)
      engine:step(0.002)
    end
    error("nothing in time", 2)
  end

  local function told()
    local kind, text = take()
    assert.equal("text", kind)
    return cjson.decode(text)
  end

  local function push()
    local one = told().messages[1]
    return one, cjson.decode(one.content)
  end

  local function ask(operation, data)
    assert(way:send(cjson.encode { id = "x", operation = operation,
      data = data }))
    local answer = told()
    assert.equal("x", answer.id)
    assert.is_nil(answer.type)
    assert.equal(operation, answer.operation)
    return answer.errorCode or answer.success
  end

  local function login()
    assert.equal("open", (take()))
    assert(way:login "in")
    assert.same({ id = "in", operation = "Authenticate", success = true },
      told())
  end

  it("logs in once, and tells what is wrong with a login", function()
    assert.equal("open", (take()))
    assert.equal("Unauthorized", ask("Subscribe", { topics = {} }))
    local function try(api, user)
      return ask("Authenticate", { apiKey = api, userKey = user, _ = 1 })
    end
    assert.equal("DataRequired", ask "Authenticate")
    assert.equal("ApiKeyRequired", try(nil, ws.USER_KEY))
    assert.equal("UserKeyRequired", try(ws.API_KEY))
    assert.equal("InvalidKey", try("other", ws.USER_KEY))
    assert.equal("Unauthorized", try(ws.API_KEY, "other"))
    assert.is_true(try(ws.API_KEY, ws.USER_KEY))
    assert.equal("SessionAlreadyAuthenticated", try(ws.API_KEY, ws.USER_KEY))
  end)

  it("gives a snapshot, then what changed, while it is asked for", function()
    login()
    local topics = { "instrument:1001" }
    assert.is_true(ask("Subscribe", { topics = topics, snapshot = true }))
    local one, state = push()
    assert.same({ "Snapshot", "instrument:1001" }, { one.type, one.topic })
    assert.same({ "1001", "2023-11-14T22:13:20.0000000Z" },
      { state.InstrumentID, state.Date })
    assert.is_true(core.number(state.Ask) > core.number(state.Bid))
    assert.equal("string", type(state.ConversionRateBid))
    local count, without, both = 200, 0, 0
    for i = 1, count do
      time = 1700000000 + i
      one, state = push()
      assert.equal("Trading.Instrument.Rate", one.type)
      assert.equal("string", type(state.PriceRateID))
      assert.is_nil(state.IsMarketOpen)
      if state.Bid and state.Ask then both = both + 1 end
      if not (state.Bid or state.Ask or state.LastExecution) then
        without = without + 1
      end
    end
    assert.is_true(without > count * 0.4 and without < count * 0.8, without)
    assert.is_true(both > count * 0.05 and both < count * 0.4, both)
    assert.is_true(ask("Unsubscribe", { topics = topics }))
    time = time + 5
    assert.is_true(ask("Subscribe", { topics = {} })) -- nothing before it
  end)

  it("refuses topics that are not there, and frames it cannot bear", function()
    login()
    for _, topic in ipairs { "instrument:0", "instrument:1e3", "other", "" } do
      assert.equal("SubscribeFailed", ask("Subscribe", { topics = { topic } }))
    end
    assert.is_true(ask("Subscribe", { topics = { "private" } }))
    assert(way:send(("x"):rep(ceilings.box_client_frame_max)))
    assert.equal("UnhandledException", told().errorCode)
    assert(way:send(("x"):rep(ceilings.box_client_frame_max + 1)))
    local kind, code = take()
    assert.same({ "closed", "lost" }, { kind, code })
  end)

  it("answers whatever is asked", function()
    login()
    local deep = ("["):rep(9000) .. ("]"):rep(9000)
    for _, id in ipairs { "1e999", "-1e999", "{}", "null", deep } do
      assert(way:send(('{"id":%s,"operation":"Subscribe","data":{"topics":'
        .. '[]}}'):format(id)))
      assert.is_nil(told().id)
    end
    for _, text in ipairs { "", "null", "[]", "1", '"x"', '{"operation":{}}',
      '{"operation":"__index","data":{}}', '{"operation":1e999}' } do
      assert(way:send(text))
      assert.equal("UnhandledException", told().errorCode)
    end
    for _, topics in ipairs { '[1]', '[null]', '[{}]',
      '["instrument:99999999999999999999"]', '["instrument:-1"]' } do
      assert(way:send('{"operation":"Subscribe","data":{"topics":' .. topics
        .. '}}'))
      assert.equal("SubscribeFailed", told().errorCode)
      assert(way:send('{"operation":"Unsubscribe","data":{"topics":' .. topics
        .. '}}'))
      assert.is_true(told().success)
    end
  end)

  it("takes so many topics a connection, and gives places back", function()
    server:close()
    server = assert(sandbox.server { api_key = ws.API_KEY, instruments = 6000,
      user_key = ws.USER_KEY, now = function() return time end })
    way = assert(engine:stream(ws.client(engine, server.url),
      { target = "/ws" }))
    login()
    local all = server.box.instruments
    local function topics(first, last)
      local out = {}
      for i = first, last do
        out[#out + 1] = ("instrument:%d"):format(all[i].instrumentID)
      end
      return { topics = out }
    end
    local most = ceilings.box_topics_max
    for i = 1, most, 1000 do
      assert.is_true(ask("Subscribe", topics(i, math.min(i + 999, most))))
    end
    assert.equal("SubscribeFailed", ask("Subscribe", topics(most, most + 1)))
    assert.is_true(ask("Subscribe", topics(most, most)))
    assert.is_true(ask("Unsubscribe", topics(1, 1)))
    assert.is_true(ask("Subscribe", topics(most + 1, most + 1)))
  end)
end)
