-- Answers about an order or a closing that are broken off, name nothing, or
-- name another one: none of them may be told as what became of it.
local core = require "etoro.core"
local support_desk = require "spec.support.desk"
local json = require "etoro.values.json"

for _, api in ipairs { "v2", "v3" } do
  local desk = support_desk.by(api)
  local OPEN = "POST /api/" .. api .. "/trading/execution/demo/orders"
  local REAL = "POST /api/" .. api .. "/trading/execution/orders"
  local CLOSE = "POST /api/v1/trading/execution/demo/market-close-orders"
    .. "/positions/{positionId}"
  local MINE = "0b9f5b04-1fc4-492a-a2c2-000000000001"
  local ORDER = { symbol = "AAPL", transaction = "buy", units = "3",
    settlementType = "real" }

  local function order_of(changes)
    local order = {}
    for name, value in pairs(ORDER) do order[name] = value end
    for name, value in pairs(changes or {}) do order[name] = value end
    return order
  end

  -- Lets each request through to the model, and then `change` have its answer.
  local function spoil(t, change)
    local handle = t.box.handle
    t.box.handle = function(self, request)
      local answer = handle(self, request)
      change(request, answer)
      return answer
    end
  end

  -- Has each order come twice, as a proxy may send it.
  local function double(t)
    local handle = t.box.handle
    t.box.handle = function(self, request)
      if request.path:find("orders$") then handle(self, request) end
      return handle(self, request)
    end
  end

  local function is_order(request)
    return request.method == "POST" and request.path:find("orders$") ~= nil
  end

  local function is_lookup(request)
    return request.path:find("orders:lookup", 1, true) ~= nil
  end

  local function orders(t, account) return t:books(account).orders end

  describe("a duplicate's refusal that broke off, by " .. api, function()
    local t

    -- An order under an id that the real one's begins with.
    local function place_shorter(id)
      local account = t.box.areas.books.accounts[1]
      local order = account.order_list[1]
      account.orders[id] = order
    end

    -- The refusal's whole text is what JSON shows of it.
    local function cut_refusals(pattern, times)
      local left = times or 1
      spoil(t, function(request, answer)
        if is_order(request) and answer.status == 400 and left > 0 then
          left = left - 1
          local _, last = answer.body:find(pattern)
          answer.body = answer.body:sub(1, assert(last, answer.body))
        end
      end)
    end

    for what, pattern in pairs {
      ["in the number"] = "OrderID %d%d%d%d%d",
      ["behind the number"] = "OrderID %d+",
      ["before the number"] = "OrderID ",
      ["in the words"] = "may alre",
      ["in the request id"] = "ReferenceID %x%x%x%x",
      ["at once"] = "^{",
    } do
      it(what .. " is told under the right id, or as unknown", function()
        t = desk.new { idempotency = "measured" }
        assert(t.client.orders:open(order_of(), { precheck = false }))
        t:fault { route = OPEN, fault = "lost_reply" }
        cut_refusals(pattern)
        local number = #orders(t) + 1
        place_shorter(tonumber(tostring(orders(t)[1].orderId):sub(1, 5)))
        local order, response = t.client.orders:open(order_of(),
          { precheck = false, settle = 1, deadline = 100 })
        assert(order, tostring(response))
        assert.equal(number, #orders(t))
        assert.equal(orders(t)[number].orderId, order.orderId)
      end)

      it(what .. " is no proof on a real account", function()
        t = desk.new({ idempotency = "measured" }, { account = "real" })
        double(t)
        cut_refusals(pattern, 9)
        local order, err = t.client.orders:open(order_of(), { precheck = false,
          settle = 1, deadline = 60 })
        assert.is_nil(order)
        assert.equal("unknown_outcome", err.kind)
        assert.is_true(err.may_have_executed)
        assert.equal(1, #orders(t, "real"))
      end)
    end

    it("never ends as nothing placed, wherever it breaks off", function()
      t = desk.new({ idempotency = "measured" }, { account = "real" })
      double(t)
      local size, at = math.huge, 0
      spoil(t, function(request, answer)
        if is_order(request) and answer.status == 400 then
          size = #answer.body
          answer.body = answer.body:sub(1, at)
        end
      end)
      repeat
        at = at + 1
        local order, err = t.client.orders:open(order_of(), { precheck = false,
          settle = 0.1, deadline = 5 })
        if order then
          local list = orders(t, "real")
          assert.equal(list[#list].orderId, order.orderId)
        else
          assert.equal("unknown_outcome", err.kind, at)
        end
      until at > size
    end)
  end)

  describe("a refusal that names the request, by " .. api, function()
    it("does not end as nothing placed, whatever else it says", function()
      local t = desk.new { idempotency = "measured" }
      t:fault { route = OPEN, fault = "cut_before" }
      spoil(t, function(request, answer)
        if is_order(request) then
          answer.status, answer.body = 422, json.encode { errorCode = "No",
            errorMessage = "Request " .. request.headers["x-request-id"]:upper()
              .. " was seen" }
        end
      end)
      local order, err = t.client.orders:open(order_of(), { precheck = false,
        settle = 1, deadline = 60 })
      assert.is_nil(order)
      assert.equal("unknown_outcome", err.kind)
    end)

    it("is one as any other where that is the server's name for it", function()
      local t = desk.new { idempotency = "measured" }
      spoil(t, function(request, answer)
        if is_order(request) then
          answer.status, answer.body = 422, json.encode { errorCode = "No",
            requestId = request.headers["x-request-id"] }
        end
      end)
      local order, err = t.client.orders:open(order_of(), { precheck = false })
      assert.is_nil(order)
      assert.equal("rejected", err.kind)
      assert.is_false(err.may_have_executed)
      assert.equal(1, #t.box.arrivals)
    end)
  end)

  describe("a lookup that answers with another order, by " .. api, function()
    local t, other

    -- What the lookup says in place of what was asked for.
    local function answer_with(change, times)
      local left = times or math.huge
      spoil(t, function(request, answer)
        if is_lookup(request) and answer.status == 200 and left > 0 then
          left = left - 1
          local body = json.decode_plain(answer.body)
          change(body)
          answer.body = json.encode(body)
        end
      end)
    end

    local CHANGES = {
      ["another id"] = function(body) body.orderId = other end,
      ["another request id"] = function(body) body.referenceId = MINE end,
      ["other units"] = function(body) body.requestedUnits = 4 end,
      ["another side"] = function(body) body.transaction = "sellShort" end,
      ["another instrument"] = function(body)
        body.asset.instrumentId, body.asset.symbol = 1002, "MSFT"
      end,
      ["another leverage"] = function(body) body.asset.leverage = 2 end,
    }

    for what, change in pairs(CHANGES) do
      for _, idempotency in ipairs { "documented", "measured" } do
        it("(" .. what .. ") leaves it unknown, " .. idempotency, function()
          t = desk.new { idempotency = idempotency }
          other = assert(t.client.orders:open(order_of { units = "4" },
            { precheck = false })).orderId
          t:fault { route = OPEN, fault = "lost_reply",
            times = idempotency == "documented" and 0 or 1 }
          answer_with(change)
          local order, err = t.client.orders:open(order_of(),
            { precheck = false, settle = 1, deadline = 20 })
          assert.equal(2, #orders(t))
          if order then -- the refusal has named it, and no look was of use
            assert.same({ "another id", "measured" }, { what, idempotency })
            assert.equal(orders(t)[2].orderId, order.orderId)
          else
            assert.equal("unknown_outcome", err.kind)
            assert.is_true(err.may_have_executed)
          end
        end)
      end

      it("(" .. what .. ") is asked again", function()
        t = desk.new { idempotency = "documented" }
        other = assert(t.client.orders:open(order_of { units = "4" },
          { precheck = false })).orderId
        t:fault { route = OPEN, fault = "lost_reply" }
        answer_with(change, 1)
        local order, response = t.client.orders:open(order_of(),
          { precheck = false })
        assert(order, tostring(response))
        assert.equal(orders(t)[2].orderId, order.orderId)
      end)
    end

    it("is no answer to order:refresh and client.orders:get", function()
      t = desk.new { queue_delay = 0 }
      local order = assert(t.client.orders:open(order_of(),
        { precheck = false }))
      local id = order.orderId
      answer_with(function(body) body.orderId = id + 1 end)
      local none, err = order:refresh()
      assert.is_nil(none)
      assert.equal("protocol", err.kind)
      assert.equal(id, order.orderId)
      none, err = t.client.orders:get(id)
      assert.is_nil(none)
      assert.equal("protocol", err.kind)
    end)
  end)

  -- What a server may put for an order's id, and what is no answer at all.
  local NO_IDS = {
    ["no orderId"] = '{"token":"x"}', ["null"] = '{"orderId":null}',
    ["0"] = '{"orderId":0}', ["-5"] = '{"orderId":-5}',
    ["a text"] = '{"orderId":"soon"}', ["a part"] = '{"orderId":12.5}',
    ["a list"] = '{"orderId":[1]}', ["nothing"] = "", ["null alone"] = "null",
    ["an empty list"] = "[]", ["words"] = '"accepted"', ["yes"] = "true",
    ["no"] = "false", ["a number"] = "12", ["a page"] = "<html>OK</html>",
    ["half"] = '{"orderId":90', ["a failure"] = '{"errorCode":"X"}',
  }

  describe("an order that was accepted with, by " .. api, function()
    for what, body in pairs(NO_IDS) do
      it(what .. " for an id is looked up", function()
        for _, idempotency in ipairs { "documented", "measured" } do
          local t = desk.new { idempotency = idempotency }
          local left = 1
          spoil(t, function(request, answer)
            if is_order(request) and left > 0 then
              left = left - 1
              answer.body = body
            end
          end)
          local order, response = t.client.orders:open(order_of(),
            { precheck = false })
          assert(order, tostring(response))
          assert.equal(1, #orders(t))
          assert.equal(orders(t)[1].orderId, order.orderId)
          assert.matches("^the answer to the order was lost", response.warning)
        end
      end)
    end

    it("no id is unknown where nobody may send it again", function()
      local t = desk.new({ idempotency = "measured" }, { account = "real" })
      t:fault { route = REAL, fault = "garble", body = "{}", times = 0 }
      local order, err = t.client:call(REAL, { body = { action = "open",
        transaction = "buy", symbol = "AAPL", settlementType = "real",
        leverage = 1, units = 3, orderType = "mkt" } })
      assert.is_nil(order)
      assert.equal("unknown_outcome", err.kind)
      assert.equal("unexpected_body", err.code)
      assert.equal(api == "v2" and 200 or 202, err.status)
      assert.equal("{}", err.response)
      assert.equal(1, #err.evidence.account.positions)
      assert.equal(1, #orders(t, "real"))
    end)
  end)

  describe("a closing that was accepted with, by " .. api, function()
    local ODD = { '{"orderForClose":{"positionID":7,"orderID":900}}',
      '{"orderForClose":{"orderID":0}}', '{"orderForClose":7}' }
    for _, body in pairs(NO_IDS) do
      if body ~= '{"token":"x"}' and body ~= '{"orderId":null}' then
        ODD[#ODD + 1] = body
      end
    end

    it("nothing that could be one is looked for", function()
      for _, body in ipairs(ODD) do
        local t = desk.new()
        local position = t:position()
        t:fault { route = CLOSE, fault = "garble", body = body }
        assert(position:close())
        assert.equal("closed", t:books().positions[1].state)
        assert.equal(1, #t:books().closes, body)
      end
    end)

    it("nothing that could be one is never sent again for a part", function()
      for _, body in ipairs(ODD) do
        local t = desk.new()
        local position = t:position()
        t:fault { route = CLOSE, fault = "garble", body = body, times = 0 }
        assert(position:close { units = 1 })
        assert.equal(2, t:books().positions[1].units)
        assert.equal(1, #t:books().closes, body)
      end
    end)
  end)

  describe("a closing's refusal that broke off, by " .. api, function()
    it("is no refusal", function()
      for _, text in ipairs { '{"errorCode":741,"errorMessage":"Position alr',
        '{"errorCode":"741', '{"errorMessage":"instrument 741', "{" }
      do
        local t = desk.new()
        local position = t:position()
        t:fault { route = CLOSE, fault = "status", status = 400, body = text }
        assert(position:close(nil, { settle = 1 }))
        assert.equal("closed", t:books().positions[1].state)
      end
    end)
  end)

  it("request ids of the specs are those that the client takes", function()
    assert.is_true(core.is_uuid(MINE))
  end)
end
