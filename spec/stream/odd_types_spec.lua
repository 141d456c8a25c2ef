-- A server's fields that are of another type than they have: words that somebody
-- can read come of them, no error out of the loop, and the next message as ever.
local core = require "etoro.core"
local etoro = require "etoro"
local json = require "etoro.values.json"
local ws = require "spec.support.ws"
local patience = require "spec.support.patience"

local VALUES = { "null", "true", "false", "0", "-1.5", "1e308", '""', '"x"', "[]",
  "{}", '["InvalidKey"]', '[1,{"a":[2]}]', '{"errorCode":"InvalidKey"}', "403",
  "12345678901234567890123", '"\\u0000"', '"\\ud800"' }

describe("a field of another type", function()
  local server, client, stream

  setup(function() server = ws.start() end)
  teardown(function() server:stop() end)
  after_each(function() stream:close() end)

  -- A stream to a server that answers with those fields, JSON texts, and says
  -- those texts behind its answer to a subscribe, and the last one.
  local function open(fields, texts, last)
    local said = {}
    for _, text in ipairs(texts or {}) do table.insert(said, json.encode(text)) end
    if last then table.insert(said, json.encode(last)) end
    local odd = ('{%s"say":[%s]}'):format(fields or "", table.concat(said, ","))
    client = assert(etoro.client { base_url = "http://127.0.0.1:1",
      api_key = ws.API_KEY, user_key = ws.USER_KEY, connect_timeout = patience,
      on_event = function() end,
      stream_url = ("ws://127.0.0.1:%s/bad/odd/%s"):format(server.plain,
        (odd:gsub(".", function(c) return ("%02x"):format(c:byte()) end))) })
    stream = assert(client:stream { backoff = { 0.01, 0.02 } })
    assert(stream:subscribe { 1001 })
  end

  local function close()
    stream:close()
    server:expect "asked" -- so that what it prints is read
  end

  -- What is told for people is text, and no table's address.
  local function check_words(event, row)
    local err = event.err
    for name, words in pairs { code = event.code or err and err.code,
        detail = event.detail, message = err and err.message, topic = event.topic,
        type = event.type } do
      assert.equal("string", type(words), row .. " " .. name)
      assert.is_nil(words:find("0x%x%x%x"), row .. ": " .. words)
      assert.is_true(name == "type" or words ~= "", row .. " " .. name)
      assert.is_true(#words <= 500, row)
    end
  end

  local function until_kind(kinds, row)
    for _ = 1, 30 do
      local event, err = stream:next(patience)
      if not event then
        assert(err, row .. ": nothing is told")
        return { kind = "over", err = err }
      end
      check_words(event, row)
      if kinds[event.kind] then return event end
    end
    error(row)
  end

  it("of a refusal is told in words", function()
    for _, operation in ipairs { "Authenticate", "Subscribe" } do
      for _, name in ipairs { "errorCode", "errorMessage", "operation" } do
        for _, value in ipairs(VALUES) do
          local row = ("%s %s %s"):format(operation, name, value)
          open(('"%s":{"success":false,"errorCode":"E","errorMessage":"m","%s":%s},')
            :format(operation, name, value))
          local event = until_kind({ refused = true, disconnected = true }, row)
          check_words(event, row)
          assert.not_equal("over", event.kind, row)
          close()
        end
      end
    end
  end)

  it("of an answer's success is no success", function()
    for _, value in ipairs(VALUES) do
      if value ~= "true" then
        open(('"Subscribe":{"success":%s},'):format(value))
        local event = until_kind({ refused = true, disconnected = true }, value)
        assert.equal("refused", event.kind, value)
        assert.same({ "instrument:1001" }, event.topics)
        close()
      end
    end
  end)

  local PRICE = '{"messages":[{"topic":"instrument:1001","type":"Snapshot","id":"1",'
    .. '"content":"{\\"Bid\\":\\"7\\",\\"PriceRateID\\":\\"z\\"}"}]}'

  -- A message as the API sends it, one of its parts replaced.
  local function message(topic, content, name, value)
    local parts = { topic = json.encode(topic), type = '"T.Order"', id = '"1"',
      content = json.encode(content) }
    parts[name] = value
    return ('{"messages":[{"topic":%s,"type":%s,"id":%s,"content":%s}]}'):format(
      parts.topic, parts.type, parts.id, parts.content)
  end

  -- Reads until the price is there that was said last, and all that was told
  -- until then: how the texts fall into reads is no matter.
  local function await_price(row)
    local ends = core.monotonic() + patience
    while stream:quote(1001).bid ~= 7 do
      local event, err = stream:next(1)
      assert.is_nil(err, row)
      if event then
        assert.not_equal("disconnected", event.kind, row)
        check_words(event, row)
      end
      assert.is_true(core.monotonic() < ends, row)
    end
    for event in function() return stream:next(0) end do check_words(event, row) end
  end

  it("of a push is handed on, and the next one heard", function()
    for _, value in ipairs(VALUES) do
      local texts = { value, ('{"messages":%s}'):format(value),
        ('{"messages":[%s,%s]}'):format(value, value) }
      for _, name in ipairs { "topic", "type", "id", "content" } do
        table.insert(texts, message("private", '{"OrderID":1}', name, value))
        table.insert(texts, message("instrument:1001", '{"Ask":"8"}', name, value))
      end
      for _, name in ipairs { "OrderID", "CID", "PositionID", "RequestGuid",
          "RequestToken", "PendingClosePositionIDs", "StatusID" } do
        table.insert(texts, message("private", ('{"%s":%s}'):format(name, value),
          "id", '"2"'))
      end
      for _, name in ipairs { "Ask", "Date", "IsMarketOpen", "PriceRateID" } do
        table.insert(texts, message("instrument:1001", ('{"%s":%s}'):format(name,
          value), "id", '"2"'))
      end
      for first = 1, #texts, 8 do -- so that a path takes them
        open(nil, table.move(texts, first, first + 7, 1, {}), PRICE)
        await_price(value)
        close()
      end
    end
  end)
end)
