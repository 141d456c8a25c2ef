-- What proves that a close is done, of what the account shows. Closes that
-- were answered, those whose answer was lost, and those of a program that is
-- gone are judged by this alone.
--
-- The whole position is closed:
-- * The outcome of the close lists it, with the units that were asked for, or
--   with fewer where the portfolio lacks it: the caller's table may be an old
--   one. Or the order that opened it says so.
-- * The portfolio lacks it, and the history has all its units, closed since
--   this close was sent, by the server's clock. Older items are those of
--   earlier parts, fewer units those of somebody else's.
-- * Its absence counts: the portfolio, which shows what was some seconds ago,
--   could be read in every look of that long, and lacked it in each. One look
--   without it, or two in a row, may have met a server that is behind. A
--   position that nobody has seen may be one that does not show yet. Where an
--   answer was lost it counts from when what was sent would show, unless the
--   history has something of it since.
-- A part is closed:
-- * The history has an item of its size since it was sent, and as many since
--   the first of them as parts of that size were sent within minutes; and the
--   position has no more units than that part leaves. That it shrank is not
--   enough: somebody else's sale shrinks it as well.
-- It is on its way:
-- * The portfolio holds an order that closes just that, and no other part of
--   the position was sent.
-- It is not done:
-- * What was done would show by now, and the portfolio has all units, but for
--   what the history says was sold in larger pieces. Smaller ones might be its
--   fills.
-- Anything else proves nothing.

local spelling = require "etoro.values.spelling"
local core = require "etoro.core"
local limits = require "etoro.values.limits"
local history = require "etoro.trading.account.history"
local holdings = require "etoro.trading.account.holdings"
local parts = require "etoro.trading.closing.parts"
local same = require "etoro.trading.closing.same"
local server_clock = require "etoro.call.server_clock"

local tonumber = core.number -- not up to the locale

local M = {}

local get = spelling.get

---@class etoro.Closing what is asked for, and what was seen of it
---@field client etoro.Client
---@field id integer|string of the position
---@field position? table in the caller's table
---@field asked? number|string units of a close in part, as sent
---@field units? number the same
---@field held? number units before; of a whole close: as last seen
---@field part? etoro.Part where others may show
---@field started number engine clock, when it was sent
---@field since? number the same on the server's clock
---@field lag? number seconds for which an absence has to last; 10
---@field was_seen? boolean a portfolio has shown the position
---@field opened_by? integer|string the order that opened it
---@field was_listed? boolean the outcome has some of its units
---@field absent_since? number engine clock: the portfolio lacks it since then
---@field missed_since? number the same, from when what was done would show
---@field is_gone? boolean it is closed, whole
---@field is_missed? boolean that is known by its absence alone

---@class etoro.View one look at the account
---@field portfolio table
---@field now number engine clock
---@field is_shown? boolean what was done would show in it; nil: the close was
---answered
---@field history fun(): table[]? what was closed since the close was sent, or
---somewhat earlier; nil when it cannot be read
---@field lookup? fun(order_id: any): any the order that opened the position

---@alias etoro.Verdict
---| "closed" # what was asked for is done
---| "closing" # it is on its way
---| "gone" # a part was asked for; the position is closed, whole
---| "open" # nothing of it was done

--- A close that is to be judged.
---@param client etoro.Client
---@param id integer|string of the position
---@param position? table in the caller's table
---@param units? number|string of a close in part
---@return etoro.Closing
function M.new(client, id, position, units)
  return {
    client = client, id = id, position = position, asked = units,
    units = units and tonumber(units),
    held = position and tonumber(get(position, "units")),
    was_seen = position ~= nil,
    opened_by = position and get(position, "orderId"),
  }
end

-- The units that items add up to; nil where one does not tell.
local function sum_of(items)
  local sum = 0
  for _, item in ipairs(items) do
    local units = tonumber(get(item, "units"))
    sum = units and sum and sum + units
  end
  return sum
end

local function covers(items, wanted)
  local sum = sum_of(items)
  return sum ~= nil and wanted ~= nil and #items > 0
    and same.is_all(sum, wanted)
end

--- Whether the outcome of a close lists the position as closed.
---@param answer table
---@param closing etoro.Closing
---@return boolean
function M.is_listed(answer, closing)
  local list, items = get(answer, "positions"), {}
  for _, item in ipairs(type(list) == "table" and list or {}) do
    local id = type(item) == "table" and get(item, "positionId")
    if id and holdings.is_same(id, closing.id) and get(item, "occurred") then
      items[#items + 1] = item
    end
  end
  closing.was_listed = #items > 0
  local wanted = closing.units or closing.held
  return #items > 0 and (not wanted or not sum_of(items)
    or covers(items, wanted))
end

-- An order of the portfolio that closes just what was asked for.
local function order_of(closing, portfolio, position)
  local held = position and tonumber(get(position, "units"))
  for _, order in ipairs(holdings.closing_orders(portfolio, closing.id)) do
    local units = get(order, "unitsToDeduct")
    if units == core.null then units = nil end
    if closing.asked then
      if same.as_asked(units, closing.asked) then return order end
    elseif not tonumber(units)
        or held and same.is_all(tonumber(units), held) then
      return order
    end
  end
end

-- What the history has of the position since the close was sent; nil where
-- nobody can tell.
local function items_since(closing, view)
  local list = closing.since and view.history()
  return list and history.of(list, closing.id, closing.since)
