-- Transfers, copies and transfers to sub-accounts while everything breaks. Short
-- here; FAULT_MONEY=3000 makes it long, FAULT_SEED repeats a run.
local core = require "etoro.core"
local etoro = require "etoro"
local money = require "spec.faults.money"

local COUNT = tonumber(os.getenv "FAULT_MONEY") or 100
local SEED = tonumber(os.getenv "FAULT_SEED")
  or math.floor(core.monotonic() * 1000) % 1000000
local KINDS = { "transfer", "copy", "sub" }
local PAST = 700 -- seconds: more than limits.copy_shown_within

describe("under faults #timed", function()
  local runs = {}

  teardown(function()
    for _, run in pairs(runs) do run:stop() end
  end)

  local function none(mistakes)
    assert.equal(0, #mistakes, table.concat(mistakes, "\n", 1,
      math.min(5, #mistakes)))
  end

  local function run_of(kind)
    local run = runs[kind]
    run:spoil()
    run:go(kind, COUNT)
    local count, owner = run:compare(kind)
    return count, owner
  end

  local function check(kind, count, owner)
    local run = runs[kind]
    local found = run:recover(0.2)
    local journal = money.compare_journal(run.path, kind, owner, found,
      count.mistakes)
    print(("%s: %d told, %d done, %d refused, %d unknown; recovered: %d landed, "
      .. "%d not, %d unknown; %d mistakes; seed %d"):format(kind, count.total,
      count.done, count.refused, count.unknown, journal.landed, journal.not_landed,
      journal.unknown, #count.mistakes, SEED))
    none(count.mistakes)
    assert.equal(COUNT, count.total)
    assert.equal(COUNT, journal.intents)
    assert.is_true(count.done > COUNT / 10)
    return journal, found
  end

  it("money moves exactly once, and each entry says what became of it", function()
    for _, kind in ipairs(KINDS) do
      runs[kind] = money.new { seed = SEED, people = kind == "copy" and COUNT or 0 }
    end
    local counts, owners = {}, {}
    etoro.run(function()
      for _, kind in ipairs(KINDS) do
        etoro.spawn(function() counts[kind], owners[kind] = run_of(kind) end)
      end
    end)
    assert.equal(0, check("transfer", counts.transfer, owners.transfer).unknown)

    local of_sub, found = check("sub", counts.sub, owners.sub)
    assert.equal(counts.sub.unknown, of_sub.unknown)
    for _, one in ipairs(found) do assert.equal("unknown", one.state) end

    -- what nothing shows of a copy is told later
    local of_copy = check("copy", counts.copy, owners.copy)
    assert.equal(0, of_copy.not_landed)
    runs.copy:age(PAST)
    of_copy = check("copy", counts.copy, owners.copy)
    assert.equal(0, of_copy.unknown, of_copy.seen)
    assert.equal(0, #runs.copy:recover(0.2))
  end)
end)
