-- etoro run in tmux, a terminal that nobody of this project wrote: its screens are
-- those of spec/fixtures/screens, and Ctrl-C ends it in order.
local docs = require "spec.support.docs"
local files = require "spec.support.files"
local process = require "spec.support.process"
local screen = require "spec.support.screen"
local support_server = require "spec.support.server"
local tmux = require "spec.support.tmux"

local USER_KEY = "canary-user-key-of-a-screen"

describe("etoro run in tmux #lua", function()
  local server, dir

  setup(function()
    server = support_server.start { limits = false, user_key = USER_KEY,
      demo_credit = 500000 }
  end)
  teardown(function() server:stop() end)
  before_each(function()
    server:reset()
    dir = process.scratch()
  end)
  after_each(function() process.remove(dir) end)

  local function write(name, text) return files.write(dir .. "/" .. name, text) end

  local function started(columns, ...)
    local argv = { "sh", "spec/support/lua.sh", "src/command/etoro", "--base-url",
      server.url, ... }
    argv.env = { ETORO_API_KEY = "sandbox-api-key", ETORO_USER_KEY = USER_KEY,
      NO_COLOR = false, TZ = "UTC" }
    local one = tmux.start(argv, columns, 24)
    finally(function() one:stop() end)
    return one
  end

  local function written()
    return write("buyer.lua", [[return { name = "buyer", symbols = { "AAPL" },
      main = function(ctx)
        assert(ctx:buy("AAPL", { amount = 200 }))
        while true do ctx:sleep(1) end
      end }]]), write("idle.lua", [[return { name = "idle", symbols = { "MSFT" },
      main = function(ctx)
        ctx:notify "watching"
        while true do ctx:sleep(1) end
      end }]]), write("rails.json", '{"max_order_usd":1000}')
  end

  -- Waits until a screen is as a file has it. What tmux moves up as it breaks lines
  -- counts as well.
  local function shows(pane, name, settle, ...)
    local expected, last = docs.read(("spec/fixtures/screens/%s.txt"):format(name)), nil
    local more = table.pack(...)
    pcall(process.eventually, function()
      last = settle(pane:lines(true), table.unpack(more, 1, more.n))
      return last == expected
    end, name)
    assert.equal(expected, last)
  end

  for _, columns in ipairs { 80, 120 } do
    it(("shows its table on %d columns, and what became of it"):format(columns),
      function()
      local one, two, rails = written()
      local pane = started(columns, "run", one, two, "--demo", "--rails", rails)
      shows(pane, "run_" .. columns, screen.settled)
      pane:press "C-c"
      assert.equal(0, pane:wait())
      shows(pane, "run_end", screen.settled_end)
      assert.is_nil(table.concat(pane:lines(true), "\n"):find(USER_KEY, 1, true))
    end)
  end

  it("goes from one width to the other", function()
    local one, two, rails = written()
    local pane = started(80, "run", one, two, "--demo", "--rails", rails)
    shows(pane, "run_80", screen.settled)
    for _, columns in ipairs { 120, 80 } do
      pane:resize(columns, 24)
      shows(pane, "run_" .. columns, screen.settled)
    end
  end)

  it("asks on the screen before real money, and takes a typed yes alone", function()
    local one, _, rails = written()
    local pane = started(120, "--real", "run", one, "--rails", rails)
    shows(pane, "run_real", screen.settled_question, dir)
    pane:press("no", "Enter")
    assert.equal(8, pane:wait())
  end)
end)
