-- --notify: what a run notes goes to a command, or to a webhook. Neither of them
-- is waited for; notes that come too fast for one are counted, and left out.

local core = require "etoro.core"
local exits = require "etoro.command.exits"
local json = require "etoro.values.json"
local limits = require "etoro.values.limits"
local run_limits = require "etoro.values.run_limits"
local run_show = require "etoro.command.run_show"
local terminal = require "etoro.command.terminal"
local user_agent = require "etoro.values.user_agent"
local waiting = require "etoro.tasks.waiting"

local tostring = core.text -- not up to the locale

local has_native, native = pcall(require, "etoro.terminal")

local M = {}

---@class etoro.command.Hook
---@field name string what it is called; nothing of a command or path is told
---@field queue string[] notes as JSON that wait
---@field lost integer notes that were left out
---@field busy? { since: number, pid?: integer, job?: userdata }
---@field is_failing? boolean its failure has been told
---@field start fun(text: string): table?, string?
---@field look fun(busy: table): boolean, string? whether it has ended, and what was wrong
---@field kill fun(busy: table)

---@class etoro.command.Hooks
---@field list etoro.command.Hook[]
local hooks = {}
hooks.__index = hooks
hooks.__name = "etoro.command.hooks"

-- A command, run by a shell, with the note on its stdin.
local function command_hook(text, is_quiet)
  if not has_native then
    exits.exit(exits.FAILED, "etoro.terminal is not built: --notify runs no command")
  end
  return {
    name = "the command of --notify",
    start = function(note)
      local pid, problem = native.start_hook(text, note .. "\n", is_quiet)
      return pid and { pid = pid }, problem
    end,
    look = function(busy)
      local code = native.hook_ended(busy.pid)
      if not code then return false end
      return true, code ~= 0 and "it ended with " .. tostring(code) or nil
    end,
    kill = function(busy)
      native.kill_hook(busy.pid)
      native.hook_ended(busy.pid)
    end,
  }
end

local function result_of(job)
  local status, code = job:outcome()
  if code then return "it could not be reached (" .. code .. ")" end
  return (status < 200 or status > 299) and ("HTTP %d"):format(status) or nil
end

-- A webhook: a POST by our own transport, through a client without any key.
local function url_hook(url)
  local origin, target = url:match "^(https?://[^/?#]+)([^#]*)"
  local base, problem = core.base(origin or url)
  if not base or origin:find("@", 1, true) then
    exits.exit(exits.USAGE, "--notify: the URL cannot be used: "
      .. (problem or "it holds a user"))
  end
  local engine = waiting.of().engine
  local handle, message = engine:client { base_url = origin,
    user_agent = user_agent, connect_timeout = run_limits.command_notify_time }
  if not handle then exits.exit(exits.USAGE, "--notify: " .. message) end
  if not target:find "^/" then target = "/" .. target end
  return {
    name = "the webhook at " .. origin:gsub("^https?://", ""),
    start = function(note)
      local job, why = engine:submit(handle, { method = "POST", target = target,
        body = note, content_type = "application/json",
        timeout = run_limits.command_notify_time,
        deadline = run_limits.command_notify_time })
      return job and { job = job }, why
    end,
    look = function(busy)
      if not busy.job:done() then return false end
      return true, result_of(busy.job)
    end,
    kill = function(busy) busy.job:cancel() end,
  }
end

--- Makes the hooks that a command line names.
---@param words string[] commands and URLs
---@param is_quiet? boolean what commands print is not shown: a table stands there
---@return etoro.command.Hooks
function M.open(words, is_quiet)
  local self = setmetatable({ list = {} }, hooks)
  for i, word in ipairs(words) do
    if not word:find "[^ \t\r\n]" then
      exits.exit(exits.USAGE, "--notify takes a command or a URL")
    end
    local hook = word:find "^[A-Za-z][A-Za-z0-9+.-]*://" and url_hook(word)
      or command_hook(word, is_quiet)
    hook.queue, hook.lost = {}, 0
    self.list[i] = hook
  end
  return self
end

--- Has a note told. What a strategy logs is for its log.
---@param note table
function hooks:add(note)
  if note.kind == "log" or not self.list[1] then return end
  local text = json.show(run_show.note_shape(note))
  for _, hook in ipairs(self.list) do
    if #hook.queue < run_limits.command_notify_queue then
      hook.queue[#hook.queue + 1] = text
    else
      hook.lost = hook.lost + 1
    end
  end
end

-- A failure is told once, until it works again.
local function tell(hook, problem)
  if problem and not hook.is_failing then
    terminal.say(("warning: %s did not take a note: %s"):format(hook.name, problem))
  end
  hook.is_failing = problem ~= nil
end

local function tell_lost(hook)
  if hook.lost == 0 then return end
  terminal.say(("warning: %s was told %d notes less than there were"):format(
    hook.name, hook.lost))
  hook.lost = 0
end

local function look(hook)
  local busy = hook.busy
  local has_ended, problem = hook.look(busy)
  if not has_ended and core.monotonic() - busy.since > run_limits.command_notify_time then
    hook.kill(busy)
    has_ended, problem = true, "it took too long"
  end
  if has_ended then
    hook.busy = nil
    tell(hook, problem)
  end
end

-- One look at a hook: what it does ends, or the next note is begun with.
local function step(hook)
  if hook.busy then look(hook) end
  if hook.busy then return true end
  local text = table.remove(hook.queue, 1)
  if not text then
    tell_lost(hook)
    return false
  end
  local busy, problem = hook.start(text)
  if busy then
    busy.since = core.monotonic()
    hook.busy = busy
  else
    tell(hook, tostring(problem))
  end
  return true
end

-- Whether any of them has something to do.
local function step_all(self)
  local is_busy = false
  for _, hook in ipairs(self.list) do is_busy = step(hook) or is_busy end
  return is_busy
end

--- Tells notes as they come, as a task.
function hooks:follow()
  while not self.is_closed do
    waiting.sleep(step_all(self) and limits.shared_tick or limits.wait_slice)
  end
end

-- What has not been told by now is not told any more.
local function give_up(hook)
  hook.lost = hook.lost + #hook.queue + (hook.busy and 1 or 0)
  hook.queue = {}
  if hook.busy then hook.kill(hook.busy) end
  hook.busy = nil
  tell_lost(hook)
end

--- Tells what still waits, for a while.
function hooks:finish()
  self.is_closed = true
  local ends = core.monotonic() + run_limits.command_notify_end
  while step_all(self) and core.monotonic() < ends do
    if (select(2, terminal.signal()) or 0) > 1 then break end
    waiting.sleep(limits.shared_tick)
  end
  for _, hook in ipairs(self.list) do give_up(hook) end
end

return M
