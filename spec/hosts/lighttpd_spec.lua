-- Debian's lighttpd with examples/hosts/positions.lua in it, an ordinary user's:
-- a page of what a strategy's run holds, without a call.
local docs = require "spec.support.docs"
local http = require "socket.http"
local json = require "etoro.values.json"
local place = require "spec.support.place"
local process = require "spec.support.process"
local server = require "spec.support.server"
local wanted = require "spec.support.wanted"

local LIGHTTPD = process.find "lighttpd"
local LUA = os.getenv "LUA" or "lua5.4"
local KEY = "canary-user-key-of-a-page"

local reason = wanted.lacks("lighttpd", LIGHTTPD)
  or wanted.lacks("lighttpd-modules-lua", io.open "/usr/lib/lighttpd/mod_magnet.so")
  or _VERSION ~= "Lua 5.4" and "Debian's mod_magnet runs Lua 5.4"
if reason then return pending("lighttpd: " .. reason) end

local HOLDER = [[return { name = "holder", symbols = { "AAPL", "MSFT" },
  main = function(ctx)
    assert(ctx:buy("AAPL", { amount = 200 }))
    assert(ctx:sell("MSFT", { amount = 100 }))
    while true do ctx:sleep(1000) end
  end }]]

describe("lighttpd", function()
  local host, child, url, state

  -- The page's own lines of the configuration, in this folder.
  local function configuration(port)
    for _, block in ipairs(docs.blocks "doc/hosts.md") do
      local text = block.text:match "<<'END'\n(server%.modules.-)\nEND\n"
      if text then
        return ('%s\nserver.document-root = "%s"\nserver.bind = "127.0.0.1"\n'
          .. 'server.port = %d\n'):format(text:gsub("/etc/lighttpd", host.folder),
          host.folder, port)
      end
    end
    error "doc/hosts.md configures no page"
  end

  local function get()
    local body, code, headers = http.request(url)
    assert(body, code)
    return body, code, headers
  end

  -- Whether it answers there.
  local function start(port)
    url = ("http://127.0.0.1:%d/"):format(port)
    local config = host:write("lighttpd.conf", configuration(port))
    local argv = host:argv { LIGHTTPD, "-D", "-f", config }
    argv.env.ETORO_STATE = state
    child = process.spawn(argv)
    return process.eventually(function()
      return not child:is_running() or child:stderr():find "server started"
    end, "lighttpd") and child:is_running()
  end

  setup(function()
    host = place.new()
    state = host.folder .. "/holder.state"
    host:write("positions.lua", docs.read "examples/hosts/positions.lua")
    for _ = 1, 5 do -- a port may be taken between asking and listening
      if start(process.free_port()) then break end
    end
    assert.truthy(child:is_running(), child:stderr())
  end)

  teardown(function()
    if child then child:stop() end
    if host then host:remove() end
  end)

  it("says so while there is no file, or a broken one", function()
    local body, code = get()
    assert.equal(503, code)
    assert.matches("No positions are known.*No such file", body)
    for _, text in ipairs { "", "{", "[]", '"view"', "{}" } do
      host:write("holder.state", text)
      body, code = get()
      assert.equal(503, code, text)
      assert.matches("<p>%S", body)
    end
  end)

  it("shows text as text, and what is not known as such", function()
    host:write("holder.state", [[{"view":{"strategy":"a&b","time":"<i>",
      "state":"halted","problem":"<script>","positions":[{"positionID":
      9007199254740993,"symbol":"\"X\"","isBuy":false,"amount":1e15}]}}]])
    local body, code = get()
    assert.equal(200, code, body)
    assert.matches("<h1>a&amp;b</h1>", body)
    assert.matches("equity %-, cash %-, profit %- USD", body)
    assert.matches("<p>&lt;script&gt;", body)
    assert.truthy(body:find("<tr><td>9007199254740993<td>&quot;X&quot;<td>short<td>"
      .. "1000000000000000.00<td>-", 1, true), body)
  end)

  it("shows what a run holds, with no call and no key", function()
    os.remove(state)
    local sandbox = server.start { limits = false, user_key = KEY }
    local strategy = host:write("holder.lua", HOLDER)
    local run = process.spawn { LUA, "src/command/etoro", "--base-url",
      sandbox.url, "run", strategy, "--state", state, env = { HOME = host.folder,
        ETORO_API_KEY = "sandbox-api-key", ETORO_USER_KEY = KEY } }
    finally(function()
      run:stop()
      sandbox:stop()
    end)
    local view = process.eventually(function()
      local file = io.open(state)
      local value = file and json.decode(file:read "a")
      if file then file:close() end
      return value and value.view and #value.view.positions == 2 and value.view
    end, "two positions")
    run:kill "sigstop" -- the file stays as it is
    process.eventually(function()
      return docs.read(("/proc/%d/stat"):format(run.pid)):find("%) T ")
    end, "a run that stands still")
    sandbox:arrivals() -- behind this the sandbox has read what was sent before
    local known = #sandbox:arrivals()
    host:give "holder.state"
    local body, code, headers = get()
    assert.equal(200, code, body)
    assert.equal("text/html; charset=utf-8", headers["content-type"])
    assert.truthy(body:find("<h1>holder</h1>", 1, true), body)
    for _, one in ipairs(view.positions) do
      local row = ("<tr><td>%d<td>%s<td>%s<td>%.2f<td>"):format(one.positionID,
        one.symbol, one.isBuy and "long" or "short", one.amount)
      assert.truthy(body:find(row, 1, true), body)
    end
    assert.falsy(body:find(KEY, 1, true))
    assert.equal(known, #sandbox:arrivals())
    run:kill "sigcont"
  end)
end)
