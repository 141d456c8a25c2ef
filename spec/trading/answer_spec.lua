-- Which answers are about the order or closing that was asked for.
local answer = require "etoro.trading.order.answer"
local core = require "etoro.core"

local ID = "5b1d6f6e-7d62-4d5c-9a3b-0c1d2e3f4a5b"

describe("an answer about an order", function()
  it("names its id, in any spelling, or none", function()
    for _, value in ipairs { 5, "5", 9007199254740993 } do
      assert.equal(math.tointeger(value), answer.id { orderId = value })
      assert.equal(math.tointeger(value), answer.id { OrderID = value })
    end
    for _, value in ipairs { 0, -1, 1.5, "x", "", core.null, {} } do
      assert.is_nil(answer.id { orderId = value })
    end
    assert.is_nil(answer.id {})
    assert.is_nil(answer.id "5")
    assert.is_nil(answer.id(nil))
  end)

  it("is another request's by a reference that differs in more than its"
    .. " spelling", function()
    assert.is_false(answer.is_of_other({}, ID))
    assert.is_false(answer.is_of_other({ referenceId = core.null }, ID))
    for _, same in ipairs { ID, ID:upper(), "{" .. ID .. "}",
      (ID:gsub("-", "")) }
    do
      assert.is_false(answer.is_of_other({ referenceId = same }, ID), same)
      assert.is_false(answer.is_of_other({ ReferenceID = ID }, same), same)
    end
    assert.is_true(answer.is_of_other({ referenceId = ID:gsub("5", "6") }, ID))
    assert.is_true(answer.is_of_other({ referenceId = 5 }, ID))
    for _, none in ipairs { "", " ", "00000000-0000-0000-0000-000000000000" } do
      assert.is_false(answer.is_of_other({ referenceId = none }, ID), none)
      assert.is_false(answer.is_of({ referenceId = none }, ID), none)
    end
    assert.is_true(answer.is_of({ ReferenceID = ID:upper() }, ID))
    assert.is_false(answer.is_of({ referenceId = ID:gsub("5", "6") }, ID))
    assert.is_false(answer.is_of({ referenceId = core.null }, ID))
    assert.is_false(answer.is_of({}, ID))
  end)

  it("is one to a lookup by the order's id where it names no other", function()
    local by = { orderId = "77" }
    assert.is_nil(answer.fault({ orderId = 77 }, by))
    assert.is_nil(answer.fault({ orderID = "77" }, by))
    assert.is_nil(answer.fault({}, by))
    assert.is_nil(answer.fault({ orderId = core.null }, by))
    assert.is_nil(answer.fault({ orderId = 77, referenceId = "x" }, by))
    assert.equal("the answer is about order 78",
      answer.fault({ orderId = 78 }, by))
    assert.equal("the answer is no order", answer.fault("77", by))
    assert.equal("the answer is no order", answer.fault(core.null, by))
  end)

  it("is one to a lookup by the request id where it names its own id",
    function()
      local by = { referenceId = ID }
      assert.is_nil(answer.fault({ orderId = 77 }, by))
      assert.is_nil(answer.fault({ orderId = 77, referenceId = ID }, by))
      assert.equal("the answer is about another request's order",
        answer.fault({ orderId = 77, referenceId = "x" }, by))
      for _, none in ipairs { {}, { orderId = 0 }, { referenceId = ID } } do
        assert.equal("the answer has no usable orderId",
          answer.fault(none, by))
      end
    end)
end)

describe("an answer to a closing", function()
  local TAKEN = {
    {}, { orderForClose = {} }, { orderForClose = { positionID = 5 } },
    { orderForClose = { positionID = "5", orderID = 9 } },
    { orderForClose = { positionId = core.null, orderId = core.null } },
    { positionId = 5, orderId = 9 }, { errorCode = 0 }, { errorCode = "0" },
    { errorCode = "" }, { errorCode = core.null },
    { positionId = 6, orderForClose = { positionID = 5 } },
  }
  local NOT_TAKEN = {
    { orderForClose = { positionID = 6 } }, { positionId = 6 },
    { orderForClose = { orderID = 0 } }, { orderForClose = { orderID = "x" } },
    { orderForClose = { positionID = "x" } }, { orderForClose = core.null },
    { orderForClose = 5 }, { errorCode = 1 }, { errorCode = "741" },
    { errorCode = "No" }, { errorCode = 741, orderForClose = {
      positionID = 5 } },
    { {} }, { 5 },
  }

  it("says that it was taken up unless it says anything else", function()
    for number, body in ipairs(TAKEN) do
      assert.is_true(answer.is_closing(body, 5), number)
      assert.is_true(answer.is_closing(body, "5"), number)
    end
    for number, body in ipairs(NOT_TAKEN) do
      assert.is_false(answer.is_closing(body, 5), number)
    end
    for _, none in ipairs { "", 5, true, core.null } do
      assert.is_false(answer.is_closing(none, 5))
    end
    assert.is_false(answer.is_closing(nil, 5))
  end)
end)