end

-- Since when the absence of a position may count: while a lost attempt may be
-- under way, something has to have been sold.
local function counted_since(closing, view)
  if view.is_shown == nil or #(items_since(closing, view) or {}) > 0 then
    return closing.absent_since
  end
  return closing.missed_since
end

-- Whether the absence of a position counts.
local function is_absence_told(closing, view)
  local lag = closing.lag or limits.portfolio_lag
  if view.now - closing.absent_since < lag then return false end
  local since = counted_since(closing, view)
  if not since or view.now - since < lag then return false end
  if closing.was_seen then return true end
  local list = view.history()
  return list ~= nil and #history.of(list, closing.id) > 0
end

local function is_closed_by_lookup(closing, view)
  if not view.lookup or not closing.opened_by then return false end
  local order = view.lookup(closing.opened_by)
  local list = type(order) == "table" and get(order, "positionExecutions")
  for _, item in ipairs(type(list) == "table" and list or {}) do
    local id = type(item) == "table" and get(item, "positionId")
    if id and holdings.is_same(id, closing.id) then
      local state = get(item, "state")
      return type(state) == "string" and core.lower(state) == "closed"
    end
  end
  return false
end

-- Whether a position that the portfolio lacks is closed, and whether that is
-- known by its absence alone.
local function is_gone(closing, view)
  if closing.was_listed or is_closed_by_lookup(closing, view)
      or covers(items_since(closing, view) or {}, closing.held) then
    return true, false
  end
  local is_told = is_absence_told(closing, view)
  return is_told, is_told and #(items_since(closing, view) or {}) == 0
end

-- How many items of a part's size there are.
local function count_of(closing, items)
  local found = 0
  for _, item in ipairs(items) do
    local units = tonumber(get(item, "units"))
    if units and same.units(units, closing.units, closing.units) then
      found = found + 1
    end
  end
  return found
end

-- Whether the history has a part, and one more for each of its size.
local function has_part(closing, view)
  local items = items_since(closing, view)
  if not items or count_of(closing, items) == 0 then return false end
  local _, twins, began = parts.others(closing)
  local first = closing.since - (closing.started - began)
  return count_of(closing, history.of(view.history(), closing.id, first))
    > twins
end

-- Whether a position has all units that it had, but for pieces that are too
-- large to be of the part.
local function is_whole(closing, items, units)
  local left, part = closing.held, closing.units
  for _, item in ipairs(items or {}) do
    local sold = tonumber(get(item, "units"))
    if not sold or same.may_come_to(sold, part) then return false end
    left = left - sold
  end
  return same.units(units, left, part)
end

local function judge_part(closing, view, item)
  local units = tonumber(get(item, "units"))
  local left = closing.held and closing.held - closing.units
  local is_alone = parts.others(closing) == 0
  local may_be_done
  if left then
    may_be_done = units and same.is_down_to(units, left, closing.units)
  else
    may_be_done = is_alone
  end
  if may_be_done and has_part(closing, view) then
    return "closed"
  end
  if view.is_shown and is_alone and units and left
      and is_whole(closing, items_since(closing, view), units) then
    return "open"
  end
end

local function judge_absence(closing, view)
  closing.absent_since = closing.absent_since or view.now
  if view.is_shown then
    closing.missed_since = closing.missed_since or view.now
  end
  closing.is_gone, closing.is_missed = is_gone(closing, view)
  if not closing.units then return closing.is_gone and "closed" or nil end
  local is_told = closing.held or parts.others(closing) == 0
  if is_told and has_part(closing, view) then
    return "closed"
  end
  return closing.is_gone and "gone" or nil
end

--- Reads what was closed since the close was sent, or somewhat earlier.
---@param closing etoro.Closing
---@param reader { read: fun(reader: any, purpose: string, params: table): any }
---@param response? etoro.Response that may tell the server's time
---@return table[]? items nil when they cannot be read
---@return number? since see history.read
function M.read_history(closing, reader, response)
  return history.since(reader, closing.since
    or server_clock.earliest(closing.client, response, closing.started))
end

--- Says that a look could not read the portfolio: what was missed before it
--- may have been there meanwhile.
---@param closing etoro.Closing
function M.forget_absence(closing)
  closing.absent_since, closing.missed_since = nil, nil
end

-- One look reads the history once at most.
local function read_once(view)
  local read, is_read, list = view.history, false, nil
  function view.history()
    if not is_read then list, is_read = read(), true end
    return list
  end
end

--- Judges one look at the account.
---@param closing etoro.Closing
---@param view etoro.View
---@return etoro.Verdict? verdict nil: not to be told, or not yet
---@return table? item the position, or the order that closes it
function M.judge(closing, view)
  read_once(view)
  local item = holdings.find(view.portfolio, closing.id)
  local order = order_of(closing, view.portfolio, item)
  if item then
    closing.was_seen = true
    M.forget_absence(closing)
    closing.opened_by = closing.opened_by or get(item, "orderId")
  end
  if order and (not closing.units or parts.others(closing) == 0) then
    return "closing", order
  elseif not item then
    return judge_absence(closing, view)
  elseif closing.units then
    return judge_part(closing, view, item), item
  end
  closing.held = tonumber(get(item, "units")) or closing.held
  return view.is_shown and "open" or nil, item
end

return M
