-- etoro.state: a table that a program keeps.
local etoro = require "etoro"
local files = require "spec.support.files"
local process = require "spec.support.process"
local raises = require "spec.support.raises"

describe("etoro.state #memory", function()
  local folder, path

  before_each(function()
    folder = process.scratch()
    path = folder .. "/bot.json"
  end)

  after_each(function() process.remove(folder) end)

  local function write(text) files.write(path, text) end

  it("is empty at first, and then what was saved", function()
    local state = assert(etoro.state(path))
    assert.is_nil(next(state))
    assert.is_nil(io.open(path))
    state.seen = { ["1001"] = 9007199254740993, list = { 1, 2.5, "x" } }
    state.empty, state.none = {}, etoro.null
    assert.equal(state, (state:save()))
    local again = assert(etoro.state(path))
    assert.same({ ["1001"] = 9007199254740993, list = { 1, 2.5, "x" } }, again.seen)
    assert.equal(etoro.null, again.none)
    again.seen = nil
    assert(again:save())
    assert.is_nil(assert(etoro.state(path)).seen)
  end)

  it("holds its data alone", function()
    local state = assert(etoro.state(path))
    state.a = 1
    local names = {}
    for name in pairs(assert(state:save())) do names[#names + 1] = name end
    assert.same({ "a" }, names)
  end)

  it("keeps text under a secret's name as text, run after run", function()
    for _ = 1, 3 do
      local state = assert(etoro.state(path))
      assert.equal("abc", state.userToken or "abc")
      state.userToken = "abc"
      assert(state:save())
    end
    assert.equal("abc", assert(etoro.state(path)).userToken)
  end)

  it("is its owner's alone, and nothing lies beside it", function()
    assert(assert(etoro.state(path)):save())
    local done = process.run { "stat", "-c", "%a", path }
    assert.equal("600\n", done.stdout)
    assert.equal("bot.json\n", process.run({ "ls", "-A", folder }).stdout)
  end)

  it("says what it cannot keep, and leaves the file as it was", function()
    local state = assert(etoro.state(path))
    state.a = 1
    assert(state:save())
    for _, value in ipairs { print, 0 / 0, { [2] = 1 }, state } do
      state.bad = value
      local done, err = state:save()
      assert.is_nil(done)
      assert.same({ "invalid", "state" }, { err.kind, err.code })
    end
    assert.equal(1, assert(etoro.state(path)).a)
  end)

  it("gives an error for a file that is broken or cannot be read or written", function()
    for _, text in ipairs { "", "{", "5", "null" } do
      write(text)
      local state, err = etoro.state(path)
      assert.is_nil(state)
      assert.equal("state", err.code)
      assert.matches("cut or broken", err.message, 1, true)
    end
    local state, err = etoro.state(folder)
    assert.is_nil(state)
    assert.equal("state", err.code)
    state = assert(etoro.state(folder .. "/none/x.json"))
    state, err = state:save()
    assert.is_nil(state)
    assert.matches("cannot be written", err.message, 1, true)
  end)

  it("raises for what is no path, and a save without a colon", function()
    raises(function() etoro.state() end,
      "path: the name of a file expected, got nil")
    local state = assert(etoro.state(path))
    raises(function() state.save {} end,
      "bad self: call this as state:save(), with a colon")
  end)
end)
