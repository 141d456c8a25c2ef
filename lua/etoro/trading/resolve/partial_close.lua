-- The closing of a part of a position, whose answer was lost: found out by
-- reading alone, for sent again it might sell twice.
-- (portal: Trading, Close Position; Portfolio; Trade History)
--
-- What each observation proves:
-- * The portfolio holds an order that deducts just these units, and no other
--   part of the position was being closed: it is this one.
-- * The history has a part of just these units since the call: done.
-- * The position has just these units less than the caller's table says: the
--   same, once the history agrees. That table may be older than another part.
-- * It has the units it had, when a change would show, and no order waits: not
--   done.
-- * Anything else (another size, gone, other parts closed meanwhile): nothing.

local casing = require "etoro.values.spelling"
local close = require "etoro.trading.resolve.close"
local core = require "etoro.core"
local errors = require "etoro.errors"
local server_clock = require "etoro.call.server_clock"
local times = require "etoro.values.times"

local tonumber = core.number -- not up to the locale

local M = {}

local WINDOW = 300 -- seconds for which an earlier part may still be showing
local get = casing.get

-- Parts of positions that are being closed, by client and position: when the
-- last one began, and how many there were.
local parts = setmetatable({}, { __mode = "k" })

local function units_of(position)
  return position and tonumber(get(position, "units"))
end

--- Remembers that a part of a position is about to be closed, and how many
--- units there are: the caller's table may be read anew meanwhile.
---@param client etoro.Client
---@param call etoro.Uncertain
---@param position? table
function M.begin(client, call, position)
  local id = call.params.positionId
  if not id then return end
  call.units_before = units_of(position)
  local of_client = parts[client] or {}
  parts[client] = of_client
  local now = client:now()
  for other, entry in pairs(of_client) do
    if now - entry.at > WINDOW then of_client[other] = nil end
  end
  local entry = of_client[id]
  local number = (entry and entry.number or 0) + 1
  of_client[id] = { at = now, number = number }
  call.is_alone, call.number = entry == nil, number
end

--- Forgets a part that was not closed after all.
---@param client etoro.Client
---@param call etoro.Uncertain
function M.forget(client, call)
  local of_client, id = parts[client], call.params.positionId
  local entry = of_client and of_client[id]
  if entry and call.is_alone and entry.number == call.number then
    of_client[id] = nil
  end
end

-- Whether no other part was closed since this one began.
local function is_alone_still(case)
  local entry = (parts[case.client] or {})[case.position_id]
  return case.is_alone and (not entry or entry.number == case.number)
end

-- Units are kept to some six digits, so that a sum may be off by the last.
local function close_to(a, b, units)
  return math.abs(a - b) <= math.min(2e-6 + 1e-6 * units, units / 4)
end
M.close_to = close_to

local function refuse(case)
  return nil, errors.new {
    kind = "rejected", code = "not_executed", retryable = true,
    request_id = case.err.request_id, status = case.err.status,
    message = case.err.message:gsub("; it may have.*$", "")
      .. "; the position still has all its units, so nothing was closed",
    evidence = { lookups = case.looks },
  }
end

-- The history lists each part that was closed.
local function is_in_history(case, units, response)
  local since = server_clock.at(case.client, response, case.started)
  for _, item in ipairs(close.history(case, case.position_id, response)
    or {})
  do
    local text = get(item, "closeTimestamp")
    local at = type(text) == "string" and times.parse(text)
    local closed = tonumber(get(item, "units"))
    if at and since and at >= since and closed
      and close_to(closed, units, units)
    then
      return true
    end
  end
  return false
end

-- "done", "not_done", or nil when that cannot be told (yet). look: what was
-- seen, and whether what was done would show in it.
local function judge(case, units, look)
  if not is_alone_still(case) then return nil end
  if look.state == "closing" then return "done" end
  local before, now = case.units_before, units_of(look.item)
  if before and (look.state ~= "open" or not now) then return nil end
  if before and close_to(before, now, units) then
    return look.is_shown and "not_done" or nil
  end
  if before and not close_to(before - now, units, units) then return nil end
  return is_in_history(case, units, look.response) and "done" or nil
end

--- Finds out whether a part of a position was closed.
---@param case etoro.Case
---@return table? result
---@return etoro.Response|etoro.Error
function M.resolve(case)
  close.prepare(case)
  local asked = get(case.body, "UnitsToDeduct")
  local units = tonumber(asked)
  while units and not case:is_over() do
    local is_shown = case:is_shown()
    local state, item, response = close.see(case, asked)
    local verdict = state and judge(case, units, {
      state = state, item = item, response = response, is_shown = is_shown,
    })
    if verdict == "done" then
      return close.done(case, state == "closing" and item, response,
        state == "closing" and "that part is being closed"
        or "that part is closed")
    elseif verdict == "not_done" then
      return refuse(case)
    end
    if is_shown and state then break end
    case:pause()
  end
  return case:give_up("the position does not tell whether that part was"
    .. " closed", close.HINT)
end

return M
