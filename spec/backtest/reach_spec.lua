-- What a strategy reaches from all that it is given: no table, whatever way it is looked
-- into, has a price that is still to come.
local past = require "spec.support.past"

-- Each bar lies above all before, so that a greater number is one of the future.
local RAIDER = [[
local START <const> = %d
local limit, seen
local look

local function look_into(value, path)
  for key, one in next, value do
    look(key, path .. "<key>")
    look(one, path .. "." .. tostring(key))
  end
  local ok, count = pcall(function() return #value end)
  count = ok and math.tointeger(count) or 0
  for _, i in ipairs { 0, -1, 1.5, count, count + 1, count + 2, 60, 1e6, 1 / 0 } do
    local is_there, one = pcall(function() return value[i] end)
    if is_there then look(one, path .. "[" .. tostring(i) .. "]") end
  end
end

function look(value, path)
  if type(value) == "number" then
    if value > limit and value < 1000 and value % 1 == 0.3125 then
      error("it sees " .. path .. " = " .. value, 0)
    end
  elseif type(value) == "table" and not seen[value] then
    seen[value] = true
    look_into(value, path)
    local meta = getmetatable(value)
    if type(meta) == "table" then look(meta, path .. "<meta>") end
  end
end

-- Of a bar that is over all is known; timers, and what is filled at it, see the open of the
-- next one.
local opens = 0
local function raid(ctx, ...)
  local days = (ctx:now() - START) // 86400
  limit, seen = 101.3125 + 2 * days + opens, {}
  look(ctx, "ctx")
  for _, name in ipairs { "series", "bars", "orders", "positions", "quote", "equity",
    "cash", "weight" } do
    look(ctx[name](ctx, name ~= "orders" and "AAPL" or nil), name)
  end
  look(ctx:series "AAPL".close, "column")
  look(ctx.client.positions:list(), "list")
  look(_G, "_G")
  for i, one in ipairs { ... } do look(one, "argument " .. i) end
  ctx.state.raids = (ctx.state.raids or 0) + 1
end

local function raid_at_open(ctx, ...)
  opens = 1
  raid(ctx, ...)
  opens = 0
end

local ta = require "etoro.indicators"
return { name = "raider", symbols = { "AAPL" }, interval = "1d", timers = { noon = "12h" },
  indicators = function() return { slow = ta.sma(3), bands = ta.bollinger(5) } end,
  on_start = raid, on_bars = raid, on_order = raid_at_open, on_position = raid_at_open,
  on_timer = raid_at_open,
  on_bar = function(ctx, bar, now)
    local placed = ctx.client.orders:open { symbol = "AAPL", transaction = "buy",
      amount = 20, orderType = "mit", triggerRate = bar.high + 2.5 }
    local bought = ctx:buy("AAPL", { amount = 20, take_profit = 0.02 })
    raid(ctx, bar, now, placed, bought)
  end,
  on_stop = function(ctx) ctx:log(ctx.state.raids .. " raids") end }]]

describe("what a strategy reaches #lua", function()
  local lab
  before_each(function() lab = past.new() end)
  after_each(function() lab:remove() end)

  it("is the past, in every table that it can come by", function()
    local rows = {}
    for i = 1, 60 do
      rows[i] = ("%d.3125 %d.3125 %d.3125 %d.3125"):format(100 + 2 * i, 101 + 2 * i, 99 + 2 * i,
        100 + 2 * i)
    end
    lab:csv("AAPL", rows)
    local result = assert(lab:run((RAIDER:gsub("%%d", past.START, 1))))
    assert.is_nil(result.err, result.err and result.err.message)
    local raids = result.notes[#result.notes].text:match "^(%d+) raids$"
    assert(raids and tonumber(raids) > 200, result.notes[#result.notes].text)
    assert(#result.trades > 20, #result.trades)
  end)
end)
