-- Debian's Prosody with examples/hosts/mod_etoro_quote.lua in it: an ordinary
-- user's, with a configuration and data of its own, spoken to over XMPP.
local docs = require "spec.support.docs"
local place = require "spec.support.place"
local process = require "spec.support.process"
local server = require "spec.support.server"
local wanted = require "spec.support.wanted"
local xmpp = require "spec.support.xmpp"

local PROSODY = process.find "prosody"
local BOT = "quotes.localhost"

local RATES = "GET /api/v1/market-data/instruments/rates"

local CONFIG = [[
pidfile = "$DIR/prosody.pid"
data_path = "$DIR/data"
certificates = "$DIR/data"
plugin_paths = { "$DIR/modules" }
modules_enabled = { "saslauth", "ping", "again" }
modules_disabled = { "s2s", "tls", "http", "offline" }
log = { info = "*console" }
interfaces = { "127.0.0.1" }
c2s_interfaces = { "127.0.0.1" }
c2s_ports = { $PORT }
s2s_ports = {}
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
authentication = "internal_plain"
VirtualHost "localhost"
]]

-- Loads the module of the component anew for whoever asks.
local AGAIN = [[
local modulemanager = require "core.modulemanager"
local st = require "util.stanza"
module:hook("iq-get/host/urn:again:again", function(event)
  assert(modulemanager.reload("quotes.localhost", "etoro_quote"))
  event.origin.send(st.reply(event.stanza))
  return true
end)
]]

local USERS = { alice = "wonder", bob = "builder" }

-- Debian's is run by its own Lua, whichever the modules were built for.
local reason = wanted.lacks("prosody", PROSODY)
  or _VERSION ~= "Lua 5.4" and "Debian's Prosody runs Lua 5.4"
if reason then return pending("Prosody: " .. reason) end

-- The block of the page that configures the component, for this folder.
local function component(dir)
  for _, block in ipairs(docs.blocks "doc/hosts.md") do
    local text = block.text:match "<<'END'\n(Component.*)\nEND\n"
    if text then return (text:gsub("/etc/prosody", dir)) end
  end
  error "doc/hosts.md configures no component"
end

describe("Prosody", function()
  local sandbox, host, child, port, talks

  -- Whether it listens there, and nothing went wrong.
  local function start(free)
    local config = host:write("prosody.cfg.lua",
      CONFIG:gsub("%$(%u+)", { DIR = host.folder, PORT = tostring(free) })
      .. component(host.folder) .. "\netoro_interval = 0.1\netoro_alerts = 2\n")
    local argv = host:argv { "lua5.4", PROSODY, "--config", config, "-F" }
    argv.env.ETORO_BASE_URL = sandbox.url
    child = process.spawn(argv)
    child:expect "Activated service 'c2s'"
    port = not child:stdout():find "error" and free
    return port
  end

  setup(function()
    sandbox = server.start { limits = false }
    host = place.new()
    for user, password in pairs(USERS) do
      host:mkdir "data/localhost/accounts"
      host:write(("data/localhost/accounts/%s.dat"):format(user),
        ("return { password = %q }\n"):format(password))
    end
    host:mkdir "modules"
    host:write("modules/mod_etoro_quote.lua",
      docs.read "examples/hosts/mod_etoro_quote.lua")
    host:write("modules/mod_again.lua", AGAIN)
    host:write("api.key", "sandbox-api-key\n")
    host:write("user.key", "sandbox-user-key\n")
    for _ = 1, 5 do -- a port may be taken between asking and listening
      if start(process.free_port()) then break end
      child:stop()
    end
    assert.truthy(port, child:stdout())
    talks = {}
    for user, password in pairs(USERS) do
      talks[user] = xmpp.connect { port = port, host = "localhost", user = user,
        password = password }
    end
  end)

  teardown(function()
    if child then child:stop() end
    if sandbox then sandbox:stop() end
    if host then host:remove() end
  end)

  before_each(function() sandbox:clear() end)

  it("answers a message that asks for a price", function()
    talks.alice:message(BOT, "quote aapl")
    local bid, ask = talks.alice:await "<body>AAPL: bid ([%d.]+), ask ([%d.]+)</body>"
    assert(tonumber(bid) < tonumber(ask))
    talks.alice:message("anyone@" .. BOT, "quote NOSUCH")
    talks.alice:await "<body>[^<]*no instrument[^<]*NOSUCH"
    talks.alice:message(BOT, "hello <there>")
    talks.alice:await "<body>say: quote AAPL, or"
  end)

  it("goes on while the server is slow", function()
    sandbox:fault { fault = "stall", route = RATES }
    talks.alice:message(BOT, "quote MSFT")
    process.eventually(function()
      return #sandbox:arrivals(RATES) > 0
    end, "the slow call")
    talks.alice:ping "while-slow"
    talks.bob:message(BOT, "quote NVDA")
    talks.bob:await "<body>NVDA: bid"
    talks.alice:await "id='while%-slow'"
    assert.is_nil(talks.alice:place "MSFT: bid")
    sandbox:reset() -- lets go of what it held
    talks.alice:await "MSFT: bid"
  end)

  it("tells when a price passes, once, and whom", function()
    sandbox:raw("POST", "/sandbox/trading/price", '{"instrumentId":1001,"price":200}')
    talks.bob:message(BOT, "alert AAPL > 250.5")
    talks.bob:await "<body>AAPL: you are told when it is &gt; 250.5</body>"
    talks.bob:message(BOT, "alert AAPL beyond 3")
    talks.bob:await "<body>say: alert AAPL"
    process.eventually(function()
      return #sandbox:arrivals(RATES) > 3
    end, "three looks")
    assert.is_nil(talks.bob:place "AAPL is at")
    sandbox:raw("POST", "/sandbox/trading/price", '{"instrumentId":1001,"price":300}')
    local bid = talks.bob:await "<body>AAPL is at ([%d.]+), &gt; 250.5</body>"
    assert(tonumber(bid) > 250.5)
    sandbox:clear()
    talks.bob:message(BOT, "quote TSLA")
    talks.bob:await "TSLA: bid"
    local _, told = talks.bob.text:gsub("AAPL is at", "")
    assert.equal(1, told)
    assert.is_nil(talks.alice:place "AAPL is at")
  end)

  it("is loaded anew, and leaves nothing of before", function()
    for i = 1, 3 do
      talks.alice:message(BOT, "alert MSFT < 1" .. i)
      talks.alice:await(i < 3 and "MSFT: you are told when it is &lt; 1" .. i
        or "too many alerts")
    end
    talks.alice:say "<iq type='get' id='anew' to='localhost'><again xmlns='urn:again'/></iq>"
    talks.alice:await "<iq[^>]*id='anew'[^>]*>"
    sandbox:clear()
    talks.alice:message(BOT, "quote BTC")
    talks.alice:await "<body>BTC: bid"
    talks.alice:message(BOT, "alert NVDA < 1")
    talks.alice:await "NVDA: you are told"
    local function asked(id)
      local count = 0
      for _, request in ipairs(sandbox:arrivals(RATES)) do
        if request.query:find(id, 1, true) then count = count + 1 end
      end
      return count
    end
    process.eventually(function() return asked "1137" > 2 end, "looks")
    assert.equal(0, asked "1004")
  end)

  it("ends when it is told to, and said no key and no error", function()
    child:kill "sigterm"
    assert.equal(0, (child:wait()))
    local log = child:stdout() .. child:stderr()
    assert.falsy(log:find "sandbox%-%l+%-key")
    assert.falsy(log:find "\terror\t", log)
    assert.falsy(log:find "traceback", log)
  end)
end)
