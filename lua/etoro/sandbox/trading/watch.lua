-- Prices that orders and positions wait for: trigger rates, stop losses, take
-- profits. The prices are looked at on a fixed grid of moments.

local ceilings = require "etoro.sandbox.ceilings"

local M = {}

local STEP = ceilings.box_look_step

-- A stop as it is kept. Only one that is rounded can be compared with another.
local function rounded(rate) return math.floor(rate * 1e5 + 0.5) / 1e5 end

--- Lets a trailing stop follow prices that are better than any before.
---@return boolean? moved
function M.trail(position, bid, ask)
  local trail, stop = position.trail, position.stop_loss
  if not trail then return false end
  local new = rounded(position.is_buy and bid - trail or ask + trail)
  if position.is_buy and new > stop or not position.is_buy and new < stop then
    position.stop_loss, position.text = new, nil
    return true
  end
end

-- Is one touched at these prices?
local function position_touched(position, bid, ask)
  if M.trail(position, bid, ask) then return false end
  local stop, profit, ruin = position.stop_loss, position.take_profit,
    position.ruin
  if position.is_buy then
    return stop and bid <= stop or profit and bid >= profit
      or ruin and bid <= ruin
  end
  return stop and ask >= stop or profit and ask <= profit
    or ruin and ask >= ruin
end

local function order_touched(order, bid, ask)
  local rate = order.is_buy and ask or bid
  if order.trigger_above then return rate >= order.trigger end
  return rate <= order.trigger
end

local function look(book, id, list, at)
  local bid, ask = book.market:quote(id, at)
  for i = #list, 1, -1 do
    local one = list[i]
    local touched = one.trigger and order_touched or position_touched
    if one.watched_from <= at and touched(one, bid, ask) then
      M.remove(book, one)
      one.touched(book, one, at)
    end
  end
end

-- All the looks that are due up to a time. Books that have looks of their own, as a
-- backtest's, do not come here.
local function catch_up(book, now)
  local looks = math.floor((now - book.last_watch) / STEP)
  if looks < 1 then return end
  local width = STEP * math.max(1, math.ceil(looks / ceilings.box_looks_max))
  looks = math.floor((now - book.last_watch) / width)
  if book.watch_count > 0 then
    for i = 1, looks do
      for _, id in ipairs(book.watched_ids) do
        local list = book.watched[id]
        if #list > 0 then look(book, id, list, book.last_watch + i * width) end
      end
    end
  end
  book.last_watch = book.last_watch + looks * width
end

--- Whether a position ends by itself at some price.
---@param position table
---@return boolean
function M.wants(position)
  return (position.stop_loss or position.take_profit or position.ruin) ~= nil
end

--- Looks out for an order (trigger, trigger_above) or a position (stop_loss,
--- take_profit); its touched(book, one, at) is called once. Again where its rates have
--- changed: no price from before `since` touches it.
function M.add(book, one, since)
  one.watched_from = since
  if not book.has_own_looks then book.watch = catch_up end
  book.watched_ids = book.watched_ids or {}
  local id = one.instrument.instrumentID
  local list = book.watched[id]
  if not list then
    list = {}
    book.watched[id] = list
    table.insert(book.watched_ids, id)
  end
  if one.watch_slot then return end
  list[#list + 1] = one
  one.watch_slot = #list
  book.watch_count = book.watch_count + 1
end

--- Looks out no longer.
function M.remove(book, one)
  local slot = one.watch_slot
  if not slot then return end
  local list = book.watched[one.instrument.instrumentID]
  local last = table.remove(list)
  if last ~= one then
    list[slot] = last
    last.watch_slot = slot
  end
  one.watch_slot = nil
  book.watch_count = book.watch_count - 1
end

return M
