-- Functions that run again and again: every so often, or at times of days. A
-- task each, which sleeps by the clock of whoever made it.

local blame = require "etoro.values.blame"
local core = require "etoro.core"
local errors = require "etoro.errors"
local limits = require "etoro.values.limits"
local schedule = require "etoro.values.schedule"
local scheduler = require "etoro.tasks.scheduler"
local tasks = require "etoro.tasks"
local waiting = require "etoro.tasks.waiting"

local tostring = core.text -- not up to the locale

local M = {}

---@alias etoro.Due fun(due: number) what runs; due: seconds since 1970

---@class etoro.TimerOptions
---@field on_event? fun(event: etoro.Event) hears of what is skipped, and of errors;
---without it they are told on stderr

---@class etoro.Timer
---@field text string as it was asked for: every 5m
---@field runs integer how often it has run
---@field skipped integer runs that were late, and left out
---@field on_event? fun(event: etoro.Event) hears of what is skipped, and of errors
---@field package plan etoro.Plan
---@field package fn fun(due: number)
---@field task etoro.Task that sleeps until it is due, and runs it
---@field package is_running? boolean
---@field package is_cancelled? boolean
local methods = {}
local mt = { __name = "etoro.timer", __index = methods }

function mt.__tostring(timer) return "etoro.timer(" .. timer.text .. ")" end

---@class etoro.Plan when a timer is due, by the clock that it reads
---@field read fun(): number
---@field after fun(due: number): number the next time
---@field anew fun(now: number): number the next time once the clock was set back
---@field patience number seconds that a run may be late
---@field look number seconds after which the clock is read again, at the latest
---@field ran fun(due: number) is told what has been kept
---@field to_unix fun(due: number): number
---@field first number

--- Ends it: it does not run again. A run that is under way goes on to its end.
function methods:cancel()
  if getmetatable(self) ~= mt then
    blame.raise("bad self: call this as timer:cancel(), with a colon")
  end
  self.is_cancelled = true
  if not self.is_running then self.task:cancel() end
end

local function tell(timer, message, fields)
  fields.kind, fields.timer = "warning", timer.text
  fields.message = ("%s: %s"):format(timer.text, message)
  fields.at = timer.task.clock.unix()
  waiting.emit(timer, fields)
end

-- The first time that is not over, from `due` on, which is; the ones before are
-- told.
local function skip(timer, due, least, why)
  local count = 0
  repeat
    due, count = timer.plan.after(due), count + 1
  until due > least
  timer.skipped = timer.skipped + count
  tell(timer, ("%d run%s skipped: %s"):format(count,
    count == 1 and " was" or "s were", why), { skipped = count })
  return due
end

-- An error costs this run, not those to come. Ctrl-C gets through.
local function run(timer, due)
  timer.is_running = true
  local trace
  local ok, problem = xpcall(timer.fn, function(problem)
    trace = debug.traceback("", 2)
    return problem
  end, due)
  timer.is_running, timer.runs = nil, timer.runs + 1
  if ok then return end
  local text = tostring(problem)
  if text:find("interrupted!", 1, true) then error(problem, 0) end
  tell(timer, "a run failed, the next ones go on: " .. errors.one_line(text,
    limits.error_message_max), { error = problem, traceback = trace })
end

-- Sleeps until a time has come. A clock that was set back meanwhile says anew
-- what comes next.
local function sleep_until(plan, due)
  local before = plan.read()
  while before < due do
    waiting.sleep(math.min(due - before, plan.look))
    local now = plan.read()
    if now < before then due = plan.anew(now) end
    before = now
  end
  return due
end

local function go_on(timer)
  local plan, due = timer.plan, timer.plan.first
  while not timer.is_cancelled do
    due = sleep_until(plan, due)
    local now = plan.read()
    if now - due > plan.patience then
      due = skip(timer, due, now - plan.patience, "their time had passed")
    else
      plan.ran(due)
      run(timer, plan.to_unix(due))
      local after = plan.after(due)
      local ended = plan.read()
      due = not timer.is_cancelled and after <= ended
        and skip(timer, after, ended, "the run before was under way") or after
    end
  end
