-- What is taken from a kept connection: the answer to the request that went
-- out on it, and nothing else that lies there. A connection on which anything
-- waits, or that its server has ended, carries no further request; nothing has
-- been sent then, and the call goes out over a new one, once.
local etoro = require "etoro"
local nginx = require "spec.support.nginx"
local process = require "spec.support.process"
local recorder = require "spec.support.recorder"
local tls_server = require "spec.support.tls_server"
local patience = require "spec.support.patience"

-- Operations of each class, made up, with nothing that looks into an answer.
local function sender(method, class)
  local operation = { method = method, path = "/work", class = class,
    params = { path = {}, query = {} }, success = { 200 } }
  return function(client) return client:send(operation, nil, nil) end
end

local CLASSES = {
  safe = sender("GET", "safe"),
  keyed = sender("POST", "keyed"),
  close = sender("POST", "close"),
  never = sender("POST", "never"),
}

local function answer(body)
  return ("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    .. "Content-Length: %d\r\n\r\n%s"):format(#body, body)
end

local UNASKED = answer '{"orderId":666}'
local TIMEOUT = "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n"
  .. "Connection: close\r\n\r\n"

-- What a server leaves on a connection: behind its answer, so that the answer
-- is read before it comes, if nothing else is said.
local LEFT = {
  { "an answer nobody asked for", { after = UNASKED } },
  { "two of them", { after = UNASKED .. UNASKED } },
  { "the first byte of one", { after = "H" } },
  { "an empty line", { after = "\r\n" } },
  { "an interim answer", { after = "HTTP/1.1 100 Continue\r\n\r\n" } },
  { "one right behind the answer", { after = UNASKED, after_wait = 0 } },
  { "one behind a body in chunks", { after = UNASKED,
    raw = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      .. "2\r\n{}\r\n0\r\n\r\n" } },
  { "one behind an answer without a body", { status = 204,
    after = UNASKED } },
  { "one in the answer's own packet", { raw = answer "{}" .. UNASKED } },
  { "one that begins in its packet", { raw = answer "{}"
    .. UNASKED:sub(1, 40), after = UNASKED:sub(41) } },
  { "a 408, and its end", { after = TIMEOUT, quit = true } },
  { "its end", { quit = true } },
  { "its end right behind the answer", { quit = true, after_wait = 0 } },
}

describe("a kept connection #memory", function()
  local server

  setup(function() server = recorder.start() end)
  teardown(function() server:stop() end)

  before_each(function()
    server:clear()
    server:set { default = { body = '{"right":true}' } }
  end)

  -- All that the server wants to send has been sent, which on loopback is to
  -- have arrived.
  local function settled()
    process.eventually(function()
      for _, c in ipairs(server:connections()) do
        if c.is_open and c.unsent > 0 then return false end
      end
      return true
    end, "the server's last byte")
  end

  local function counts()
    local list = {}
    for _, arrival in ipairs(server:arrivals()) do
      local id = arrival.headers["x-request-id"]
      list[id] = (list[id] or 0) + 1
    end
    return list
  end

  for _, case in ipairs(LEFT) do
    local name, step = case[1], case[2]

    for class, send in pairs(CLASSES) do
      it(("with %s costs a call of class %s nothing"):format(name, class),
        function()
        local c = assert(server:client { max_retries = 0, timeout = patience })
        server:script { step }
        assert(c:request { path = "/first" })
        settled()
        local before = etoro.stats().attempts
        local result, response = send(c)
        assert.is_not_nil(result, response)
        assert.is_true(result.right)
        assert.equal(1, response.attempts)
        assert.equal(1, etoro.stats().attempts - before)
        assert.equal(2, #server:arrivals())
        assert.equal(1, counts()[response.request_id])
        -- and the new connection is kept
        local connections = #server:connections()
        assert.is_true(assert(send(c)).right)
        assert.equal(connections, #server:connections())
      end)
    end

    it(("with %s is left in a host's loop, too"):format(name), function()
      local c = assert(server:client { max_retries = 0, timeout = patience })
      etoro.loop():pollfd()
      server:script { step }
      assert(c:request { path = "/first" })
      settled()
      assert.is_true(assert(CLASSES.never(c)).right)
      assert.equal(2, #server:arrivals())
    end)
  end

  it("is looked at in a pool where all of them are like that", function()
    local steps, list = {}, {}
    for n = 1, 4 do steps[n] = { after = UNASKED, held = true } end
    server:script(steps)
    local c = assert(server:client { max_retries = 0, timeout = patience,
      deadline = patience, max_connections = 4 })
    local function at_once(n)
      etoro.run(function()
        for i = 1, n do
          list[i] = etoro.spawn(function()
            return assert(CLASSES.never(c))
          end)
        end
        server:await(4)
        server:release()
        list = etoro.all(list)
      end)
    end
    at_once(4)
    assert.equal(4, #server:connections())
    settled()
    at_once(8)
    for n = 1, 8 do assert.is_true(list[n].right) end
    for _, count in pairs(counts()) do assert.equal(1, count) end
    assert.equal(12, #server:arrivals())
  end)

  it("is left within the limit of connections", function()
    local c = assert(server:client { max_retries = 0, timeout = patience,
      deadline = patience, max_connections = 1 })
    for _ = 1, 5 do
      server:script { { after = UNASKED } }
      assert(c:request { path = "/first" })
      settled()
      assert.is_true(assert(CLASSES.never(c)).right)
      assert.is_true(assert(CLASSES.safe(c)).right)
    end
    assert.equal(15, #server:arrivals())
  end)

  it("is left by a retry, too", function()
    local c = assert(server:client { max_retries = 1, timeout = patience,
      deadline = patience,
      on_event = function(event)
        if event.kind == "retried" then settled() end
      end })
    server:script { { status = 503, after = UNASKED } }
    local result, response = assert(CLASSES.safe(c))
    assert.is_true(result.right)
    assert.equal(2, response.attempts)
    assert.equal(2, #server:arrivals())
    assert.equal(2, #server:connections())
  end)

  it("that is clean is kept", function()
    local c = assert(server:client())
    for _ = 1, 10 do
      assert(CLASSES.safe(c))
      assert(CLASSES.never(c))
    end
    assert.equal(1, #server:connections())
  end)

  it("of another client's host is not taken for this one's", function()
    local other = recorder.start { default = { body = '{"other":true}',
      after = UNASKED } }
    finally(function() other:stop() end)
    local c, d = assert(server:client()), assert(other:client())
    for _ = 1, 5 do
      assert.is_true(assert(CLASSES.safe(c)).right)
      assert.is_true(assert(CLASSES.never(d)).other)
      process.eventually(function()
        for _, one in ipairs(other:connections()) do
          if one.is_open and one.unsent > 0 then return false end
        end
        return true
      end)
    end
    assert.equal(1, #server:connections())
    assert.equal(5, #other:connections())
  end)

  describe("over TLS", function()
    local dir, certificates, tls

    setup(function()
      dir = process.scratch()
      certificates = nginx.certificates(dir)
    end)
    teardown(function() process.remove(dir) end)
    after_each(function() tls:stop() end)

    -- Bytes that lie unread in sockets to a port.
    local function unread(port)
      local sum = 0
      for line in io.lines "/proc/net/tcp" do
        local peer, queue = line:match(
          "^ *%d+: %x+:%x+ %x+:(%x+) %x+ %x+:(%x+)")
        if peer and tonumber(peer, 16) == port then
          sum = sum + tonumber(queue, 16)
        end
      end
      return sum
    end

    local function connect(steps, options)
      tls = tls_server.start { certificates = certificates, steps = steps,
        options = options }
      return assert(etoro.client { base_url = tls.url, api_key = "key-0123",
        user_key = "user-0123", ca_file = certificates.ca, max_retries = 0,
        timeout = patience, deadline = patience, rate_limit = false })
    end

    local head, body = answer '{"path":"/first"}':match "^(.-\r\n\r\n)(.*)$"
    local VERSIONS = { ["TLS 1.3"] = { "-tls1_3" },
      ["TLS 1.2"] = { "-tls1_2" } }
    local RECORDS = {
      ["in a record behind the answer"] = { head .. body, 0.05, UNASKED },
      ["in the record of the body"] = { head, 0.05, body .. UNASKED },
      ["in the answer's record"] = { head .. body .. UNASKED },
    }

    for version, options in pairs(VERSIONS) do
      for name, step in pairs(RECORDS) do
        it(("%s with an answer nobody asked for %s"):format(version, name),
          function()
          local c = connect({ step }, options)
          assert.equal("/first", assert(c:request { path = "/first" }).path)
          if type(step[2]) == "number" and step[3] == UNASKED then
            process.eventually(function() return unread(tls.port) > 0 end)
          end
          for n = 1, 4 do
            local path = "/x" .. n
            assert.equal(path, assert(c:request { path = path,
              method = n % 2 == 1 and "POST" or "GET" }).path)
          end
          assert.same({ "GET /first", "POST /x1", "GET /x2", "POST /x3",
            "GET /x4" }, tls:arrivals())
        end)
      end

      it(version .. " is kept while nothing lies there", function()
        local web = nginx.start()
        tls = web
        local c = assert(web:client { base_url = web.http1_url })
        local first = assert(c:request { path = "/echo" })
        for n = 2, 20 do
          local result = assert(c:request { path = "/echo" })
          assert.equal(first.connection, result.connection)
          assert.equal(tostring(n), result.requests)
        end
      end)
    end
  end)

  -- The second server takes one connection at a time, so that it answers the
  -- second call only when it goes over the first one's.
  it("of HTTP/2 that its server has ended costs one connection", function()
    local web = nginx.start()
    local tls
    finally(function()
      if tls then tls:stop() end
      web:stop()
    end)
    local c = assert(web:client { max_retries = 0, connect_timeout = patience })
    for _ = 1, 3 do assert(c:request { path = "/echo" }) end
    web.process:stop()
    tls = tls_server.start { port = web.ports.TLS, steps = {},
      certificates = { cert = web.dir .. "/server.crt",
        key = web.dir .. "/server.key" } }
    for n = 1, 4 do
      local path = "/x" .. n
      assert.equal(path, assert(c:request { method = "POST", path = path })
        .path)
    end
    assert.same({ "POST /x1", "POST /x2", "POST /x3", "POST /x4" },
      tls:arrivals())
  end)

  it("is not looked at for bytes over HTTP/2, which belong there", function()
    local web = nginx.start()
    finally(function() web:stop() end)
    local c = assert(web:client())
    local connection
    for _ = 1, 20 do
      local result = assert(c:request { path = "/echo" })
      connection = connection or result.connection
      assert.equal(connection, result.connection)
      process.sleep(0.002)
    end
  end)
end)
