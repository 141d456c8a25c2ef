-- etoro serve --stdio, as another program drives it.
local core = require "etoro.core"
local files = require "spec.support.files"
local json = require "etoro.values.json"
local process = require "spec.support.process"
local run_limits = require "etoro.values.run_limits"
local support_server = require "spec.support.server"

local KEY = "canary-user-key-of-serve"

describe("etoro serve", function()
  local server, dir, serving

  setup(function()
    server = support_server.start { limits = false, user_key = KEY, portfolio_lag = 0 }
  end)
  teardown(function() server:stop() end)
  before_each(function()
    server:reset()
    dir = process.scratch()
  end)
  after_each(function()
    if serving then serving:stop() end
    serving = nil
    process.remove(dir)
  end)

  local function argv(...)
    local list = { os.getenv "LUA" or "lua5.4", "src/command/etoro", ... }
    list.env = { ETORO_BASE_URL = server.url, ETORO_API_KEY = "sandbox-api-key",
      ETORO_USER_KEY = KEY, XDG_STATE_HOME = dir .. "/state/home" }
    return list
  end

  local function start(...)
    local list = argv("serve", "--stdio", ...)
    list.is_told = true
    serving = process.spawn(list)
    return serving
  end

  local function write(name, text)
    local path = dir .. "/" .. name
    return files.write(path, text)
  end

  local function read(path) return assert(files.read(path)) end

  local function call(id, name, arguments)
    return json.encode { jsonrpc = "2.0", id = id, method = "tools/call",
      params = { name = name, arguments = arguments } } .. "\n"
  end

  -- The answer to the call of this id, as soon as it is there.
  local function answer(id)
    local line = serving:expect('({"id":' .. id .. ',[^\n]*)\n')
    local result = json.decode(line, true).result
    return json.decode(result.content[1].text), result.isError
  end

  local function ends(code)
    serving:hush()
    assert.equal(code, serving:wait(), serving:stderr())
    assert.falsy((serving:stdout() .. serving:stderr()):find(KEY, 1, true))
  end

  it("trades for a program, once, and keeps a file of what was asked", function()
    start("--rails", write("rails.json", '{"max_order_usd":500}'))
    serving:tell(call(1, "prepare_order", { symbol = "AAPL", transaction = "buy",
      amount = 100 }))
    local prepared = answer(1)
    serving:tell(call(2, "place", { prepared = prepared.prepared }))
    assert.equal("filled", answer(2).state)
    serving:tell(call(3, "place", { prepared = prepared.prepared }))
    assert.equal(answer(2).order.orderId, answer(3).order.orderId)
    serving:tell(call(4, "positions"))
    assert.equal(1, #answer(4))
    ends(0)
    local path = dir .. "/state/home/etoro/serve.jsonl"
    local kept = read(path)
    assert.truthy(kept:find('"tool":"place"', 1, true))
    assert.falsy(kept:find(KEY, 1, true))
    assert.truthy(read(path .. ".journal"):find(prepared.order.symbol, 1, true))
    assert.equal("600\n", process.bash({ 'stat -c %a "$1"', "bash", path }).stdout)
  end)

  it("shares no journal with a second one, and says how to give it another", function()
    local rails = write("rails.json", '{"max_order_usd":500}')
    start("--rails", rails)
    serving:tell '{"jsonrpc":"2.0","id":1,"method":"ping"}\n'
    serving:expect '({"id":1,[^\n]*)\n'
    local second = argv("serve", "--stdio", "--rails", rails)
    second.input = ""
    local done = process.run(second)
    assert.equal(1, done.code, done.stderr)
    assert.truthy(done.stderr:find("is in use by another process", 1, true), done.stderr)
    assert.truthy(done.stderr:find("--journal FILE gives this", 1, true), done.stderr)
    second = argv("serve", "--stdio", "--rails", rails, "--journal", dir .. "/second")
    second.input = ""
    done = process.run(second)
    assert.equal(0, done.code, done.stderr)
  end)

  it("reads alone where there are no rails", function()
    start()
    serving:tell(call(1, "prepare_order", { symbol = "AAPL" }))
    serving:expect('("unknown tool \'prepare_order\'")')
    serving:tell(call(2, "me", {}))
    assert.is_false(select(2, answer(2)))
    ends(0)
  end)

  it("answers one while another waits, and the last line without its end",
    function()
      server:fault { route = "GET /api/v1/me", fault = "stall" }
      start()
      serving:tell(call(1, "me", {}))
      serving:tell '{"jsonrpc":"2.0","id":2,"method":"ping"}'
      serving:tell "\n"
      serving:expect('({"id":2,)')
      serving:tell '{"jsonrpc":"2.0","id":3,"method":"ping"}'
      ends(0)
      assert.truthy(serving:stdout():find '"id":3')
      assert.falsy(serving:stdout():find '"id":1')
    end)

  it("answers what came with the end of its input", function()
    local quote = call(1, "quotes", { symbols = { "AAPL" } })
    for _, text in ipairs { quote, quote:sub(1, -2), "\r\n" .. quote } do
      local list = argv("serve", "--stdio")
      list.input = text
      local done = process.run(list)
      assert.equal(0, done.code, done.stderr)
      assert.truthy(done.stdout:find('^{"id":1,[^\n]*ask[^\n]*\n$'), done.stdout)
    end
    -- half a message is none
    local list = argv("serve", "--stdio")
    list.input = quote .. quote:sub(1, #quote // 2)
    local done = process.run(list)
    assert.equal(0, done.code, done.stderr)
    assert.truthy(done.stdout:find "%-32700")
    assert.truthy(done.stdout:find '"id":1,[^\n]*ask')
  end)

  it("gives up what reads run_limits.serve_patience after that, and says so", function()
    server:fault { route = "GET /api/v1/me", fault = "stall" }
    start()
    serving:tell(call(1, "me", {}))
    process.eventually(function() return #server:arrivals "GET /api/v1/me" > 0 end,
      "the call")
    local began = core.monotonic()
    ends(0)
    assert.is_true(core.monotonic() - began >= run_limits.serve_patience)
    assert.equal("", serving:stdout())
    local kept = read(dir .. "/state/home/etoro/serve.jsonl")
    assert.truthy(kept:find('"tool":"me","what":"given up"', 1, true), kept)
  end)

  it("follows an order to its end though nobody asks any more", function()
    start("--rails", write("rails.json", '{"max_order_usd":500}'))
    serving:tell(call(1, "prepare_order", { symbol = "AAPL", transaction = "buy",
      amount = 100 }))
    local prepared = answer(1)
    serving:tell(call(2, "place", { prepared = prepared.prepared }))
    ends(0)
    assert.equal("filled", answer(2).state)
    assert.equal(1, #server:arrivals "POST /api/v2/trading/execution/demo/orders")
  end)

  it("takes a message of any length for what it is", function()
    start()
    serving:tell(("["):rep(3 * 2 ^ 20) .. "\n")
    serving:expect("(a message may have %d+ bytes)")
    serving:tell '{"jsonrpc":"2.0","id":2,"method":"ping"}\n'
    serving:expect('({"id":2,)')
    ends(0)
  end)

  it("ends in order when it is told to, or nobody reads", function()
    start()
    serving:tell '{"jsonrpc":"2.0","id":2,"method":"ping"}\n'
    serving:expect('({"id":2,)')
    serving:kill "sigterm"
    assert.equal(0, serving:wait())
    local list = argv("serve", "--stdio")
    local done = process.bash { env = list.env,
      [[yes '{"jsonrpc":"2.0","id":1,"method":"ping"}' | head -n 20000 |
      sh spec/support/lua.sh "${@:2}" | head -n 1]], "bash", table.unpack(list) }
    assert.equal(0, done.code)
    assert.truthy(done.stdout:find '^{"id":1')
  end)

  it("says what is wrong with how it was called", function()
    local function refused(code, ...)
      local done = process.run(argv("serve", ...))
      assert.equal(code, done.code, done.stdout .. done.stderr)
      return done.stderr
    end
    assert.truthy(refused(2):find("--stdio", 1, true))
    assert.truthy(refused(2, "--stdio", "--rails", dir .. "/none")
      :find("is not there", 1, true))
    assert.truthy(refused(2, "--stdio", "--rails", write("r.json", '{"max":1}'))
      :find("max", 1, true))
    assert.truthy(refused(2, "--stdio", "--audit", dir .. "/none/a.jsonl")
      :find("audit file", 1, true))
    local rails = write("rails.json", '{"max_order_usd":500}')
    assert.truthy(refused(2, "--real", "--stdio", "--rails", rails)
      :find("--yes", 1, true))
  end)
end)
