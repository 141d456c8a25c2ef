local raises = require "spec.support.raises"
local sandbox = require "etoro.sandbox"
local scripted = require "spec.support.scripted"

local ID = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"

describe("client.alerts", function()
  it("makes, moves and deletes an alert of the sandbox", function()
    local box = sandbox.new { limits = false,
      now = function() return 1767225600 end }
    local client = assert(box:client { rate_limit = false })
    local before = #assert(client.alerts:list())
    local alert = assert(client.alerts:create {
      symbol = "AAPL", targetPrice = "5.50" })
    assert.equal("AAPL", alert.symbol)
    assert.equal(5.5, alert.targetPrice)
    assert.equal(before + 1, #client.alerts:list())
    assert.equal(alert, alert:update { targetPrice = 7 })
    assert.equal(7, alert.targetPrice)
    assert.equal(alert, alert:update "8.25")
    assert.equal(8.25, alert.targetPrice)
    assert.equal(8.25, client.alerts:get(alert.alertId).targetPrice)
    assert.equal(alert, alert:refresh())
    assert.is_true((assert(alert:delete())))
    assert.equal(before, #client.alerts:list())
    for _, name in ipairs { "delete", "refresh" } do
      local result, err = alert[name](alert)
      assert.is_nil(result)
      assert.equal("closed", err.kind)
      assert.equal("this price alert was deleted; nothing more can be done"
        .. " with it", err.message)
    end
    local result, err = client.alerts:get(alert.alertId)
    assert.is_nil(result)
    assert.equal("not_found", err.kind)
    result, err = client.alerts:by_id(alert.alertId):delete()
    assert.is_nil(result)
    assert.equal("not_found", err.kind)
    client:close()
  end)

  describe("over any server", function()
    local api, client, status, answer
    before_each(function()
      status = 200
      api = scripted.new(function() return status, answer end)
      client = api:client { max_retries = 0 }
    end)
    after_each(function() client:close() end)

    it("takes the failure out of a 200 or 201", function()
      answer = '{"success":false,"error":{"code":"MAX_ALERTS_EXCEEDED",'
        .. '"message":"too many","details":{"most":5},"field":"symbol"}}'
      for _, call in ipairs {
        function()
          return client.alerts:create { symbol = "A", targetPrice = 1 }
        end,
        function() return client.alerts:by_id(ID):update(5) end,
        function() return client.alerts:by_id(ID):delete() end,
        function() return client.alerts:list() end,
      } do
        local result, err = call()
        assert.is_nil(result)
        assert.equal("rejected", err.kind)
        assert.equal("MAX_ALERTS_EXCEEDED", err.code)
        assert.equal("too many", err.message)
        assert.equal("symbol", err.field)
        assert.same({ most = 5 }, err.details)
        assert.equal(200, err.status)
      end
    end)

    it("reads the documented refusals", function()
      for code, kind in pairs { [400] = "invalid", [404] = "not_found",
        [422] = "rejected" }
      do
        status = code
        answer = '{"success":false,"error":{"code":"INVALID_PARAMETER",'
          .. '"message":"no"}}'
        local result, err = client.alerts:by_id(ID):update(5)
        assert.is_nil(result)
        assert.equal(kind, err.kind)
        assert.equal("INVALID_PARAMETER", err.code)
      end
    end)

    it("keeps what it knows when an answer says less", function()
      for _, text in ipairs { "{}", "", '{"success":true}',
        '{"success":true,"data":7}' }
      do
        answer = text
        local alert = client.alerts:by_id(ID)
        assert.equal(alert, alert:update "7.50")
        assert.equal(7.5, alert.targetPrice)
        assert.equal(ID, alert.alertId)
      end
      answer = '{"success":true,"data":{"targetPrice":"high","new":1}}'
      local alert = client.alerts:by_id(ID)
      assert.equal(alert, alert:update(7))
      assert.equal("high", alert.targetPrice)
      assert.equal(ID, alert.alertId)
    end)

    it("takes an answer of another shape for an error", function()
      for _, text in ipairs { "[]", "7", "", '{"results":null}' } do
        answer = text
        local result, err = client.alerts:list()
        assert.is_nil(result, text)
        assert.equal("protocol", err.kind)
        result, err = client.alerts:create { symbol = "A", targetPrice = 1 }
        assert.is_nil(result)
        assert.equal("unknown_outcome", err.kind)
        assert.is_true(err.may_have_executed)
      end
      answer = '{"results":[7,{"symbol":"A"}]}'
      local alerts = assert(client.alerts:list())
      assert.equal(7, alerts[1])
      local result, err = alerts[2]:delete()
      assert.is_nil(result)
      assert.equal("the API gave this alert no alertId", err.message)
    end)

    it("sends nothing that is wrong", function()
      local function refused(message, result, err)
        assert.is_nil(result)
        assert.equal("invalid", err.kind)
        assert.equal(message, err.message)
      end
      local alert = client.alerts:by_id(ID)
      for _, price in ipairs { 0, -1, "0", "-0.5" } do
        refused("targetPrice must be greater than 0", alert:update(price))
      end
      refused("targetPrice is not a finite number", alert:update(1 / 0))
      refused("targetPrice is '1e5', which is not a decimal number",
        alert:update "1e5")
      refused("symbol must have at least 1 character, got 0",
        client.alerts:create { symbol = "", targetPrice = 1 })
      refused("alertId is 'x', which is not a UUID such as"
        .. " 123e4567-e89b-42d3-a456-426614174000",
        client.alerts:by_id("x"):delete())
      raises(function() client.alerts:create { symbol = "A" } end,
        "missing field 'targetPrice'")
      raises(function() client.alerts:create() end,
        "missing field 'symbol'")
      raises(function() alert:update {} end, "missing field 'targetPrice'")
      raises(function() alert:update { price = 5 } end,
        "unknown field 'price' (did you mean 'targetPrice'?)")
      raises(function() client.alerts:by_id(5) end,
        "alert id: string expected, got number")
      raises(function() client.alerts:get() end,
        "alert id: string expected, got nil")
      raises(function() alert.delete() end,
        "bad self: call this as alert:delete(...), with a colon")
      assert.same({}, api.lines)
    end)
  end)
end)
