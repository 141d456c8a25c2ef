-- What a language server says of the examples and of the blocks in doc/: nothing. No
-- such server is packaged where these specs run; spec/support/type_check.lua reads the
-- same annotations.
local annotations = require "spec.support.annotations"
local docs = require "spec.support.docs"
local process = require "spec.support.process"
local sandbox_options = require "etoro.sandbox.options"
local type_check = require "spec.support.type_check"

local function files_in(folder)
  local paths = {}
  for path in process.run { "find", folder, "-name", "*.lua" }.stdout:gmatch "[^\n]+" do
    paths[#paths + 1] = path
  end
  table.sort(paths)
  return paths
end

-- All that is installed, whatever was built.
local model = annotations.read(files_in "lua/etoro")
local check = type_check.new(model)

-- What is said of a script that begins with a client.
local function of(text)
  local said = check("x", 'local etoro = require "etoro"\n'
    .. "local client = assert(etoro.client())\n" .. text)
  for i, one in ipairs(said) do said[i] = one:match "^x:%d+: (.*)$" end
  return said
end

describe("the types #lua", function()
  it("say nothing of the examples", function()
    local count = 0
    for _, path in ipairs(files_in "examples") do
      count = count + 1
      assert.same({}, check(path, docs.read(path)))
    end
    assert(count >= 14, count)
  end)

  it("say nothing of what the pages show", function()
    local count = 0
    for _, path in ipairs(docs.pages "doc") do
      for text in docs.read(path):gmatch "```lua\n(.-)```" do
        count = count + 1
        assert.same({}, check(path, text))
      end
    end
    assert(count > 40, count)
  end)

  it("say nothing of what is right", function()
    for _, text in ipairs {
      "for _, p in ipairs(assert(client.positions:list())) do print(p.symbol, p.anything) end",
      "local box = etoro.sandbox.new { seed = 3, limits = false, fill_delay = 0.5 }\n"
        .. "box:run(function() etoro.sleep(1) end)",
      "etoro.every('5m', print, { on_event = etoro.events.print(io.stdout) })",
      "local rate, err = client.market:rate 'AAPL'\nif not rate then return err end\n"
        .. "print(rate.bid)",
      "local order = client.orders:get(5)\nprint(order and order.symbol)",
      "local s = assert(etoro.state 'x')\ns.n = (s.n or 0) + 1\nassert(s:save())",
      "client.market:candles { instrumentId = 'AAPL', interval = '1h', count = 5 }",
      "local p = assert(client.account:pnl()).positions[1]\nassert(p:close { units = 1 })",
    } do
      assert.same({}, of(text))
    end
  end)

  for text, said in pairs {
    ["client.position:list()"] = "etoro.Client has no 'position'",
    ["client.positions:lst()"] = "etoro.Positions has no 'lst'",
    ["etoro.sandbox.new { seeds = 3 }"] = "etoro.SandboxOptions has no field 'seeds'",
    ["etoro.sandbox.new { fill_delay = '1s' }"] =
      "field 'fill_delay': number|nil expected, got \"1s\"",
    ["etoro.sandbox.new { rate_headers = 'Rate' }"] = "field 'rate_headers': "
      .. '"RateLimit"|"X-RateLimit"|"none"|nil expected, got "Rate"',
    ["etoro.state(5)"] = "etoro.state, path: string expected, got integer",
    ['client:call("GET /api/v1/user-info/people/{username}/gain", { name = "x" })'] =
      "etoro.op.",
    ["etoro.events.print(io.stdout, { level = 'loud' })"] = "field 'level': "
      .. '"debug"|"info"|"warning"|"error"|nil expected, got "loud"',
    ["client.market:candles { instrumentId = 1, interval = '7m' }"] = "field 'interval'",
    ["etoro.every('5m')"] = "etoro.every lacks the argument 'fn'",
    ["client.positions:get(1, {}, 3)"] = "client.positions:get takes 2 arguments, got 3",
    ["client.positions:get()"] = "client.positions:get lacks the argument 'id'",
    ["client.orders:open { symbol = 'AAPL' }"] =
      "etoro.NewOrder lacks the field 'transaction'",
    ["print(client.positions:list()[1])"] = "what is called may be nil",
    ["local list = client.positions:list()\nprint(list[1])"] = "list may be nil",
    ["local t = etoro.at('15:30', print)\nt:cancel()"] = "t may be nil",
    ["for _, p in ipairs(client.positions:list()) do print(p) end"] =
      "what ipairs goes through may be nil",
    ["print(client:budget().default.lft)"] = "what is called.default may be nil",
  } do
    it("say what is wrong with " .. text:gsub("\n", "; "), function()
      local found = of(text)
      assert.equal(said, (found[1] or "nothing"):sub(1, #said))
    end)
  end

  it("know each option of a sandbox, and its values", function()
    local fields = model.classes["etoro.SandboxOptions"].fields
    local typed, known, wrong = {}, {}, {}
    for name in pairs(fields) do typed[#typed + 1] = name end
    for name, kind in pairs(sandbox_options.KINDS) do
      known[#known + 1] = name
      local default = sandbox_options.DEFAULTS[name]
      if type(default) ~= "function" and type(default) ~= "table" then
        local said = of(("etoro.sandbox.new { %s = %q }"):format(name, default))
        wrong[#wrong + 1] = said[1]
        for _, value in ipairs { "text", 0.5, 7, true } do
          local is_typed = #of(("etoro.sandbox.new { %s = %q }"):format(name, value)) == 0
          if not kind(value) and not is_typed then
            wrong[#wrong + 1] = ("%s takes %s"):format(name, tostring(value))
          end
        end
      end
    end
    table.sort(typed)
    table.sort(known)
    assert.same(known, typed)
    assert.same({}, wrong)
  end)

  it("know a strategy's file as its page does", function()
    local told, typed = {}, {}
    local page = docs.read("doc/strategies.md"):match "## The file\n(.-)\n## "
    for name in page:gmatch "\n| `([%l_]+)" do told[#told + 1] = name end
    for name in pairs(model.classes["etoro.StrategyFile"].fields) do
      typed[#typed + 1] = name
    end
    table.sort(told)
    table.sort(typed)
    assert.same(told, typed)
    for _, path in ipairs(files_in "examples/strategies") do
      assert.same({}, check(path, docs.read(path), "etoro.StrategyFile"))
    end
    assert.same({ "x:1: etoro.StrategyFile has no field 'on_bra'" },
      check("x", "return { name = 'x', on_bra = print }", "etoro.StrategyFile"))
    assert.same({ "x:1: etoro.StrategyFile lacks the field 'name'" },
      check("x", "return { interval = '1h' }", "etoro.StrategyFile"))
  end)

  it("are installed with the library, those of secrets too", function()
    for _, name in ipairs { "etoro.Secret", "etoro.Sandbox", "etoro.Event",
      "etoro.Positions", "etoro.api.Instrument" } do
      assert(model.classes[name], name)
    end
    assert.equal("fun", model.classes["etoro.Secret"].fields.save.tag)
  end)
end)
