-- What positions cost over night, for what is borrowed: at each midnight, UTC, a
-- part of what they are worth, on Saturdays and Sundays too.

local books = require "etoro.sandbox.trading.books"
local times = require "etoro.values.times"

local M = {}

--- Charges a position for nights.
---@param book table
---@param position table
---@param count integer
---@param at number seconds since 1970
---@return number taken USD
function M.charge(book, position, count, at)
  local rate = book:night_rate(position)
  if rate == 0 then return 0 end
  local id = position.instrument.instrumentID
  local worth = position.units * book.market:quote(id, at)
    * book.market:conversion(id, at)
  return books.charge(position, worth * rate * count, at)
end

local pass

local function next_midnight(at) return (at // times.DAY + 1) * times.DAY end

function pass(book, position, at)
  if position.closed then return end
  M.charge(book, position, 1, at)
  book:schedule(next_midnight(at), pass, position)
end

--- Has a position charged from the next midnight on, where nights cost.
---@param book table
---@param position table
---@param at number
function M.begin(book, position, at)
  if position.mirror or book.has_own_nights
      or book:night_rate(position) == 0 then
    return
  end
  book:schedule(next_midnight(at), pass, position)
end

return M
