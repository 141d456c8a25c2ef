-- Looking again and again until something has happened: with growing pauses,
-- for so many seconds. All that looks again does it by these.

local M = {}


-- first, longest and growth of the seconds between looks
local PACES = {
  -- at what was accepted: the account shows it some seconds later
  outcome = { 0.5, 5, 1.5 },
  -- at what was lost: most of it is there at once, or never
  lost = { 0.25, 3, 2 },
  -- at all that a journal left open, a budget's worth of requests each
  round = { 0.5, 3, 1.5 },
  -- at one order by its request id, which few servers find: ever more seldom
  seldom = { 2, math.huge, 2 },
}

---@alias etoro.PaceKind "outcome"|"lost"|"round"|"seldom"

---@class etoro.Pace
---@field kind etoro.PaceKind
---@field pause number seconds until the next look
local pace = {}
local pace_mt = { __name = "etoro.pace", __index = pace }

--- Growing pauses.
---@param kind etoro.PaceKind
---@return etoro.Pace
function M.pace(kind)
  return setmetatable({ kind = kind, pause = PACES[kind][1] }, pace_mt)
end

--- Gives the pause before the next look; the one after that is longer.
---@return number seconds
function pace:take()
  local pause, bounds = self.pause, PACES[self.kind]
  self.pause = math.min(pause * bounds[3], bounds[2])
  return pause
end

--- The longest pause there is.
---@param kind etoro.PaceKind
---@return number seconds
function M.longest(kind) return PACES[kind][2] end

--- Begins anew, for something has changed.
function pace:restart() self.pause = PACES[self.kind][1] end

---@class etoro.Poll
---@field client etoro.Client
---@field ends number engine clock
---@field pace etoro.Pace
---@field has_begun? boolean
local methods = {}
local mt = { __name = "etoro.poll", __index = methods }

--- Starts a round of looks.
---@param client etoro.Client
---@param timeout number seconds
---@param kind? etoro.PaceKind outcome
---@return etoro.Poll
function M.new(client, timeout, kind)
  local now = client:now()
  return setmetatable({ client = client, ends = now + timeout,
    pace = M.pace(kind or "outcome") }, mt)
end

--- Seconds that are left.
---@return number
function methods:left()
  return self.ends - self.client:now()
end

--- Waits until the next look is due: the first one is at once, the last one
--- when the time is up.
---@return boolean go_on false when the time was up before
function methods:next()
  if not self.has_begun then
    self.has_begun = true
    return true
  end
  local left = self:left()
  if left <= 0 then return false end
  self.client:pause(math.min(self.pace:take(), left))
  return true
end

--- Options for one look. Looks are not sent again: the next one does for that.
---@return etoro.RequestOptions
function methods:options()
  return { max_retries = 0, deadline = math.max(self:left(), PACES.outcome[1]) }
end

local PASSING = {
  not_found = true, server = true, network = true, timeout = true,
  rate_limit = true, protocol = true,
}

--- Whether a later look may see more than this one did.
---@param err etoro.Error
---@return boolean
function M.is_passing(err)
  return PASSING[err.kind] or false
end

return M
