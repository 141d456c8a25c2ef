-- A process that moves money is killed with SIGKILL, and another one finds out from
-- its journal what it had done. Short here; KILL_ROUNDS=200 makes it long, KILL_SEED
-- repeats a run.
local cjson = require "cjson"
local core = require "etoro.core"
local money = require "spec.faults.money"
local process = require "spec.support.process"

local ROUNDS = tonumber(os.getenv "KILL_ROUNDS") or 3
local SEED = tonumber(os.getenv "KILL_SEED")
  or math.floor(core.monotonic() * 1000) % 1000000
local COPIES = 30 -- of a round at most, each of somebody else
local PAST = 700 -- seconds: more than limits.copy_shown_within

local FAULTS = {
  { fault = "cut_before", share = 0.05 },
  { fault = "lost_reply", share = 0.05 },
  { fault = "late_work", share = 0.05, seconds = 0.3 },
  { fault = "delay", share = 0.1, seconds = 0.2 },
  { fault = "status", share = 0.05, status = 503 },
}

local HEAD = [[
local etoro = require "etoro"
local cjson = require "cjson"
local all = cjson.decode(arg[1])
local client = assert(etoro.client { base_url = all.url, journal = all.path,
  api_key = "sandbox-api-key", user_key = "sandbox-user-key", account = "real",
  rate_limit = false, max_connections = 16,
  on_event = function() end })
]]

-- Moves money until it is killed. Each amount comes once.
local MOVE = HEAD .. [[
local function say(kind, key, result, response)
  io.stdout:write(kind, " ", key, " ", result and (result == true or not result.isPending)
    and "done" or result and "accepted" or response.may_have_executed and "unknown"
    or "refused", "\n")
  io.stdout:flush()
end
local number = math.tointeger(all.first)
local function next_number()
  number = number + 1
  return number
end
io.stdout:write "ready\n"
io.stdout:flush()
etoro.run(function()
  for _ = 1, 3 do
    etoro.spawn(function()
      while true do
        local n = next_number()
        local key = "t-" .. n
        say("transfer", key, client.transfers:create({ amount = 1 + n / 100,
          sourceAccount = all.from, destinationAccount = all.to, currency = "USD",
          requestReferenceId = key }, { settle = 0.4 }))
      end
    end)
    etoro.spawn(function()
      while true do
        local amount = ("%.2f"):format(next_number() / 100)
        say("sub", amount, client.subaccounts:transfer(all.sub,
          { amountInUsd = amount, direction = "ToSubAccount" }))
      end
    end)
  end
  for _ = 1, 6 do
    etoro.spawn(function()
      while #all.people > 0 do
        local key = "c-" .. next_number()
        say("copy", key, client.copying:start({ parentCID = table.remove(all.people),
          amount = 300, referenceID = key }, { wait = 0.3 }))
      end
    end)
  end
end)
]]

local RECOVER = HEAD .. [[
local found, report = client:recover { settle = 1.5 }
if not found then error(tostring(report)) end
local shown = {}
for i, one in ipairs(found) do
  shown[i] = { kind = one.kind, state = one.state, seen = one.seen, key = one.key,
    request_id = one.request_id }
end
assert(#report.others == 0, #report.others .. " left alone")
client:close()
io.stdout:write(cjson.encode { found = shown })
]]

describe("after kill -9 of what moves money #timed", function()
  local run, people

  setup(function()
    run = money.new { seed = SEED, people = ROUNDS * COPIES }
    people = run:persons()
    run.client:close()
    math.randomseed(SEED)
    for _, route in ipairs { money.TRANSFER, money.COPY, money.SUB } do
      for _, fault in ipairs(FAULTS) do
        local copy = { route = route, times = 0 }
        for name, value in pairs(fault) do copy[name] = value end
        run.box:fault(copy)
      end
    end
  end)

  teardown(function() run:stop() end)

  local function child(code, round)
    local some = table.move(people, (round - 1) * COPIES + 1, round * COPIES, 1, {})
    return { os.getenv "LUA" or "lua5.4", "-e", code, "/dev/null", cjson.encode {
      url = run.box.url, path = run.path, first = round * 100000, people = some,
      sub = run.sub, from = run.accounts.trading, to = run.accounts.cash } }
  end

  -- What the process said before it died: state by kind and key.
  local function killed(round)
    local victim = process.spawn(child(MOVE, round))
    -- what was said first came after an intent
    victim:expect(round == 1 and "ready\n(%l+) " or "(ready)")
    process.sleep(0.05 + math.random() * 0.8)
    victim:kill "sigkill"
    assert(victim:wait())
    assert.equal("", victim:stderr())
    local told = {}
    for kind, key, state in victim:stdout():gmatch "(%l+) (%S+) (%l+)\n" do
      if kind ~= "ready" then told[kind .. " " .. key] = state end
    end
    return told
  end

  local function recovered(round)
    local done = process.run(child(RECOVER, round))
    assert.equal(0, done.code, done.stderr)
    assert.equal("", done.stderr)
    return cjson.decode(done.stdout).found
  end

  local KINDS = { "transfer", "copy", "sub" }

  -- What was told before the end is what the journal says.
  local function check_told(told, by, kind)
    for key, state in pairs(told) do
      local one = by[key]
      if key:match "^%l+" == kind then
        assert.is_table(one, key .. " was told, and has no intent")
        -- the last lines may not have come to the disk; what they said of a transfer to
        -- a sub-account nobody can find out
        local is_cut = kind == "sub" and one.state == nil
        if (state == "done" or state == "refused") and not is_cut then
          assert.equal(state, one.state, key)
        end
        if state == "done" or state == "refused" then
          assert.equal(state == "done", one.is_done, key)
        end
      end
    end
  end

  it("books and journal agree", function()
    local all, told, total = {}, {}, 0
    for round = 1, ROUNDS do
      for key, state in pairs(killed(round)) do told[key] = state end
      all = recovered(round)
      total = total + #all
      for _, one in ipairs(all) do
        assert.is_true(one.state ~= "unknown" or one.kind ~= "transfer", one.seen)
      end
    end
    run.client = run:connect()
    local owner = run:books()
    local mistakes, counts = {}, {}
    local function compare(found)
      for _, kind in ipairs(KINDS) do
        local by
        counts[kind], by = money.compare_journal(run.path, kind, owner, found, mistakes)
        check_told(told, by, kind)
      end
      assert.equal(0, #mistakes, ("seed %d: %s"):format(SEED,
        table.concat(mistakes, "\n", 1, math.min(5, #mistakes))))
    end
    compare(all)
    run:age(PAST)
    compare(run:recover(1))
    print(("kill -9 of money: %d rounds, %d transfers, %d copies, %d to sub-accounts; "
      .. "%d found open, %d of sub-accounts nobody can tell; seed %d"):format(ROUNDS,
      counts.transfer.intents, counts.copy.intents, counts.sub.intents, total,
      counts.sub.unknown, SEED))
    assert.is_true(total > 0)
    assert.equal(0, counts.transfer.unknown)
    assert.equal(0, counts.copy.unknown, counts.copy.seen)
  end)
end)
