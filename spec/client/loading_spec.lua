-- Nothing is loaded once a write has left: the host may have another folder by
-- then, no descriptor free, or an upgrade under way.
local etoro = require "etoro"
local process = require "spec.support.process"
local program = require "spec.support.program"
local server = require "spec.support.server"

local LUA = os.getenv "LUA" or "lua5.4"

describe("behind a write", function()
  local folder

  setup(function() folder = process.scratch() end)
  teardown(function() process.remove(folder) end)

  local count = 0

  local function spawn(...)
    count = count + 1
    return process.spawn { LUA, "spec/hosts/sealed.lua",
      env = { JOURNAL = folder .. "/" .. count .. ".journal" }, ... }
  end

  local function loads_nothing(child)
    child:wait()
    assert.equal("", child:stderr())
    assert.equal(0, child.code)
  end

  -- The writes that carry orders and closings, and all others.
  local trades, others = {}, {}
  for name, op in pairs(etoro.operations) do
    if op.method ~= "GET" and not op.reads then
      local list = op.trade and trades or others
      list[#list + 1] = name
    end
  end
  table.sort(trades)
  table.sort(others)

  it("no operation loads code, however it ends", function()
    assert.is_true(#others > 50)
    loads_nothing(spawn("calls", table.unpack(others)))
  end)

  for _, name in ipairs(trades) do
    it(name .. " loads none either", function()
      loads_nothing(spawn("calls", name))
    end)
  end

  for _, flow in ipairs { "orders", "call_then_look", "positions",
    "portfolios", "money", "social", "watchlists", "renewal" }
  do
    it("none is loaded by what people do: " .. flow, function()
      loads_nothing(spawn("flow", flow))
    end)
  end
end)

describe("a first call that takes nothing", function()
  it("loads nothing that it does not use", function()
    local done = process.run { LUA, "-e", [[
      local etoro = require "etoro"
      local client = assert(etoro.client { base_url = "http://127.0.0.1:9",
        api_key = "a", user_key = "b", max_retries = 0, timeout = 5 })
      client:call "GET /api/v1/me"
      for _, name in ipairs { "cjson", "etoro.call.arguments",
        "etoro.call.raw", "etoro.values.types", "etoro.operations.trading",
        "etoro.trading.orders", "etoro.tasks.loop", "etoro.client.renewal" }
      do
        if package.loaded[name] then print(name) end
      end
      assert(not pcall(client.call, client, "GET /api/v1/me", { x = 1 }))
      assert(package.loaded["etoro.call.arguments"])]] }
    assert.equal("", done.stderr)
    assert.equal("", done.stdout)
  end)
end)

describe("without a free descriptor", function()
  local web

  setup(function() web = server.start() end)
  teardown(function() web:stop() end)

  it("an order that is out ends as it must, and is found later", function()
    web:fault { route = "POST /api/v2/trading/execution/demo/orders",
      fault = "lost_reply" }
    local argv = program.lua([[
      local kept, is_out = {}, false
      local function fill() -- what a closed connection leaves is taken too
        local file = io.open "/dev/null"
        while file do
          kept[#kept + 1] = file
          file = io.open "/dev/null"
        end
      end
      local c = client(arg[1], { api_key = "sandbox-api-key",
        user_key = "sandbox-user-key", on_unknown = "report",
        on_event = function(event)
          if event.kind == "sent" and event.method == "POST" then
            is_out = true
          end
          if is_out then fill() end
        end })
      local id = core.uuid()
      local ok, order, err = pcall(c.orders.open, c.orders, {
        instrumentId = 1001, transaction = "buy", amount = 100,
        leverage = 1 }, { precheck = false, request_id = id, settle = 0.2,
        deadline = 5 })
      is_out = false
      assert(ok, order)
      assert(#kept > 5, "nothing was taken")
      assert(order == nil and err.kind == "unknown_outcome", tostring(err))
      assert(err.request_id == id and err.may_have_executed)
      for _, file in ipairs(kept) do file:close() end
      local op = "GET /api/v2/trading/info/demo/orders:lookup"
      local found = assert(c:call(op, { referenceId = id }))
      io.write(found.orderId)]], web.url)
    local limited = process.run { "/bin/sh", "-c",
      'ulimit -n 64; exec sh spec/support/lua.sh "$@"', "sh",
      table.unpack(argv, 2) }
    assert.equal("", limited.stderr)
    assert.matches("^%d+$", limited.stdout)
  end)
end)
