-- Closings of the journal that have no outcome: whether they were done.

local casing = require "etoro.values.spelling"
local close = require "etoro.trading.resolve.close"
local core = require "etoro.core"
local decimals = require "etoro.values.decimals"
local evidence = require "etoro.trading.resolve.evidence"
local history = require "etoro.trading.account.history"
local partial_close = require "etoro.trading.resolve.partial_close"
local server_clock = require "etoro.call.server_clock"
local times = require "etoro.values.times"

-- not up to the locale
local tonumber, tostring = core.number, core.text

local M = {}

local get = casing.get

--- The units of a closing in part, as asked for; nil where all of them are
--- closed.
---@param body any
---@return number|string?
function M.units_of(body)
  local units = type(body) == "table" and get(body, "UnitsToDeduct")
  return units ~= core.null and tonumber(units) and units or nil
end

local units_of = M.units_of

local NOTHING = { refused = true, not_sent = true }

-- Whether no other closing of as many units is in the journal, but for those
-- that came to nothing.
local function is_lone_part(case, parts, units)
  for _, other in ipairs(parts) do
    if other ~= case.record and not NOTHING[other.ended]
      and type(other.params) == "table"
      and tostring(other.params.positionId) == case.position_id
      and decimals.same(units_of(other.body), units) ~= false
    then
      return false
    end
  end
  return true
end

local function part_in_history(case, units, response)
  local since = server_clock.at(case.client, response, case.started)
  local skew = server_clock.ahead(case.client, response)
  if skew and math.abs(skew) > evidence.TRUSTED then
    case.is_clock_off = true
  end
  if case.is_clock_off then return false end
  units = tonumber(units)
  for _, item in ipairs(close.history(case, case.position_id, response) or {})
  do
    local text, part = get(item, "closeTimestamp"), get(item, "units")
    local at = type(text) == "string" and times.parse(text)
    if at and since and at >= since and tonumber(part)
      and partial_close.close_to(part, units, units)
    then
      return true
    end
  end
  return false
end

-- Whether the history accounts for all units that a position has lost, so that
-- a part which it does not have was not closed.
local function is_accounted_for(case, position)
  local opened = get(position, "openDateTime")
  local has = tonumber(get(position, "units"))
  local left = tonumber(get(position, "initialUnits"))
  if not has or not left or type(opened) ~= "string" then return false end
  if has == left then return true end
  if case.is_clock_off then return false end -- which of them nobody can tell
  local items, covered = history.read(case, opened:sub(1, 10))
  if not items or covered > (times.parse(opened) or 0) then return false end
  for _, item in ipairs(items) do
    if tostring(get(item, "positionId")) == case.position_id then
      left = left - (tonumber(get(item, "units")) or 0)
    end
  end
  return partial_close.close_to(left, has, has)
end

local function judge_part(case, parts, units)
  local is_shown = case:is_shown()
  local state, item, response = close.see(case, units)
  if not state then return end
  if not is_lone_part(case, parts, units) then
    case:conclude("unknown", "other closings of as many units cannot be told"
      .. " apart from it")
  elseif state == "closing" then
    case:conclude("landed", "the portfolio holds its close order",
      { orderId = get(item, "orderId") })
  elseif part_in_history(case, units, response) then
    case:conclude("landed", "the history has that part")
  elseif state == "open" and is_shown and is_accounted_for(case, item) then
    case:conclude("not_landed", "the position has all its units, but for"
      .. " those that the history has")
  elseif is_shown then
    case:conclude("unknown", "the position does not tell")
  end
end

-- One look without the position may have met a server that is behind.
local function judge_absent(case, response)
  local lag = case.settled_at - case.ended_at
  case.absent_since = case.absent_since or case:now()
  if case:now() - case.absent_since < lag then return end
  local items = close.history(case, case.position_id, response)
  if items and #items > 0 then
    case:conclude("landed", "the position is not there any more")
  else
    case:conclude("unknown", "neither portfolio nor history has the position")
  end
end

--- Judges a closing by the portfolio and the history.
---@param case etoro.Case
---@param parts etoro.JournalRecord[] all closings of parts in the journal
function M.judge(case, parts)
  close.prepare(case)
  local units = units_of(case.body)
  if units then return judge_part(case, parts, units) end
  local is_shown = case:is_shown()
  local state, item, response = close.see(case)
  if state ~= "absent" then case.absent_since = nil end
  if state == "closing" then
    case:conclude("landed", "the portfolio holds its close order",
      { orderId = get(item, "orderId") })
  elseif state == "closed" then
    case:conclude("landed", "the position is closed")
  elseif state == "open" and is_shown then
    case:conclude("not_landed", "the position is open")
  elseif state == "absent" and is_shown then
    judge_absent(case, response)
  end
end

return M
