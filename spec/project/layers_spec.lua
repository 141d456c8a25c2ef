-- What .ci/arrows.lua finds of which file may require which, shown with a small
-- tree of its own.
local process = require "spec.support.process"

local LUA = os.getenv "LUA" or "lua5.4"

describe("the lint of layers", function()
  local folder, script

  setup(function()
    script = process.run({ "/bin/pwd" }).stdout:gsub("%s+$", "")
      .. "/.ci/arrows.lua"
  end)
  before_each(function()
    folder = process.scratch()
    local lua = folder .. "/lua/etoro/"
    process.run { "/bin/mkdir", "-p", folder .. "/.ci", lua .. "values",
      lua .. "client", lua .. "market", lua .. "command" }
  end)
  after_each(function() process.remove(folder) end)

  local function write(path, text)
    local file = assert(io.open(folder .. "/" .. path, "wb"))
    file:write(text)
    file:close()
  end

  -- What the tree is unless a test says otherwise: each of it is sound.
  local SOUND = {
    ["errors.lua"] = "return {}",
    ["values/times.lua"] = "local core = require 'etoro.core'"
      .. " return require 'etoro.errors'",
    ["values/init.lua"] = "return require 'etoro.values.times'",
    ["client/init.lua"] = "local PARTS = { market = 'etoro.market.rates' }"
      .. " return { __name = 'etoro.command',"
      .. " get = function(n) return require(PARTS[n]) end }",
    ["client/options.lua"] = "return require 'etoro.values'",
    ["market/rates.lua"] = "return function()"
      .. " return require 'etoro.client.options' end",
    ["command/init.lua"] = "local FILES = { check = 'look' }"
      .. " return require('etoro.command.' .. FILES[...]), 'market.rates'",
    ["command/look.lua"] = "return require 'etoro'",
    ["init.lua"] = "return require 'etoro.client'",
  }

  local LAYERS = [[return {
    rooms = {
      { "errors", "" }, { "values", "" }, { "client", "" }, { "market", "" },
      { "client.init", "" }, { "init", "" },
      { "command", "", only = { %s } },
    },
    native = { "core" },
    entries = { command = "a program", %s },
    known = { %s },
  }]]

  -- What it says of the tree with some files in it that are others. given: the
  -- rooms that `command` may use, further entries, known faults.
  local function faults_of(files, given)
    given = given or {}
    write(".ci/layers.lua", LAYERS:format(given.only
      or '"errors", "values", "init"', given.entries or "", given.known or ""))
    for name, text in pairs(SOUND) do
      write("lua/etoro/" .. name, files[name] or text)
    end
    for name, text in pairs(files) do write("lua/etoro/" .. name, text) end
    local done = process.run { LUA, script, folder }
    assert.equal(done.stderr == "" and 0 or 1, done.code, done.stderr)
    return done.stderr
  end

  it("passes a sound tree", function()
    assert.equal("", faults_of {})
    assert.equal("", faults_of {
      ["market/alerts.lua"] = "return require 'etoro.market.rates'",
      ["init.lua"] = "local has, native = pcall(require, 'etoro.core')"
        .. " return require 'etoro.client', require('etoro.market.alerts')",
    })
  end)

  it("finds an arrow that goes up", function()
    for _, text in ipairs {
      "return require 'etoro.market.rates'",
      "return require(\"etoro.market.rates\")",
      "return function() return require 'etoro.market.rates' end",
      "return pcall(require, 'etoro.market.rates')",
      "local PARTS = { { name = 'etoro.market.rates' } } return PARTS",
      "return require('etoro.market.' .. ({ 'rates' })[1])",
    } do
      assert.equal("lua/etoro/values/times.lua requires etoro.market.rates:"
        .. " values may not use market\n",
        faults_of { ["values/times.lua"] = text .. ", require 'etoro.errors'" }
          :gsub("a circle[^\n]*\n", "")
          :gsub("[^\n]* is required by nobody\n", ""))
    end
  end)

  it("tells a folder's roof from the room beneath it", function()
    assert.equal("lua/etoro/client/options.lua requires etoro.market.curated:"
      .. " client may not use market\n", faults_of {
        ["client/options.lua"] = "return require 'etoro.values',"
          .. " require 'etoro.market.curated'",
        ["market/curated.lua"] = "return {}",
      })
    os.remove(folder .. "/lua/etoro/market/curated.lua")
    assert.equal("a circle of client, market.rates\n"
      .. "lua/etoro/market/rates.lua requires etoro.client:"
      .. " market may not use client.init\n", faults_of {
        ["market/rates.lua"] = "return require 'etoro.client',"
          .. " require 'etoro.client.options'",
      })
  end)

  it("finds a room that is not among those it may use", function()
    assert.equal("lua/etoro/command/look.lua requires etoro:"
      .. " command may not use init\n",
      faults_of({}, { only = '"errors", "values"' })
        :gsub("[^\n]* is required by nobody\n", ""))
  end)

  it("finds circles, also inside of a room and through late loading",
    function()
      assert.equal("a circle of values.a, values.b, values.c\n", faults_of {
        ["values/init.lua"] = "return require 'etoro.values.times',"
          .. " require 'etoro.values.a'",
        ["values/a.lua"] = "return require 'etoro.values.b'",
        ["values/b.lua"] = "return function()"
          .. " return require 'etoro.values.c' end",
        ["values/c.lua"] = "return { 'etoro.values.a' }",
      })
    end)

  it("finds a file that nobody requires, and one in no room", function()
    local lone = { ["values/lone.lua"] = "return require 'etoro.values.lone'" }
    assert.equal("lua/etoro/values/lone.lua is required by nobody\n",
      faults_of(lone))
    assert.equal("", faults_of(lone, { entries = '["values.lone"] = "me"' }))
    os.remove(folder .. "/lua/etoro/values/lone.lua")
    assert.equal("lua/etoro/odd.lua stands in no room\n", faults_of {
      ["odd.lua"] = "return require 'etoro.errors'",
      ["init.lua"] = "return require 'etoro.client', require 'etoro.odd'",
    })
  end)

  it("finds a name that stands for nothing", function()
    assert.equal("lua/etoro/init.lua requires etoro.market.rate, which is not"
      .. " there\n", faults_of {
        ["init.lua"] = "return require 'etoro.client',"
          .. " require 'etoro.market.rate'",
      })
    assert.equal(".ci/layers.lua: there is no file of the entry market.no\n",
      faults_of({}, { entries = '["market.no"] = "nobody"' }))
  end)

  it("passes over what is known, and tells what is none any more", function()
    local up = "lua/etoro/errors.lua requires etoro.values.times: errors may"
      .. " not use values"
    local files = { ["errors.lua"] = "return 'etoro.values.times'" }
    assert.equal("a circle of errors, values.times\n" .. up .. "\n",
      faults_of(files))
    assert.equal("", faults_of(files,
      { known = '"a circle of errors, values.times", "' .. up .. '"' }))
    assert.equal(".ci/layers.lua: no fault any more: " .. up .. "\n",
      faults_of({}, { known = '"' .. up .. '"' }))
  end)

  it("tells the figures", function()
    faults_of {}
    local done = process.run { LUA, script, "--figures", folder }
    assert.equal("9 files, 8 arrows; 7 rooms, 6 arrows; 0 circles\n",
      done.stdout)
  end)

  it("has nothing to say of lua/etoro", function()
    local done = process.run { LUA, script }
    assert.equal("", done.stderr)
    assert.equal(0, done.code)
  end)
end)
