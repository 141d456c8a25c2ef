-- While the etoro command waits it says for what: at once, not at the end.
local process = require "spec.support.process"
local recorder = require "spec.support.recorder"
local support_server = require "spec.support.server"

local LUA = os.getenv "LUA" or "lua5.4"

-- Waits until the text holds what is looked for, while the program runs.
local function shows(child, read, pattern)
  process.eventually(function()
    assert(child:is_running(), pattern .. " was not shown: " .. read(child))
    return read(child):find(pattern)
  end, pattern)
end

local function stderr(child) return child:stderr() end
local function stdout(child) return child:stdout() end

describe("the etoro command #lua", function()
  local rec

  local function env(url)
    return { ETORO_BASE_URL = url or rec.url, TERM = "xterm",
      ETORO_API_KEY = "key-0123456789", ETORO_USER_KEY = "user-0123456789" }
  end

  local function spawn(args, url)
    return process.spawn { LUA, "src/command/etoro", env = env(url),
      table.unpack(args) }
  end

  -- The same on a terminal.
  local function on_terminal(args)
    local quoted = {}
    for i, arg in ipairs(args) do quoted[i] = "'" .. arg .. "'" end
    return process.spawn { "script", "-qec", "sh spec/support/lua.sh"
      .. " src/command/etoro "
      .. table.concat(quoted, " "), "/dev/null", env = env() }
  end

  setup(function() rec = recorder.start() end)
  teardown(function() rec:stop() end)

  local function limit(seconds)
    rec:clear()
    rec:set { default = { status = 429, headers = {
      "Retry-After: " .. seconds }, body = '{"errorCode":"TooManyRequests"}' } }
  end

  local COMMANDS = { { "quote", "AAPL" }, { "search", "apple" },
    { "positions" }, { "orders" }, { "history" }, { "portfolios" },
    { "tokens" }, { "close", "7" }, { "order", "AAPL", "--amount", "100" },
    { "call", "GET /api/v1/me" }, { "--json", "positions" },
    { "--verbose", "tokens" } }

  it("says that it waits for the API's rate limit, in each command",
    function()
      limit(200)
      local children = {}
      for i, args in ipairs(COMMANDS) do children[i] = spawn(args) end
      for _, child in ipairs(children) do
        shows(child, stderr, "rate limit is used up: trying again in %d+ s\n")
        assert.equal("", child:stdout())
        child:stop()
        local _, count = child:stderr():gsub("trying again in", "")
        assert.equal(1, count, child:stderr())
      end
    end)

  it("counts to when the rate limit that others have used up comes free", function()
    rec:clear()
    rec:set { default = { status = 429, headers = { "Retry-After: 3",
      "RateLimit-Limit: 60", "RateLimit-Remaining: 0",
      "RateLimit-Policy: 60;w=40" }, body = '{"errorCode":"TooManyRequests"}' } }
    local child = spawn { "positions" }
    shows(child, stderr, "trying again in %d+ s\n")
    child:stop()
    -- a machine that stands still may have it wait for the answer first
    assert.matches("the API's rate limit is used up: trying again in [34]%d s\n",
      child:stderr())
  end)

  it("says that it waits before it sends again", function()
    rec:clear()
    rec:set { default = { status = 503, headers = { "Retry-After: 100" } } }
    local child = spawn { "positions" }
    shows(child, stderr, "HTTP 503: trying again in %d+ s\n")
    child:stop()
  end)

  it("says that no answer comes", function()
    rec:clear()
    rec:set { default = { stall = true } }
    local child = spawn { "positions" }
    shows(child, stderr, "waiting for the API's answer, %d+ s so far\n")
    child:stop()
  end)

  it("counts down on a terminal, and takes the line away", function()
    rec:clear()
    rec:set { default = { body = '{"agentPortfolios":[{"agentPortfolioId":"p",'
      .. '"agentPortfolioName":"a"}]}' } }
    rec:script { { status = 429, headers = { "Retry-After: 3" } } }
    local child = on_terminal { "portfolios" }
    assert.equal(0, (child:wait()), child:stdout())
    local text = child:stdout()
    local left, at = 5, nil
    for seconds, behind in text:gmatch "again in (%d+) s\27%[K()" do
      assert(tonumber(seconds) < left, text)
      left, at = tonumber(seconds), behind
    end
    assert(at and text:find("\r\27%[K.*name", at), text)
  end)

  it("says that its own calls have to wait for their turn", function()
    local server = support_server.start { limits = false, instruments = 200 }
    finally(function() server:stop() end)
    local args = { "quote" }
    local client = assert(server:client())
    for i, one in ipairs(assert(client.instruments:list())) do
      if i <= 140 then args[i + 1] = ("%d"):format(one.instrumentID) end
    end
    assert(#args > 125)
    local child = process.spawn { LUA, "src/command/etoro",
      env = { ETORO_BASE_URL = server.url,
        ETORO_API_KEY = "sandbox-api-key",
        ETORO_USER_KEY = "sandbox-user-key" }, table.unpack(args) }
    shows(child, stderr, "waiting for the rate limit: %d+ s\n")
    child:stop()
  end)

  describe("where an order waits", function()
    local server

    local function account(...)
      return process.spawn { LUA, "src/command/etoro",
        env = { ETORO_BASE_URL = server.url,
          ETORO_API_KEY = "sandbox-api-key",
          ETORO_USER_KEY = "sandbox-user-key" }, ... }
    end

    before_each(function()
      server = support_server.start { limits = false, portfolio_lag = 0 }
    end)
    after_each(function() server:stop() end)

    it("says that an order waits for it, and ends", function()
      server:set { market_open = false }
      local child = account("order", "AAPL", "--amount", "100")
      assert.equal(0, (child:wait()))
      assert.matches("the market of AAPL is closed: order %d+ waits until it"
        .. " opens", child:stderr())
      assert.matches("\nstate +resting\nreason +the market is closed",
        child:stdout())
      local id = child:stdout():match "order +(%d+)"
      child = account "orders"
      assert.equal(0, (child:wait()))
      assert.matches(id .. ".*resting  the market is closed", child:stdout())
    end)

    it("says how to go on with one that is not filled in time", function()
      server:set { fill_delay = 3600 }
      local child = account("order", "AAPL", "--amount", "100", "--wait", "1")
      assert.equal(0, (child:wait()))
      assert.matches("\nstate +pending\n", child:stdout())
      local id = child:stderr():match
        "order (%d+) is not filled yet: 'etoro orders' shows it while it waits"
      assert.matches("'etoro cancel " .. id .. "' takes it back", child:stderr())
      child = account("cancel", id)
      assert.equal(0, (child:wait()), child:stderr())
    end)

    it("says so before it waits as long as --wait tells it to", function()
      server:set { market_open = false }
      local child = account("order", "AAPL", "--amount", "100", "--wait",
        "600")
      shows(child, stderr, "the market of AAPL is closed")
      assert.is_true(child:is_running())
      server:set { market_open = true }
      assert.equal(0, (child:wait()))
      assert.matches("state +filled", child:stdout())
    end)

    it("says how to take the order back, and that works", function()
      server:set { market_open = false }
      local child = account("order", "AAPL", "--amount", "100")
      assert.equal(0, (child:wait()))
      child = account("cancel", child:stderr():match "take it back: etoro cancel (%d+)")
      assert.equal(0, (child:wait()), child:stderr())
      child = account "orders"
      child:wait()
      assert.equal("No waiting orders.\n", child:stdout())
    end)

    it("says that a close waits for it, and ends", function()
      local child = account("order", "AAPL", "--amount", "100")
      assert.equal(0, (child:wait()))
      local id = child:stdout():match "position +(%d+)"
      server:set { market_open = false }
      for _, what in ipairs { id, "all" } do
        child = account("close", what)
        assert.equal(0, (child:wait()))
        assert.matches("the market of AAPL is closed: the close of " .. id
          .. " waits until it opens", child:stderr())
        assert.matches(id .. "  accepted; the market is closed",
          child:stdout())
      end
      child = account("close", id, "--wait", "600")
      shows(child, stdout, "close accepted, order %d+\n")
      shows(child, stderr, "the market of AAPL is closed")
      assert.is_true(child:is_running())
      child:stop()
    end)
  end)
end)
