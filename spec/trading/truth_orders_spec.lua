-- What an account shows of an order whose answer was lost, and of a change of
-- stops: it is told the same by the call itself and by a recovery.
local json = require "etoro.values.json"
local process = require "spec.support.process"
local scripted = require "spec.support.scripted"
local times = require "etoro.values.times"

local orders = require "spec.fixtures.observations.orders"
local edits = require "spec.fixtures.observations.edits"

local OPEN = "POST /api/v2/trading/execution/demo/orders"
local POSITION = 3612345678

local function with(fields, changes)
  for name, value in pairs(changes or {}) do
    if value == "absent" then value = nil end
    fields[name] = value
  end
  return fields
end

local function time(api, row, after)
  return times.format(api.start + (row.clock or 0) + after)
end

local function order_of(api, row, id, changes)
  local order = with({ orderId = id, transaction = "buy", referenceId = nil,
    requestedAmount = 100.01, requestTime = 0,
    asset = { instrumentId = 1001, leverage = 1 } }, changes)
  order.requestTime = time(api, row, order.requestTime)
  return order
end

-- An order that waits, a position or a closed one.
local function item_of(api, row, changes)
  local item = with({ orderId = 500, positionId = POSITION, mirrorID = 0,
    instrumentId = 1001, isBuy = true, leverage = 1, amount = 100.01, at = 0 },
    changes)
  item.openDateTime, item.at = time(api, row, item.at), nil
  return item
end

local function items(api, row, list)
  local all = json.list {}
  for i, changes in ipairs(list or {}) do
    all[i] = item_of(api, row, changes)
  end
  return all
end

local function looked_up(api, row, query)
  local id = math.tointeger(tonumber(query:match "orderId=(%d+)"))
  if not id then return row.found and order_of(api, row, 500, row.found) end
  local changes = id == 500 and row.found or (row.orders or {})[id]
  return changes and order_of(api, row, id, changes)
end

local function answer_of(api, row, request)
  local path, query = request.path, request.query
  if api.is_down then return 503, "{}" end
  if request.method == "POST" then return 503, "{}" end
  if path:find("orders:lookup", 1, true) then
    local order = looked_up(api, row, query)
    if order and query:find "referenceId" and not order.referenceId then
      order.referenceId = query:match "referenceId=([%x-]+)"
    end
    return order and 200 or 404, order and json.encode(order) or "{}"
  elseif path:find "/portfolio$" then
    return 200, json.encode { clientPortfolio = {
      positions = items(api, row, row.positions),
      ordersForOpen = items(api, row, row.waits) } }
  elseif path:find "/history$" then
    return 200, json.encode(query:find "page=1&"
      and items(api, row, row.closed) or json.list {})
  end
  return 404, "{}"
end

local function account_of(row)
  local api
  api = scripted.new(function(_, request)
    local status, body = answer_of(api, row, request)
    local now = api.pump.engine:unix() + (row.clock or 0)
    return status, body, { Date = times.http(math.floor(now)) }
  end)
  return api
end

local function place(client, options)
  return client:call(OPEN, { body = { action = "open", transaction = "buy",
    instrumentId = 1001, amount = "100.01", leverage = 1, orderType = "mkt",
    orderCurrency = "usd", settlementType = "real" } }, options)
end

local function by_resolve(row)
  local api = account_of(row)
  local result, err = place(api:client { on_event = function() end },
    { on_unknown = "report", deadline = 60 })
  if result then return result.orderId end
  assert.equal("unknown_outcome", err.kind)
  local account = err.evidence.account
  return nil, #account.orders + #account.positions
end

-- A program that begins anew, with the journal of one that was killed.
local function by_recover(row)
  local folder, api = process.scratch(), account_of(row)
  local options = { journal = folder .. "/orders.jsonl", max_retries = 0,
    on_event = function() end }
  local client = api:client(options)
  assert(client.account:holdings()) -- tells the server's time
  api.is_down = true
  place(client, { deadline = 0.05 })
  client:close()
  api.is_down = false
  client = api:client(options)
  local results = assert(client.orders:recover { deadline = 60 })
  client:close()
  process.remove(folder)
  assert.equal(1, #results)
  return results[1]
end

describe("what is recorded of an order whose answer was lost", function()
  for _, row in ipairs(orders) do
    it("is told by the call: " .. row[1], function()
      local id, alike = by_resolve(row)
      assert.equal(row.landed, id)
      assert.equal(row.alike, alike)
    end)

    it("is told by a recovery: " .. row[1], function()
      local found = by_recover(row)
      assert.equal(row.recover, found.state, found.seen)
      if row.landed then assert.equal(row.landed, found.orderId) end
    end)
  end
end)

describe("what is recorded of changed stops", function()
  -- A portfolio of one position; its seconds begin with the change.
  local function account(row)
    local api, began
    api = scripted.new(function(_, request)
      local now = api.pump.engine:unix()
      if request.method == "PATCH" then
        began = now
        return 202, "{}"
      end
      local fields, after = {}, began and now - began or -1
      for i = 1, #(row.shows or {}), 2 do
        if row.shows[i] <= after then fields = row.shows[i + 1] end
      end
      if row.outage and after >= row.outage[1] and after < row.outage[2] then
        return 503, "{}"
      end
      return 200, json.encode { clientPortfolio = { positions = json.list {
        fields and with({ positionID = POSITION, instrumentID = 1001,
          mirrorID = 0, units = 3, stopLossRate = 1, takeProfitRate = 900 },
          fields) or nil } } }
    end)
    return api:client { on_event = function() end, max_retries = 0 }
  end

  for _, row in ipairs(edits) do
    it(("is %s: %s"):format(row.proves and "the change" or "no change", row[1]),
      function()
        local position = assert(account(row).positions:list())[1]
        local same, response = position:edit(row.asks, { timeout = 8 })
        assert.equal(position, same)
        assert.equal(row.proves, response.warning == nil, response.warning)
      end)
  end
end)
