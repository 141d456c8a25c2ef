-- A slow call inside of each host that doc/hosts.md and examples/ show: the host
-- goes on with its own work, "meanwhile", for as long as the server says nothing.
local docs = require "spec.support.docs"
local process = require "spec.support.process"
local server = require "spec.support.server"
local wanted = require "spec.support.wanted"

local LUA = os.getenv "LUA" or "lua5.4"
local RATES = "GET /api/v1/market-data/instruments/rates"
local TURNS = 5 -- of the host's own work, once the call has arrived

local HOSTS = { "luv", "cqueues", "Copas" } -- the page's headings

-- The block of the page below a heading.
local function block_of(heading)
  local first = 0
  for line in io.lines "doc/hosts.md" do
    first = first + 1
    if line == "## " .. heading then break end
  end
  for _, block in ipairs(docs.blocks "doc/hosts.md") do
    if block.line > first then return block end
  end
end

local function count(text, what)
  local _, times = text:gsub(what, "")
  return times
end

describe("a slow call", function()
  local sandbox, dir

  setup(function()
    sandbox = server.start { limits = false }
    dir = process.scratch()
  end)

  teardown(function()
    sandbox:stop()
    process.remove(dir)
  end)

  before_each(function()
    sandbox:reset()
    sandbox:clear()
  end)

  local function environment()
    return { ETORO_BASE_URL = sandbox.url, ETORO_API_KEY = "sandbox-api-key",
      ETORO_USER_KEY = "sandbox-user-key", LUA_PATH = docs.LUA_PATH,
      XDG_CACHE_HOME = dir }
  end

  -- Holds the answer back until the host has gone on; gives what it wrote.
  local function goes_on(argv)
    sandbox:fault { fault = "stall", route = RATES }
    argv.env = environment()
    local child = process.spawn(argv)
    finally(function() child:stop() end)
    process.eventually(function()
      assert(child:is_running(), child:stderr())
      return #sandbox:arrivals(RATES) > 0
    end, "the call")
    local before = count(child:stdout(), "meanwhile\n")
    process.eventually(function()
      return count(child:stdout(), "meanwhile\n") >= before + TURNS
    end, "the host's own work")
    assert.falsy(child:stdout():find "costs")
    sandbox:reset() -- lets go of what it held
    assert.equal(0, (child:wait()), child:stderr())
    assert.equal("", child:stderr())
    assert.matches("AAPL costs%s[%d.]+\n$", child:stdout())
  end

  for _, name in ipairs(HOSTS) do
    local block = block_of(name)
    local reason = docs.lacks(block)
    if reason then
      pending(name .. ": " .. reason)
    else
      it("leaves time in " .. name, function()
        local path = dir .. "/" .. name .. ".lua"
        local file = assert(io.open(path, "w"))
        file:write('io.stdout:setvbuf "line"\n', block.text)
        file:close()
        goes_on { LUA, path }
      end)
    end
  end

  -- What memory is checked by: a sanitizer that is there already, or valgrind.
  local function checked(program)
    local sanitizer = os.getenv "SPEC_PRELOAD"
    if sanitizer then
      return { "env", "LD_PRELOAD=" .. sanitizer, program, "AAPL" }
    end
    return { process.find "valgrind", "-q", "--error-exitcode=99",
      "--leak-check=full", "--errors-for-leak-kinds=definite",
      "--suppressions=.ci/valgrind.supp", program, "AAPL" }
  end

  describe("leaves time in a program in C", function()
    local program

    setup(function()
      program = dir .. "/embed"
      local lua = "lua" .. _VERSION:match "[0-9.]+"
      local done = process.bash { [["$0" -std=c11 -Wall -Wextra -Wpedantic -Werror \
        -o "$1" examples/embed.c $(pkg-config --cflags --libs "$2")]],
        os.getenv "CC" or "cc", program, lua }
      assert(done.code == 0, done.stderr)
    end)

    local reason = wanted.lacks("valgrind", process.find "valgrind")
    if reason then return pending(reason) end

    it("and its memory is in order", function() goes_on(checked(program)) end)

    it("which says what was wrong", function()
      local argv = checked(program)
      argv[#argv] = "NOSUCH"
      argv.env = environment()
      local done = process.run(argv)
      assert.equal(0, done.code, done.stderr)
      assert.matches("no instrument.*NOSUCH", done.stdout)
      argv.env.ETORO_API_KEY = false
      argv.env.HOME = dir
      done = process.run(argv)
      assert.equal(1, done.code)
      assert.matches("^embed: ", done.stderr)
    end)
  end)
end)
