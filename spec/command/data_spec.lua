-- etoro data, as a shell would start it.
local files = require "spec.support.files"
local json = require "etoro.values.json"
local process = require "spec.support.process"

local HEADER = "time,open,high,low,close,volume\n"

describe("etoro data check", function()
  local dir

  before_each(function() dir = process.scratch() end)
  after_each(function() process.remove(dir) end)

  local function write(name, text) return files.write(dir .. "/" .. name, text) end

  local function etoro(code, ...)
    local argv = { os.getenv "LUA" or "lua5.4", "src/command/etoro", "data", ... }
    argv.env = {}
    local done = process.run(argv)
    assert.equal(code, done.code, done.stdout .. done.stderr)
    return done.stdout, done.stderr
  end

  it("says that a file is whole, and what it holds, without keys", function()
    local path = write("GOOD.csv", HEADER .. "2025-03-05,1,3,0.5,2,100\n"
      .. "2025-03-06,2,4,1.5,3,7\n2025-03-07,3,4,2,3,7\n")
    local out = etoro(0, "check", path)
    assert.truthy(out:find "bars%s+3\n")
    assert.truthy(out:find "interval%s+1d\n")
    assert.truthy(out:find "from%s+2025%-03%-05\n")
    assert.truthy(out:find "found%s+nothing\n")
    assert.truthy(out:find "usable%s+yes\n")
  end)

  it("names the line of each fault, and ends with 1", function()
    local path = write("BAD.csv", HEADER .. "2025-03-05,1,3,0.5,2,100\n"
      .. "2025-03-05,2,4,1.5,3,7\n2025-03-04,3,4,2,3,7\n2025-03-06,0,4,0,3,7\n")
    local out = etoro(1, "check", path)
    for _, line in ipairs { ":3: ", ":4: ", ":5: " } do
      assert.truthy(out:find(path .. line, 1, true), out)
    end
    assert.truthy(out:find "usable%s+no\n")
  end)

  it("tells of a gap and lets the file be used", function()
    local path = write("GAP.csv", HEADER .. "2025-03-03,1,3,0.5,2,100\n"
      .. "2025-03-04,2,4,1.5,3,7\n2025-03-06,3,4,2,3,7\n")
    local out = etoro(0, "check", path)
    assert.truthy(out:find(path .. ":4: warning: 1 bar is missing", 1, true), out)
    assert.truthy(out:find "found%s+1 gap\n")
  end)

  it("tells of bars that have no length: one alone, the newest first, too close", function()
    local row = "%s,1,3,0.5,1,100\n"
    for words, moments in pairs {
      ["one bar alone has no length"] = { "2025-03-05" },
      ["the newest bar stands first"] = { "2025-03-06", "2025-03-05", "2025-03-04" },
      ["less than a minute apart"] = { "2025-03-05T10:00:00Z", "2025-03-05T10:00:01Z" },
    } do
      local text = HEADER
      for _, moment in ipairs(moments) do text = text .. row:format(moment) end
      local path = write("ODD.csv", text)
      local out, problem = etoro(1, "check", path)
      assert.truthy(out:find(words, 1, true), out)
      assert.truthy(out:find "usable%s+no\n", out)
      assert.equal("", problem)
      local one = json.decode(etoro(1, "check", "--json", path), true)[1]
      assert.truthy(one.faults[1].message:find(words, 1, true))
    end
  end)

  it("says that a file without a line of names lacks one", function()
    local path = write("BARE.csv", "2024.01.02,00:00,1.104,1.105,1.103,1.104,62\n"
      .. "2024.01.03,00:00,1.104,1.105,1.103,1.104,62\n")
    local out = etoro(1, "check", path)
    assert.truthy(out:find(path .. ":1: is a bar, and names no column: put a line above it",
      1, true), out)
    etoro(0, "check", write("NAMED.csv", "date,time,open,high,low,close,volume\n"
      .. "2024.01.02,00:00,1.104,1.105,1.103,1.104,62\n"
      .. "2024.01.03,00:00,1.104,1.105,1.103,1.104,62\n"))
  end)

  it("writes JSON of several files, a broken and an absent one among them",
    function()
      local broken = write("TEXT.csv", HEADER .. "2025-03-05,one,3,0.5,2,100\n")
      local out = etoro(1, "check", "--json", broken, dir .. "/absent.csv")
      local list = json.decode(out, true)
      assert.equal(2, #list)
      assert.is_false(list[1].usable)
      assert.equal(2, list[1].faults[1].line)
      assert.truthy(list[2].problem:find("absent.csv", 1, true))
    end)

  it("reads times of a zone that is named, and refuses one that is none",
    function()
      local path = write("NY.csv", HEADER .. "2025-03-05 09:30,1,3,0.5,2,1\n"
        .. "2025-03-05 09:31,1,3,0.5,2,1\n")
      assert.truthy(etoro(0, "check", path, "--zone", "America/New_York", "--utc")
        :find("from      2025-03-05 14:30 UTC\n", 1, true))
      local _, told = etoro(2, "check", path, "--zone", "Mars/Olympus")
      assert.truthy(told:find("--zone", 1, true))
    end)
end)
