-- The programs of doc/cookbook.md that are no strategies, run as the page writes them,
-- each in a folder and against a sandbox of its own.
local cjson = require "cjson"
local docs = require "spec.support.docs"
local files = require "spec.support.files"
local process = require "spec.support.process"
local server = require "spec.support.server"

local LUA = process.find(os.getenv "LUA" or "lua5.4")

-- Files that the page writes, by name.
local written = {}
for name, text in docs.read("doc/cookbook.md"):gmatch "cat >(%S+) <<'END'\n(.-\n)END\n" do
  written[name] = text
end

describe("a program of the cookbook #lua", function()
  local sandbox, client, folder

  before_each(function()
    sandbox = server.start { limits = false, portfolio_lag = 0, fill_delay = 0,
      close_delay = 0 }
    client = sandbox:client()
    folder = process.scratch()
  end)

  after_each(function()
    client:close()
    sandbox:stop()
    process.remove(folder)
  end)

  local function run(name, input)
    local path = folder .. "/" .. name
    files.write(path, (assert(written[name], name)))
    local done = process.run { LUA, path, cwd = folder, input = input,
      env = { ETORO_BASE_URL = sandbox.url, ETORO_ACCESS_TOKEN = false, HOME = folder,
        ETORO_API_KEY = "sandbox-api-key", ETORO_USER_KEY = "sandbox-user-key",
        LUA_PATH = docs.LUA_PATH } }
    assert.equal("", done.stderr)
    assert.equal(0, done.code)
    return done.stdout
  end

  local function orders()
    local _, books = sandbox:raw("GET", "/sandbox/trading")
    local account = books.accounts[1]
    return account and #account.orders or 0
  end

  local function open(symbol, amount)
    local order = assert(client.orders:open { symbol = symbol, transaction = "buy",
      amount = amount })
    assert(order:wait())
    return assert(order:positions())[1]
  end

  local function set_price(id, price)
    sandbox:raw("POST", "/sandbox/trading/price", cjson.encode { instrumentId = id,
      price = price }, {})
  end

  local function file(name, text)
    local handle = assert(io.open(folder .. "/" .. name, text and "wb" or "rb"))
    if text then handle:write(text) else text = handle:read "a" end
    handle:close()
    return text
  end

  it("needs nothing but the library", function()
    local count = 0
    for name, text in pairs(written) do
      if name:find "%.lua$" then
        count = count + 1
        for _, word in ipairs { "cjson", "io%.open", "os%.rename", "dofile", "setmetatable",
          "instruments:", "now%s*=", "os%.clock", "gmatch" } do
          assert.is_nil(text:find(word), name .. ": " .. word)
        end
        local _, lines = text:gsub("\n", "")
        assert(lines <= 26, name)
      end
    end
    assert(count >= 10, count)
  end)

  it("sends each signal once: signals.lua", function()
    local signals = written["signals.jsonl"]
    assert.equal("2026-01-05/1\tAAPL\n2026-01-05/2\tMSFT\n", run("signals.lua", signals))
    assert.equal(2, orders())
    assert.equal("", run("signals.lua", signals))
    local more = run("signals.lua", signals .. '{"id":"save","symbol":"NVDA","usd":50}\n'
      .. '{"id":"3","symbol":"NO-SUCH","usd":50}\n{"id":"4","symbol":"AAPL","usd":501}\n')
    assert.matches("^save\tNVDA\n3\t.*NO%-SUCH.*\n4\t.*500", more)
    assert.equal(3, orders())
  end)

  it("sends no signal again that it was cut off at: signals.lua", function()
    file("signals.state", '{"done":{"2026-01-05/1":"sent"}}')
    assert.equal("2026-01-05/2\tMSFT\n", run("signals.lua", written["signals.jsonl"]))
    assert.equal(1, orders())
  end)

  it("closes what has lost a tenth, and nothing else: cut.lua", function()
    local position = open("AAPL", 200)
    open("MSFT", 200)
    assert.equal("", run "cut.lua")
    set_price(position.instrumentID, position.openRate * 0.8)
    assert.matches("^closed AAPL at 1[56]%d%.%d%d USD\n$", run "cut.lua")
    local left = assert(client.positions:list())
    assert.same({ 1, "MSFT" }, { #left, left[1].symbol })
    assert.equal("", run "cut.lua")
  end)

  it("tells of a price once each time: told.lua", function()
    local id = assert(client.instruments:find "AAPL").instrumentID
    set_price(id, 240)
    assert.matches("AAPL is below 250: 2[34]%d", (run "told.lua"))
    assert.equal("", run "told.lua")
    set_price(id, 260)
    assert.matches("^AAPL is above 250: 2[56]%d[^\n]*\n$", run "told.lua")
    assert.equal("", run "told.lua")
  end)

  it("adds up what was earned by symbol: earned.lua", function()
    assert.equal("", run "earned.lua")
    for _, symbol in ipairs { "AAPL", "AAPL", "BTC" } do
      assert(open(symbol, 100):close())
    end
    local lines = {}
    for line in run("earned.lua"):gmatch "[^\n]+" do
      lines[#lines + 1] = line:match "^(%u+) +%-?%d+%.%d%d$"
    end
    table.sort(lines)
    assert.same({ "AAPL", "BTC" }, lines)
  end)

  it("says what is held, and logs what was asked: daily.lua", function()
    open("AAPL", 100)
    open("AAPL", 100)
    local day = cjson.decode((run "daily.lua"))
    assert.matches("^%d%d%d%d%-%d%d%-%d%d$", day.day)
    assert(day.equity > 90000, day.equity)
    assert(day.held.AAPL > 150 and day.held.AAPL < 250, day.held.AAPL)
    local text = file "daily.log.jsonl"
    local _, lines = text:gsub("\n", "")
    assert(lines >= 3, lines)
    assert.is_nil(text:find("sandbox-user-key", 1, true))
  end)
end)
