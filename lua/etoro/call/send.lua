-- The one way out: a request of a client's becomes a job of the engine, is
-- waited for, and its outcome is read.

local await_job = require("etoro.tasks.await").job
local blame = require "etoro.values.blame"
local core = require "etoro.core"
local errors = require "etoro.errors"
local call_options = require "etoro.call.options"
local outcome = require "etoro.call.outcome"

-- Waits for a job. Gives an error when it cannot go on; re-raises what a
-- signal handler or a host's wait raised, with the job cancelled.
local function await(client, job)
  local renewal = client._renewal
  local failure = renewal and renewal:check(job)
  local ok, done = true, true
  if not failure then
    ok, done, failure = pcall(await_job, client._waiter, job,
      renewal and renewal:attendant(job))
  end
  if ok and done and not failure then return nil end
  job:cancel()
  if job:done() then job:outcome() end -- read, so that nobody waits for it
  if not ok then error(done, 0) end
  return failure or errors.closed()
end

-- The guard rail for what moves real money; needs no engine, and raises. A demo
-- account's is none.
local function guard(client, op)
  if client._account ~= "real" and not client._loopback
      and op.account ~= "demo" then
    blame.raise(("%s %s moves real money out of or into your account: make the"
      .. " client with account = \"real\" if you mean it"):format(op.method,
      op.path))
  end
end

local handles = setmetatable({}, { __mode = "k" }) -- by operation

-- What the core needs to know of an operation, once. One made for a single request
-- names the one that it is `like`.
local function handle_of(op)
  local method = op.method
  local handle = core.operation(method, op.class,
    method ~= "GET" and method ~= "HEAD" and not op.reads, op.pool, op.final)
  handles[op] = handle
  return handle
end

---@class etoro.Wire a request as it goes out
---@field target string path and query
---@field body? string
---@field content_type? string
---@field headers? string[] lines
---@field request_id? string where the options say none
---@field journal? userdata that it is announced to before it leaves
---@field intent? string the line that announces it

--- Sends a request and reads what comes back.
---@param client etoro.Client
---@param op etoro.Operation
---@param request etoro.Wire
---@param options etoro.RequestOptions checked
---@param is_urgent? boolean no retry budget slows it
---@return any result decoded answer; true when it has no body
---@return etoro.Response|etoro.Error
return function(client, op, request, options, is_urgent)
  if op.moves_money then guard(client, op) end
  if client._is_closed then return nil, errors.closed() end
  local settled = client._settings
  local deadline = options.deadline or settled.deadline
  if not (deadline > 0) then
    return nil, errors.new {
      kind = "timeout", code = "deadline",
      message = "the deadline has passed already; nothing was sent",
    }
  end
  local like = op.like or op
  local handle = handles[like] or handle_of(like)
  local job, message, kind = client._runtime.engine:submit(client._core,
    handle, request.target, request.body,
    request.content_type, request.headers,
    options.request_id or request.request_id,
    op.trade and call_options.priority(op, options.priority)
      or options.priority,
    options.timeout or settled.timeout, deadline,
    options.max_retries or settled.max_retries, is_urgent,
    request.intent and request, client._pool or nil)
  if not job then
    if kind == "closed" then return nil, errors.closed() end
    return nil, errors.invalid(nil, message)
  end
  if request.intent then -- what is sent again has been announced
    request.announced_by, request.journal, request.intent = job, nil, nil
  end
  local failure = await(client, job)
  if failure then return nil, failure end
  local journal = client._journal
  if journal then journal:hear(job) end
  return outcome.read(client._asker, op, job, options.keep_null)
end
