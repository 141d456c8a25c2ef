local spelling = require "etoro.values.spelling"

describe("etoro.values.spelling", function()
  -- every spelling of section "field casing" of the API's answers
  local FAMILIES = {
    { "positionId", "positionID", "PositionId", "PositionID" },
    { "instrumentId", "instrumentID", "InstrumentId", "InstrumentID" },
    { "cid", "CID" },
    { "gcid", "Gcid" },
    { "unrealizedPnL", "unrealizedPnl", "UnrealizedPnL" },
    { "pnL", "pnl", "PnL" },
    { "mirrorIds", "mirrorIDs", "MirrorIDs" },
    { "isBuy", "IsBuy" },
    { "units", "Units" },
  }

  for _, family in ipairs(FAMILIES) do
    it("reads " .. table.concat(family, ", ") .. " as one field", function()
      for _, written in ipairs(family) do
        for _, asked in ipairs(family) do
          local fields = { [written] = 7 }
          assert.equal(7, spelling.get(fields, asked),
            asked .. " of " .. written)
        end
      end
    end)
  end

  it("prefers the field that is spelled as asked for", function()
    local fields = { positionId = 1, positionID = 2 }
    assert.equal(1, spelling.get(fields, "positionId"))
    assert.equal(2, spelling.get(fields, "positionID"))
  end)

  it("takes no name for another one", function()
    local fields = { positionID = 1, orderID = 2, paid = 3, Id = 4 }
    assert.is_nil(spelling.get(fields, "position"))
    assert.is_nil(spelling.get(fields, "mirrorID"))
    assert.is_nil(spelling.get(fields, "paId"))
    assert.is_nil(spelling.get(fields, ""))
    assert.is_nil(spelling.get(fields, 1))
  end)

  it("gives false as false", function()
    assert.is_false(spelling.get({ IsBuy = false }, "isBuy"))
  end)

  it("makes an __index: methods first, the raw field kept", function()
    local mt = { __index = spelling.wrap_index {
      close = function() return "closed" end,
    } }
    local position = setmetatable({ positionID = 3614853889 }, mt)
    assert.equal(3614853889, position.positionId)
    assert.equal("closed", position:close())
    assert.equal(3614853889, rawget(position, "positionID"))
    assert.is_nil(rawget(position, "positionId"))
    assert.is_nil(position.nothing)
  end)

  it("does not grow with the names that it is asked for", function()
    local fields = {}
    collectgarbage()
    local before = collectgarbage "count"
    for i = 1, 20000 do spelling.get(fields, "name" .. i) end
    collectgarbage()
    assert.is_true(collectgarbage "count" - before < 1000)
  end)
end)
