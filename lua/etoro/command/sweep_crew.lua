-- The processes that share a sweep: each runs every so-manieth combination. One
-- that is killed is told with what it ran, and another goes on behind that.

local core = require "etoro.core"
local exits = require "etoro.command.exits"
local json = require "etoro.values.json"
local run_limits = require "etoro.values.run_limits"

local tostring = core.text -- not up to the locale

local has_native, native = pcall(require, "etoro.terminal")

local M = { WORD = "--sweep-worker" }

---@class etoro.command.SweepWorker
---@field pid integer
---@field fd integer
---@field first integer
---@field text string what it has told of a line
---@field runs? integer what it is at

---@class etoro.command.SweepCrew
---@field job etoro.command.SweepJob
---@field list etoro.command.SweepWorker[]
---@field step integer
---@field count integer number of the last run
---@field heard table<string, fun(...)> hello(base), one(number, run)
local crew = {}
crew.__index = crew

local function quoted(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

-- This program once more, with the word that makes a worker of it.
local function command()
  local first, words = 0, {}
  while arg[first - 1] do first = first - 1 end
  for i = first, 0 do words[#words + 1] = quoted(arg[i]) end
  return "exec " .. table.concat(words, " ") .. " " .. M.WORD
end

local function start(self, first)
  local job = {}
  for name, value in pairs(self.job) do job[name] = value end
  job.first, job.step = first, self.step
  local pid, fd = native.start_worker(command(), json.encode(job))
  if not pid then
    exits.exit(exits.FAILED, "a worker cannot be started: " .. tostring(fd))
  end
  self.list[#self.list + 1] = { pid = pid, fd = fd, first = first, text = "" }
end

--- Starts workers.
---@param job etoro.command.SweepJob
---@param wanted { first: integer, step: integer, count: integer, workers: integer }
---@param heard table<string, fun(...)>
---@return etoro.command.SweepCrew
function M.new(job, wanted, heard)
  if not has_native then
    exits.exit(exits.FAILED, "etoro.terminal is not built: no worker can be started")
  end
  local runs = (wanted.count - wanted.first) // wanted.step + 1
  local workers = math.min(wanted.workers, runs)
  local self = setmetatable({ job = job, list = {}, heard = heard,
    step = wanted.step * workers, count = wanted.count }, crew)
  for w = 1, workers do start(self, wanted.first + (w - 1) * wanted.step) end
  return self
end

--- How many processors there are.
---@return integer
function M.processors() return has_native and native.processors() or 1 end

local function take_line(self, worker, line)
  local told = json.decode(line, true)
  if type(told) ~= "table" then
    exits.exit(exits.FAILED, "a worker tells what is no JSON: " .. line:sub(1, 100))
  elseif told.fatal then
    exits.exit(told.kind == "invalid" and exits.USAGE or exits.FAILED, told.fatal)
  elseif told.hello then
    self.heard.hello(told.hello)
  elseif told.begins then
    worker.runs = told.begins
  elseif told.ends then
    worker.runs, worker.behind = nil, told.ends
    self.heard.one(told.ends, told.one)
  end
end

local function take_text(self, worker, text)
  text = worker.text .. text
  local at = 1
  for line, behind in text:gmatch "([^\n]*)\n()" do
    take_line(self, worker, line)
    at = behind
  end
  worker.text = text:sub(at)
  if #worker.text > run_limits.sweep_line then
    exits.exit(exits.FAILED, "a worker tells a line without an end")
  end
end

local function code_of(worker)
  native.close(worker.fd)
  local code = native.hook_ended(worker.pid)
  while not code do
    native.wait_any({}, run_limits.sweep_look)
    code = native.hook_ended(worker.pid)
  end
  return code
end

-- A worker has ended; where it should not have, another takes its place behind
-- the run that it was at.
local function take_end(self, worker)
  for i, one in ipairs(self.list) do
    if one == worker then table.remove(self.list, i) break end
  end
  local code = code_of(worker)
  local next_one = worker.behind and worker.behind + self.step or worker.first
  -- one that is killed between two runs may have begun what it could not tell of
  local lost = worker.runs or code ~= 0 and worker.behind and next_one
  if lost and lost <= self.count then
    self.heard.one(lost, { error = code > 128
      and ("its process was killed by signal %d"):format(code - 128)
      or ("its process ended with code %d"):format(code) })
    next_one = lost + self.step
  elseif code ~= 0 and not worker.behind then
    exits.exit(exits.FAILED, ("a worker ended before its first run, with %s %d")
      :format(code > 128 and "signal" or "code", code > 128 and code - 128 or code))
  end
  if next_one <= self.count then start(self, next_one) end
end

--- Hears what workers tell, for a moment.
---@return boolean is_busy whether any is left
function crew:look()
  local fds = {}
  for i, worker in ipairs(self.list) do fds[i] = worker.fd end
  if #fds == 0 then return false end
  native.wait_any(fds, run_limits.sweep_look)
  for _, worker in ipairs(table.move(self.list, 1, #self.list, 1, {})) do
    local text = native.read_some(worker.fd)
    if not text then
      take_end(self, worker)
    elseif text ~= "" then
      take_text(self, worker, text)
    end
  end
  return #self.list > 0
end

--- Ends what is left of them.
function crew:close()
  for _, worker in ipairs(self.list) do
    native.kill_hook(worker.pid)
    code_of(worker)
  end
  self.list = {}
end

crew.__close = crew.close


return M
