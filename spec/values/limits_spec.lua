-- Ceilings of values, each at its limit and one past it:
-- lua/etoro/values/limits.lua.
local etoro = require "etoro"

local function nested(depth)
  local value = "x"
  for _ = 1, depth do value = { value } end
  return value
end

describe("etoro.encode", function()
  it("shows limits.shown_depth_max tables in each other", function()
    assert.equal(("["):rep(1010) .. '"x"' .. ("]"):rep(1010),
      etoro.encode(nested(1010)))
    local ok, message = pcall(etoro.encode, nested(1011))
    assert.is_false(ok)
    assert.matches("nested deeper than 1010 tables", message)
  end)
end)
