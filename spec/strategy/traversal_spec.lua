-- pairs and next as a strategy has them: the same order in each process.
local past = require "spec.support.past"

describe("pairs and next of a strategy #lua", function()
  local lab
  before_each(function() lab = past.new() end)
  after_each(function() lab:remove() end)

  -- What a strategy prints that runs a text at its first bar.
  local function printed(text, settings)
    local list = {}
    lab:csv("AAPL", { "1 1 1 1", "1 1 1 1" })
    local result = assert(lab:run(([[
      local function keys(each, state, key)
        local all = {}
        for name, value in each, state, key do
          all[#all + 1] = tostring(name) .. "=" .. tostring(value)
        end
        print(table.concat(all, " "))
      end
      local is_done
      return { name = "order", symbols = { "AAPL" }, interval = "1d",
        settings = { %s },
        on_bar = function(ctx)
          if is_done then return end
          is_done = true
          %s
        end }]]):format(settings or "", text), { costs = "none",
      print = function(line) list[#list + 1] = line end }))
    assert.is_nil(result.err)
    return list
  end

  local MIXED = [[
    local t = { 10, 20, 30 }
    for i, name in ipairs { "NVDA", "AAPL", "TSLA", "MSFT", "GOOG", "AMZN", "META",
        "NFLX", "ORCL", "ADBE" } do
      t[name] = i
    end
    t[7], t[-1], t[2.5] = 70, 0, 25 ]]

  local ORDER = "-1=0 1=10 2=20 2.5=25 3=30 7=70 AAPL=2 ADBE=10 AMZN=6 GOOG=5 META=7 "
    .. "MSFT=4 NFLX=8 NVDA=1 ORCL=9 TSLA=3"

  it("go by the keys", function()
    assert.same({ ORDER, ORDER }, printed(MIXED .. [[
      keys(pairs(t))
      keys(next, t) ]]))
    assert.same({ "a=1 b=2 c=3 d=4 e=5 f=6 g=7 h=8" }, printed("keys(pairs(ctx.settings))",
      "h = 8, g = 7, f = 6, e = 5, d = 4, c = 3, b = 2, a = 1"))
  end)

  it("let what they go through be taken out", function()
    assert.same({ "a b d", "x y", "0" }, printed [[
      local t, all = { a = 1, b = 2, c = 3, d = 4 }, {}
      for name in pairs(t) do
        all[#all + 1], t[name], t.c = name, nil, nil
      end
      print(table.concat(all, " "))
      all, t = {}, { x = 1, y = 2 }
      local name = next(t)
      while name do
        all[#all + 1], t[name] = name, nil
        name = next(t)
      end
      print(table.concat(all, " "))
      local left = 0
      for _ in next, t do left = left + 1 end
      print(left)]])
  end)

  it("have keys without an order, metatables and mistakes as Lua has", function()
    local list = printed [[
      local one = {}
      local t = { [one] = 5, z = 1, [true] = 2 }
      local count, last = 0, nil
      for name in pairs(t) do count, last = count + 1, name end
      print(count, last == one)
      keys(pairs(setmetatable({}, { __pairs = function()
        return function(_, i) if i < 2 then return i + 1, "own" end end, nil, 0
      end })))
      print(next {}, next({}, nil), (next { 7 }))
      print(select(2, pcall(pairs)))
      print(select(2, pcall(next, { a = 1 }, "b")))
      print(select(2, pcall(function() return next(nil, 1) end)))]]
    assert.same({ "3\ttrue", "1=own 2=own", "nil\tnil\t1" }, { list[1], list[2],
      list[3] })
    assert.matches("bad argument #1 to 'pairs'", list[4])
    assert.matches("invalid key to 'next'", list[5])
    assert.matches("bad argument #1 to 'next' %(table expected, got nil%)", list[6])
  end)
end)
