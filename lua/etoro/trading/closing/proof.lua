-- What proves that a close is done, of what the account shows.
--
-- * The outcome of the close lists the position, with the units that were
--   asked for, or with fewer where the portfolio lacks it: the caller's table
--   may be an old one. Or it says that the position was closed already.
-- * The history has as many units of it, closed since this close was sent, by
--   the server's clock. An older item is that of an earlier part.
-- * The portfolio lacks the position for longer than it ever lags: one look
--   without it, or two in a row, may have met a server that is behind.
-- * A part is done where the position shrank by it and by all other parts that
--   were under way, seen with more units after it was sent; else the history
--   tells.

local casing = require "etoro.values.spelling"
local core = require "etoro.core"
local history = require "etoro.trading.account.history"
local holdings = require "etoro.trading.account.holdings"
local shared = require "etoro.tasks.once"
local times = require "etoro.values.times"
local trading = require "etoro.trading.routes"

local tonumber = core.number -- not up to the locale

local M = {}

local LAG = 10 -- seconds; the portfolio was seen up to so much behind
local DAY = 86400 -- seconds
local BATCH_AGE = 1 -- seconds that closes share a history
local SLACK = 1e-9 -- of the units: what a double may lose
local ROUNDED = 2e-6 -- units are kept to some six digits
local get = casing.get

local function same_position(item, id)
  local other = type(item) == "table" and get(item, "positionId")
  return other ~= nil and other ~= false and holdings.is_same(other, id)
end

local function is_enough(units, wanted)
  return units >= wanted - math.min(ROUNDED + 1e-6 * wanted, wanted / 4)
end

-- Whether items of a position account for the units of the close; one that
-- names no units accounts for all.
local function covers(items, closing)
  local sum, wanted = 0, closing.units or closing.held
  for _, item in ipairs(items) do
    local units = tonumber(get(item, "units"))
    if not units or not wanted then return true end
    sum = sum + units
  end
  return #items > 0 and is_enough(sum, wanted)
end

--- Whether the outcome of a close lists the position as closed.
---@param answer table
---@param closing etoro.Closing
---@return boolean
function M.is_listed(answer, closing)
  local list, items = get(answer, "positions"), {}
  for _, item in ipairs(type(list) == "table" and list or {}) do
    if same_position(item, closing.id) and get(item, "occurred") then
      items[#items + 1] = item
    end
  end
  closing.was_listed = #items > 0
  return covers(items, closing)
end

-- The history since a moment of the server's clock, all of its pages.
local function read_history(closing, looks, since)
  local client = closing.client
  return history.read({ read = function(_, purpose, params)
    return client:_send(trading.op(client, purpose), params, looks:options(),
      1)
  end }, times.format(since - DAY):sub(1, 10))
end

local function history_of(closing, looks, since)
  local batch = closing.batch
  if not batch then return read_history(closing, looks, since) end
  batch.history = batch.history or {}
  return (shared.get(closing.client, batch.history, BATCH_AGE, function()
    return read_history(closing, looks, since)
  end))
end

local function is_in_history(closing, looks)
  local since = closing.since
  if not since then return false end -- the server did not tell its time
  local list, items = history_of(closing, looks, since), {}
  for _, item in ipairs(list and holdings.of_position(list, closing.id) or {})
  do
    local text = get(item, "closeTimestamp")
    local at = type(text) == "string" and times.parse(text)
    if at and at >= since then items[#items + 1] = item end
  end
  return covers(items, closing)
end

local function judge_absence(closing, looks)
  local now = looks.client:now()
  closing.absent_since = closing.absent_since or now
  if now - closing.absent_since >= LAG or closing.was_listed
    or is_in_history(closing, looks)
  then
    closing.is_gone = true
    return "closed"
  end
end

local function judge_part(closing, looks, units)
  if not closing.left or not units then return nil end
  if units > closing.left * (1 + SLACK) + SLACK then
    closing.was_larger = true
    return nil
  end
  if closing.was_larger or is_in_history(closing, looks) then
    return "closed"
  end
end

--- Judges a portfolio: "closed", or nothing.
---@param closing etoro.Closing
---@param item? table the position in it
---@param looks etoro.Poll
---@return "closed"?
function M.judge(closing, item, looks)
  if not item then return judge_absence(closing, looks) end
  closing.absent_since = nil
  local units = tonumber(get(item, "units"))
  if not closing.units then
    closing.held = units or closing.held
    return nil
  end
  return judge_part(closing, looks, units)
end

return M
