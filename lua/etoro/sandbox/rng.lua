-- The sandbox's own random numbers: two combined linear generators
-- (L'Ecuyer 1988). math.random gives other numbers in other Lua versions;
-- here the same seed gives the same answers everywhere. Not for secrets that
-- guard anything.

local floor = math.floor

local methods = {}
local mt = { __name = "etoro.sandbox.rng", __index = methods }
local M = {}

local M1, M2 = 2147483563, 2147483399
local BASE64URL =
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

function M.new(seed)
  seed = floor(seed) % 2147483000
  local self = setmetatable({ a = seed + 1, b = seed * 31 % M2 + 1 }, mt)
  for _ = 1, 8 do self:next() end -- small seeds start alike
  return self
end

--- An integer from 1 to 2147483562.
function methods:next()
  local a, b = self.a * 40014 % M1, self.b * 40692 % M2
  self.a, self.b = a, b
  return (a - b) % (M1 - 1) + 1
end

--- An integer from low to high, both included.
function methods:range(low, high)
  return low + self:next() % (high - low + 1)
end

function methods:uuid()
  local hex = {}
  for i = 1, 32 do hex[i] = ("%x"):format(self:range(0, 15)) end
  hex[13] = "4"
  hex[17] = ("%x"):format(self:range(8, 11))
  local text = table.concat(hex)
  return ("%s-%s-%s-%s-%s"):format(text:sub(1, 8), text:sub(9, 12),
    text:sub(13, 16), text:sub(17, 20), text:sub(21))
end

--- n characters that are safe in a header and in a URL.
function methods:token(n)
  local out = {}
  for i = 1, n do
    local at = self:range(1, 64)
    out[i] = BASE64URL:sub(at, at)
  end
  return table.concat(out)
end

return M
