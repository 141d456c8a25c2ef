-- How much of a Sharpe ratio is left when it is the best of many trials: the
-- deflated Sharpe ratio of Bailey and Lopez de Prado (2014).

local M = {}

local EULER = 0.5772156649015329 -- Euler and Mascheroni's constant

-- The error function's complement, by its series near 0 and by its continued
-- fraction further out.
local function erfc(x)
  if x < 0 then return 2 - erfc(-x) end
  if x < 2.5 then
    local term, sum, n = x, x, 0
    repeat
      n = n + 1
      term = -term * x * x / n
      sum = sum + term / (2 * n + 1)
    until math.abs(term) < 1e-17 * math.abs(sum) or n > 200
    return 1 - 2 / math.sqrt(math.pi) * sum
  end
  local fraction = 0
  for k = 60, 1, -1 do fraction = k / 2 / (x + fraction) end
  return math.exp(-x * x) / math.sqrt(math.pi) / (x + fraction)
end

--- The part of a normal distribution below a value.
---@param x number
---@return number
function M.normal(x) return erfc(-x / math.sqrt(2)) / 2 end

--- The value that has a part of a normal distribution below it.
---@param part number between 0 and 1
---@return number
function M.quantile(part)
  local low, high = -40.0, 40.0
  for _ = 1, 200 do
    local middle = (low + high) / 2
    if M.normal(middle) < part then low = middle else high = middle end
  end
  return (low + high) / 2
end

---@class etoro.SweepReturns
---@field count integer of daily returns
---@field sharpe? number their mean over their deviation, of a day
---@field skewness? number
---@field kurtosis? number 3 for a normal distribution

--- What daily returns are like.
---@param returns number[]
---@return etoro.SweepReturns
function M.moments(returns)
  local n, sum = #returns, 0
  for _, value in ipairs(returns) do sum = sum + value end
  if n < 2 then return { count = n } end
  local mean, second, third, fourth = sum / n, 0, 0, 0
  for _, value in ipairs(returns) do
    local off = value - mean
    second, third, fourth = second + off ^ 2, third + off ^ 3, fourth + off ^ 4
  end
  if second <= 0 then return { count = n } end
  local spread = second / n
  return { count = n, sharpe = mean / math.sqrt(second / (n - 1)),
    skewness = third / n / spread ^ 1.5, kurtosis = fourth / n / spread ^ 2 }
end

--- The best Sharpe ratio that so many trials have by luck, where none is worth
--- anything: sqrt(V) * ((1 - g) * Z(1 - 1/N) + g * Z(1 - 1/(N * e))).
---@param variance number of the trials' Sharpe ratios
---@param trials integer
---@return number
function M.by_luck(variance, trials)
  if trials < 2 then return 0.0 end
  return math.sqrt(variance) * ((1 - EULER) * M.quantile(1 - 1 / trials)
    + EULER * M.quantile(1 - 1 / (trials * math.exp(1))))
end

--- The odds that a Sharpe ratio is above another one in truth:
--- Z((S - S0) * sqrt(T - 1) / sqrt(1 - skewness * S + (kurtosis - 1) / 4 * S^2)).
---@param returns etoro.SweepReturns
---@param other number of a day
---@return number? odds nil where that is not defined
function M.above(returns, other)
  local sharpe = returns.sharpe
  if not sharpe then return nil end
  local spread = 1 - returns.skewness * sharpe
    + (returns.kurtosis - 1) / 4 * sharpe ^ 2
  if not (spread > 0) then return nil end
  return M.normal((sharpe - other) * math.sqrt(returns.count - 1)
    / math.sqrt(spread))
end

return M
