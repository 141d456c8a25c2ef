-- Tables of the etoro command: what fits, what is aligned, what is shown of a text.
local columns = require "etoro.command.columns"
local docs = require "spec.support.docs"
local fold = require "etoro.command.fold"
local moments = require "etoro.command.moments"
local output = require "etoro.command.output"
local process = require "spec.support.process"
local recorder = require "spec.support.recorder"
local tables = require "etoro.command.tables"

local LUA = os.getenv "LUA" or "lua5.4"

local function cells(rows)
  local all = {}
  for i, row in ipairs(rows) do
    all[i] = {}
    for k, text in ipairs(row) do all[i][k] = { text = text } end
  end
  return all
end

local SPECS = { { "symbol", least = 4 }, { ">price", drop = 3 },
  { ">profit", drop = 2 }, { "why", drop = 1, least = 6 } }

local ROWS = { { "AAPL", "5", "+12.5", "because of it" },
  { "日本電信電話", "1640.25", "-3", "-" }, { "e\204\129🚀x", "-", "0.001", "" } }

describe("a table", function()
  it("aligns numbers on their points, and letters by what they take", function()
    assert.same({
      "symbol          price   profit  why",
      "AAPL             5     +12.5    because of it",
      "日本電信電話  1640.25   -3      -",
      "e\204\129🚀x             -       0.001",
    }, tables.render(tables.columns(SPECS), cells(ROWS), {}))
  end)

  it("cuts texts first, then goes without columns in their order", function()
    local seen, heads = {}, {}
    for width = 60, 1, -1 do
      local lines = tables.render(tables.columns(SPECS), cells(ROWS),
        { width = width })
      for _, line in ipairs(lines) do
        assert(columns.text(line) <= width, width .. ": " .. line)
      end
      local head = lines[1]:gsub(" +", " "):gsub("….*", "")
      if not seen[head] then
        seen[head], heads[#heads + 1] = true, head
      end
    end
    assert.same({ "symbol price profit why", "symbol price profit",
      "symbol price", "symbol" }, { table.unpack(heads, 1, 4) })
  end)

  it("marks what was cut, so that no part of a number is taken for one", function()
    local lines = tables.render(tables.columns { ">price" },
      cells { { "12345.67" }, { "1.5" } }, { width = 6 })
    assert.same({ " price", "12345…", "    1.5" }, { lines[1], lines[2],
      (lines[3]:gsub("^ +", "    ")) })
  end)

  it("paints a cell, and no space beside it", function()
    local rows = cells { { "a", "1" } }
    rows[1][2].color = "red"
    local lines = tables.render(tables.columns { "name", ">value" }, rows, {
      paint = function(text, color) return color and "<" .. text .. ">" or text end })
    assert.same({ "<name>  <value>", "a         <1>" },
      { lines[1], (lines[2]:gsub(" +", function(space)
        return #space > 2 and (" "):rep(9) or space
      end)) })
  end)
end)

describe("a long line", function()
  it("is broken where words end, and no word is", function()
    assert.same({ "one two", "three", "four" }, fold.lines("one two three four", 8))
    assert.same({ "one", "two three", "four" }, fold.lines("one two three four", 9, 4))
    assert.same({ "a", "averylongword", "b" }, fold.lines("a averylongword b", 5))
    assert.same({ "日本", "日本" }, fold.lines("日本 日本", 5))
    assert.same({ "fits" }, fold.lines("fits", 4))
    assert.same({ "" }, fold.lines("", 4))
  end)
end)

describe("the width of a text", function()
  it("counts what its letters take", function()
    for text, width in pairs {
      ["日本"] = 4, ["é"] = 1, ["e\204\129"] = 1, ["🚀"] = 2, ["👍🏽"] = 2,
      ["👨\226\128\141👩\226\128\141👧"] = 2, ["❤\239\184\143"] = 2, ["🇩🇪"] = 2,
      ["한국"] = 4, ["a\226\128\139b"] = 2, ["ｱ"] = 1, ["\215\162\214\180"] = 1,
      ["￥"] = 2, ["─█…"] = 3, [""] = 0,
    } do
      assert.equal(width, columns.text(text), text)
    end
  end)
end)

describe("a text of a server", function()
  it("shows what a terminal would act upon", function()
    for text, shown in pairs {
      ["a\27[31mb"] = [[a\u001b[31mb]], ["\0\7\127"] = [[\u0000\u0007\u007f]],
      ["\194\155m"] = [[\u009bm]], ["a\nb\r\tc"] = [[a\nb\r\tc]],
      ["\226\128\174x\226\129\166y\216\156"] = [[\u202ex\u2066y\u061c]],
      ["\155x\255"] = [[\x9bx\xff]], ["\239\187\191a"] = [[\ufeffa]],
      ["żółw 日本 🚀"] = "żółw 日本 🚀",
    } do
      assert.equal(shown, output.visible(text))
    end
    assert.equal("-", output.visible(nil))
  end)

  it("is a question mark where its characters cannot be shown", function()
    local code = [[local charset = require "etoro.command.charset"
      io.write(charset.shown "a日é🚀b", charset.cut_mark())]]
    for name, shown in pairs { C = "a???b~", POSIX = "a???b~",
      ["ru_RU.KOI8-R"] = "a???b~", ["C.UTF-8"] = "a日é🚀b…",
      ["de_DE.utf8@euro"] = "a日é🚀b…" }
    do
      local done = process.run { LUA, "-e", code, env = { LC_ALL = name } }
      assert.equal(shown, done.stdout, done.stderr)
    end
  end)
end)

describe("a time", function()
  it("is shown by the clock of the place, with its zone", function()
    local code = [[local fold = require "etoro.command.fold"
local moments = require "etoro.command.moments"
      io.write(moments.shown("2026-07-01T10:00:00.123Z"), "|",
        moments.shown("2026-01-01T10:00:00Z", false, true), "|",
        moments.shown("2026-01-01T10:00:00+02:00", true))]]
    local done = process.run { LUA, "-e", code,
      env = { TZ = "CET-1CEST,M3.5.0,M10.5.0/3" } }
    assert.equal("2026-07-01 12:00:00 CEST|2026-01-01 11:00 CET|"
      .. "2026-01-01 08:00:00 UTC", done.stdout, done.stderr)
  end)

  it("stays what it is where it is none", function()
    for _, value in ipairs { "soon", "2026-03-02", 5, "9999999-01-01T00:00:00Z" } do
      assert.equal(value, moments.shown(value))
    end
  end)
end)

describe("the tables of the etoro command", function()
  local TABLES = {
    positions = "positions", orders = "orders", history = "history",
    recover = "recover", candles = "candles", operations = "operations", portfolios = "portfolios",
    tokens = "tokens", ["data list"] = "data",
    copy = "copy", transfers = "transfers", alerts = "alerts", watchlists = "watchlists",
    ["watchlists show"] = { "watchlists", "SHOW_COLUMNS" },
    quote = { "market", "QUOTE_COLUMNS" }, search = { "market", "SEARCH_COLUMNS" },
  }

  it("go without columns in the order that doc/command.md tells", function()
    local page = docs.read "doc/command.md"
    for name, where in pairs(TABLES) do
      where = type(where) == "table" and where or { where, "COLUMNS" }
      local list = {}
      for _, column in ipairs(tables.columns(
        require("etoro.command." .. where[1])[where[2]]))
      do
        if column.drop then list[#list + 1] = column end
      end
      table.sort(list, function(a, b) return a.drop < b.drop end)
      for i, column in ipairs(list) do list[i] = column.title end
      local told = page:match("\n| `" .. name .. "` | ([^|]*) |")
      assert.equal(table.concat(list, ", "), told, name)
    end
  end)
end)

describe("the etoro command on other terminals #lua", function()
  local rec
  setup(function() rec = recorder.start() end)
  teardown(function() rec:stop() end)

  local SEARCH = [[{"totalItems":2,"items":[{"instrumentId":1,
    "internalSymbolFull":"日本株","displayname":"e\u0301 🚀 \u001b[31m\u202ex"},
    {"instrumentId":2,"internalSymbolFull":"AB","displayname":"b"}]}]]

  local function shown(width, env, ...)
    rec:clear()
    rec:script { { body = SEARCH } }
    local argv = { "python3", "spec/support/on_terminal.py", tostring(width), "30",
      "sh", "spec/support/lua.sh", "src/command/etoro", "search", "x", ... }
    argv.env = { ETORO_BASE_URL = rec.url, ETORO_API_KEY = "key-0123456789",
      ETORO_USER_KEY = "user-0123456789", TERM = "xterm", LC_ALL = "C.UTF-8",
      NO_COLOR = false }
    for name, value in pairs(env) do argv.env[name] = value end
    local done = process.run(argv)
    assert.equal(0, done.code, done.stdout .. done.stderr)
    return done.stdout:gsub("\r\n", "\n")
  end

  -- What is told of three positions, one of a copied trader; profits of two.
  local HELD = [[{"clientPortfolio":{"credit":5,"orders":[],"ordersForOpen":[],
    "positions":[%s{"positionID":1,"instrumentID":7,"symbol":"AA","isBuy":true,
    "amount":100.01,"units":2,"openRate":50,"mirrorID":0%s},{"positionID":2,
    "instrumentID":7,"symbol":"AA","isBuy":false,"amount":200.02,"units":4,
    "openRate":50,"mirrorID":0%s}],"mirrors":[{"mirrorID":9,"positions":[{
    "positionID":3,"instrumentID":7,"symbol":"AA","isBuy":true,"amount":10.1,
    "units":1,"openRate":50,"mirrorID":9%s}]}]}}]]

  local function positions(...)
    rec:clear()
    rec:script { { body = HELD:format("", "", "", "") },
      { body = HELD:format(...) } }
    local argv = { LUA, "src/command/etoro", "positions", env = {
      ETORO_BASE_URL = rec.url, ETORO_API_KEY = "key-0123456789",
      ETORO_USER_KEY = "user-0123456789" } }
    local done = process.run(argv)
    assert.equal(0, done.code, done.stderr)
    return done.stdout
  end

  local function gain(profit)
    return (',"unrealizedPnL":{"pnL":%s,"closeRate":51.5}'):format(profit)
  end

  it("adds up to the cent what the API tells, copies as well", function()
    local text = positions("", gain "0.104", gain "-0.2", gain "1.1")
    assert.truthy(text:find("\n +total +USD +310.13 +311.13 +%+1.00 +%+0.32%%\n"), text)
    assert.truthy(text:find "\n +3  AA .- copied\n", text)
    assert.truthy(text:find "\n +1  AA +long +100.01 +2 +50 +51.5 +100.11 ", text)
  end)

  it("has no total where a profit is not known, nor one of other units", function()
    local text = positions("", gain "0.104", "", gain "1.1")
    assert.truthy(text:find "\n +total +USD +310.13 +%- +%- +%-\n", text)
    text = positions("", ',"units":3' .. gain "5", gain "1", gain "1")
    assert.truthy(text:find "\n +total +USD +310.13 +%- +%- +%-\n", text)
  end)

  it("works where TERM is unset, dumb, or colours are not wanted", function()
    assert.truthy(shown(80, {}):find("\27[1msymbol\27[0m", 1, true))
    for _, env in ipairs { { TERM = "dumb" }, { NO_COLOR = "1" }, { TERM = false } } do
      assert.is_nil(shown(80, env):find("\27", 1, true))
    end
  end)

  it("shows nothing but ASCII under LC_ALL=C", function()
    local text = shown(80, { LC_ALL = "C" })
    assert.is_nil(text:find "[\128-\255]", text)
    assert.truthy(text:find("???", 1, true), text)
  end)

  it("is no wider than twenty columns, and than one", function()
    for _, width in ipairs { 20, 7, 1 } do
      local text = shown(width, { NO_COLOR = "1" })
      for line in text:gmatch "[^\n]+" do
        assert(columns.text(line) <= width, width .. ": " .. line)
      end
    end
  end)

  it("shows the same as JSON that no terminal acts upon", function()
    local text = shown(80, {}, "--json")
    assert.truthy(text:find([[\u001b[31m\u202ex]], 1, true), text)
    assert.is_nil(text:find("\226\128\174", 1, true))
  end)
end)
