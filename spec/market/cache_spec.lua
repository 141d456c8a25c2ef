local files = require "spec.support.files"
local process = require "spec.support.process"
local program = require "spec.support.program"
local scripted = require "spec.support.scripted"
local uv = require "luv"

-- Knows AAPL and TWO, the latter twice.
local function answer(line)
  if line:find("internalSymbolFull=AAPL&", 1, true) then
    return 200, '{"items":[{"instrumentId":1001,"internalSymbolFull":"AAPL",'
      .. '"displayname":"Apple","currentRate":5.5}]}'
  elseif line:find("internalSymbolFull=TWO&", 1, true) then
    return 200, '{"items":[{"instrumentId":3,"internalSymbolFull":"TWO"},'
      .. '{"instrumentId":4,"internalSymbolFull":"TWO"}]}'
  end
  return 200, '{"items":[]}'
end

describe("etoro.market.cache #memory", function()
  local scratch

  before_each(function() scratch = process.scratch() end)
  after_each(function() process.remove(scratch) end)

  local function start(cache, options)
    local api = scripted.new(answer)
    options = options or {}
    options.instrument_cache = cache
    return api, api:client(options)
  end

  local function file() return scratch .. "/c/instruments-127.0.0.1.json" end

  local function read(path) return assert(files.read(path)) end

  local write = files.write

  it("asks once for a symbol, until its lifetime ends", function()
    local api, client = start { lifetime = 100 }
    local first = assert(client.instruments:find "AAPL")
    local again, response = client.instruments:find "AAPL"
    assert.same(first, again)
    assert.are_not.equal(first, again) -- each caller has his own
    assert.equal(0, response.attempts)
    assert.equal(200, response.status)
    assert.matches("^%x+%-%x+%-4%x+%-%x+%-%x+$", response.request_id)
    assert.same({}, response.headers)
    assert.is_nil(response.headers.date)
    assert.equal(1, #api.lines)
    api:advance(99)
    assert(client.instruments:find "AAPL")
    assert.equal(1, #api.lines)
    api:advance(1)
    assert(client.instruments:find "AAPL")
    assert.equal(2, #api.lines)
  end)

  it("remembers what is unknown or ambiguous for less long", function()
    local api, client = start()
    for _, symbol in ipairs { "NONE", "TWO" } do
      api:clear()
      local _, err = client.instruments:find(symbol)
      local asked = #api.lines
      local none, again = client.instruments:find(symbol)
      assert.is_nil(none)
      assert.equal(err.kind, again.kind)
      assert.equal(err.code, again.code)
      assert.same(err.near, again.near)
      assert.equal(err.message, again.message)
      assert.equal(asked, #api.lines)
      api:advance(300)
      assert.is_nil((client.instruments:find(symbol)))
      assert.equal(2 * asked, #api.lines)
    end
  end)

  it("keeps nothing where it is turned off", function()
    for _, off in ipairs { false, { lifetime = 0 } } do
      local api, client = start(off)
      assert(client.instruments:find "AAPL")
      assert(client.instruments:find "AAPL")
      assert.equal(2, #api.lines)
    end
  end)

  it("is not on disk unless asked for", function()
    local _, client = start()
    assert(client.instruments:find "AAPL")
    assert.is_nil(require("etoro.market.cache").of(client).folder)
  end)

  it("lets the next run send nothing", function()
    local cache = { path = scratch .. "/c" }
    local _, client = start(cache)
    local first = assert(client.instruments:find "AAPL")
    local _, err = client.instruments:find "TWO"
    local api, second = start(cache)
    assert.same(first, (assert(second.instruments:find "AAPL")))
    local _, again = second.instruments:find "TWO"
    assert.equal("ambiguous", again.code)
    assert.same(err.near, again.near)
    assert.same({}, api.lines)
    api:advance(86400)
    assert(second.instruments:find "AAPL")
    assert.equal(1, #api.lines)
  end)

  it("writes ids, symbols and names alone", function()
    local _, client = start { path = scratch .. "/c" }
    assert(client.instruments:find "AAPL")
    assert.equal('{"format":"etoro-instruments-1","origin":'
      .. '"http://127.0.0.1","symbols":{"AAPL":{"at":1780000000,"instrument":'
      .. '[1001,"AAPL","Apple"]}}}', read(file()))
    local lfs = require "lfs"
    local names = {}
    for name in lfs.dir(scratch .. "/c") do names[#names + 1] = name end
    assert.equal(3, #names) -- with . and ..: nothing is left lying about
    assert.equal("rwx------", lfs.attributes(scratch .. "/c", "permissions"))
  end)

  it("follows XDG_CACHE_HOME", function()
    local done = process.run { os.getenv "LUA" or "lua5.4", "-", env = {
      XDG_CACHE_HOME = scratch .. "/deep/er" }, input = [[
        local scripted = require "spec.support.scripted"
        local api = scripted.new(function()
          return 200, '{"items":[{"instrumentId":1,"symbol":"A"}]}'
        end)
        local client = api:client { instrument_cache = { path = true } }
        assert(client.instruments:find "A")
        print(require("etoro.market.cache").of(client).folder)
      ]] }
    assert.equal(scratch .. "/deep/er/etoro\n", done.stdout, done.stderr)
    read(scratch .. "/deep/er/etoro/instruments-127.0.0.1.json")
    done = process.run { os.getenv "LUA" or "lua5.4", "-", env = {
      XDG_CACHE_HOME = "relative", HOME = scratch }, input = [[
        local api = require("spec.support.scripted").new(function() end)
        local client = api:client { instrument_cache = { path = true } }
        print(require("etoro.market.cache").of(client).folder)
      ]] }
    assert.equal(scratch .. "/.cache/etoro\n", done.stdout, done.stderr)
  end)

  it("is in memory alone, and says so, where there is no such folder",
    function()
      for _, home in ipairs { "relative", "", false } do
        local done = process.run { os.getenv "LUA" or "lua5.4", "-", env = {
          XDG_CACHE_HOME = false, HOME = home }, input = [[
            local api = require("spec.support.scripted").new(function() end)
            local client = api:client { instrument_cache = { path = true },
              on_event = function(event) print(event.message) end }
            print(require("etoro.market.cache").of(client).folder)
          ]] }
        assert.equal("the instrument cache is kept in memory alone: neither"
          .. " XDG_CACHE_HOME nor HOME is an absolute path\nnil\n",
          done.stdout, done.stderr)
      end
    end)

  it("reads past files that are broken, and rewrites them", function()
    local cache = { path = scratch .. "/c" }
    local _, client = start(cache)
    assert(client.instruments:find "AAPL")
    local good = read(file())
    local head = '{"format":"etoro-instruments-1","origin":"http://127.0.0.1",'
    local entry = head .. '"symbols":{"AAPL":'
    for _, text in ipairs {
      "", "junk", "[]", "5", '"x"', good:sub(1, 60), "\0\0",
      head .. '"symbols":5}', head .. '"symbols":[1,2]}',
      (good:gsub("instruments%-1", "instruments-9")),
      (good:gsub("127.0.0.1", "elsewhere")),
      entry .. '5}}', entry .. '{"at":"x"}}}', entry .. '{"at":1780000000}}}',
      entry .. '{"at":1780000000,"instrument":[0,"AAPL"]}}}',
      entry .. '{"at":1780000000,"instrument":["1001","AAPL"]}}}',
      entry .. '{"at":1780000000,"instrument":[1001]}}}',
      entry .. '{"at":1780000000,"instrument":{}}}}',
      entry .. '{"at":1780000000,"near":5,"code":"ambiguous"}}}',
      entry .. '{"at":1780000000,"near":[[]],"code":"ambiguous"}}}',
      entry .. '{"at":1780000000,"near":[]}}}',
      entry .. '{"at":1780000000,"near":[],"code":"other"}}}',
      entry .. '{"at":1780000000,"instrument":[7,"MSFT"]}}}', -- another's
      entry .. '{"at":1780000009,"instrument":[7,"AAPL"]}}}', -- the future
    } do
      write(file(), text)
      local api, other = start(cache)
      local found = assert(other.instruments:find "AAPL")
      assert.equal(1001, found.instrumentID, text)
      assert.equal(1, #api.lines, text)
      assert.equal(good, read(file()), text)
    end
  end)

  it("does not wait for what is no file, and puts a file there", function()
    local cache = { path = scratch .. "/c" }
    local _, client = start(cache)
    assert(client.instruments:find "AAPL")
    local good = read(file())
    for _, make in ipairs { "mkfifo '%s'", "ln -s /dev/zero '%s'" } do
      assert(os.remove(file()))
      assert(os.execute(make:format(file())))
      local api, other = start(cache)
      assert(other.instruments:find "AAPL")
      assert.equal(1, #api.lines)
      assert.equal(good, read(file()))
    end
  end)

  it("keeps what another process has written meanwhile", function()
    local cache = { path = scratch .. "/c" }
    local _, one = start(cache)
    local _, other = start(cache)
    one.instruments:find "NONE"
    assert(other.instruments:find "AAPL")
    one.instruments:find "TWO"
    local text = read(file())
    for _, symbol in ipairs { "AAPL", "NONE", "TWO" } do
      assert.matches('"' .. symbol .. '":{"at"', text, 1, true)
    end
  end)

  it("has a file for each origin", function()
    local cache = { path = scratch .. "/c" }
    local _, client = start(cache)
    assert(client.instruments:find "AAPL")
    local api, other = start(cache, { base_url = "http://127.0.0.1:81" })
    assert(other.instruments:find "AAPL")
    assert.equal(1, #api.lines)
    read(scratch .. "/c/instruments-127.0.0.1_81.json")
  end)

  it("goes on in memory where the disk refuses, and says so once", function()
    write(scratch .. "/c", "a file")
    local events = {}
    local api, client = start({ path = scratch .. "/c/d" }, {
      on_event = function(event)
        if event.kind == "warning" then events[#events + 1] = event end
      end })
    assert(client.instruments:find "AAPL")
    client.instruments:find "NONE"
    assert(client.instruments:find "AAPL")
    assert.equal(3, #api.lines)
    assert.equal(1, #events)
    assert.matches("kept in memory alone: .*Not a directory",
      events[1].message)
  end)

  it("says what a disk that is full said", function()
    local code = [[
      local scripted = require "spec.support.scripted"
      local api = scripted.new(function()
        return 200, '{"items":[{"instrumentId":1001,'
          .. '"internalSymbolFull":"AAPL"}]}'
      end)
      local client = api:client { instrument_cache = { path = arg[1] },
        on_event = function(event)
          if event.kind == "warning" then io.stderr:write(event.message) end
        end }
      assert(client.instruments:find "AAPL")
    ]]
    local argv = program.lua(code, scratch .. "/c")
    -- no file may grow: the write fails where the bytes leave the process
    local said = program.passes { "sh", "-c",
      'trap "" XFSZ; ulimit -f 0; exec sh spec/support/lua.sh "$@"', "sh",
      table.unpack(argv, 2) }
    assert.equal("the instrument cache is kept in memory alone: "
      .. "File too large", said)
    assert.same({}, uv.fs_scandir(scratch .. "/c") and
      { uv.fs_scandir_next(uv.fs_scandir(scratch .. "/c")) })
  end)

  it("is taken over by the clients of tokens", function()
    local _, client = start { lifetime = 7 }
    local derived = assert(client:derive({}, "other-user-key"))
    assert.same({ lifetime = 7 }, derived._settings.instrument_cache)
  end)

  it("refuses options that are none", function()
    local api = scripted.new(answer)
    for said, bad in pairs {
      ["unknown instrument_cache option 'lifetme' (did you mean 'lifetime'?)"]
        = { lifetme = 1 },
      ["'lifetime': number expected, got string"] = { lifetime = "1" },
      ["'lifetime': seconds from 0 expected, got -1"] = { lifetime = -1 },
      ["'path': it is empty"] = { path = "" },
      ["table or false expected, got true"] = true,
      ["table or boolean expected, got number"] = 5,
    } do
      local ok, message = pcall(api.client, api, { instrument_cache = bad })
      assert.is_false(ok)
      assert.matches(said, message, 1, true)
    end
  end)
end)
