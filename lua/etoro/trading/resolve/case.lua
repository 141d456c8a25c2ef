-- One write whose outcome is to be found out: what was asked, what was seen
-- since, and how much time is left. All its calls count towards the one
-- deadline of the call they are made for.

local errors = require "etoro.errors"
local limits = require "etoro.values.limits"
local looks = require "etoro.tasks.looks"
local merged = require "etoro.values.merged"
local order_answer = require "etoro.trading.order.answer"
local routes = require "etoro.trading.routes"
local server_clock = require "etoro.call.server_clock"

local M = {}

---@class etoro.Uncertain
---@field op etoro.Operation
---@field account "demo"|"real" whose routes tell about it
---@field params table<string, string> path values as text
---@field body? table as sent
---@field started number engine clock, when the call began
---@field closing? etoro.Closing of one that closes a position
---@field again fun(options: table, is_urgent?: boolean): any, any
---sends the same request once more

---@class etoro.Case: etoro.Uncertain
---@field client etoro.Client
---@field err etoro.Error what the call would give otherwise
---@field options etoro.RequestOptions
---@field looks table[] what was seen, in order
---@field resends integer
---@field last_look_at number when what there is to be seen should be gathered,
---for there may be no more time for it
---@field ended_at number when its last attempt without an answer ended
---@field settled_at number from when on nothing of it can be under way
---@field is_clock_off? boolean this machine's clock does not tell when it began
---@field is_anchored? boolean the server's does
local methods = {}
local mt = { __name = "etoro.case", __index = methods }

---@param client etoro.Client
---@param call etoro.Uncertain
---@param err etoro.Error
---@param options etoro.RequestOptions
---@return etoro.Case
function M.new(client, call, err, options)
  local case = merged({
    client = client, err = err, options = options, looks = {}, resends = 0,
    pace = looks.pace "lost",
  }, call)
  local deadline = client:deadline(options)
  case.deadline_at = call.started + deadline
  case.last_look_at = call.started + 0.9 * deadline
  setmetatable(case, mt)
  case:unsettle(err.ended or call.started)
  return case
end

--- An attempt ended without an answer: from now on it may still be under way
--- somewhere, for as long as `settle`.
---@param ended number engine clock
function methods:unsettle(ended)
  self.ended_at = ended
  self.settled_at = ended + (self.options.settle or limits.default_settle)
  self.pace:restart()
end

function methods:now() return self.client:now() end

function methods:left() return self.deadline_at - self:now() end

--- Whether an attempt without an answer has either done its work by now or
--- never will.
function methods:is_settled() return self:now() >= self.settled_at end

--- Whether what such an attempt did would show by now: the account's views run
--- some seconds behind, so that as much time again has to pass.
function methods:is_shown()
  return self:now() >= 2 * self.settled_at - self.ended_at
end

--- Whether this machine's clock is not to be trusted for it, by what it was or by an
--- answer now; where the server's time of it is known, its own does not matter.
---@param response etoro.Response
---@return boolean
function methods:doubts_clock(response)
  self.is_clock_off = not self.is_anchored and (self.is_clock_off
    or server_clock.is_off(self.client, response)) or false
  return self.is_clock_off
end

--- Whether nothing more can be asked: out of time, or the client is closed.
function methods:is_over()
  return self:left() <= 0 or self.client:is_closed() or self.is_stopped
end

-- Seconds that a call may take: a rate limit must not hold it past the moment
-- of the last look.
local function time_for(case)
  local now = case:now()
  return (now < case.last_look_at and case.last_look_at or case.deadline_at)
    - now
end

-- Failures that the next look will meet again.
local LASTING = { closed = true, cancelled = true, auth = true }

--- Reads from the account that the write belongs to. A lookup that answers
--- with another order has not answered.
---@param purpose etoro.Purpose
---@param params? table
---@return any result
---@return etoro.Response|etoro.Error
function methods:read(purpose, params)
  local op = routes.of(self.account, purpose)
  local result, response = self:ask(op, params)
  local fault = result ~= nil and purpose == "lookup"
    and order_answer.fault(result, params)
  if fault then return nil, errors.unexpected(fault, response, op) end
  return result, response
end

--- Makes a call that only reads, within the case's time.
---@param op etoro.Operation
---@param params? table
---@return any result
---@return etoro.Response|etoro.Error
function methods:ask(op, params)
  local left = time_for(self)
  if left <= 0 then return nil, self.err end
  local result, response = self.client:send(op, params, {
    deadline = left, timeout = self.options.timeout, priority = "order",
  }, { is_urgent = true })
  if result == nil and LASTING[response.kind] then self.is_stopped = true end
  return result, response
end

--- Sends the write again, under the request id it had.
---@return any result
---@return etoro.Response|etoro.Error
function methods:resend()
  local options = merged(self.options,
    { deadline = time_for(self), request_id = self.err.request_id })
  self.resends = self.resends + 1
  local result, response = self.again(options, true)
  if result == nil and response.kind == "unknown_outcome" then
    self:unsettle(response.ended or self:now())
  elseif result == nil and LASTING[response.kind] then
    self.is_stopped = true
  end
  return result, response
end

--- Remembers what was seen, for the error's evidence.
---@param fields table
function methods:note(fields)
  if #self.looks >= limits.evidence_looks then return end
  fields.after = self:now() - self.started
  self.looks[#self.looks + 1] = fields
end

--- Lets time pass before the next look: growing, but not past the moments at
--- which there is something to do.
function methods:pause()
  local now = self:now()
  local wait = math.min(self.pace:take(), self.deadline_at - now)
  for _, moment in ipairs { self.settled_at, self.last_look_at } do
    if now < moment then wait = math.min(wait, moment - now) end
  end
  -- a turn even where no time is left, so that clocks and tasks go on
  self.client:pause(math.max(wait, 0.001))
end

--- Ends with what is known: the call's result, with a warning on how.
---@param result any
---@param response etoro.Response of the call that told
---@param how string for response.warning
---@return any result
---@return etoro.Response
function methods:succeed(result, response, how)
  response.request_id = self.err.request_id
  response.attempts = (self.err.attempts or 1) + self.resends
  response.elapsed = self:now() - self.started
  self.client:warn(response, how)
  return result, response
end

--- Ends without an answer.
---@param message string what was tried
---@param hint string how to check by hand
---@param account? table what of the account may be its work
---@return nil
---@return etoro.Error
function methods:give_up(message, hint, account)
  local err = self.err
  err.kind, err.retryable, err.may_have_executed = "unknown_outcome", false,
    true
  err.message = err.message .. "; " .. message
  err.hint = hint
  err.asked = {
    operation = self.op.method .. " " .. self.op.path, params = self.params,
    body = self.body,
  }
  err.evidence = { lookups = self.looks, account = account }
  err.resends = self.resends
  return nil, err
end

return M
