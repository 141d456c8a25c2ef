-- Answers that begin with a folded line, which some libcurls could not bear:
-- the program goes on whatever came before. It runs where freed memory is
-- overwritten at once.
local nginx = require "spec.support.nginx"
local process = require "spec.support.process"
local program = require "spec.support.program"
local recorder = require "spec.support.recorder"
local tls_server = require "spec.support.tls_server"

local FOLDED = "HTTP/1.1 200 OK\r\n folded: line\r\n"
  .. "Content-Length: 2\r\n\r\n{}"

local function survives(code, ...)
  local argv = program.lua(code, ...)
  argv.env = { MALLOC_PERTURB_ = "165" }
  assert.equal("", program.passes(argv))
end

describe("an answer that begins with a folded line", function()
  local server

  setup(function() server = recorder.start() end)
  teardown(function() server:stop() end)
  before_each(function() server:clear() end)

  local PLAIN = { headers = { "X-First: one", "X-Second: two" } }

  it("behind a whole one costs no more than its call", function()
    for _, first in ipairs { PLAIN, { status = 404 }, { status = 204 },
      { close = true, body = "{}" }, { raw = FOLDED },
      { before = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" } } do
      server:script { first, { raw = FOLDED }, PLAIN, { raw = FOLDED } }
      survives([[
        for _, method in ipairs { "GET", "POST" } do
          local c = client(arg[1], { max_retries = 0 })
          c:request { method = method, path = "/first" }
          c:request { method = method, path = "/folded" }
        end
        collectgarbage()
      ]], server.url)
      assert.equal(0, server:steps_left())
    end
  end)

  it("behind interim ones, and among many", function()
    server:set { default = { raw = FOLDED,
      before = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" } }
    server:script { PLAIN, PLAIN, PLAIN }
    survives([[
      local c = client(arg[1], { max_retries = 1, max_connections = 3 })
      etoro.run(function()
        for _ = 1, 12 do etoro.spawn(c.request, c, { path = "/x" }) end
      end)
    ]], server.url)
  end)

  it("of a proxy, which is asked for a tunnel again", function()
    local function refusal(lines)
      return { close = true, raw = "HTTP/1.1 407 No\r\n" .. lines
        .. "Content-Length: 0\r\n\r\n" }
    end
    server:script { refusal "X-One: 1\r\n", refusal " folded: x\r\n",
      refusal "X-One: 1\r\n", refusal " folded: x\r\n" }
    survives([[
      local c = client("https://no-such-host.invalid", { proxy = arg[1],
        max_retries = 0 })
      for _ = 1, 4 do assert(not c:request { path = "/x" }) end
    ]], server.url)
    assert.equal(0, server:steps_left())
  end)

  it("from a server that spoke HTTP/2 before", function()
    local web = nginx.start()
    local flag = web.dir .. "/flag"
    local tls
    finally(function()
      if tls then tls:stop() end
      web:stop()
    end)
    local argv = program.lua([[
      local url, ca_file, flag = table.unpack(arg)
      local c = client(url, { ca_file = ca_file, max_retries = 0 })
      for _ = 1, 3 do assert(c:request { path = "/echo" }) end
      print "ready"
      io.stdout:flush()
      local ends = core.monotonic() + patience
      while not io.open(flag) and core.monotonic() < ends do
        etoro.run(etoro.sleep, 0.01)
      end
      for _ = 1, 3 do c:request { path = "/folded" } end
      local result = assert(c:request { path = "/whole" })
      assert(result.path == "/whole")
    ]], web.url, web.ca_file, flag)
    argv.env = { MALLOC_PERTURB_ = "165" }
    local child = process.spawn(argv)
    child:expect "(ready)"
    web.process:stop()
    tls = tls_server.start { steps = { { FOLDED }, { FOLDED }, { FOLDED } },
      port = web.ports.TLS, certificates = { cert = web.dir .. "/server.crt",
        key = web.dir .. "/server.key" } }
    web:write("../flag", "")
    local code, signal = child:wait()
    assert.same({ 0, 0 }, { code, signal }, child:stderr())
    assert.equal(4, #tls:arrivals())
  end)
end)
