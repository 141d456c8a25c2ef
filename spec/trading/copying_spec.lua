-- Copies of other people: sent once, followed, found again; and the sandbox's.
local etoro = require "etoro"
local limits = require "etoro.values.limits"
local sandbox = require "etoro.sandbox"
local scripted = require "spec.support.scripted"

local PARENT = 31000101
local TOKEN = '{"token":"066faaee-e1e9-49d2-a568-c6e1cc336ad8"}'
local EMPTY = '{"clientPortfolio":{"positions":[],"mirrors":[]}}'

describe("a copy that is asked for #memory", function()
  local api, client, made, status, ended, portfolio, me
  before_each(function()
    me = { 200, '{"realCid":31000777,"demoCid":51000777,"gcid":41000777}' }
    made, status = { 200, TOKEN }, { 404, '{"error":"unknown"}' }
    ended, portfolio = { 200, TOKEN }, EMPTY
    api = scripted.new(function(line)
      if line:find "/close$" then return ended[1], ended[2] end
      if line:find "^POST" then return made[1], made[2] end
      if line:find "/copy/" then return status[1], status[2] end
      if line == "GET /api/v1/me" then return me[1], me[2] end
      return 200, type(portfolio) == "function" and portfolio() or portfolio
    end)
    client = api:client { max_retries = 0, account = "demo" }
  end)
  after_each(function() client:close() end)

  local function count(pattern)
    local number = 0
    for _, line in ipairs(api.lines) do
      if line:find(pattern) then number = number + 1 end
    end
    return number
  end

  -- What was sent by a POST, the first one or another.
  local function body_of(number)
    for _, request in ipairs(api.requests) do
      if request.method == "POST" then
        number = number - 1
        if number == 0 then return request.body end
      end
    end
  end

  local function start(changes, options)
    local fields = { parentCID = PARENT, amount = 250 }
    for name, value in pairs(changes or {}) do fields[name] = value end
    local copy, response = client.copying:start(fields, options)
    return copy, response
  end

  local function known(fields)
    fields.referenceID = fields.referenceID or "r"
    return { 200, etoro.encode(fields) }
  end

  it("is followed until its status is known", function()
    status = known { isSuccess = true, mirrorID = 7, parentUsername = "a" }
    local copy = assert(start())
    assert.equal(7, copy.mirrorID)
    assert.equal(1, count "^POST")
    local reference = etoro.decode(body_of(1)).referenceID
    assert.matches("^%x+$", reference)
    assert.is_true(#reference <= 35)
    assert.equal("GET /api/v2/trading/copy/demo/" .. reference, api.lines[3])
  end)

  it("is an error where its status says that it was refused", function()
    status = known { isSuccess = false, errorMessageCode = 972, failReason = "not now" }
    local copy, err, _ = start { referenceID = "mine" }
    assert.is_nil(copy)
    assert.same({ "rejected", "972", "not now", "mine" },
      { err.kind, err.code, err.message, err.key })
    assert.matches("^972 means that the copy was refused", err.hint)
    status = known { isSuccess = false, errorMessageCode = 972 }
    _, err = start { referenceID = "mine" }
    assert.equal("the copy was refused", err.message)
    status = known { isSuccess = false, errorMessageCode = 4711 }
    _, err = start { referenceID = "mine" }
    assert.same({ "4711", "the copy was refused" }, { err.code, err.message })
    assert.is_nil(err.hint)
  end)

  it("is pending where nothing is known after limits.copy_wait seconds", function()
    local began = client:now()
    local copy = assert(start { referenceID = "mine" })
    assert.same({ "mine", true, false },
      { copy.referenceID, copy.isPending, copy.isSuccess })
    assert.is_true(math.abs(client:now() - began - limits.copy_wait) < 1)
    began = client:now()
    assert(start({}, { wait = 0 }))
    assert.is_true(client:now() - began < 1)
  end)

  it("is sent once where its answer is lost, and found by its status", function()
    made, status = { 502, "" }, known { isSuccess = true, mirrorID = 7 }
    assert.equal(7, assert(start()).mirrorID)
    assert.equal(1, count "^POST")
    status = { 404, '{"error":"unknown"}' }
    local copy, err = start { referenceID = "mine" }
    assert.is_nil(copy)
    assert.equal("unknown_outcome", err.kind)
    assert.equal("mine", err.key)
    assert.is_true(err.may_have_executed)
    assert.equal(2, count "^POST")
  end)

  it("ends with its deadline where its answer is lost, looked at once at least", function()
    made, ended = { 502, "" }, { 502, "" }
    portfolio = '{"clientPortfolio":{"positions":[],"mirrors":[{"mirrorID":7,'
      .. '"mirrorStatusID":0}]}}'
    for _, call in ipairs {
      function(options) return start({}, options) end,
      function(options) return client.copying:stop(7, options) end,
    } do
      for _, options in ipairs { { deadline = 2 }, { deadline = 2, wait = 60 } } do
        local began, before = client:now(), #api.lines
        local result, err = call(options)
        assert.is_nil(result)
        assert.equal("unknown_outcome", err.kind)
        assert.is_true(client:now() - began < 3)
        assert.is_true(#api.lines - before > 1)
      end
    end
  end)

  it("is not taken for another one that its reference was used for", function()
    for _, parent in ipairs { PARENT, tostring(PARENT) } do
      status = known { isSuccess = true, mirrorID = 7, parentCID = parent }
      assert.equal(7, assert(start { referenceID = "mine" }).mirrorID)
    end
    for _, fields in ipairs { { isSuccess = true, mirrorID = 8, parentCID = PARENT + 1 },
        { isSuccess = false, parentCID = PARENT + 1, failReason = "no" },
        { mirrorID = 8 }, { isSuccess = etoro.null, mirrorID = 8 } } do
      made, status = { 200, TOKEN }, known(fields)
      local copy = assert(start { referenceID = "mine" })
      assert.is_true(copy.isPending)
      assert.is_nil(copy.mirrorID)
      made = { 502, "" }
      local err
      copy, err = start { referenceID = "mine" }
      assert.is_nil(copy)
      assert.equal("unknown_outcome", err.kind)
      assert.equal("mine", err.key)
    end
    status = known { IsSuccess = true, MirrorID = 9 }
    assert(start())
  end)

  it("is not gone where the portfolio writes its id as text", function()
    portfolio = '{"clientPortfolio":{"positions":[],"mirrors":[{"mirrorID":"7",'
      .. '"mirrorStatusID":0}]}}'
    assert.is_false(assert(client.copying:stop(7)).isGone)
    ended = { 502, "" }
    local result, err = client.copying:stop(7)
    assert.is_nil(result)
    assert.equal("unknown_outcome", err.kind)
    for _, odd in ipairs { '{"clientPortfolio":{"positions":[]}}',
        '{"clientPortfolio":{"positions":[],"mirrors":null}}', "{}", "[]",
        '{"clientPortfolio":{"positions":[],"mirrors":{"a":1}}}' } do
      portfolio = odd -- what tells no mirrors tells of none that is gone
      result, err = client.copying:stop(7)
      assert.is_nil(result, odd)
      assert.equal("unknown_outcome", err.kind)
    end
  end)

  it("takes money out by an amount below 0", function()
    status = known { isSuccess = true, mirrorID = 7 }
    assert(client.copying:remove { parentCID = PARENT, amount = 20.5 })
    assert.equal(-20.5, etoro.decode(body_of(1)).amount)
    assert(client.copying:add { parentCID = PARENT, amount = "20.50" })
    assert.matches('"amount":20.50,', body_of(2), 1, true)
    local fine = "20.1000000000000000055"
    assert(client.copying:remove { parentCID = PARENT, amount = fine })
    assert.matches('"amount":-' .. fine .. ",", body_of(3), 1, true)
    for _, bad in ipairs { "1e3", " 5", "5\n", "1.", "-5", "0x10", "+5", "0.00" } do
      for _, name in ipairs { "add", "remove", "start" } do
        local copy, err = client.copying[name](client.copying,
          { parentCID = PARENT, amount = bad })
        assert.is_nil(copy)
        assert.equal("invalid", err.kind, name .. bad)
      end
    end
    assert.equal(3, count "^POST")
  end)

  it("is refused before it leaves: amounts, references, people", function()
    for _, row in ipairs {
      { { amount = 0 }, "amount" }, { { amount = -5 }, "amount" },
      { { amount = 0 / 0 }, "amount" }, { { amount = 1 / 0 }, "amount" },
      { { parentCID = 0 }, "parentCID" }, { { parentCID = -1 }, "parentCID" },
      { { referenceID = "" }, "referenceID" },
      { { referenceID = ("x"):rep(36) }, "referenceID" },
      { { referenceID = "a/b" }, "referenceID" },
      { { referenceID = "a b" }, "referenceID" },
      { { referenceID = "Close" }, "referenceID" },
      { { referenceID = "eligibility" }, "referenceID" },
      { { referenceID = "demo" }, "referenceID" },
    } do
      local copy, err = start(row[1])
      assert.is_nil(copy, row[2])
      assert.equal("invalid", err.kind)
      assert.equal(row[2], err.field)
    end
    assert.has_error(function() start { amount = true } end)
    assert.has_error(function() start { amonut = 1 } end)
    local copy, err = client.copying:status "a/../b"
    assert.is_nil(copy)
    assert.equal("invalid", err.kind)
    copy, err = client.copying:status(("x"):rep(36))
    assert.is_nil(copy)
    assert.equal("invalid", err.kind)
    for _, amount in ipairs { 0, "0", "0.00", -0.0 } do
      copy, err = client.copying:eligibility { parentCID = PARENT, amount = amount }
      assert.is_nil(copy)
      assert.same({ "invalid", "amount" }, { err.kind, err.field })
    end
    assert.equal(0, count "^POST")
    assert.equal(0, count "/copy")
    assert(start({ referenceID = ("x"):rep(35) }, { wait = 0 }))
    assert.equal(1, count "^POST")
  end)

  it("is not of the caller himself, as far as the API tells who that is", function()
    for _, cid in ipairs { 31000777, "31000777", 51000777 } do
      for _, name in ipairs { "start", "add", "remove" } do
        local copy, err = client.copying[name](client.copying,
          { parentCID = cid, amount = 250 })
        assert.is_nil(copy)
        assert.same({ "invalid", "parentCID" }, { err.kind, err.field })
        assert.matches("himself", err.message)
      end
    end
    assert.same({ "GET /api/v1/me" }, api.lines) -- asked for once
    for _, odd in ipairs { { 403, '{"errorCode":"No"}' }, { 200, "{}" }, { 200, "[]" },
        { 200, '{"realCid":null}' }, { 500, "" } } do
      me = odd
      local other = api:client { max_retries = 0, account = "demo" }
      assert(other.copying:start({ parentCID = 31000777, amount = 250 }, { wait = 0 }))
      other:close()
    end
    assert.equal(5, count "^POST")
  end)

  it("has ended where its end, sent twice, has met itself", function()
    local answers = { { 429, "" }, { 404, '{"error":"no such copy"}' } }
    local twice = scripted.new(function(line)
      if not line:find "^POST" then return 200, portfolio end
      return table.unpack(table.remove(answers, 1))
    end)
    local other = twice:client { max_retries = 1, account = "demo" }
    finally(function() other:close() end)
    portfolio = '{"clientPortfolio":{"positions":[],"mirrors":[{"mirrorID":7,'
      .. '"mirrorStatusID":2}]}}'
    assert.is_false(assert(other.copying:stop(7)).isGone)
    assert.same({}, answers)
    answers = { { 404, '{"error":"no such copy"}' } }
    local result, err = other.copying:stop(8)
    assert.is_nil(result)
    assert.equal("not_found", err.kind)
  end)

  it("is not gone where it may be too young to show, and the answer is lost", function()
    ended = { 502, "" }
    local there = '{"clientPortfolio":{"positions":[],"mirrors":[{"mirrorID":7,'
      .. '"mirrorStatusID":0}]}}'
    local function stop(shown_after, options)
      local began = client:now()
      portfolio = function()
        return client:now() - began < shown_after and EMPTY or there
      end
      local result, err = client.copying:stop(7, options)
      return result and result.isGone, err.kind
    end
    assert.same({ nil, "unknown_outcome" }, { stop(8) })
    assert.same({ nil, "unknown_outcome" }, { stop(math.huge, { deadline = 5 }) })
    assert.same({ true }, { stop(math.huge) })
  end)

  it("ends by a key, and is looked for where the answer is lost", function()
    assert.is_true(assert(client.copying:stop(7)).isGone)
    assert.matches('"clientRequestID":"%x+%-', body_of(1))
    portfolio = '{"clientPortfolio":{"positions":[],"mirrors":[{"mirrorID":7,'
      .. '"mirrorStatusID":2}]}}'
    ended = { 502, "" }
    assert.is_false(assert(client.copying:stop "7").isGone)
    portfolio = portfolio:gsub('"mirrorStatusID":2', '"mirrorStatusID":0')
    local result, err = client.copying:stop(7)
    assert.is_nil(result)
    assert.equal("unknown_outcome", err.kind)
    assert.matches("%-4", err.key)
    assert.equal(3, count "^POST")
    for _, bad in ipairs { 0, -1, "x", 1.5 } do
      result, err = client.copying:stop(bad)
      assert.is_nil(result)
      assert.equal("invalid", err.kind)
    end
    assert.equal(3, count "^POST")
  end)
end)

describe("a client that is halted #memory", function()
  it("ends copies, and begins none", function()
    for _, account in ipairs { "demo", "real" } do
      local box = sandbox.new { limits = false, now = function() return 1767225600 end }
      local client = assert(box:client { rate_limit = false, account = account })
      local twin = account == "demo" and "/demo" or ""
      local ways = {
        function(id) return client.copying:stop(id) end,
        function(id) return client.copying:stop(id, { detach = true }) end,
        function(id)
          return client:call("DELETE /api/v2/trading/copy" .. twin, { mirrorID = id })
        end,
        function(id)
          return client:request { method = "POST", body = { mirrorID = id },
            path = "/api/v2/trading/copy" .. twin .. "/close" }
        end,
      }
      local fields = { parentCID = PARENT, amount = 300 }
      for i, stop in ipairs(ways) do
        local copy = assert(client.copying:start(fields))
        client:halt()
        for _, name in ipairs { "start", "add", "remove" } do
          local result, err = client.copying[name](client.copying, fields)
          assert.is_nil(result)
          assert.equal("halted", err.code, name)
        end
        local _, err = stop(copy.mirrorID)
        assert.is_nil(err.kind, i)
        client:halt(false)
        box:advance(30)
      end
      client:close()
    end
  end)
end)

describe("copies of the sandbox #memory", function()
  for _, account in ipairs { "demo", "real" } do
    it("begin, change and end with their money: " .. account, function()
      local box = sandbox.new { limits = false, now = function() return 1767225600 end }
      local client = assert(box:client { rate_limit = false, account = account })
      local function credit()
        box:advance(30)
        return assert(client.account:holdings()).credit
      end
      local before = credit()
      local able = assert(client.copying:eligibility { parentCID = PARENT,
        amount = 100 })
      assert.same({ false, 972 }, { able.isSuccess, able.errorCode })
      local copy = assert(client.copying:start { parentCID = PARENT, amount = 250 })
      assert.equal("harborlight", copy.parentUsername)
      assert.equal(before - 250, credit())
      assert.equal(copy.mirrorID, assert(client.copying:add { parentCID = PARENT,
        amount = 50 }).mirrorID)
      assert(client.copying:remove { parentCID = PARENT, amount = 100 })
      assert.equal(before - 200, credit())
      local mirror = assert(client.copying:list())[1]
      assert.same({ 200, 250, 50, 100, PARENT, copy.mirrorID },
        { mirror.availableAmount, mirror.initialInvestment, mirror.depositSummary,
          mirror.withdrawalSummary, mirror.parentCID, mirror.mirrorId })
      local _, err = client.copying:remove { parentCID = PARENT, amount = 201 }
      assert.equal("623", err.code)
      assert.is_true(assert(client.copying:stop(copy.mirrorID)).isGone)
      assert.equal(before, credit())
      assert.same({}, assert(client.copying:list()))
      local _, gone = client.copying:stop(copy.mirrorID)
      assert.equal("invalid", gone.kind)
      client:close()
    end)
  end

  it("are one each, whatever is lost on the way", function()
    for _, fault in ipairs { "lost_reply", "cut_before", "truncate" } do
      local box = sandbox.new { limits = false, now = function() return 1767225600 end }
      local client = assert(box:client { rate_limit = false, max_retries = 0 })
      assert(box.faults:add { route = "POST *", fault = fault })
      local copy, err = client.copying:start { parentCID = PARENT, amount = 250 }
      box:advance(60)
      local list = assert(client.copying:list())
      assert.equal(fault == "cut_before" and 0 or 1, #list, fault)
      assert.equal(copy ~= nil, #list == 1, fault)
      assert.is_true(copy ~= nil or err.may_have_executed, fault)
      if copy then
        assert(box.faults:add { route = "POST *", fault = fault })
        assert(client.copying:stop(copy.mirrorID), fault)
        box:advance(60)
        assert.same({}, assert(client.copying:list()))
      end
      client:close()
    end
  end)

  it("end once by a key, and not by the nil UUID", function()
    local box = sandbox.new { limits = false, now = function() return 1767225600 end }
    local client = assert(box:client { rate_limit = false })
    local copy = assert(client.copying:start { parentCID = PARENT, amount = 250 })
    local close = { mirrorID = copy.mirrorID,
      clientRequestID = "066faaee-e1e9-49d2-a568-c6e1cc336ad8" }
    local first = assert(client:call("DELETE /api/v2/trading/copy/demo", close))
    assert.equal(close.clientRequestID, first.token)
    assert.same(first, (client:call("POST /api/v2/trading/copy/demo/close",
      { body = close })))
    close.clientRequestID = "00000000-0000-0000-0000-000000000000"
    local result, err = client:call("DELETE /api/v2/trading/copy/demo", close)
    assert.is_nil(result)
    assert.matches("nil UUID", err.message)
    client:close()
  end)
end)
