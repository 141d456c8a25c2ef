-- The script for a Slurm array on the page of sweeps, as Slurm would start it: each
-- part by its number, here one after the other.
local files = require "spec.support.files"
local past = require "spec.support.past"
local process = require "spec.support.process"

local PARTS = 3

-- Stands where the installed command would, with bars that are here.
local COMMAND = [[#!/bin/sh
[ "$2" = merge ] || set -- "$@" --data .
exec sh "$SPEC_TREE/spec/support/lua.sh" "$SPEC_TREE/src/command/etoro" "$@"
]]

describe("the script for a Slurm array #slow", function()
  local lab, tree
  before_each(function()
    lab = past.new()
    tree = assert(process.run({ "pwd" }).stdout:match "[^\n]+")
  end)
  after_each(function() lab:remove() end)

  -- What a job of a part has in its environment.
  local function job(part, ...)
    return process.run { cwd = lab.dir, env = { SPEC_TREE = tree,
      PATH = lab.dir .. ":" .. os.getenv "PATH", SLURM_ARRAY_TASK_COUNT = tostring(PARTS),
      SLURM_ARRAY_TASK_ID = tostring(part) }, ... }
  end

  local function done(...)
    local one = job(...)
    assert.equal(0, one.code, one.stderr .. one.stdout)
    return one.stdout
  end

  it("runs parts that merge to the bytes of one sweep, each by its number again",
    function()
      local script = files.read("doc/sweeps.md"):match "cat >array.sh <<'END'\n(.-\n)END\n"
      local first, last = script:match "^#!/bin/sh\n#SBATCH %-%-array=(%d+)%-(%d+)\n"
      assert.equal("1", first) -- --shard counts from 1
      assert(tonumber(last) > 1)
      local command = script:match "(etoro backtest .-)%-%-shard":gsub("\\\n", "")
      lab:file("sma_cross.lua", (files.read("examples/strategies/sma_cross.lua"):gsub(
        'interval = "1h"', 'interval = "1d"')))
      for seed, symbol in ipairs { "AAPL", "MSFT" } do
        lab:walk(symbol, seed, 150)
      end
      lab:file("etoro", COMMAND)
      done(1, "chmod", "+x", "etoro")
      lab:file("array.sh", script)
      for part = 1, PARTS do done(part, "sh", "array.sh") end
      local again = files.read(lab.dir .. "/part2.json")
      done(2, "sh", "array.sh")
      assert.equal(again, files.read(lab.dir .. "/part2.json"))
      assert.equal(done(1, "sh", "-c", command),
        done(1, "sh", "-c", "etoro backtest merge part*.json --json"))
    end)
end)
