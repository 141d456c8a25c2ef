local files = require "spec.support.files"
local later = require "etoro.values.later"
local process = require "spec.support.process"

local LUA = os.getenv "LUA" or "lua5.4"

describe("a module that is read and made later", function()
  local folder, path
  local count = 0

  setup(function()
    folder, path = process.scratch(), package.path
    package.path = folder .. "/?.lua;" .. path
  end)

  teardown(function()
    package.path = path
    process.remove(folder)
  end)

  local function write(text)
    count = count + 1
    local name = "later_" .. count
    files.write(folder .. "/" .. name .. ".lua", text)
    finally(function() package.loaded[name] = nil end)
    return name
  end

  local function remove(name)
    assert(os.remove(folder .. "/" .. name .. ".lua"))
  end

  it("runs when it is asked for, once, and is what require gives", function()
    local name = write "MADE = (MADE or 0) + 1 return { ... }"
    finally(function() rawset(_G, "MADE", nil) end)
    local module = later(name)
    assert.is_nil(package.loaded[name])
    assert.is_nil(rawget(_G, "MADE"))
    local made = module()
    assert.equal(name, made[1])
    assert.equal(made, module())
    assert.equal(made, require(name))
    assert.equal(1, rawget(_G, "MADE"))
  end)

  it("is there when its file is not any more", function()
    local inner = write "return { 17 }"
    local outer = write(("return { require(%q)[1] + 1 }"):format(inner))
    local module = later(inner, outer)
    remove(inner)
    remove(outer)
    assert.equal(18, module()[1])
  end)

  it("is what somebody else has made meanwhile", function()
    local name = write "return {}"
    local first, second = later(name), later(name)
    local made = require(name)
    assert.equal(made, first())
    assert.equal(made, second())
  end)

  it("is made at once where a host has its own way to it", function()
    local own = {}
    package.preload.later_preloaded = function() return own end
    finally(function()
      package.preload.later_preloaded, package.loaded.later_preloaded = nil, nil
    end)
    local module = later "later_preloaded"
    assert.equal(own, package.loaded.later_preloaded)
    assert.equal(own, module())
    assert.has_error(function() later "no.such.module" end)
  end)

  it("tells where in its file something is wrong", function()
    local name = write "local M = {}\nfunction M.fail() error 'no' end\nreturn M"
    local ok, message = pcall(later(name)().fail)
    assert.is_false(ok)
    assert.matches("later_%d+%.lua:2: no$", message)
  end)

  it("words the failure of a first read whose files are gone", function()
    local done = process.run { LUA, "-e", [[
      local etoro = require "etoro"
      local client = assert(etoro.client { base_url = "http://127.0.0.1:9",
        api_key = "a", user_key = "b", max_retries = 0, timeout = 5 })
      local _ = etoro.operations["GET /api/v1/me"]
      for _, name in ipairs { "call.failures", "call.error_body", "values.spelling",
        "values.nearest", "client.streaming", "client.derived" }
      do
        assert(not package.loaded["etoro." .. name], name)
      end
      package.path, package.cpath = "./nowhere/?.lua", "./nowhere/?.so"
      local result, err = client:call "GET /api/v1/me"
      print(result, err.kind, err.code, err.hint)]] }
    assert.equal("", done.stderr)
    assert.matches("^nil\tnetwork\trefused\tNothing listens there", done.stdout)
  end)
end)
