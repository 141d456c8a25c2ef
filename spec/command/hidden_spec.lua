-- Whatever goes wrong behind a write, it is told: on stderr where stdout is dead,
-- with the exit code of what was carried out.
local commands = require "spec.support.commands"
local json = require "etoro.values.json"
local process = require "spec.support.process"
local support_server = require "spec.support.server"

local LOOKUP = "GET /api/v2/trading/info/demo/orders:lookup"

describe("what the etoro command has carried out", function()
  local server, dir, world

  local function env()
    return { ETORO_BASE_URL = server.url, ETORO_API_KEY = "sandbox-api-key",
      ETORO_USER_KEY = "sandbox-user-key", XDG_CACHE_HOME = dir }
  end

  -- text is a shell's: "$@" stands for the command and its arguments.
  local function shell(text, args)
    return process.bash { text, "bash", "sh",
      "spec/support/lua.sh", "src/command/etoro", env = env(),
      table.unpack(args) }
  end

  setup(function()
    server = support_server.start { limits = false, portfolio_lag = 0 }
    dir = process.scratch()
    world = commands.world(server, dir)
  end)
  teardown(function()
    server:stop()
    process.remove(dir)
  end)
  before_each(function() server:reset() end)

  local WAYS = { "\"$@\" >/dev/full", "\"$@\" --json >/dev/full",
    process.UNREAD .. "\"$@\" >&7", "\"$@\" --json >&-" }

  for name, command in pairs(commands.ALL) do
    if command.writes then
      it("is told by " .. name .. " where stdout takes nothing", function()
        for _, way in ipairs(WAYS) do
          server:reset()
          local done = shell(way, commands.line(name, world))
          assert.equal(9, done.code, name .. way .. done.stderr)
          assert.matches("could not be written", done.stderr)
          assert.matches(command.writes, done.stderr)
          assert.equal("", done.stdout)
        end
      end)
    end
  end

  local function answer(args)
    local done = process.run { os.getenv "LUA" or "lua5.4", "src/command/etoro",
      "--json", env = env(), table.unpack(args) }
    assert.equal(1, select(2, done.stdout:gsub("\n", "")), done.stderr)
    return json.decode(done.stdout, true), done
  end

  it("stands in the JSON of each failure as an order", function()
    server:fault { route = LOOKUP, fault = "status", status = 401, times = 0 }
    local shape, done = answer { "order", "AAPL", "--amount", "100" }
    assert.equal(9, done.code)
    assert.equal("auth", shape.error.kind)
    assert.equal(shape.orderId, shape.order.orderId)
    assert.equal(shape.referenceId, shape.order.referenceId)
    assert.equal("AAPL", shape.order.symbol)
    server:clear()
    server:raw("POST", "/sandbox/trading/fate", json.encode {
      status = "Rejected", errorCode = 605, errorMessage = "No margin" })
    shape, done = answer { "order", "AAPL", "--amount", "100" }
    assert.equal(1, done.code)
    assert.equal("605", shape.error.code)
    assert.equal("rejected", shape.order.state)
    assert.truthy(math.type(shape.order.orderId))
    shape, done = answer { "order", "AAPL", "--amount", "1" }
    assert.equal(1, done.code)
    assert.is_nil(shape.order) -- none was placed
  end)

  it("stands in the JSON of a close that was refused, or is not seen done",
    function()
      local line = commands.line("close", world)
      server:raw("POST", "/sandbox/trading/fate", json.encode { what = "close",
        status = "Rejected", errorCode = 777, errorMessage = "Not now" })
      local shape, done = answer(line)
      assert.equal(1, done.code)
      assert.equal("777", shape.error.code)
      assert.equal("open", shape.order.state)
      assert.equal(line[2], ("%d"):format(shape.order.positionId))
      assert.truthy(math.type(shape.order.orderId))
    end)

  it("stands in the JSON of an interrupted close of all", function()
    commands.line("close", world)
    server:set { close_delay = 600 }
    local child = process.spawn { os.getenv "LUA" or "lua5.4",
      "src/command/etoro", "--json", "close", "all", env = env() }
    process.eventually(function()
      return child:stderr():find "accepted: the close of %d+"
    end, "a close that is accepted")
    child:kill "sigint"
    assert.equal(9, (child:wait()))
    local shape = json.decode(child:stdout(), true)
    assert.equal("interrupted", shape.error.kind)
    assert.equal(1, #shape.orders)
    assert.truthy(math.type(shape.orders[1].orderId))
    assert.equal("AAPL", shape.orders[1].symbol)
  end)
end)
