-- What a refusal says of the order or position that it is about, and when it
-- is none.
local refusal = require "etoro.trading.resolve.refusal"

local ID = "5b1d6f6e-7d62-4d5c-9a3b-0c1d2e3f4a5b"

describe("a refusal", function()
  it("is the API's own by its status and a whole answer alone", function()
    local OWN = { [400] = true, [402] = true, [403] = true, [404] = true,
      [405] = true, [409] = true, [410] = true, [413] = true, [415] = true,
      [422] = true }
    for status = 100, 599 do
      local function of(response, changes)
        local err = { status = status, message = "no", response = response }
        for name, value in pairs(changes or {}) do err[name] = value end
        return err
      end
      local is_own = OWN[status] == true
      assert.equal(is_own, refusal.is_proper(of '{"errorCode":1}'), status)
      assert.equal(is_own, refusal.is_proper(of "No."), status)
      assert.equal(is_own, refusal.is_proper(of(nil)), status)
      assert.is_false(refusal.is_proper(of('{"errorCode":1')))
      assert.is_false(refusal.is_proper(of("<html>", { code = "html" })))
      assert.is_false(refusal.is_proper(of("{}", { kind = "unknown_outcome" })))
      assert.is_false(refusal.is_broken(of '{"errorCode":1}'))
      assert.is_false(refusal.is_broken(of "No."))
      assert.is_false(refusal.is_broken(of(nil)))
      assert.equal(is_own, refusal.is_broken(of '{"errorCode":1'), status)
      assert.equal(is_own, refusal.is_broken(of ' ["errorCode'), status)
      assert.equal(is_own, refusal.is_broken(of ' "error'), status)
      assert.is_false(refusal.is_broken(of('{"a', { code = "html" })))
    end
    assert.is_false(refusal.is_proper { message = "no" })
  end)

  it("names the request that it answers, in any field but those that all"
    .. " answers have", function()
    local function names(response, id)
      return refusal.names_request { status = 400, message = "no",
        response = response, request_id = id or ID }
    end
    assert.is_true(names('{"errorMessage":"' .. ID .. ' exists"}'))
    assert.is_true(names('{"a":[{"b":"id ' .. ID:upper() .. '"}]}'))
    assert.is_true(names('{"a":"' .. ID:gsub("-", "") .. '"}'))
    assert.is_true(names('"' .. ID .. '"'))
    assert.is_true(names("Reference " .. ID .. " may exist"))
    for _, name in ipairs { "requestId", "RequestID", "request_id",
      "trace-id", "traceId", "correlationId", "instance" }
    do
      assert.is_false(names(('{"%s":"%s"}'):format(name, ID)), name)
    end
    assert.is_false(names('{"errorMessage":"no"}'))
    assert.is_false(refusal.names_request { status = 400, message = "nil" })
    assert.is_false(refusal.names_request { message = ID, request_id = ID })
    assert.is_true(refusal.names_request { status = 400, message = ID,
      request_id = ID })
  end)

  local EXISTS = "ReferenceID may already exist"

  it("names one order, or none", function()
    local function order_of(response, message)
      local is_duplicate, id = refusal.duplicate { status = 400,
        message = message or EXISTS, response = response }
      assert.is_true(is_duplicate)
      return id
    end
    assert.equal(456, order_of '{"orderId":456}')
    assert.equal(456, order_of '{"OrderID":"456"}')
    assert.equal(456, order_of '{"a":[{"order_id":456}],"b":null}')
    assert.equal(456, order_of '{"errorMessage":"exists, OrderID 456"}')
    assert.equal(456, order_of '{"a":"order-id #456","orderId":456}')
    assert.equal(456, order_of '"OrderID: 456"')
    assert.is_nil(order_of '{"a":"OrderID 456","b":"OrderID 457"}')
    assert.is_nil(order_of '{"orderId":456,"a":"OrderID 457"}')
    assert.is_nil(order_of '{"orderId":0}')
    assert.is_nil(order_of '{"orderId":"none"}')
    assert.is_nil(order_of '{"orderIds":456}')
    assert.is_nil(order_of '{"order":456}')
    assert.is_nil(order_of '{"errorMessage":"reordered 456"}')
    -- a text that is not JSON may end anywhere
    assert.is_nil(order_of "OrderID 456")
    assert.equal(456, order_of "OrderID 456.")
    assert.equal(456, order_of "OrderID 456 exists")
    assert.is_nil(order_of '{"errorMessage":"OrderID 456, CID 5')
    assert.is_nil(order_of '  ["OrderID 456 exists", ')
    assert.equal(456, order_of(nil, EXISTS .. ", OrderID 456"))
    for _, ending in ipairs { "456,789", "456.789", "456'789", "456_7",
      "456a", "456..", "456…" }
    do
      assert.is_nil(order_of('{"a":"OrderID ' .. ending .. '"}'), ending)
    end
  end)

  it("says that a request id is in use in words or by its code", function()
    local function is_duplicate(message, code, response)
      return (refusal.duplicate { status = 400, message = message, code = code,
        response = response })
    end
    for _, text in ipairs { EXISTS, "reference id exists",
      "REFERENCE-ID 5 already exists", "reference_id already existing" }
    do
      assert.is_true(is_duplicate(text), text)
      assert.is_true(is_duplicate("no", nil, text), text)
    end
    for _, text in ipairs { "no", "ReferenceID does not exist",
      "the reference id is wrong", "the order exists",
      "referenceids exist", "reference id doesn't exist" }
    do
      assert.is_false(is_duplicate(text), text)
    end
    assert.is_true(is_duplicate("no", "DuplicateReferenceId"))
    assert.is_true(is_duplicate("no", "DuplicateRequestReference"))
    assert.is_false(is_duplicate("no", "Duplicate"))
    assert.is_false(is_duplicate("no", 7))
  end)

  it("says that it names the request, too", function()
    local function names(request_id)
      return select(3, refusal.duplicate { status = 400,
        message = EXISTS .. ": " .. ID, request_id = request_id })
    end
    assert.is_true(names(ID))
    assert.is_false(names(ID:gsub("5", "6")))
    assert.is_false(names(nil))
  end)

  it("means a closed position by one code, and may by its words", function()
    for _, code in ipairs { 741, "741", 741.0 } do
      assert.is_true(refusal.is_closed_code(code))
    end
    for _, code in ipairs { 740, "7410", "closed", false } do
      assert.is_false(refusal.is_closed_code(code))
    end
    assert.is_false(refusal.is_closed_code(nil))
    local function may(message, response)
      return refusal.may_say_closed { status = 400, message = message,
        response = response }
    end
    assert.is_true(may("error 741"))
    assert.is_true(may("no", '{"errorMessage":"Position already  closed"}'))
    assert.is_true(may("no", '{"a":{"b":["741: no"]}}'))
    assert.is_false(may("no"))
    assert.is_false(may("error 7411"))
    assert.is_false(may("error a741"))
    assert.is_false(may("closed already"))
    assert.is_false(may("no", '{"errorMessage":"already closed')) -- cut off
  end)
end)
