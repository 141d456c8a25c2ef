-- Commands that run beside each other, each with an end, in tasks made of
-- coroutines over luv.

local uv = require "luv"

local M = {}

--- Runs jobs in so many tasks at a time until none is left.
---@param width integer
---@param work fun(slot: integer) called as a task, once a slot
function M.tasks(width, work)
  local failure
  for slot = 1, width do
    local thread = coroutine.create(work)
    local ok, message = coroutine.resume(thread, slot)
    if not ok then failure = debug.traceback(thread, message) end
  end
  M.on_failure = function(message) failure = failure or message end
  uv.run()
  if failure then error(failure, 0) end
end

local function environment(changes)
  local all, list = uv.os_environ(), {}
  for name, value in pairs(changes) do all[name] = value or nil end
  for name, value in pairs(all) do list[#list + 1] = name .. "=" .. value end
  return list
end

local function collect(pipe, into)
  pipe:read_start(function(_, data)
    if data then
      into[#into + 1] = data
    elseif not pipe:is_closing() then
      pipe:close()
    end
  end)
end

--- Runs a command to its end inside a task. It, and all it started, is killed
--- when its time is over.
---@param argv string[]
---@param options { cwd?: string, env?: table, seconds?: number }
---@return integer code 124 when its time was over
---@return string output
function M.run(argv, options)
  local thread = coroutine.running()
  local out, seconds = {}, options.seconds or 600
  local args = { "-k", "5", ("%d"):format(seconds), table.unpack(argv) }
  local stdout, stderr = uv.new_pipe(false), uv.new_pipe(false)
  local handle, pid
  handle, pid = uv.spawn("timeout", {
    args = args, cwd = options.cwd, env = environment(options.env or {}),
    stdio = { nil, stdout, stderr },
  }, function(code, signal)
    handle:close()
    local ok, message = coroutine.resume(thread, signal > 0 and 128 + signal
      or code, table.concat(out))
    if not ok then
      M.on_failure(debug.traceback(thread, message))
      uv.stop()
    end
  end)
  if not handle then error("timeout: " .. tostring(pid)) end
  collect(stdout, out)
  collect(stderr, out)
  return coroutine.yield()
end

return M
