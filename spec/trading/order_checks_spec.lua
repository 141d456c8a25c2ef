-- How often an order's fields are looked at before it is sent.

local compiled = require "etoro.values.compiled"
local sandbox = require "etoro.sandbox"
local types = require "etoro.values.types"

local SHORT = debug.getinfo(compiled.value, "S").source

-- Counts the calls of functions that judge values: the short way's, and the
-- long way's.
local function count_checks(f)
  local short, long = 0, 0
  debug.sethook(function()
    local called = debug.getinfo(2, "Sf")
    if called.source == SHORT then short = short + 1 end
    if called.func == types.value then long = long + 1 end
  end, "c")
  local ok, message = pcall(f)
  debug.sethook()
  assert(ok, message)
  return short, long
end

describe("an order that is right", function()
  local FIELDS = { symbol = "AAPL", transaction = "buy", amount = 100,
    settlementType = "real" }
  local SETTLED = 8 -- with those that have a default

  it("has each of its fields checked once", function()
    local client = sandbox.new():client()
    local function open() assert(client.orders:open(FIELDS)) end
    local function costs() assert(client.orders:costs(FIELDS)) end
    for _, place in ipairs { open, costs } do
      place() -- the first one compiles, and reads what is remembered then
      local short, long = count_checks(place)
      -- a function for each, around it one for null, and one for them all
      assert.is_true(short > SETTLED and short <= 2 * SETTLED + 1, short)
      assert.equal(0, long)
    end
    client:close()
  end)
end)
