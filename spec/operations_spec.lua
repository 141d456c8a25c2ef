local operations = require "etoro.operations"

local TYPES = { string = true, number = true, integer = true, boolean = true,
  datetime = true, ipv4 = true, uuid = true, list = true, object = true,
  any = true }

describe("etoro.operations", function()
  it("knows the ten operations on agent-portfolios, and two reads", function()
    local names = {}
    for name in pairs(operations) do names[#names + 1] = name end
    table.sort(names)
    local base = "/api/v1/agent-portfolios"
    local tokens = "/{agentPortfolioId}/user-tokens"
    local v2 = "/api/v2/agent-portfolios"
    assert.same({
      "DELETE " .. base .. "/{agentPortfolioId}",
      "DELETE " .. base .. tokens .. "/{userTokenId}",
      "GET " .. base,
      "GET /api/v1/market-data/instruments",
      "GET /api/v1/me",
      "GET " .. v2 .. "/user-tokens/scopes",
      "PATCH " .. base .. tokens .. "/{userTokenId}",
      "PATCH " .. v2 .. tokens .. "/{userTokenId}",
      "POST " .. base,
      "POST " .. base .. tokens,
      "POST " .. v2,
      "POST " .. v2 .. tokens,
    }, names)
  end)

  it("describes each one completely", function()
    for name, op in pairs(operations) do
      assert.equal(name, op.method .. " " .. op.path)
      assert.is_true(#op.success > 0)
      assert.truthy(({ safe = 1, keyed = 1, close = 1, never = 1 })[op.class])
      assert.is_string(op.pool)
      local in_path = {}
      for param in op.path:gmatch "{(%w+)}" do
        in_path[param] = op.params.path[param]
        assert.is_true(TYPES[op.params.path[param]], param)
      end
      assert.same(in_path, op.params.path)
      for _, specs in ipairs { op.params.query, op.body or {} } do
        for field, spec in pairs(specs) do
          assert.is_true(TYPES[spec.type], field)
        end
      end
    end
  end)

  it("never repeats what creates, and says what moves money", function()
    for name, op in pairs(operations) do
      assert.equal(op.method == "POST" and "never" or "safe", op.class, name)
      local is_whole = name:find("^POST .*/agent%-portfolios$")
        or name:find("^DELETE .*/{agentPortfolioId}$")
      assert.equal(is_whole and true or nil, op.moves_money, name)
      assert.equal(op.method == "POST" and "MaxUserTokensExceeded" or nil,
        op.final and op.final[1], name)
    end
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
    walk(operations)
  end)
end)
