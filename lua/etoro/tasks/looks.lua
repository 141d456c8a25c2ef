-- Looking again and again until something has happened: with growing pauses,
-- for so many seconds, or sooner where somebody says that there is something to
-- see. All that looks again does it by these.

local limits = require "etoro.values.limits"
local scheduler = require "etoro.tasks.scheduler"
local tasks = require "etoro.tasks"

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

---@class etoro.Looks a round of them
---@field client etoro.Client
---@field ends number engine clock
---@field pace etoro.Pace
---@field call_ends? number engine clock: when the call's own time is up, of what was
---lost; a rate limit may hold a look for as long
---@field has_begun? boolean
---@field due? number client's clock, when the next look is due by itself
---@field may_be_woken? fun(): boolean whether tasks may wake it, which have their
---turns then where no task can be parked
---@field is_woken boolean somebody has said that there is something to see
---@field woken_from number client's clock, when that next makes a pause shorter
---@field is_early? boolean somebody has brought this look about
---@field sleeper? etoro.Task that pauses
local methods = {}
local mt = { __name = "etoro.looks", __index = methods }

--- Starts a round of looks.
---@param client etoro.Client
---@param timeout number seconds
---@param kind? etoro.PaceKind outcome
---@return etoro.Looks
function M.new(client, timeout, kind)
  local now = client:now()
  return setmetatable({ client = client, ends = now + timeout,
    pace = M.pace(kind or "outcome"), is_woken = false,
    woken_from = -math.huge }, mt)
end

--- Starts the looks at what became of a call whose answer was lost: for as long as
--- that may take to show, as long as the call may take, and once at least.
---@param client etoro.Client
---@param began number client's clock, when the call began
---@param options? etoro.RequestOptions the call's
---@param seconds? number that it may take to show; the call's settle
---@return etoro.Looks
function M.lost(client, began, options, seconds)
  seconds = seconds or options and options.settle or limits.default_settle
  local call_ends = began + client:deadline(options)
  local left = call_ends - client:now()
  local poll = M.new(client, math.max(math.min(seconds, left), 0), "lost")
  poll.call_ends = call_ends
  return poll
end

--- Seconds that are left.
---@return number
function methods:left()
  return self.ends - self.client:now()
end

--- Makes its pause shorter, for there may be something to see: it ends at once,
--- or, where that has ended one, limits.hint_pause seconds after.
function methods:wake()
  self.is_woken = true
  if self.sleeper then scheduler.rouse(self.sleeper) end
end

-- Lets time pass, until somebody wakes it at most.
local function nap(self, seconds)
  self.sleeper = scheduler.parkable()
  self.client:pause(seconds)
  self.sleeper = nil
end

local function rest(self, seconds)
  if not scheduler.parkable() and self.may_be_woken and self.may_be_woken() then
    tasks.aside(self.client:waiter(), function() nap(self, seconds) end)
  else
    nap(self, seconds)
  end
end

-- Lets time pass until some time, or until it is woken and may be.
local function rest_until(self, ends)
  local client = self.client
  while true do
    local due = self.is_woken and math.min(ends, self.woken_from) or ends
    local left = due - client:now()
    if left <= 0 then return end
    rest(self, left)
  end
end

--- Waits until the next look is due: the first one is at once, the last one
--- when the time is up. Looks that somebody brings about come between those that
--- are due by themselves, and put none of them off.
---@return boolean go_on false when the time was up before
function methods:next()
  local client = self.client
  if self.has_begun then
    if self:left() <= 0 then return false end
    self.due = self.due or math.min(client:now() + self.pace:take(), self.ends)
    rest_until(self, self.due)
    self.is_early = client:now() < self.due
    if self.is_early then
      self.woken_from = client:now() + limits.hint_pause
    else
      self.due = nil
    end
  end
  self.has_begun, self.is_woken = true, false
  return true
end

--- Options for one look. Looks are not sent again: the next one does for that.
---@return etoro.RequestOptions
function methods:options()
  local left = self.call_ends and self.call_ends - self.client:now() or self:left()
  return { max_retries = 0, deadline = math.max(left, PACES.outcome[1]) }
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
