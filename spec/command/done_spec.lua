-- What the etoro command has carried out is said, whatever comes after it.
local docs = require "spec.support.docs"
local json = require "etoro.values.json"
local process = require "spec.support.process"
local recorder = require "spec.support.recorder"
local support_server = require "spec.support.server"

local LUA = os.getenv "LUA" or "lua5.4"
local LOOKUP = "GET /api/v2/trading/info/demo/orders:lookup"
local PORTFOLIO = "GET /api/v1/trading/info/demo/portfolio"

describe("the etoro command #lua", function()
  local server, dir

  local function env()
    return { ETORO_BASE_URL = server.url, ETORO_API_KEY = "sandbox-api-key",
      ETORO_USER_KEY = "sandbox-user-key" }
  end

  local function spawn(...)
    return process.spawn { LUA, "src/command/etoro", env = env(), ... }
  end

  local function etoro(...)
    return process.run { LUA, "src/command/etoro", env = env(), ... }
  end

  -- The command with its output led elsewhere: text is a shell's, where
  -- "$@" stands for the command and its arguments.
  local function shell(text, ...)
    return process.bash { text, "bash", "sh", "spec/support/lua.sh",
      "src/command/etoro", env = env(), ... }
  end

  -- The sandbox's books of the demo account.
  local function books()
    local _, answer = server:raw("GET", "/sandbox/trading")
    for _, account in ipairs(answer.accounts) do
      if account.account == "demo" then return account end
    end
  end

  local function last_order()
    local orders = books().orders
    local order = orders[#orders]
    return ("%d"):format(order.orderId), order.referenceId
  end

  local function says(text, ...)
    for _, part in ipairs { ... } do
      assert(text:find(part, 1, true), part .. " is not in: " .. text)
    end
  end

  setup(function()
    server = support_server.start { limits = false, portfolio_lag = 0 }
    dir = process.scratch()
  end)
  teardown(function()
    server:stop()
    process.remove(dir)
  end)
  before_each(function() server:reset() end)

  local ORDER = { "order", "AAPL", "--amount", "100" }

  describe("tells an order that was placed", function()
    local function refuse_lookups()
      server:fault { route = LOOKUP, fault = "status", status = 401,
        times = 0 }
    end

    it("when it may not be looked up", function()
      refuse_lookups()
      local done = etoro(table.unpack(ORDER))
      assert.equal(9, done.code)
      local id, reference = last_order()
      says(done.stdout, "order      " .. id, "reference  " .. reference)
      says(done.stderr, "etoro: auth: ", "order " .. id, reference)
    end)

    it("in the JSON of a failure", function()
      refuse_lookups()
      local done = etoro("--json", table.unpack(ORDER))
      assert.equal(9, done.code)
      local id, reference = last_order()
      local answer = assert(json.decode(done.stdout))
      assert.equal(id, ("%d"):format(answer.orderId))
      assert.equal(reference, answer.referenceId)
      assert.equal("AAPL", answer.symbol)
      assert.equal("auth", answer.error.kind)
    end)

    it("when stdout takes nothing", function()
      for _, more in ipairs { "", "--json" } do
        for _, place in ipairs { ">/dev/full", ">&-", ">&7" } do
          local done = shell(process.UNREAD .. "\"$@\" " .. more .. " " .. place,
            table.unpack(ORDER))
          assert.equal(9, done.code, more .. place .. done.stderr)
          says(done.stderr, "could not be written", last_order())
          if more ~= "" then
            says(done.stderr, '"orderId":' .. last_order())
          end
        end
      end
    end)

    it("when it is interrupted while it waits for the fill", function()
      server:set { fill_delay = 600 }
      for _, signal in ipairs { "sigint", "sigterm" } do
        local child = spawn(table.unpack(ORDER))
        child:expect "reference"
        child:kill(signal)
        assert.equal(9, (child:wait()))
        local id, reference = last_order()
        says(child:stdout(), id, reference)
        says(child:stderr(), "interrupted", id, reference)
      end
    end)

    it("whatever bytes the answers hold", function()
      local rec = recorder.start()
      finally(function() rec:stop() end)
      local list = { body = '{"instrumentDisplayDatas":[{"instrumentID":1001,'
        .. '"symbolFull":"AAPL","instrumentDisplayName":"Caf\233"}]}' }
      rec:set { default = { body = '{"orderId":7001,"referenceId":"abc",'
        .. '"eligibilities":[],"status":{"id":4,"name":"Rejected",'
        .. '"errorCode":604,"errorMessage":"Cr\233dit"}}' } }
      rec:script { list }
      local all = env()
      all.ETORO_BASE_URL = rec.url
      local done = process.run { LUA, "src/command/etoro", "--json", "order",
        "1001", "--amount", "100", env = all }
      assert.equal(1, done.code, done.stderr)
      local answer = assert(json.decode(done.stdout))
      assert.equal(7001, answer.orderId)
      assert.equal("604: Cr\239\191\189dit", answer.reason)
    end)
  end)

  describe("tells a close that was accepted", function()
    local id

    before_each(function()
      id = ("%d"):format(json.decode(etoro("--json", table.unpack(ORDER))
        .stdout).positions[1].positionId)
    end)

    it("when stdout takes nothing", function()
      for _, what in ipairs { id, "all" } do
        if what == "all" then etoro(table.unpack(ORDER)) end
        local done = shell("\"$@\" >/dev/full", "close", what)
        assert.equal(9, done.code, done.stderr)
        says(done.stderr, "close accepted", "could not be written")
        local close = books().closes
        says(done.stderr, ("%d"):format(close[#close].orderId))
      end
    end)

    it("when it is interrupted while it waits for the outcome", function()
      server:set { close_delay = 600 }
      local child = spawn("close", id)
      child:expect "close accepted"
      child:kill "sigint"
      assert.equal(9, (child:wait()))
      says(child:stderr(), "interrupted", "accepted: the close of " .. id)
    end)

    it("but not when the API refuses it after all", function()
      server:raw("POST", "/sandbox/trading/fate", json.encode { what = "close",
        status = "Rejected", errorCode = 777, errorMessage = "Not now" })
      local done = etoro("close", id)
      assert.equal(1, done.code)
      says(done.stderr, "Not now", "is open still")
    end)

    it("also when the portfolio cannot be read any more", function()
      server:set { close_delay = 600 }
      local child = spawn("--json", "close", id, "--wait", "1")
      process.eventually(function() return #server:arrivals(PORTFOLIO) > 0 end,
        "a look at the portfolio")
      assert.equal(0, (child:wait()))
      local answer = assert(json.decode(child:stdout()))
      assert.equal("accepted", answer.state)
      says(child:stderr(), "'etoro positions'")
      assert.is_nil(child:stderr():find("position:refresh", 1, true))
    end)
  end)

  describe("tells what was created, and where its secret is", function()
    local PORTFOLIO_OF = { "--yes", "portfolios", "create", "MyPort1", "--invest",
      "2000", "--token-name", "bot", "--scope", "real:read", "--secret-file" }

    local function args(file)
      local all = { table.unpack(PORTFOLIO_OF) }
      all[#all + 1] = dir .. file
      return table.unpack(all)
    end

    it("when stdout takes nothing", function()
      local done = shell("\"$@\" >/dev/full", args "/one")
      assert.equal(9, done.code)
      local owner = server:state().owners[1]
      local id = owner.portfolios[1].agentPortfolioId
      says(done.stderr, id, dir .. "/one", "could not be written")
      local secret = docs.read(dir .. "/one")
      assert(#secret > 20)
      done = shell("\"$@\" --json >/dev/full", "tokens", "create", id,
        "--name", "night", "--scope", "real:read", "--secret-file",
        dir .. "/two")
      assert.equal(9, done.code)
      says(done.stderr, "night", dir .. "/two")
      secret = docs.read(dir .. "/two")
      assert.is_nil(done.stderr:find(secret:sub(1, 12), 1, true))
      done = shell("\"$@\" >/dev/full", "--yes", "portfolios", "delete", id)
      assert.equal(9, done.code)
      says(done.stderr, "deleted")
    end)

    it("when the secret cannot be written", function()
      local no_room = "trap '' XFSZ; ulimit -f 0; \"$@\""
      local done = shell(no_room, args "/full")
      assert.equal(9, done.code, done.stderr)
      local id = server:state().owners[1].portfolios[1].agentPortfolioId
      says(done.stdout, id, "secret")
      says(done.stderr, "the secret could not be written (File too"
        .. " large)", id,
        "etoro tokens revoke " .. id, "etoro tokens create " .. id)
      assert.is_nil((io.open(dir .. "/full")))
      done = shell(no_room, "--json", "tokens", "create", id, "--name",
        "night", "--scope", "real:read", "--secret-file", dir .. "/full")
      assert.equal(9, done.code, done.stderr)
      local answer = assert(json.decode(done.stdout))
      assert.equal("night", answer.userTokenName)
      assert.is_nil(answer.secretFile)
      assert.matches("etoro tokens revoke", answer.error.message)
      done = shell(no_room, "--real", "--yes", "tokens", "create", id,
        "--name", "day", "--scope", "real:read", "--secret-file",
        dir .. "/full")
      assert.equal(9, done.code, done.stderr)
      says(done.stderr, "etoro --real tokens revoke " .. id,
        "etoro --real tokens create " .. id)
    end)
  end)

  it("tells that a call was carried out whose answer cannot be shown",
    function()
      local done = shell("\"$@\" >/dev/full", "call", "POST /api/v1/watchlists",
        "name=mine")
      assert.equal(9, done.code, done.stderr)
      says(done.stderr, "could not be written")
      assert.matches("watchlistId", done.stderr)
    end)

  it("ends no cut file as if it was whole", function()
    for _, args in ipairs { { "operations", "--json" }, { "operations" },
      { "--help" }, { "completion", "bash" } }
    do
      local done = shell("trap '' XFSZ; ulimit -f 1; exec \"$@\" >" .. dir
        .. "/cut", table.unpack(args))
      assert.equal(1, done.code, args[1])
      says(done.stderr, "could not be written")
      done = shell("\"$@\" >/dev/full", table.unpack(args))
      assert.equal(1, done.code, args[1])
      done = shell("\"$@\" >&-", table.unpack(args))
      assert.equal(1, done.code, args[1])
    end
    local done = shell(process.UNREAD .. "\"$@\" >&7", "operations")
    assert.equal(141, done.code)
    assert.equal("", done.stderr)
  end)

  it("calls what may have been done no failure", function()
    local rec = recorder.start()
    finally(function() rec:stop() end)
    rec:script { { body = "true" } }
    local all = env()
    all.ETORO_BASE_URL = rec.url
    local done = process.run { LUA, "src/command/etoro", "call",
      "POST /api/v1/posts", "message=x", env = all }
    assert.equal(0, done.code, done.stderr)
    rec:script { { body = "{" } }
    done = process.run { LUA, "src/command/etoro", "call",
      "POST /api/v1/posts", "message=x", env = all }
    assert.equal(7, done.code, done.stderr)
    -- minted, but the answer does not say which
    local id = "123e4567-e89b-42d3-a456-426614174000"
    rec:script { { body = '{"scopes":[]}' },
      { body = '{"agentPortfolios":[{"agentPortfolioId":"'
        .. id .. '"}]}' },
      { body = '{"userTokenName":"n"}' } }
    done = process.run { LUA, "src/command/etoro", "tokens", "create", id,
      "--name", "n", "--scope", "real:read", "--secret-file", dir .. "/odd",
      env = all }
    assert.equal(7, done.code, done.stderr)
    says(done.stderr, "'etoro tokens' lists it")
  end)
end)
