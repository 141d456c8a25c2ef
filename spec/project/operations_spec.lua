local rules = require "etoro.values.rules"
local etoro = require "etoro"
local operations = require "etoro.operations"
local pools = require "etoro.client.pools"

local TYPES = { string = true, number = true, integer = true, boolean = true,
  datetime = true, date = true, ipv4 = true, uuid = true, binary = true,
  list = true, object = true, any = true }
local RULES = { "one_of", "any_of", "at_most_one", "together", "none_of" }

local function count(t)
  local number = 0
  for _ in pairs(t) do number = number + 1 end
  return number
end

local function is_list(body) return body and type(body.type) == "string" end

local function names_where(test)
  local names = {}
  for name, op in pairs(operations) do
    if test(op, name) then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

-- Every spec inside one: f(spec, name)
local function each_spec(spec, name, f)
  if type(spec) == "string" then spec = { type = spec } end
  f(spec, name)
  if spec.items then each_spec(spec.items, name .. "[]", f) end
  for inner, one in pairs(spec.fields or {}) do
    each_spec(one, name .. "." .. inner, f)
  end
end

describe("etoro.operations", function()
  it("knows the 146 operations of v1.244.0, and 61 newer ones", function()
    local newer = names_where(function(op) return op.since end)
    assert.equal(61, #newer)
    assert.equal(146, count(operations) - #newer)
    assert.same({ "GET /api/v1/data/instruments/{instrumentId}/candles" },
      names_where(function(op) return op.since == "unlisted" end))
    assert.same({
      "GET /api/v1/trading/info/demo/close-orders/{orderId}",
      "GET /api/v1/trading/info/real/close-orders/{orderId}",
      "PATCH /api/v2/trading/demo/positions/{positionId}",
      "PATCH /api/v2/trading/positions/{positionId}",
    }, names_where(function(op) return op.since == "v1.279.0" end))
    assert.equal(56,
      #names_where(function(op) return op.since == "v1.375.0" end))
    assert.equal(17, #names_where(function(op) return op.deprecated end))
  end)

  it("says which routes a newer document lacks, and what to use", function()
    local gone = names_where(function(op) return op["until"] end)
    for _, name in ipairs(gone) do
      assert.equal("v1.375.0", operations[name]["until"], name)
      assert.is_true(#operations[name].instead > 0, name)
    end
    assert.equal(29, #gone)
    for name, op in pairs(operations) do
      assert.truthy(not op.deprecated or op["until"], name)
    end
  end)

  it("describes each one completely", function()
    for name, op in pairs(operations) do
      assert.equal(name, op.method .. " " .. op.path)
      assert.is_true(#op.success > 0)
      assert.truthy(({ safe = 1, keyed = 1, close = 1, never = 1 })[op.class])
      assert.truthy(pools[op.pool], name)
      local in_path = {}
      for param in op.path:gmatch "{(%w+)}" do
        in_path[param] = op.params.path[param]
      end
      assert.same(in_path, op.params.path)
      assert.equal(count(in_path), select(2, op.path:gsub("{", "")))
      local body = op.body and (is_list(op.body) and { body = op.body }
        or op.body) or {}
      for _, specs in ipairs { op.params.path, op.params.query, body } do
        for field, one in pairs(specs) do
          each_spec(one, field, function(spec, place)
            assert.is_true(TYPES[spec.type], name .. " " .. place)
            assert.is_true(not spec.enum or #spec.enum > 0)
          end)
        end
      end
    end
  end)

  it("names in its rules only what an operation takes", function()
    for name, op in pairs(operations) do
      local known = op.body or op.params.query
      for _, kind in ipairs(RULES) do
        for _, rule in ipairs(op[kind] or {}) do
          for _, field in ipairs(rule) do
            assert.truthy(known[field], name .. " " .. field)
          end
          for field in pairs(rule.when or {}) do
            assert.truthy(known[field], name .. " " .. field)
          end
        end
      end
      for i = 2, op.max_together and #op.max_together or 0 do
        assert.truthy(known[op.max_together[i]])
      end
      assert.truthy(not op.class_by or known[op.class_by.field])
      local paging = op.paging or {}
      for _, field in ipairs { "page", "offset", "cursor", "size" } do
        local param = paging[field]
        assert.truthy(not param or op.params.query[param], name)
      end
    end
  end)

  it("gives each trading operation its account, and a twin that gives it back",
    function()
      for name, op in pairs(operations) do
        local is_trading = op.path:find("/trading/", 1, true) ~= nil
        assert.equal(is_trading, op.account ~= nil, name)
        if is_trading then
          local twin = operations[op.twin]
          assert.equal(name, twin.twin)
          assert.equal(op.account == "real" and "demo" or "real", twin.account)
          assert.equal(op.account == "demo",
            (op.path .. "/"):find("/demo/", 1, true) ~= nil)
          assert.equal(op.class, twin.class)
          assert.equal((op.pool:gsub("%-%l+$", "")),
            (twin.pool:gsub("%-%l+$", "")))
          assert.is_true(op.pool == "default"
            or op.pool:sub(-4) == op.account)
        end
      end
      assert.equal("GET /api/v1/trading/info/trade/demo/history",
        operations["GET /api/v1/trading/info/trade/history"].twin)
    end)

  it("sends again only what ends in the same state", function()
    local v1 = "/api/v1/trading/execution"
    assert.same({
      "DELETE /api/v2/trading/copy",
      "DELETE /api/v2/trading/copy/demo",
      "POST /api/v1/money/transfers",
      "POST /api/v2/trading/copy/close",
      "POST /api/v2/trading/copy/demo/close",
      "POST /api/v2/trading/execution/demo/orders",
      "POST /api/v2/trading/execution/orders",
      "POST /api/v3/trading/execution/demo/orders",
      "POST /api/v3/trading/execution/orders" },
      names_where(function(op) return op.class == "keyed" end))
    assert.same({
      "POST " .. v1 .. "/demo/market-close-orders/positions/{positionId}",
      "POST " .. v1 .. "/market-close-orders/positions/{positionId}",
    }, names_where(function(op) return op.class == "close" end))
    assert.same({
      "POST /api/v1/agent-portfolios",
      "POST /api/v1/agent-portfolios/{agentPortfolioId}/user-tokens",
      "POST /api/v1/attachments",
      "POST /api/v1/feeds/post",
      "POST /api/v1/money/accounts/cash",
      "POST /api/v1/posts",
      "POST /api/v1/posts/polls",
      "POST /api/v1/posts/shares",
      "POST /api/v1/posts/{postId}/comments",
      "POST /api/v1/posts/{postId}/comments/{commentId}/replies",
      "POST /api/v1/price-alerts",
      "POST /api/v1/reactions/{postId}/comment",
      "POST /api/v1/sso/applications",
      "POST /api/v1/sso/applications/{clientId}/client-secret",
      "POST /api/v1/sub-accounts/etoro-trading/money-transfers",
      "POST /api/v1/sub-accounts/etoro-trading/user-tokens",
      "POST /api/v1/sub-accounts/me/accounts",
      "POST " .. v1 .. "/demo/limit-orders",
      "POST " .. v1 .. "/demo/market-open-orders/by-amount",
      "POST " .. v1 .. "/demo/market-open-orders/by-units",
      "POST " .. v1 .. "/limit-orders",
      "POST " .. v1 .. "/market-open-orders/by-amount",
      "POST " .. v1 .. "/market-open-orders/by-units",
      "POST /api/v1/watchlists",
      "POST /api/v1/watchlists/default-watchlist/selected-items",
      "POST /api/v1/watchlists/newasdefault-watchlist",
      "POST /api/v2/agent-portfolios",
      "POST /api/v2/agent-portfolios/{agentPortfolioId}/user-tokens",
      "POST /api/v2/trading/copy",
      "POST /api/v2/trading/copy/demo",
    }, names_where(function(op) return op.class == "never" end))
    assert.equal(12, #names_where(function(op) return op.reads end))
  end)

  it("gives a close the class that its body makes", function()
    local name = "POST /api/v1/trading/execution/market-close-orders"
      .. "/positions/{positionId}"
    local close = operations[name]
    assert.equal("close", rules.class_of(close, { InstrumentId = 1001 }))
    assert.equal("close", rules.class_of(close,
      { InstrumentId = 1001, UnitsToDeduct = etoro.null }))
    assert.equal("never", rules.class_of(close,
      { InstrumentId = 1001, UnitsToDeduct = 0.5 }))
    assert.equal("never", rules.class_of(close, '{"InstrumentId":1001}'))
    assert.equal("safe", rules.class_of(operations["GET /api/v1/me"]))
    local partly = rules.as_sent(close, { UnitsToDeduct = 1 })
    assert.equal("never", partly.class)
    assert.equal("close", close.class)
    assert.equal(close.pool, partly.pool)
    assert.equal(close, rules.as_sent(close, {}))
  end)

  it("gives an edit of a trailing stop the class of what is sent once", function()
    local edit = operations["PATCH /api/v2/trading/positions/{positionId}"]
    for _, body in ipairs { { stopLossRate = 1, stopLossType = "fixed" },
        { clearStopLoss = true }, { takeProfitRate = 5 },
        { stopLossType = "fixed" }, { stopLossType = etoro.null },
        { stopLossRate = etoro.null } } do
      assert.equal("safe", rules.class_of(edit, body))
    end
    for _, body in ipairs { { stopLossType = "trailing" },
        { stopLossType = "Trailing", stopLossRate = 1 },
        { stopLossRate = 1 }, { StopLossRate = 1, stopLossType = etoro.null },
        { stopLossType = "fixed", StopLossType = "trailing" },
        '{"stopLossType":"fixed"}' } do
      assert.equal("never", rules.class_of(edit, body))
    end
  end)

  it("says what moves money, and which 429 is final", function()
    for name, op in pairs(operations) do
      local is_whole = name:find("^POST .*/agent%-portfolios$")
        or name:find("^DELETE .*/{agentPortfolioId}$")
        or name:find "^POST .*/trading/copy$"
        or name:find "^POST .*/trading/copy/demo$"
        or name:find "^POST .*transfers$"
      assert.equal(is_whole and true or nil, op.moves_money, name)
      local makes_token = name:find("^POST .*/agent%-portfolios$")
        or name:find("^POST .*/user%-tokens$")
      assert.equal(makes_token and "MaxUserTokensExceeded" or nil,
        op.final and op.final[1], name)
    end
  end)

  it("keeps the spelling of each account, and the types of bodies", function()
    local close = "/market-close-orders/positions/{positionId}"
    local v1 = "POST /api/v1/trading/execution"
    assert.is_true(operations[v1 .. close].body.InstrumentId.required)
    assert.is_nil(operations[v1 .. close].body.InstrumentID)
    assert.is_true(operations[v1 .. "/demo" .. close].body.InstrumentID
      .required)
    local v2 = "POST /api/v2/trading/execution"
    assert.same(operations[v2 .. "/demo/orders"].body.settlementType,
      operations[v2 .. "/orders"].body.settlementType)
    assert.same({}, operations["POST /api/v1/posts/{postId}/likes"].body)
    assert.is_nil(operations["POST /api/v1/posts/{postId}/pins"].body)
    local items = "/api/v1/watchlists/{watchlistId}/items"
    assert.equal("list", operations["DELETE " .. items].body.type)
    assert.equal("multipart", operations["POST /api/v1/attachments"].body_kind)
  end)

  it("is plain data", function()
    local function walk(value)
      if type(value) ~= "table" then
        assert.is_nil(({ ["function"] = 1, userdata = 1 })[type(value)])
        return
      end
      assert.is_nil(getmetatable(value))
      for key, inner in pairs(value) do
        walk(key)
        walk(inner)
      end
    end
    for name, op in pairs(operations) do
      walk(name)
      walk(op)
    end
  end)
end)