end

local function new(text, plan, fn, options)
  local timer = setmetatable({ text = text, plan = plan, fn = fn, runs = 0,
    skipped = 0, on_event = options and options.on_event }, mt)
  timer.task = tasks.spawn(go_on, timer)
  return timer
end

local function check(fn, options)
  if type(fn) ~= "function" then
    blame.raise("function to run expected, got " .. type(fn))
  end
  if options ~= nil and type(options) ~= "table" then
    blame.raise("options expected, got " .. type(options))
  end
  for name, value in pairs(options or {}) do
    if name ~= "on_event" then
      blame.raise(("unknown option '%s'; on_event"):format(tostring(name)))
    elseif type(value) ~= "function" then
      blame.raise("bad option 'on_event': function expected, got "
        .. type(value))
    end
  end
end

local function seconds_of(interval)
  local seconds = schedule.interval(interval) or interval
  if type(seconds) ~= "number" or not (seconds >= limits.seconds_min)
      or seconds > limits.option_max then
    blame.raise(("'%s' is no interval: write it as '30s', '5m', '1h' or '1d',"
      .. " or as a number of seconds"):format(tostring(interval)))
  end
  return seconds
end

--- Runs a function every so often, the first time when that has passed. It goes
--- by the clock that nobody sets. A time that comes while the run before is
--- under way, or is over by a tenth when it can be kept, is skipped, and said.
---@param interval string|number such as "5m"; s, m, h, d and w; or seconds
---@param fn etoro.Due
---@param options? etoro.TimerOptions
---@return etoro.Timer
function M.every(interval, fn, options)
  local seconds = seconds_of(interval)
  check(fn, options)
  local clock = scheduler.clock()
  local function after(due) return due + seconds end
  return new("every " .. tostring(interval), {
    read = clock.now, after = after, anew = after, first = after(clock.now()),
    look = seconds, ran = function() end,
    patience = math.min(seconds / 10, limits.timer_late),
    to_unix = function(due) return clock.unix() - (clock.now() - due) end,
  }, fn, options)
end

-- The times at which it has run of late, so that none comes twice where a clock
-- was set back.
local function memory()
  local has_run, list = {}, {} -- in order: the earliest is forgotten first
  return has_run, function(due)
    has_run[due] = true
    local at = #list + 1
    while at > 1 and list[at - 1] > due do at = at - 1 end
    table.insert(list, at, due)
    if #list > limits.timer_runs_kept then
      has_run[table.remove(list, 1)] = nil
    end
  end
end

--- Runs a function at times of days. An hour that comes twice counts once, the
--- first time; one that the clocks pass over counts at its end. A time that
--- comes while the run before is under way, or is over for a minute when it can
--- be kept (the machine slept, the clock was set), is skipped, and said.
---@param text string such as "Mon-Fri 09:30,15:30 America/New_York"; every day
---and UTC unless it says otherwise
---@param fn etoro.Due
---@param options? etoro.TimerOptions
---@return etoro.Timer? timer
---@return etoro.Error? err this machine has no time zones
function M.at(text, fn, options)
  local days, message, is_machine = schedule.read(text)
  if not days and is_machine then
    return nil, errors.new { kind = "invalid", code = "no_time_zones",
      message = message }
  elseif not days then
    blame.raise(message)
  end
  check(fn, options)
  local clock, has_run, ran = scheduler.clock(), memory()
  local function after(due)
    repeat due = days:next(due) until not has_run[due]
    return due
  end
  return new("at " .. text, {
    read = clock.unix, after = after, anew = after, first = after(clock.unix()),
    look = clock.may_be_set and limits.timer_look or math.huge, ran = ran,
    patience = limits.timer_late, to_unix = function(due) return due end,
  }, fn, options)
end

return M
