-- No result depends on the process's locale, which a host may change at any
-- time: the same program sees the same under every one.
local process = require "spec.support.process"
local program = require "spec.support.program"
local server = require "spec.support.server"

local LUA = os.getenv "LUA" or "lua5.4"

-- A decimal comma and an order of words that is not that of bytes; letters
-- whose other case is no ASCII.
local LOCALES = { ["de_DE.UTF-8"] = { "de_DE", "UTF-8" },
  ["tr_TR.ISO-8859-9"] = { "tr_TR", "ISO-8859-9" } }
local GERMAN, TURKISH = "de_DE.UTF-8", "tr_TR.ISO-8859-9"

describe("under another locale", function()
  local folder, web

  -- Debian: the packages libc-bin and locales.
  local function build(name, parts)
    local localedef = assert(process.find "localedef",
      "localedef is missing; the locales of this spec are made by it")
    local made = process.run { localedef, "-i", parts[1], "-f", parts[2],
      folder .. "/" .. name }
    assert(made.code <= 1, made.stderr) -- 1: made, with warnings
  end

  setup(function()
    folder = process.scratch()
    for name, parts in pairs(LOCALES) do build(name, parts) end
    web = server.start()
  end)
  teardown(function()
    web:stop()
    process.remove(folder)
  end)

  local count = 0

  -- What the program sees, and its journal without what is new each time.
  local function saw(...)
    count = count + 1
    local path = folder .. "/" .. count .. ".journal"
    local done = process.run { LUA, "spec/hosts/locales.lua", path,
      folder .. "/" .. count .. ".cache", env = { LOCPATH = folder }, ... }
    assert.equal("", done.stderr)
    assert.equal(0, done.code)
    local file = assert(io.open(path))
    local lines = file:read "a":gsub("%x+%-%x+%-%x+%-%x+%-%x+", "<id>")
      :gsub('"salt":"%x+"', ""):gsub('"who":"%x+"', "")
    file:close()
    return done.stdout, lines
  end

  local plain, plain_journal

  local function sees_the_same(...)
    if not plain then
      plain, plain_journal = saw("C", "C")
      assert.is_true(#plain > 5000)
    end
    local text, lines = saw(...)
    assert.equal(plain, text)
    assert.equal(plain_journal, lines)
  end

  it("that was there from the start", function()
    sees_the_same(GERMAN, GERMAN)
    sees_the_same(TURKISH, TURKISH)
  end)

  it("that comes later, at any time", function()
    sees_the_same("C", GERMAN, "C", TURKISH)
    sees_the_same("C", TURKISH, GERMAN)
    sees_the_same(GERMAN, "C")
    sees_the_same(TURKISH, "C", GERMAN, GERMAN)
  end)

  -- A program with a client of the served sandbox, under a locale.
  local function runs(code, ...)
    local argv = program.lua([[
      local function locale(name) assert(os.setlocale(name), name) end
      local url, GERMAN, path = arg[1], arg[2], arg[3]
      local json = require "etoro.values.json"
      local options = { api_key = "sandbox-api-key", journal = path,
        user_key = "sandbox-user-key", on_unknown = "report",
        on_event = function() end }
      local ORDER = { instrumentId = 1001, transaction = "buy",
        amount = 100.25, leverage = 1 }
      ]] .. code, web.url, GERMAN, ...)
    argv.env = { LOCPATH = folder }
    local done = process.run(argv)
    assert.equal("", done.stderr)
    assert.equal(0, done.code)
    return done.stdout
  end

  it("that is set while an order is out, its answer is read", function()
    web:clear()
    runs([[
      options.on_event = function(event)
        if event.kind == "sent" then locale(GERMAN) end
      end
      local c = client(url, options)
      local order, response = c.orders:open(ORDER, { precheck = false })
      assert(math.type(order.orderId) == "integer", tostring(response))
      assert(response.attempts == 1)
      c:close()]], folder .. "/out.journal")
    local arrivals = web:arrivals
      "POST /api/v2/trading/execution/demo/orders"
    assert.equal(1, #arrivals)
    assert.matches('"amount":100.25[,}]', arrivals[1].body)
  end)

  it("the sandbox sorts by bytes", function()
    assert.equal("D d m \xC3\xA4 ", runs [[
      locale(GERMAN)
      assert("\xC3\xA4" < "m" and "d" < "D", "no German order")
      local list = { { "m" }, { "D" }, { "\xC3\xA4" }, { "d" } }
      require "etoro.sandbox.sorting".sort(list, "x", function(item)
        return item[1]
      end)
      for _, item in ipairs(list) do io.write(item[1], " ") end]])
  end)

  it("a journal of one is read under the other", function()
    for number, way in ipairs { { GERMAN, "C" }, { "C", GERMAN },
      { TURKISH, GERMAN } }
    do
      local path = folder .. "/way" .. number .. ".journal"
      web:clear()
      web:fault { route = "POST /api/v2/trading/execution/demo/orders",
        fault = "lost_reply" }
      local id = runs([[
        locale(arg[4])
        local c = client(url, options)
        local id = core.uuid()
        local order, err = c.orders:open(ORDER, { precheck = false,
          request_id = id, settle = 0.1, deadline = 20 })
        assert(order or err.kind == "unknown_outcome", tostring(err))
        c:close()
        -- as if the process had died before it knew
        local lines, kept = {}, {}
        for line in io.lines(path) do
          if not line:find '"outcome"' then kept[#kept + 1] = line end
        end
        local file = assert(io.open(path, "w"))
        file:write(table.concat(kept, "\n"), "\n")
        file:close()
        io.write(id)]], path, way[1])
      local found = runs([[
        locale(arg[4])
        local c = client(url, options)
        local outcomes = assert(c.orders:recover())
        assert(#outcomes == 1, #outcomes)
        io.write(outcomes[1].request_id, " ", outcomes[1].state)]], path,
        way[2])
      assert.equal(id .. " landed", found)
    end
  end)
end)
