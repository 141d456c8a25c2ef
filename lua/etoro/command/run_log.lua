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
  return setmetatable({ path = path, file = file, size = file:seek "end" }, log)
end

-- Where there can be no new one, the old one goes on.
local function turn(self)
  os.rename(self.path, self.path .. ".1")
  local file = io.open(self.path, "ab")
  if not file then
    self.size = 0
    return
  end
  self.file:close()
  self.file, self.size = file, file:seek "end"
end

--- Writes a note. A full disk is no reason for a run to end.
---@param note table
function log:write(note)
  local line = ("%s  %-7s  %s"):format(times.format(note.time), note.kind,
    output.clean(note.text))
  if self.size + #line >= run_limits.command_log_max then turn(self) end
  self.file:write(line, "\n")
  self.file:flush()
  self.size = self.size + #line + 1
end

function log:close() self.file:close() end

return M
