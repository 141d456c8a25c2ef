-- The server's half of a WebSocket, which a sandbox serves by, and a stream to
-- it in one loop.
local cjson = require "cjson"
local core = require "etoro.core"
local httpd = require "etoro.httpd"
local ws = require "spec.support.ws"
local patience = require "spec.support.patience"

describe("etoro.httpd #memory", function()
  local server, engine, client

  before_each(function()
    server = assert(httpd.listen {})
    engine = core.engine()
    client = ws.client(engine, "http://127.0.0.1:" .. server:port())
  end)
  after_each(function()
    server:close()
    collectgarbage()
  end)

  -- Runs both sides until check() gives something.
  local function both(check, on_news)
    local ends = core.monotonic() + patience
    while core.monotonic() < ends do
      local found = table.pack(check())
      if found[1] then return table.unpack(found, 1, found.n) end
      local news = server:wait(0.002)
      if news and on_news then on_news(news) end
      engine:step(0.002)
    end
    error("nothing in time", 2)
  end

  -- Upgrades what asks for it; other news are kept in the list it gives.
  local function upgrading(list)
    return function(news)
      if news.id then
        list.id, list.headers = news.id, news.headers
        assert(server:upgrade(news.id))
      else
        list[#list + 1] = news
      end
    end
  end

  local function connect()
    local list = {}
    local on_news = upgrading(list)
    local stream = assert(engine:stream(client, { target = "/ws" }))
    assert.equal("open", (both(function() return stream:take() end, on_news)))
    return stream, list, on_news
  end

  local function take(stream, on_news)
    return both(function() return stream:take() end, on_news)
  end

  it("upgrades a request, and echoes", function()
    local stream, list = connect()
    local function echo(news)
      list[#list + 1] = news
      if news.kind == "text" then assert(server:say(news.socket, news.data)) end
    end
    for _, text in ipairs { "", "h\u{e9}llo", ("x"):rep(100000) } do
      assert(stream:send(text))
      local kind, answer = take(stream, echo)
      assert.equal("text", kind)
      assert.is_true(answer == text)
    end
    assert.equal("websocket", list.headers.upgrade)
    assert.is_nil(list.headers["x-api-key"])
    assert.equal(list.id, list[1].socket)
  end)

  it("hears a login", function()
    local stream, list = connect()
    local function answer(news)
      list[#list + 1] = news
      local login = cjson.decode(news.data)
      assert(server:say(news.socket, cjson.encode { id = login.id,
        operation = login.operation, success = login.data.apiKey == ws.API_KEY
          and login.data.userKey == ws.USER_KEY }))
    end
    assert(stream:login "first")
    local _, text = take(stream, answer)
    assert.same({ id = "first", operation = "Authenticate", success = true },
      cjson.decode(text))
  end)

  it("says and hears good-bye", function()
    local stream, list, on_news = connect()
    server:shut(list.id, 4003, "enough")
    assert.same({ "close", "enough", 4003 }, { take(stream, on_news) })
    assert.same({ "closed", nil, "", 4003 }, { take(stream, on_news) })
    both(function() return #list == 2 end, on_news)
    assert.same({ "close", "closed" }, { list[1].kind, list[2].kind })
    assert.is_nil((server:say(list.id, "late")))
    stream, list, on_news = connect()
    assert(stream:close(4004, "bye"))
    both(function() return #list == 2 end, on_news)
    assert.same({ socket = list.id, kind = "close", data = "bye", code = 4004 },
      list[1])
    assert.equal("close", (take(stream, on_news)))
  end)

  it("cuts, and sees who has left", function()
    local stream, list, on_news = connect()
    server:shut(list.id)
    local kind, code = take(stream, on_news)
    assert.same({ "closed", "lost" }, { kind, code })
    stream, list, on_news = connect() -- luacheck: ignore
    stream = nil -- luacheck: ignore
    collectgarbage()
    both(function() return #list == 1 end, on_news)
    assert.equal("closed", list[1].kind)
  end)

  it("pings, and is pinged", function()
    local stream, list, on_news = connect()
    assert(server:say(list.id, "there?", "ping"))
    both(function() return #list == 1 end, on_news)
    assert.same({ socket = list.id, kind = "pong", data = "there?", code = 0 },
      list[1])
    assert(stream:ping "and you?")
    assert.same({ "pong", "and you?", 0 }, { take(stream, on_news) })
  end)

  it("breaks the rules where it is told to", function()
    local stream, list, on_news = connect()
    assert(stream:ping(("x"):rep(125)))
    assert.equal("pong", (take(stream, on_news)))
    server:mute(list.id, true)
    for _, text in ipairs { "", "x", ("x"):rep(125) } do
      assert(stream:ping(text))
    end
    assert(stream:send "heard")
    both(function() return list[1] end, on_news)
    assert(server:say(list.id, "first"))
    assert.same({ "text", "first", 0 }, { take(stream, on_news) })
    server:mute(list.id, false)
    assert(stream:ping "again")
    assert.same({ "pong", "again", 0 }, { take(stream, on_news) })
    assert(server:say(list.id, "\x81\x05hel", "raw"))
    server:shut(list.id)
    local kind, code = take(stream, on_news)
    assert.same({ "closed", "lost" }, { kind, code })
    stream, list, on_news = connect()
    assert(server:say(list.id, "whole"))
    assert(server:say(list.id, "\x81\x05whole\xff\xff", "raw"))
    for _ = 1, 2 do
      assert.same({ "text", "whole", 0 }, { take(stream, on_news) })
    end
    kind, code = take(stream, on_news)
    assert.same({ "closed", "protocol" }, { kind, code })
    local ok, message = server:say(list.id, ("x"):rep(2 ^ 20), "raw")
    assert.is_nil(ok)
    assert.is_string(message)
  end)

  it("answers HTTP beside it", function()
    local stream, list = connect()
    local socket = require "socket"
    local plain = assert(socket.connect("127.0.0.1", server:port()))
    plain:send "GET /time HTTP/1.1\r\nHost: x\r\n\r\n"
    assert(stream:send "hello")
    both(function() return list.text and list.path end, function(news)
      if news.id then
        list.path = news.path
        assert.is_nil((server:upgrade(news.id))) -- it asks for none
        assert(server:respond(news.id, 200, {}, "noon"))
      else
        list.text = news.data
      end
    end)
    both(function() return socket.select({ plain }, nil, 0)[1] end)
    plain:settimeout(patience)
    assert.equal("HTTP/1.1 200 OK", plain:receive "*l")
    assert.same({ "/time", "hello" }, { list.path, list.text })
    plain:close()
  end)

  it("ends a WebSocket with what breaks the rules", function()
    local socket = require "socket"
    for _, bytes in ipairs { "\x81\x01x", "\x81\x81mask\x80", "\xff\x80mask" } do
      local list = {}
      local raw = assert(socket.connect("127.0.0.1", server:port()))
      raw:settimeout(0)
      raw:send("GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
        .. "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        .. "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n" .. bytes)
      both(function() return list[1] end, upgrading(list))
      assert.equal("closed", list[1].kind)
      local text = ""
      both(function() -- the library closes as it runs
        local data, err, part = raw:receive(65536)
        text = text .. (data or part)
        return err == "closed"
      end)
      assert.matches("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", text, 1, true)
      assert.matches("\r\n\r\n\x88\x02\x03[\xea\xef]$", text)
      raw:close()
    end
  end)

  it("carries many at a time, and ends them with itself", function()
    local streams, on_news = {}, upgrading {}
    for i = 1, 20 do
      streams[i] = assert(engine:stream(client, { target = "/ws" }))
    end
    for i = 1, 20 do
      assert.equal("open", (take(streams[i], on_news)))
    end
    server:close()
    for i = 1, 20 do
      local kind, code = ws.take(streams[i])
      assert.same({ "closed", "lost" }, { kind, code })
    end
    server = assert(httpd.listen {})
  end)
end)
