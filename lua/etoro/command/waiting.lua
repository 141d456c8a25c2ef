-- What the calls of a run wait for, told on stderr before a second has passed:
-- the rate limit, the pause before something is sent again, an answer. On a
-- terminal a line counts down; elsewhere lines do, some seconds apart, or an
-- eighth of what is left where that is more.

local core = require "etoro.core"
local run_limits = require "etoro.values.run_limits"
local terminal = require "etoro.command.terminal"

local M = {}

-- Seconds after which a wait is told.
local PATIENCE = {
  queued = run_limits.command_queued_told, retried = 0,
  sent = run_limits.command_sent_told,
}

---@class etoro.command.Waiting
---@field calls table<string, table> what each call waits for, by request id
---@field told table<string, number> when each wait has its next line
---@field work? { text: string, since: number, till?: number }
---@field last_write? string request id of the newest write
local methods = {}
local mt = { __name = "etoro.command.waiting", __index = methods }

--- Makes the books of one run.
---@return etoro.command.Waiting
function M.new()
  return setmetatable({ calls = {}, told = {} }, mt)
end

local handlers = {}

function handlers.queued(self, event, now)
  self.calls[event.request_id] = { state = "queued", since = now,
    pool = event.pool, is_read = event.method == "GET" }
  if event.method ~= "GET" then self.last_write = event.request_id end
end

function handlers.sent(self, event, now)
  local call = self.calls[event.request_id]
  if call then call.state, call.since, call.till = "sent", now, nil end
end

function handlers.retried(self, event, now)
  local call = self.calls[event.request_id]
  if not call then return end
  call.state, call.since, call.till = "retried", now, now + (event.wait or 0)
  call.status, call.code = event.status, event.code
end

function handlers.done(self, event)
  self.calls[event.request_id] = nil
  if not next(self.calls) then self.told = {} end
end

--- Notes what a client tells of its calls.
---@param event etoro.Event
function methods:event(event)
  local handle = handlers[event.kind]
  if not handle or not event.request_id then return end
  handle(self, event, core.monotonic())
  self:look()
end

local function seconds(value)
  return ("%d s"):format(math.max(1, math.ceil(value)))
end

-- When the budget of a pool has room again, as far as the client knows.
local function room_in(self, pool)
  local budget = self.client and self.client:budget()[pool]
  if not budget then return nil end
  local is_full = budget.left <= (budget.reserve or 0)
  local wait = math.max(budget.paused_for or 0, is_full and budget.resets_in or 0)
  return wait > 0 and wait or nil
end

local TEXTS = {}

-- What is told of a wait, and its seconds: those that are left, where that is
-- known, else those that it took.
function TEXTS.queued(self, call, now)
  local left = room_in(self, call.pool)
  if left then return "waiting for the rate limit: " .. seconds(left), left end
  local passed = now - call.since
  return ("waiting for a turn, %s so far"):format(seconds(passed)), passed
end

-- What others have used up may come free later than the server lets one try again;
-- a cancel or close does not wait for that.
local function left_of(self, call, now)
  local left = call.till - now
  if left > 0 and not call.is_read then return left end
  return math.max(left, room_in(self, call.pool) or 0)
end

function TEXTS.retried(self, call, now)
  local why = call.status == 429 and "the API's rate limit is used up"
    or call.status and ("the API answered HTTP %d"):format(call.status)
    or ("no usable answer (%s)"):format(call.code or "unknown")
  local left = left_of(self, call, now)
  return ("%s: trying again in %s"):format(why, seconds(left)), left
end

function TEXTS.sent(_, call, now)
  local passed = now - call.since
  return ("waiting for the API's answer, %s so far"):format(seconds(passed)),
    passed
end

local RANK = { retried = 1, queued = 2, sent = 3 }

local function is_due(call, now)
  if call.till and call.till - call.since < run_limits.command_pause_told then
    return false
  end
  return now - call.since >= PATIENCE[call.state]
end

-- The wait that says most about why nothing comes.
local function foremost(self, now)
  local best
  for _, call in pairs(self.calls) do
    if is_due(call, now) and (not best
        or RANK[call.state] < RANK[best.state]
        or RANK[call.state] == RANK[best.state]
          and (call.till or call.since) > (best.till or best.since)) then
      best = call
    end
  end
  return best
end

local function text_of_work(work, now)
  if not work.till then return work.text end
  return ("%s: %s left"):format(work.text, seconds(work.till - now))
end

-- The line of a wait where it is time for one.
local function tell_line(self, call, now)
  local key = call.state .. " " .. (call.pool or "") .. (call.till or "")
  if now < (self.told[key] or 0) then return end
  local text, length = TEXTS[call.state](self, call, now)
  self.told[key] = now + math.max(run_limits.command_told_again,
    length / run_limits.command_told_share)
  terminal.say(text)
end

--- Tells of the longest wait, if there is one to tell of. Called at each turn
--- of waiting.
function methods:look()
  local now = core.monotonic()
  local call = foremost(self, now)
  if terminal.is_live() then
    if call then
      local text = TEXTS[call.state](self, call, now)
      terminal.show(text)
    elseif self.work then
      terminal.show(text_of_work(self.work, now))
    else
      terminal.hide()
    end
    return
  end
  if call then tell_line(self, call, now) end
end

--- Says on a terminal what all the calls are for, while none of them waits.
---@param text? string nil: nothing any more
---@param seconds_left? number
function methods:set_work(text, seconds_left)
  self.work = text and { text = text,
    till = seconds_left and core.monotonic() + seconds_left } or nil
  if not text then terminal.hide() end
end

return M
