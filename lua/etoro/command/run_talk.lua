-- Asking a run, through the socket beside its state.

local core = require "etoro.core"
local json = require "etoro.values.json"
local limits = require "etoro.values.limits"
local run_control = require "etoro.command.run_control"
local run_limits = require "etoro.values.run_limits"
local terminal = require "etoro.command.terminal"
local waiting = require "etoro.tasks.waiting"

local has_native, native = pcall(require, "etoro.terminal")

local M = {}

---@class etoro.command.Talk
---@field socket userdata
---@field text string what has come and is no whole line yet
local talk = {}
talk.__index = talk
talk.__name = "etoro.command.run_talk"

local function connect(path, ends)
  local socket, problem, why
  repeat
    socket, problem, why = native.control.connect(path)
    if why ~= "again" then break end -- else too many ask at once
    waiting.sleep(limits.shared_tick)
  until core.monotonic() > ends
  return socket, problem, why
end

--- Asks the run of a state.
---@param state string path
---@param asked { ask: "status"|"halt"|"resume", close?: boolean }
---@return etoro.command.Talk?
---@return string? problem
---@return "absent"|"again"|"failed"|nil why absent: there is no run
function M.ask(state, asked)
  if not has_native then return nil, "etoro.terminal is not built", "failed" end
  local socket, problem, why = connect(run_control.path(state),
    core.monotonic() + run_limits.command_control_wait)
  if not socket then return nil, problem, why end
  -- a line fits into what a socket takes at once
  local count
  count, problem, why = socket:send(json.show(asked) .. "\n")
  if not count then return nil, problem, why end
  return setmetatable({ socket = socket, text = "" }, talk)
end

--- The next answer.
---@param seconds number that it is waited for
---@return table? answer nil where none comes in that time
---@return boolean? has_ended
function talk:answer(seconds)
  local ends = core.monotonic() + seconds
  repeat
    local line, rest = self.text:match "^([^\n]*)\n(.*)$"
    if line then
      self.text = rest
      return json.decode(line, true)
    end
    local piece, _, why = self.socket:receive()
    if piece == "" or why == "failed" then return nil, true end
    self.text = self.text .. (piece or "")
    if not piece then
      terminal.wait_for(self.socket:fd(), ends - core.monotonic())
    end
  until core.monotonic() > ends
end

function talk:close() self.socket:close() end

talk.__close = talk.close

return M
