-- Tokens that a function gives: it is asked by one caller at a time, and the
-- client's other calls wait for what it gives.

local core = require "etoro.core"
local errors = require "etoro.errors"
local once = require "etoro.tasks.once"
local scheduler = require "etoro.tasks.scheduler"
local tasks = require "etoro.tasks.task"
local waiting = require "etoro.tasks.waiting"

-- not up to the locale
local tonumber, tostring = core.number, core.text

local M = {}

local WEAK_KEYS = { __mode = "k" }

-- The functions, and the last token that each gave where it may be asked for.
-- Kept here alone: what reaches a client reaches neither.
local functions = setmetatable({}, WEAK_KEYS)
local held_tokens = setmetatable({}, WEAK_KEYS)

---@class etoro.Renewal
---@field client etoro.Client
---@field once etoro.Once
---@field blocked table<table, true> weak: who waits outside of tasks
local methods = {}
local mt = { __index = methods }

local function error_of(message, job)
  if errors.is(message) then return message end
  return errors.new {
    kind = "auth", code = "access_token", message = message,
    request_id = job:request_id(),
  }
end

-- nil and a message when the function gives no token. It is given the last
-- one where the API has refused that before its time.
local function ask(client)
  local engine, held = client._runtime.engine, held_tokens[client]
  local is_refused = held and (not held.ends or held.ends > engine:unix())
  local ok, token, expires_at = pcall(functions[client],
    is_refused and held.token or nil)
  if not ok then
    local message = tostring(token)
    if message:find("interrupted!", 1, true) and not scheduler.current() then
      return nil, token, true
    end
    return nil, "the access_token function failed: " .. message
  elseif token == nil and errors.is(expires_at) then
    return nil, expires_at
  elseif type(token) ~= "string" and not core.is_secret(token) then
    return nil, "the access_token function gave no token"
      .. (expires_at and ": " .. tostring(expires_at) or "")
  end
  local lifetime = tonumber(expires_at) and expires_at - engine:unix() or 0
  local done, message = client._core:set_token(token,
    lifetime > 0 and lifetime or nil)
  if not done then return nil, message end
  if type(token) == "string" then token = core.secret(token) end
  held_tokens[client] = { token = token, ends = tonumber(expires_at) }
  return true
end

-- All that wait for the token now have waited in vain.
local function fail_waiting(self, message)
  scheduler.each_parked(function(entry)
    if entry.job:state() == "credential" then
      entry.failure = error_of(message, entry.job)
      entry.job:cancel()
    end
  end, self.client._waiter)
  for entry in pairs(self.blocked) do
    if entry.job:state() == "credential" then
      entry.failure = error_of(message, entry.job)
    end
  end
end

local function renew(self)
  local done, message, is_interrupt = self.once:run(ask, self.client)
  if is_interrupt then error(message, 0) end
  if not done then fail_waiting(self, message) end
end

--- Makes a function the source of a client's tokens.
---@param client etoro.Client
---@param give fun(refused: userdata?): any, any
---@return etoro.Renewal
function M.new(client, give)
  functions[client] = give
  local self = setmetatable({
    client = client, once = once.new(), blocked = setmetatable({}, WEAK_KEYS),
  }, mt)
  client._waiter.renewal = {
    is_needed = function()
      return client._core:wants_token() and not self.once:doer()
    end,
    start = function()
      local task = tasks.spawn_apart(function() renew(self) end,
        client._runtime.clock)
      self.once:leave_to(task.thread)
    end,
  }
  return self
end

--- An error when a call is made by the very function it would wait for.
---@param job userdata
---@return etoro.Error?
function methods:check(job)
  return self.once:is_own()
    and error_of("the access_token function called its own client", job) or nil
end

--- For a call that is about to block: what to do before each step. Gives true
--- to go on, "turned" when there is no need to step, or false and an error.
---@param job userdata
---@return fun(): boolean|"turned", etoro.Error?
function methods:attendant(job)
  local client = self.client
  -- a table stands for the job: a userdata as a weak key would still be there
  -- after its finalizer has run
  local entry = { job = job, failure = nil }
  self.blocked[entry] = true
  local function is_over()
    return entry.failure or not client._core:wants_token()
  end
  return function()
    if client._core:wants_token() then
      local renewer = self.once:doer()
      if not renewer then
        renew(self)
      elseif scheduler.of_thread(renewer) then
        -- it must have joined those who wait, for an error to reach it
        if job:state() == "budget" then client._runtime.engine:step(0) end
        waiting.turn(is_over)
        return not entry.failure and "turned", entry.failure
      end
    end
    return not entry.failure, entry.failure
  end
end

return M
