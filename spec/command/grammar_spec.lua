-- What the etoro command takes: help, versions, options, and what it says of a
-- line that is wrong.
local core = require "etoro.core"
local docs = require "spec.support.docs"
local errors = require "etoro.errors"
local exits = require "etoro.command.exits"
local guide = require "etoro.command.guide"
local json = require "etoro.values.json"
local parser = require "etoro.command.parser"
local process = require "spec.support.process"
local sandbox_arguments = require "etoro.sandbox.arguments"
local support_server = require "spec.support.server"
local tree = require "etoro.command.tree"

local LUA = os.getenv "LUA" or "lua5.4"

local function run(...)
  return process.run { LUA, "src/command/etoro", ... }
end

-- A command line in words; quotes as a shell has them.
local function words_of(line)
  local words = {}
  line = line:gsub("\\\n", " "):gsub(" [<>|].*", "")
  for quoted, plain in line:gmatch '"?()([^ "]+[^ "]*)' do
    local whole = line:sub(quoted - 1, quoted - 1) == '"'
      and line:match('^([^"]*)"', quoted)
    words[#words + 1] = whole or plain
  end
  return words
end

local function nodes()
  local list = {}
  tree.walk(tree.read(parser.new()), function(node) list[#list + 1] = node end)
  return list
end

describe("the etoro command's versions #lua", function()
  it("are those of etoro, libcurl and Lua", function()
    local done = run "--version"
    assert.equal(0, done.code, done.stderr)
    assert.equal("", done.stderr)
    local version = require "etoro.values.version"
    assert.equal("etoro " .. version, done.stdout:match "^[^\n]+")
    assert.truthy(done.stdout:find("\nlibcurl " .. core.features().libcurl, 1, true))
    assert.truthy(done.stdout:find("\n" .. _VERSION .. "\n", 1, true))
    assert.same({ etoro = version, libcurl = core.features().libcurl,
      tls = core.features().tls, lua = _VERSION:match "%d+%.%d+" },
      json.decode(run("--json", "--version").stdout))
  end)

  it("are told without keys, HOME or a terminal", function()
    local done = process.run { LUA, "src/command/etoro", "quote", "--version",
      env = { HOME = false, TERM = false, XDG_CONFIG_HOME = false } }
    assert.equal(0, done.code, done.stderr)
  end)
end)

describe("the etoro command's help #lua", function()
  it("has each command in one group", function()
    local seen = {}
    for _, group in ipairs(guide.GROUPS) do
      for i = 2, #group do
        assert.is_nil(seen[group[i]], group[i])
        seen[group[i]] = true
      end
    end
    for _, node in ipairs(tree.read(parser.new()).commands) do
      assert.is_true(seen[node.name], node.name .. " is in no group of guide.lua")
      seen[node.name] = nil
    end
    assert.same({}, seen)
    local done = run "help"
    assert.equal(done.stdout, run("--help").stdout)
    assert.equal(done.stdout, run().stdout)
    for _, group in ipairs(guide.GROUPS) do
      assert.truthy(done.stdout:find("\n" .. group[1] .. ":\n   " .. group[2],
        1, true), group[1])
    end
    assert.is_nil(done.stdout:find("Other commands", 1, true))
    assert.truthy(done.stdout:find("\nExamples:\n   etoro login\n", 1, true))
  end)

  it("has examples of each command that it takes itself", function()
    local seen = {}
    for name in pairs(guide.EXAMPLES) do seen[name] = true end
    for _, node in ipairs(nodes()) do
      local examples = assert(guide.EXAMPLES[node.name],
        node.name .. " has no example in guide.lua")
      seen[node.name] = nil
      for _, example in ipairs(examples) do
        local words = words_of(example)
        assert.equal("etoro", table.remove(words, 1), example)
        local parsed, stop
        if words[1] == "sandbox" then -- its options are its own
          assert(sandbox_arguments.parse { table.unpack(words, 2) }, example)
        else
          parsed, stop = parser.parse(parser.new(), words)
          assert(parsed or stop.help, example .. ": " .. tostring(stop
            and stop.message))
        end
        for line in example:gmatch "[^\n]+" do assert(#line < 77, line) end
      end
    end
    assert.same({}, seen)
  end)

  it("is the same by the word, and links to the API's documentation", function()
    for _, words in ipairs { { "order" }, { "tokens", "create" }, { "data" },
      { "sandbox" }, { "help" } }
    do
      local args = { table.unpack(words) }
      args[#args + 1] = "--help"
      local by_option = run(table.unpack(args))
      local by_word = run("help", table.unpack(words))
      assert.equal(0, by_word.code, by_word.stderr)
      assert.equal(by_option.stdout, by_word.stdout)
      assert.matches("\nExamples:\n   etoro ", by_word.stdout)
      assert.truthy(by_word.stdout:find("https://api-portal.etoro.com", 1, true))
    end
  end)

  it("fits 80 columns", function()
    for _, node in ipairs(nodes()) do
      for line in node.parser:get_help():gmatch "[^\n]+" do
        assert(#line < 80, node.name .. ": " .. line)
      end
    end
  end)

  it("says of each value what it is, and each option once", function()
    local seen = {}
    for _, node in ipairs(nodes()) do
      local help = node.parser:get_help()
      for value in help:gmatch "<([^<>\n]+)>" do
        assert.is_nil(value:find("_", 1, true), node.name .. ": " .. value)
      end
      for _, option in ipairs(node.options) do
        for _, name in ipairs { option.name, node.name .. " " .. option.name } do
          seen[name] = guide.VALUES[name] and option.value == guide.VALUES[name]
            or seen[name]
        end
      end
      assert.is_nil(help:find("--scopes", 1, true), node.name)
    end
    for name in pairs(guide.VALUES) do assert.is_true(seen[name], name) end
    assert.truthy(run("help", "order").stdout:find("\n   --stop-loss <rate> ", 1, true))
  end)

  it("knows no command that is none, and a near one", function()
    for line, wanted in pairs { ["help ordr"] = "unknown command 'ordr'."
      .. " Did you mean 'order'?", ["help tokens creat"] = "Did you mean 'create'?",
      ["help order x"] = "unknown command 'x'\n", xyzzy = "unknown command 'xyzzy';"
        .. " 'etoro help' lists them", ["tokens xyzzy"] = "unknown command 'xyzzy';"
        .. " there are: list, create, rotate, update, revoke" }
    do
      local done = run(table.unpack(words_of(line)))
      assert.equal(2, done.code)
      assert.equal("", done.stdout)
      assert.truthy(done.stderr:find(wanted, 1, true), done.stderr)
    end
  end)
end)

describe("the etoro command, used wrongly #lua", function()
  local CASES = {
    { "ordr", "options] <command>", "'ordr'. Did you mean 'order'?" },
    { "--jsn quote", "options] <command>", "'--jsn'. Did you mean '--json'?" },
    { "order AAPL --amuont 5", "order", "'--amuont'. Did you mean '--amount'?" },
    { "order AAPL --amount 5 --rael", "order", "Did you mean '--real'?" },
    { "order AAPL --stop_loss 5", "order", "Did you mean '--stop-loss'?" },
    { "order AAPL --amount", "order", "'--amount'" },
    { "order AAPL --amount -5", "order", "--amount: '-5' is not a decimal" },
    { "order AAPL --stop-loss=-5", "order", "--stop-loss: '-5' is not a" },
    { "order AAPL", "order", "--amount or --units is missing" },
    { "order AAPL --amount 1 --units 1", "order", "--units" },
    { "order AAPL --short=1", "order", "'--short' does not take" },
    { "order AAPL --amount 1 --settlement x", "order", "'--settlement'" },
    { "close 5 --wait -1", "close", "--wait: '-1' is not a number of" },
    { "close five", "close", "'five' is no POSITION" },
    { "candles AAPL --count -.5", "candles", "--count: '-.5' is not a whole" },
    { "history --limit 0", "history", "--limit: '0' is not a whole" },
    { "edit 5", "edit", "--stop-loss or --take-profit" },
    { "tokens create p --name n", "tokens create", "'--scope'" },
    { "portfolios creat x", "portfolios", "Did you mean 'create'?" },
    { "data", "data", "a command is required: check, get, list, export" },
    { "completion tcsh", "completion", "'bash', 'zsh', 'fish'" },
    { "quote", "quote", "'symbol'" },
    { "--utc sandbox --port 0", "sandbox", "'sandbox' comes first" },
    { "--utc sandbox", "sandbox", "'sandbox' comes first" },
    { "--timeout x quote AAPL", "quote", "--timeout: 'x' is not a number" },
  }

  it("says how the command is used, names the option, and ends with 2", function()
    for _, case in ipairs(CASES) do
      local words = words_of(case[1])
      local done = run(table.unpack(words))
      assert.equal(2, done.code, case[1] .. done.stderr)
      assert.equal("", done.stdout)
      local usage, message = done.stderr:match "^(Usage: .*)\netoro: (.*)$"
      if case[1]:find "^%-%-timeout" then case[2] = "[options] <command>" end
      assert.truthy(usage, done.stderr)
      assert.truthy(usage:find("etoro " .. case[2], 1, true)
        or usage:find(case[2], 1, true), usage)
      assert.truthy(message:find(case[3], 1, true), message)
      local is_known, answer = pcall(json.decode,
        run("--json", table.unpack(words)).stdout)
      assert(is_known and answer, case[1])
      assert.equal("usage", answer.error.kind)
      assert.equal(message:gsub("\n$", ""), answer.error.message)
    end
  end)

  it("takes negative numbers as values, and no options behind --", function()
    local function parse(...)
      local parsed, stop = parser.parse(parser.new(), { ... })
      return parsed or error(stop.message, 0)
    end
    assert.equal("-5", parse("search", "-5").text)
    assert.equal("-.5", parse("search", "-.5").text)
    assert.equal("--x", parse("search", "--", "--x").text)
    assert.equal("-5", parse("search", "--", "-5").text)
    assert.same({ "delta=-3", "-7" }, parse("call", "x", "delta=-3", "-7").parameters)
    assert.same({ "min=-3" }, parse("run", "x.lua", "--set", "min=-3").set)
    assert.equal("-1d", parse("backtest", "x.lua", "--from", "-1d").from)
    assert.equal("-1d", parse("backtest", "x.lua", "--from=-1d").from)
    assert.equal("none", parse("edit", "1", "--stop-loss", "none").stop_loss)
  end)

  it("takes no value of a command twice, but where a list is meant", function()
    local function parse(...) return parser.parse(parser.new(), { ... }) end
    for _, case in ipairs { { "order", "AAPL", "--amount", "50", "--amount=500" },
      { "order", "AAPL", "--amount", "50", "--stop-loss", "5", "--stop-loss", "5" },
      { "edit", "1", "--take-profit", "none", "--take-profit", "2" },
      { "close", "1", "--units=1", "--units=2" },
      { "portfolios", "create", "n", "--invest", "1", "--invest", "2" },
      { "run", "x.lua", "--seed", "1", "--seed", "2" } }
    do
      local parsed, stop = parse(table.unpack(case))
      assert.is_nil(parsed, case[#case])
      local name = case[#case]:match "^%-%-[a-z-]+" or case[#case - 1]
      assert.equal(("option '%s' is given twice"):format(name), stop.message)
    end
    assert.same({ "a=1", "b=2" },
      parse("run", "x.lua", "--set", "a=1", "--set", "b=2").set)
    assert.equal("b", parse("--profile", "a", "quote", "A", "--profile", "b").profile)
  end)

  it("takes each option with a blank and with an equals sign", function()
    for _, node in ipairs(nodes()) do
      for _, option in ipairs(node.options) do
        if option.value then
          local one = parser.new()
          local found = tree.find(tree.read(one), words_of(node.name))
          local given = {}
          for _, other in ipairs(found.options) do
            if other.name == option.name then
              other.element:convert(function(text)
                given[#given + 1] = text
                return text
              end)
            end
          end
          local value = option.choices and option.choices[1] or "7"
          for _, words in ipairs { { option.name, value },
            { option.name .. "=" .. value } }
          do
            local all = words_of(node.name)
            table.move(words, 1, #words, #all + 1, all)
            parser.parse(one, all)
          end
          assert(#given >= 2 and given[1] == value, node.name .. option.name)
        end
      end
    end
  end)
end)

describe("the etoro command's exit codes #lua", function()
  it("are those of the table in doc/command.md", function()
    local documented = {}
    local rows = docs.read "doc/command.md":match "| exit code.-\n\n"
    for cell in rows:gmatch "\n| ([0-9, ]+) |" do
      for code in cell:gmatch "%d+" do documented[tonumber(code)] = true end
    end
    for name, code in pairs(exits) do
      if type(code) == "number" then
        assert.is_true(documented[code], name .. " is in no row")
      end
    end
  end)

  it("know each code of what is refused before it is sent", function()
    local count = 0
    for _, name in ipairs { "precheck/init", "precheck/sizes", "precheck/stops",
      "orders", "prepared" }
    do
      local text = docs.read("lua/etoro/trading/" .. name .. ".lua")
      for code in text:gmatch 'refusal%("([a-z_]+)"' do
        count = count + 1
        assert.equal(1, exits.code_of(errors.new { kind = "invalid", code = code,
          message = "" }), code)
      end
    end
    assert(count > 15)
    assert.equal(2, exits.code_of(errors.invalid("x", "amount")))
  end)

  it("are 1 for what is refused, 2 for what is used wrongly", function()
    local server = support_server.start { limits = false, portfolio_lag = 0,
      fill_delay = 0 }
    finally(function() server:stop() end)
    local function etoro(line)
      return process.run { LUA, "src/command/etoro",
        env = { ETORO_BASE_URL = server.url, ETORO_API_KEY = "sandbox-api-key",
          ETORO_USER_KEY = "sandbox-user-key" },
        table.unpack(words_of(line)) }
    end
    for line, text in pairs {
      ["order AAPL --amount 1"] = "amount_too_small",
      ["order AAPL --amount 100 --leverage 77"] = "leverage_not_offered",
      ["order AAPL --amount 100 --stop-loss 99999"] = "stop_on_wrong_side",
      ["order AAPL --amount 99999999"] = "Insufficient funds",
    } do
      local done = etoro(line)
      assert.truthy(done.stderr:find(text, 1, true), done.stderr)
      assert.equal(1, done.code, line .. done.stderr)
      assert.is_nil(done.stderr:find "Usage")
    end
    local done = etoro "order AAPL --amount 100 --wait 0"
    assert.equal(0, done.code, done.stderr)
    local id = json.decode(etoro("--json positions").stdout)[1].positionId
    done = etoro(("close %d --units 99999"):format(id))
    assert.equal(1, done.code, done.stderr)
    for _, line in ipairs { "candles AAPL --interval 7d", "history --since x",
      "--base-url ftp://x positions" }
    do
      done = etoro(line)
      assert.equal(2, done.code, line .. done.stderr)
      assert.matches("^Usage: etoro ", done.stderr)
    end
  end)
end)
