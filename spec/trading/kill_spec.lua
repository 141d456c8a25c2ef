-- A process that trades is killed with SIGKILL, and another one finds out
-- from its journal what it had done. Short here; KILL_ROUNDS=200 makes it
-- long, KILL_SEED repeats a run.
local cjson = require "cjson"
local core = require "etoro.core"
local journal = require "etoro.trading.journal"
local process = require "spec.support.process"
local server = require "spec.support.server"

local ROUNDS = tonumber(os.getenv "KILL_ROUNDS") or 4
local SEED = tonumber(os.getenv "KILL_SEED")
  or math.floor(core.monotonic() * 1000) % 1000000

local OPENS = {
  v2 = "POST /api/v2/trading/execution/demo/orders",
  v3 = "POST /api/v3/trading/execution/demo/orders",
}
local CLOSE = "POST /api/v1/trading/execution/demo/market-close-orders"
  .. "/positions/{positionId}"

local FAULTS = {
  { fault = "cut_before", share = 0.05 },
  { fault = "lost_reply", share = 0.05 },
  { fault = "late_work", share = 0.05, seconds = 0.3 },
  { fault = "delay", share = 0.1, seconds = 0.2 },
  { fault = "status", share = 0.05, status = 503 },
}

local HEAD = [[
local etoro = require "etoro"
local operations = etoro.operations
local url, path, round = arg[1], arg[2], tonumber(arg[3])
local OPEN, CLOSE = arg[4], arg[5]
local client = assert(etoro.client { base_url = url, journal = path,
  api_key = "sandbox-api-key", user_key = "sandbox-user-key",
  rate_limit = false, max_connections = 16,
  on_event = function() end })
]]

-- Opens orders and closes what earlier rounds opened, until it is killed.
local TRADE = HEAD .. [[
local function say(...)
  io.stdout:write(table.concat({ ... }, " "), "\n")
  io.stdout:flush()
end
local positions = assert(client.positions:list())
local count = 0
local function open()
  count = count + 1
  local result, response = client:call(OPEN, { body = {
    action = "open", transaction = "buy", instrumentId = 1001,
    settlementType = "real", leverage = count % 9 == 0 and 7 or 1,
    stopLossRate = count % 9 == 0 and 1 or nil,
    orderCurrency = "usd", orderType = "mkt",
    amount = 50 + round * 10 + count / 100 } }, { settle = 0.4 })
  say(result and "placed" or response.may_have_executed and "unknown"
    or "refused", response.request_id, result and result.orderId or "-")
end
local function close()
  local position = table.remove(positions)
  if not position then return end
  local units = #positions % 3 == 0 and position.units / 2 or etoro.null
  local result, response = client:send(operations[CLOSE], {
    positionId = position.positionID, body = {
      InstrumentID = position.instrumentID, UnitsToDeduct = units } },
    { settle = 0.4 }, { closing = { position = position } })
  say(result and "closed" or response.may_have_executed and "unknown"
    or "refused", response.request_id, "-")
end
say "ready"
etoro.run(function()
  for _ = 1, 10 do
    etoro.spawn(function()
      while true do
        open()
        close()
      end
    end)
  end
end)
]]

