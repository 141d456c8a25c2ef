-- The log of a run: its notes, a line each, in a file of its own. One that gets
-- too long is moved aside, in place of the one before it.

local core = require "etoro.core"
local exits = require "etoro.command.exits"
local output = require "etoro.command.output"
local run_limits = require "etoro.values.run_limits"
local times = require "etoro.values.times"

local tostring = core.text -- not up to the locale

---@class etoro.command.RunLog
---@field path string
local log = {}
log.__index = log
log.__name = "etoro.command.run_log"

local M = {}

--- Opens a log; ends the command where that cannot be.
---@param path string
---@return etoro.command.RunLog
function M.open(path)
  local file, problem = io.open(path, "ab")
  if not file then
    exits.exit(exits.USAGE, "the log cannot be written: " .. tostring(problem))
  end
  file:close()
  return setmetatable({ path = path }, log)
end

--- Writes a note. A full disk is no reason for a run to end. The file is opened for
--- each: somebody else may have moved it aside, or taken it away.
---@param note table
function log:write(note)
  local file = io.open(self.path, "ab")
  if not file then return end
  local line = ("%s  %-7s  %s"):format(times.format(note.time), note.kind,
    output.clean(note.text))
  if file:seek "end" + #line >= run_limits.command_log_max then
    file:close()
    os.rename(self.path, self.path .. ".1") -- where that cannot be, the old one goes on
    file = io.open(self.path, "ab")
    if not file then return end
  end
  file:write(line, "\n")
  file:close()
end

return M
