-- What an account has gained since a moment of the past: what its positions have,
-- and the parts of them that were closed since. Profits and losses alone; fees have
-- no part in it.

local positions = require "etoro.sandbox.trading.positions"
local views = require "etoro.sandbox.trading.views"

local M = {}

-- What so many units of a position had gained at a moment; nothing before it was
-- opened.
local function gain_at(book, position, at, units, amount)
  if position.opened > at then return 0 end
  local rate, conversion = positions.close_rate(book, position, at)
  return positions.profit(position, rate, conversion, units, amount)
end

--- What is open of a position has gained since.
---@param book table
---@param position table
---@param gain table of views.gain
---@param since number seconds since 1970
---@return number USD
function M.of_position(book, position, gain, since)
  return gain.pnl - gain_at(book, position, since, gain.units, gain.amount)
end

--- What parts that were closed between two moments have gained since the first.
---@param book table
---@param account table
---@param since number
---@param moment number what the views show
---@param passes fun(position: table): boolean
---@return number USD
local function of_closed(book, account, since, moment, passes)
  local sum = 0
  for _, part in ipairs(account.history) do
    if part.at > since and part.at <= moment and passes(part.position) then
      sum = sum + part.profit - gain_at(book, part.position, since, part.units,
        part.amount)
    end
  end
  return sum
end

--- The same of all that passes, open and closed.
function M.of_account(book, account, since, moment, passes)
  local sum, now = of_closed(book, account, since, moment, passes), book.box:now()
  for _, position in ipairs(views.positions(account, moment)) do
    if passes(position) then
      sum = sum + M.of_position(book, position,
        views.gain(book, position, moment, now), since)
    end
  end
  return sum
end

return M
