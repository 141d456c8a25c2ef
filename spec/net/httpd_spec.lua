local httpd = require "etoro.httpd"
local socket = require "socket"
local patience = require "spec.support.patience"

describe("etoro.httpd #memory", function()
  local server, open

  -- A client connection with text on its way.
  local function send(text)
    local c = assert(socket.connect("127.0.0.1", server:port()))
    c:settimeout(patience)
    assert(c:send(text))
    open[#open + 1] = c
    return c
  end

  local function get(target, more)
    return send(("GET %s HTTP/1.1\r\nHost: x\r\n%s\r\n"):format(target,
      more or ""))
  end

  -- Lets the server work until something has come on c.
  local function serve(c)
    local ends = socket.gettime() + patience
    repeat server:wait(0.01)
    until socket.select({ c }, nil, 0)[1] or socket.gettime() > ends
  end

  -- status line, headers and body of the next answer on c
  local function receive(c)
    serve(c)
    local line, headers, body = assert(c:receive "*l"), {}, nil
    local text = c:receive "*l"
    while text and text ~= "" do
      local name, value = text:match "^([^:]+): *(.*)$"
      headers[name:lower()] = value
      text = c:receive "*l"
    end
    local length = tonumber(headers["content-length"] or 0)
    if length > 0 then body = c:receive(length) end
    return line, headers, body
  end

  -- everything until the peer closes in good order
  local function rest(c)
    local parts, ends = {}, socket.gettime() + patience
    c:settimeout(0)
    repeat
      server:wait(0.01)
      local text, why, partial = c:receive "*a"
      parts[#parts + 1] = text or partial
      assert.is_true(text ~= nil or why == "closed" or why == "timeout", why)
    until text or why == "closed" or socket.gettime() > ends
    return table.concat(parts)
  end

  before_each(function()
    server, open = assert(httpd.listen {}), {}
  end)

  after_each(function()
    for _, c in ipairs(open) do c:close() end
    server:close()
  end)

  it("hands over the request as it was sent", function()
    send("DELETE /a%2Fb/../%20?x=1,2&y=%41 HTTP/1.1\r\nHost: x\r\n"
      .. "X-Thing: One\r\nx-thing: Two\r\nContent-Length: 4\r\n\r\nbo\0y")
    local r = server:wait(patience)
    assert.equal("DELETE", r.method)
    assert.equal("/a%2Fb/../%20", r.path)
    assert.equal("x=1,2&y=%41", r.query)
    assert.equal("One, Two", r.headers["x-thing"])
    assert.equal("bo\0y", r.body)
    assert.equal("127.0.0.1", r.remote)
    assert.equal(1, r.connection)
  end)

  it("answers with status, headers and body, and keeps the connection",
  function()
    local c = get "/one"
    local r = server:wait(patience)
    assert.is_true(server:respond(r.id, 201, { ["X-A"] = { "1", "2" },
      Date = "Thu, 01 Jan 1970 00:00:00 GMT" }, "hello"))
    local line, headers, body = receive(c)
    assert.equal("HTTP/1.1 201 Created", line)
    assert.equal("2", headers["x-a"])
    assert.equal("Thu, 01 Jan 1970 00:00:00 GMT", headers.date)
    assert.equal("hello", body)
    assert(c:send "HEAD /two HTTP/1.1\r\nHost: x\r\n\r\n")
    local again = server:wait(patience)
    assert.equal(r.connection, again.connection)
    assert.equal("HEAD", again.method)
    server:respond(again.id, 204, {}, "")
    assert.equal("HTTP/1.1 204 No Content", (receive(c)))
  end)

  it("answers in any order", function()
    local a, b = get "/a", get "/b"
    local one, two = server:wait(patience), server:wait(patience)
    if one.path == "/b" then one, two = two, one end
    server:respond(two.id, 200, {}, "second")
    assert.equal("second", select(3, receive(b)))
    server:respond(one.id, 200, {}, "first")
    assert.equal("first", select(3, receive(a)))
  end)

  it("collects a body that comes in pieces, chunked or not", function()
    local c = send("POST /p HTTP/1.1\r\nHost: x\r\n"
      .. "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
    assert.same({ nil, "timeout" }, { server:wait(0.02) })
    c:send "2\r\nde\r\n0\r\n\r\n"
    assert.equal("abcde", server:wait(patience).body)
    c = send "POST /p HTTP/1.1\r\nHost: x\r\nContent-Le"
    assert.is_nil(server:wait(0.02))
    c:send "ngth: 4\r\n\r\nab"
    assert.is_nil(server:wait(0.02))
    c:send "cd"
    assert.equal("abcd", server:wait(patience).body)
  end)

  it("refuses a body over its ceiling by itself", function()
    server:close()
    server = assert(httpd.listen { max_body = 10 })
    local c = send("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n"
      .. ("x"):rep(11))
    assert.is_nil(server:wait(0.05))
    assert.matches("^HTTP/1.1 413", (receive(c)))
    c = send("POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
      .. "\r\n8\r\nxxxxxxxx\r\n8\r\nxxxxxxxx\r\n0\r\n\r\n")
    assert.is_nil(server:wait(0.05))
    assert.matches("^HTTP/1.1 413", (receive(c)))
    send("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n"
      .. ("x"):rep(10))
    assert.equal(10, #server:wait(patience).body)
  end)

  it("takes bodies of ETORO_HTTPD_BODY_MAX", function()
    for extra, status in pairs { [0] = "200", [1] = "413" } do
      local c = send("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: "
        .. (1 << 26) + extra .. "\r\n\r\n")
      c:settimeout(0)
      local text, at = ("x"):rep(2 ^ 26 + extra), 0
      local r
      repeat
        local sent, _, so_far = c:send(text, at + 1)
        at = sent or so_far or at
        r = server:wait(0)
      until r or at == #text or status == "413" and at > 2 ^ 20 and not sent
      r = r or status == "200" and server:wait(patience)
      if r then
        assert.equal(2 ^ 26, #r.body)
        server:respond(r.id, 200, {}, "")
      end
      c:settimeout(patience)
      assert.matches("^HTTP/1.1 " .. status, (receive(c)))
      collectgarbage()
    end
  end)

  it("answers with ETORO_HTTPD_HEADER_VALUES_MAX values of a header",
    function()
      local values = {}
      for i = 1, 1001 do values[i] = "v" .. i end
      local c = get "/one"
      local id = server:wait(patience).id
      local ok, message = server:respond(id, 200, { ["X-A"] = values }, "")
      assert.is_nil(ok)
      assert.equal("a header has more than 1000 values", message)
      values[1001] = nil
      assert.is_true(server:respond(id, 200, { ["X-A"] = values }, ""))
      serve(c)
      local count, line = 0, c:receive "*l"
      while line ~= "" do
        if line:find "^X%-A: v" then count = count + 1 end
        line = c:receive "*l"
      end
      assert.equal(1000, count)
    end)

  it("reads heads that fit into ETORO_HTTPD_HEAD_MAX", function()
    local c = get("/one", "X-Fill: " .. ("y"):rep(32 * 1024) .. "\r\n")
    local r = server:wait(patience)
    assert.equal(32 * 1024, #r.headers["x-fill"])
    server:respond(r.id, 200, {}, "")
    assert.matches("200", (receive(c)))
    c = get("/one", "X-Fill: " .. ("y"):rep(65 * 1024) .. "\r\n")
    assert.is_nil((server:wait(0.1)))
    assert.matches("^HTTP/1.1 4%d%d", (receive(c)))
  end)

  it("cuts a connection without a byte", function()
    local c = get "/"
    assert.is_true(server:cut(server:wait(patience).id))
    assert.equal("", rest(c))
    c = get "/"
    assert.is_true(server:cut(server:wait(patience).id, true))
    serve(c)
    local text, why = c:receive(1)
    assert.is_nil(text)
    assert.is_truthy(why:find "reset" or why == "closed")
  end)

  it("cuts a body short of its announced length", function()
    local c = get "/"
    server:respond(server:wait(patience).id, 200, {}, ("x"):rep(100), 40)
    local text = rest(c)
    assert.matches("Content%-Length: 100", text)
    assert.equal(("x"):rep(40), text:match "\r\n\r\n(.*)$")
    c = get "/"
    server:respond(server:wait(patience).id, 200, {}, "abc", 0)
    assert.matches("\r\n\r\n$", (rest(c)))
  end)

  it("sends raw bytes", function()
    local c = get "/"
    local id = server:wait(patience).id
    assert.equal(7, server:send(id, "garbage"))
    assert.equal(1, server:send(id, "!"))
    server:cut(id)
    assert.equal("garbage!", rest(c))
  end)

  it("sees that a held request's peer has left", function()
    local c = get "/"
    local id = server:wait(patience).id
    assert.is_false(server:gone(id))
    c:close()
    for _ = 1, 500 do
      if server:gone(id) then break end
      socket.sleep(0.01)
    end
    assert.is_true(server:gone(id))
    server:respond(id, 200, {}, "nobody")
    server:wait(0.02)
    assert.is_true(server:gone(id))
  end)

  it("knows each request once", function()
    local c = get "/"
    local id = server:wait(patience).id
    server:respond(id, 200, {}, "")
    for _, call in ipairs { function() return server:cut(id) end,
        function() return server:send(id, "x") end,
        function() return server:respond(id, 200, {}, "") end,
        function() return server:respond(id + 1, 200, {}, "") end } do
      local ok, message = call()
      assert.is_nil(ok)
      assert.equal("no request waits under this id", message)
    end
    receive(c)
  end)

  it("raises on wrong arguments and loses no request by it", function()
    local c = get "/"
    local id = server:wait(patience).id
    for _, bad in ipairs { { 99, {} }, { 600, {} }, { 200, "x" },
        { 200, { a = 1 } }, { 200, { "x" } }, { 200, { a = { 1 } } } } do
      assert.is_false(pcall(server.respond, server, id, bad[1], bad[2], ""))
    end
    local ok, message = server:respond(id, 200, { ["X-A"] = "a\r\nB: c" }, "")
    assert.is_nil(ok)
    assert.matches("header was refused", message)
    assert.is_true(server:respond(id, 200, {}, "fine"))
    assert.equal("fine", select(3, receive(c)))
    assert.is_false(pcall(httpd.listen, { port = -1 }))
    assert.is_false(pcall(httpd.listen, { port = "x" }))
    assert.is_false(pcall(httpd.listen))
  end)

  it("lives through nonsense", function()
    for _, text in ipairs { "\r\n\r\n", "GARBAGE\r\n\r\n", ("x"):rep(100000),
        "GET / HTTP/1.1\r\nHost: x\r\nBad Header\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n" } do
      send(text):shutdown "send"
      local r = server:wait(0.02)
      if r then server:cut(r.id) end
    end
    get "/still"
    local r
    repeat r = server:wait(patience) until r.path == "/still"
  end)

  it("listens on this machine only", function()
    for _, host in ipairs { "0.0.0.0", "192.168.1.1", "::", "example.org",
        "" } do
      local other, message = httpd.listen { host = host }
      assert.is_nil(other)
      assert.matches("loopback", message)
    end
    local other, message = httpd.listen { port = server:port() }
    assert.is_nil(other)
    assert.matches("cannot listen on 127.0.0.1 port %d+: ", message)
    other = httpd.listen { host = "::1" }
    if other then other:close() end -- a machine may be without IPv6
  end)

  it("closes in any state, any number of times", function()
    get "/held"
    server:wait(patience)
    get "/unread"
    send "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf"
    server:wait(0)
    server:close()
    server:close()
    assert.equal("etoro.httpd (closed)", tostring(server))
    assert.is_false(pcall(server.wait, server, 0))
    assert.is_false(pcall(server.port, server))
    server = assert(httpd.listen {})
    get "/held"
    server:wait(patience)
    get "/unread"
    local weak = setmetatable({ server }, { __mode = "v" })
    server = assert(httpd.listen {})
    collectgarbage()
    collectgarbage()
    assert.is_nil(weak[1])
  end)

  it("has a descriptor that shows when there is work", function()
    local luv = require "luv"
    if not server:fd() then return pending "no epoll here" end
    local poll = luv.new_poll(server:fd())
    local is_ready = false
    poll:start("r", function() is_ready = true end)
    luv.run "nowait"
    assert.is_false(is_ready)
    get "/"
    for _ = 1, 100 do
      luv.run "nowait"
      if is_ready then break end
      socket.sleep(0.01)
    end
    poll:stop()
    poll:close()
    luv.run "nowait"
    assert.is_true(is_ready)
    assert.is_table(server:wait(0))
  end)
end)
