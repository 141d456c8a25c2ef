-- Globals that a file sets, found before it runs: every one that is found is one.
local globals = require "etoro.strategy.globals"
local process = require "spec.support.process"

-- What a text sets first, and in which line; nothing where that is nothing.
local CASES = {
  { "x = 1", "x", 1 },
  { "local a\ncount = 1", "count", 2 },
  { "local a; a, b = 1, 2", "b", 1 },
  { "local b\n b, a = 1, 2", "a", 2 },
  { "return { on_bar = function(ctx)\n count = 1 end }", "count", 2 },
  { "local t = { f = function() q = 1 end, x = 2 }", "q", 1 },
  { "local t = {}\nt.x, y = 1, 2", "y", 2 },
  { "local t = {} t[1], y = 1, 2", "y", 1 },
  { "function f() end", "f", 1 },
  { "if true then elseif false then z = 1 else end", "z", 1 },
  { "if true then else z = 1 end", "z", 1 },
  { "repeat local y = 1 until y == 1 w = 2", "w", 1 },
  { "while true do n = 1 break end", "n", 1 },
  { "for k, v in pairs {} do v = 2; u = 3 end", "u", 1 },
  { "local x = 1e-5 local y = 0x1p+4 local z = 3 ..  '' zz = 1", "zz", 1 },
  { "local s = ('x'):rep(3) t = s", "t", 1 },
  { "print = nil", "print", 1 },
  { "a = { b = 1 }", "a", 1 },
  { "print(function() a = 1 end)", "a", 1 },
  { "local function f(a) end x = 2", "x", 1 },
  { "local x <const>, y = 1, 2 y = 2 z = 3", "z", 1 },
  { "local x\r\nx = 1\r\ny = 2", "y", 3 },
  { "--[==[\n]]\n]==] y = 2", "y", 3 },
  { "local s = [[\n\n]] y = 2", "y", 3 },
  { "local s = '\\'' y = 2", "y", 1 },
  { "goto done ::done:: x = 1", "x", 1 },
  { "local x x = 1" },
  { "local x, y\nx, y = 1, 2" },
  { "x = 1 local x" }, -- a miss, told when it is set
  { "local t = { x = 1 }" },
  { "local t = { ['a'] = 1, b = 2, c = function() local d = 1; d = 2 end, e = 3 }" },
  { "local t = { f = function() return { q = 1 } end, x = 2 }" },
  { "print { a = 1 }" },
  { "return { on_bar = function(ctx)\n ctx.state.x = 1 end }" },
  { "local a = {}; a.b.c = 1; a.b['x'].y = 2; a:f().x = 3" },
  { "local function f() end" },
  { "local f\nfunction f() end" },
  { "local t = {} function t.f() end function t:g() end function t.a.b() end" },
  { "local function f(a, b, ...) a = 1; b = 2 end" },
  { "for i = 1, 3 do end" },
  { "local x <const> = 5 local y <const>, z <close> = 5" },
  { "if a == b then end local c = a ~= 3 local d = a <= 3 local e = a >= 3" },
  { "-- x = 1\n--[[ x = 1 ]] local s = [==[ x = 1 ]==] .. 'x = 1' .. \"\\\" x = 1\"" },
  { "local _ENV = {} x = 1" },
  { "local function f(_ENV) x = 1 end" },
}

if _VERSION == "Lua 5.4" then -- where the variable of a loop may be set
  CASES[#CASES + 1] = { "for k, v in pairs {} do k = 1; v = 2; u = 3 end", "u", 1 }
end

describe("the globals of a file", function()
  for _, case in ipairs(CASES) do
    it("are found: " .. case[1], function()
      assert(load(case[1]))
      local name, line = globals.first(case[1])
      assert.same({ case[2], case[3] }, { name, line })
    end)
  end

  it("are none in files that set none", function()
    local count = 0
    for path in process.run { "find", "lua", "examples", "spec/strategy", "-name",
      "*.lua" }.stdout:gmatch "[^\n]+" do
      local file = assert(io.open(path))
      assert.is_nil(globals.first(file:read "a"), path)
      file:close()
      count = count + 1
    end
    assert.is_true(count > 200)
  end)
end)
