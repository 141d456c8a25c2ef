-- The way of a stream to its server: certificates, a proxy, a host's own loop,
-- another process, and what stays when it is gone.
local core = require "etoro.core"
local nginx = require "spec.support.nginx"
local process = require "spec.support.process"
local program = require "spec.support.program"
local ws = require "spec.support.ws"

describe("a stream's way #memory", function()
  local dir, files, server

  setup(function()
    dir = process.scratch()
    files = nginx.certificates(dir)
    server = ws.start { certificates = files }
  end)
  teardown(function()
    server:stop()
    process.remove(dir)
  end)
  after_each(function() collectgarbage() end)

  local function echoes(stream)
    ws.open(stream)
    for _, text in ipairs { "hello", ("x"):rep(100000) } do
      assert(stream:send(text))
      local kind, answer = ws.take(stream)
      assert.equal("text", kind)
      assert.is_true(answer == text)
    end
  end

  it("is TLS by a CA of one's own", function()
    echoes(server:stream("/echo", "tls", { client = { ca_file = files.ca } }))
  end)

  it("is none past a certificate that nobody trusts", function()
    local kind, code = ws.take(server:stream("/echo", "tls"))
    assert.same({ "closed", "certificate" }, { kind, code })
  end)

  it("is a proxy's tunnel", function()
    echoes(server:stream("/echo", "tls", { client = { ca_file = files.ca,
      proxy = "http://127.0.0.1:" .. server.proxy } }))
    server:expect("tunnel 127.0.0.1 " .. server.tls)
  end)

  it("is told when it is the proxy's fault", function()
    local kind, code, detail = ws.take(server:stream("/echo", "tls", {
      client = { ca_file = files.ca, proxy = "http://me:canary-pass@127.0.0.1:"
        .. process.closed_port() } }))
    assert.same({ "closed", "proxy" }, { kind, code })
    assert.matches("refused the connection", detail)
    assert.is_nil(detail:find("canary", 1, true))
  end)

  it("has a descriptor that shows what TLS holds", function()
    local engine = core.engine()
    assert(engine:pollfd())
    local stream = server:stream("/flood/3000", "tls",
      { client = { ca_file = files.ca } })
    local count, kind = 0, nil
    while kind ~= "closed" do
      kind = ws.take(stream)
      if kind == "text" then count = count + 1 end
    end
    assert.equal(3000, count)
  end)

  it("goes beside requests without taking their place", function()
    local streams = {}
    for i = 1, 12 do streams[i] = ws.open(server:stream "/echo") end
    for i = 1, 12 do assert(streams[i]:send("number " .. i)) end
    for i = 1, 12 do
      assert.equal("number " .. i, (select(2, ws.take(streams[i]))))
    end
  end)

  it("is one of ETORO_LINKS_MAX at most", function()
    collectgarbage()
    local engine = core.engine()
    local client = ws.client(engine, "http://127.0.0.1:" .. server.raw)
    local streams = {}
    for i = 1, 64 do
      streams[i] = assert(engine:stream(client, { target = "/hang" }))
    end
    local one, message = engine:stream(client, { target = "/hang" })
    assert.is_nil(one)
    assert.matches("too many", message)
    assert(streams[1]:close())
    assert(engine:stream(client, { target = "/hang" }))
  end)

  it("leaves nothing open behind it", function()
    local engine = core.engine()
    local function count()
      collectgarbage()
      collectgarbage()
      engine:step(0)
      local n = 0
      for _ in process.run({ "ls", "/proc/" .. require("luv").os_getpid()
        .. "/fd" }).stdout:gmatch "\n" do n = n + 1 end
      return n
    end
    ws.open(server:stream "/echo")
    local before = count()
    for _ = 1, 20 do
      local stream = ws.open(server:stream "/echo")
      stream:send "never read"
    end
    assert.is_true(count() <= before)
  end)

  it("stays the parent's after a fork", function()
    program.passes(program.embed({}, [[
      local core = require "etoro.core"
      local ws = require "spec.support.ws"
      local engine = core.engine()
      local stream = ws.open(assert(engine:stream(ws.client(engine, ...),
        { target = "/echo" })))
      local pid = host.fork()
      if pid == 0 then
        local ok, message, kind = stream:send "the child's"
        assert(not ok and kind == "closed", message)
        assert(stream:close())
        stream, engine = nil, nil
        collectgarbage()
        return
      end
      assert(host.wait(pid) == 0)
      assert(stream:send "the parent's")
      local kind, text = ws.take(stream)
      assert(kind == "text" and text == "the parent's", text)
    ]], "http://127.0.0.1:" .. server.plain))
  end)
end)