local RECOVER = HEAD .. [[
local results, report = client.orders:recover { settle = 2 }
if not results then error(tostring(report)) end
for _, one in ipairs(results) do one.order, one.candidates = nil, nil end
assert(#report.others == 0, #report.others .. " left alone")
client:close()
io.stdout:write(require("cjson").encode { results = results })
]]

for _, api in ipairs { "v2", "v3" } do
  describe("after kill -9 of orders by " .. api .. " #timed", function()
    local OPEN = OPENS[api]
    local box, folder, path

    setup(function()
      -- orders by v3 are not to be seen for so long
      box = server.start { seed = SEED, demo_credit = 1e9, queue_delay = 0.3 }
      box:set { limits = false }
      folder = process.scratch()
      path = folder .. "/orders.jsonl"
      math.randomseed(SEED)
      for _, route in ipairs { OPEN, CLOSE } do
        for _, fault in ipairs(FAULTS) do
          local copy = { route = route, times = 0 }
          for name, value in pairs(fault) do copy[name] = value end
          box:fault(copy)
        end
      end
    end)

    teardown(function()
      box:stop()
      process.remove(folder)
    end)

    local function child(code, round)
      return { os.getenv "LUA" or "lua5.4", "-e", code, "/dev/null", box.url,
        path, tostring(round), OPEN, CLOSE }
    end

    -- What the process said before it died, by request id.
    local function killed(round)
      local victim = process.spawn(child(TRADE, round))
      -- what was said first came after an intent
      victim:expect(round == 1 and "ready\n(%l+) " or "(ready)")
      process.sleep(0.02 + math.random() * 0.7)
      victim:kill "sigkill"
      assert(victim:wait())
      assert.equal("", victim:stderr())
      local told = {}
      for state, id, order in victim:stdout()
        :gmatch "(%l+) (%S+) (%S+)\n"
      do
        told[id] = { state = state, order_id = order }
      end
      return told
    end

    local function recovered(round)
      local done = process.run(child(RECOVER, round))
      assert.equal(0, done.code, done.stderr)
      assert.equal("", done.stderr)
      return cjson.decode(done.stdout).results
    end

    -- The journal's intents by id, each with its last outcome.
    local function read()
      local intents = {}
      local records, problems = journal.read(path)
      assert.is_table(records, tostring(problems))
      for _, record in ipairs(records) do
        if record.kind == "intent" then
          intents[record.id] = intents[record.id] or record
        else
          assert.is_table(intents[record.id], "an outcome without an intent")
          intents[record.id].state = record.state
          intents[record.id].orderId = record.orderId
          intents[record.id].code = record.code
        end
      end
      return intents, problems
    end

    local function books()
      local _, all = box:raw("GET", "/sandbox/trading")
      local account = all.accounts[1]
      local orders, closes = {}, {}
      for _, order in ipairs(account and account.orders or {}) do
        assert.is_nil(orders[order.referenceId], "placed twice")
        orders[order.referenceId] = order
      end
      -- one closing may arrive more than once under its id
      for _, close in ipairs(account and account.closes or {}) do
        local one = closes[close.requestId] or { units = 0, count = 0 }
        closes[close.requestId] = one
        one.units = one.units + close.closedUnits
        if close.closedUnits > 0 then one.count = one.count + 1 end
        one.position = close.positionId
      end
      return orders, closes, account
    end

    local function is_close(intent) return intent.op == CLOSE end

    local function check_order(intent, order)
      if intent.state == "placed" then
        assert.is_table(order, intent.id .. " is not there")
        assert.equal(order.orderId, intent.orderId)
      elseif intent.state ~= "unknown" and intent.state ~= nil then
        assert.is_nil(order, intent.id .. " is there, " .. intent.state)
      end
    end

    local function check_close(intent, close, positions)
      local position = positions[tonumber(intent.params.positionId)]
      local is_part = type(intent.body.UnitsToDeduct) == "number"
      assert.is_true(not close or close.count < 2, "sold twice")
      if intent.state == "closed" and is_part then
        assert.is_true(close ~= nil and close.units > 0,
          intent.id .. " was not sold")
      elseif intent.state == "closed" then
        assert.equal("closed", position.state, intent.id)
      elseif intent.state == "refused" then
        assert.is_true(not close or close.units == 0, cjson.encode(intent)
          .. " was closed all the same")
      end
    end

    local totals = { intents = 0, open = 0, landed = 0, not_landed = 0,
      unknown = 0 }

    local function check_books(told)
      local intents = read()
      local orders, closes, account = books()
      local positions, count = {}, 0
      for _, position in ipairs(account and account.positions or {}) do
        positions[position.positionId] = position
      end
      for id in pairs(orders) do
        assert.is_table(intents[id], "an order without an intent: " .. id)
      end
      for id in pairs(closes) do
        assert.is_table(intents[id], "a closing without an intent: " .. id)
      end
      for id, intent in pairs(intents) do
        count = count + 1
        if is_close(intent) then
          check_close(intent, closes[id], positions)
        else
          check_order(intent, orders[id])
        end
      end
      for id, one in pairs(told) do
        assert.is_table(intents[id], "told, but not in the journal: " .. id)
        if one.state ~= "unknown" then
          assert.equal(one.state, intents[id].state, id)
        end
      end
      totals.intents = count
    end

    it("books and journal agree", function()
      local unknown, reason
      for round = 1, ROUNDS do
        box:set { idempotency = round % 2 == 0 and "measured"
          or "documented" }
        local told = killed(round)
        unknown = 0 -- those are asked for anew in each round
        for _, one in ipairs(recovered(round)) do
          totals.open = totals.open + 1
          totals[one.state] = totals[one.state] + 1
          if one.state == "unknown" then
            unknown, reason = unknown + 1, one.seen
          end
        end
        local ok, problem = pcall(check_books, told)
        assert(ok, ("round %d, seed %d: %s"):format(round, SEED,
          tostring(problem)))
      end
      print(("kill -9, " .. api .. ": %d rounds, %d intents, %d open: %d landed, %d not, "
        .. "%d unknown at last; seed %d"):format(ROUNDS, totals.intents,
        totals.open, totals.landed, totals.not_landed, unknown, SEED))
      assert.is_true(totals.open > 0)
      assert.is_true(unknown <= totals.intents / 100, reason)
    end)
  end)
end
