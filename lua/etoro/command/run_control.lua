-- The socket beside a run's state, by which etoro status, halt and resume speak to
-- it: each asks one thing, as a line of JSON, and is answered with lines of JSON.

local core = require "etoro.core"
local json = require "etoro.values.json"
local limits = require "etoro.values.limits"
local run_limits = require "etoro.values.run_limits"
local tasks = require "etoro.tasks"
local values_kept = require "etoro.values.kept"
local waiting = require "etoro.tasks.waiting"

local tostring = core.text -- not up to the locale

local has_native, native = pcall(require, "etoro.terminal")

local M = {}

---@class etoro.command.RunServer
---@field path string
---@field file etoro.command.RunFile
---@field control etoro.StrategyControl
---@field count integer who is being answered
---@field tasks table<etoro.Task, true> weak; those that go on
local server = {}
server.__index = server
server.__name = "etoro.command.run_control"

--- Where the socket of a run lies: beside its state, under a name that an address
--- of a socket can hold.
---@param state string
---@return string path
function M.path(state)
  local folder, name = state:match "^(.*/)([^/]*)$"
  folder, name = folder or "", name or state
  if #name > run_limits.command_socket_name then
    name = "run-" .. core.fingerprint(core.secret(name))
  end
  return folder .. name .. ".sock"
end

-- A line, as it comes; nil where none does in time.
local function read_line(socket, ends)
  local text = ""
  repeat
    local piece, _, why = socket:receive()
    if piece == "" or why == "failed" then return nil end
    text = text .. (piece or "")
    local line = text:match "^([^\n]*)\n"
    if line or #text > run_limits.command_control_line then return line end
    waiting.sleep(limits.shared_tick)
  until core.monotonic() > ends
end

-- What is not read in time is not sent.
local function say(socket, shape)
  local text, at = json.show(shape) .. "\n", 1
  local ends = core.monotonic() + run_limits.command_control_wait
  while at <= #text and core.monotonic() < ends do
    local count, _, why = socket:send(text, at)
    if why == "failed" then return end
    at = at + (count or 0)
    if not count then waiting.sleep(limits.shared_tick) end
  end
end

local ASKED = {}

local function standing(self)
  local shape = self.control:standing()
  shape.account, shape.portfolio = self.place, self.file.portfolio
  return shape
end

function ASKED.status(self, socket)
  local shape = standing(self)
  shape.kind = "status"
  say(socket, shape)
end

function ASKED.halt(self, socket, asked)
  local done, problem = values_kept.write(self.file.halt, asked.close and "close"
    or "halt")
  if not done then return say(socket, { kind = "failed", message = problem }) end
  self.control:look()
  local shape = standing(self)
  shape.kind = "halted"
  say(socket, shape)
  if not asked.close then return end
  local closed, err = self.control:close_all()
  shape = standing(self)
  shape.kind, shape.closed = "closed", json.list(closed)
  shape.message = err and tostring(err)
  say(socket, shape)
end

function ASKED.resume(self, socket)
  self.control:look()
  local shape = standing(self)
  shape.kind = "resumed"
  say(socket, shape)
end

-- Answers one who has connected. What comes is as untrusted as a file.
local function answer(self, socket)
  local _ <close> = socket
  local line = read_line(socket, core.monotonic() + run_limits.command_control_wait)
  local asked = line and json.decode(line, true)
  local act = type(asked) == "table" and ASKED[asked.ask]
  if act then return act(self, socket, asked) end
  say(socket, { kind = "failed", message = "nothing that a run is asked" })
end

local function serve(self, socket)
  self.count = self.count + 1
  local _ <close> = setmetatable({}, { __close = function()
    self.count = self.count - 1
  end })
  pcall(answer, self, socket) -- what goes wrong with one costs the run nothing
end

-- Takes those in who have connected, as many as can be answered at once.
local function follow(self)
  while true do
    local socket = self.count < run_limits.command_control_most and self.socket:accept()
    if socket then
      self.tasks[tasks.spawn(serve, self, socket)] = true
    else
      waiting.sleep(limits.wait_slice)
    end
  end
end

-- Its end: nobody finds it any more.
function server:__close()
  for task in pairs(self.tasks) do task:cancel() end
  self.socket:close()
  os.remove(self.path)
end

--- Listens for a run, as long as what this gives is open. Where that cannot be, the
--- files beside its state halt it all the same.
---@param file etoro.command.RunFile
---@param place "demo"|"real"
---@param control etoro.StrategyControl
---@return etoro.command.RunServer?
---@return string? message why nobody can speak to it
function M.open(file, place, control)
  if not has_native then return nil, "etoro.terminal is not built" end
  local path = M.path(file.state)
  local socket, problem = native.control.listen(path)
  if not socket then return nil, ("%s: %s"):format(path, problem) end
  local self = setmetatable({ path = path, file = file, place = place,
    control = control, socket = socket, count = 0,
    tasks = setmetatable({}, { __mode = "k" }) }, server)
  self.tasks[tasks.spawn(follow, self)] = true
  return self
end

return M
