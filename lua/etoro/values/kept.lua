-- Files that a program keeps for its next start: JSON, written whole beside and
-- moved into place, so that there is always one that can be read.

local core = require "etoro.core"

local tostring = core.text -- not up to the locale

local M = {}

--- Reads a file.
---@param path string
---@return table? value
---@return "absent"|"unreadable"|"broken"|nil why
---@return string? message of the system
function M.read(path)
  local file, problem, code = io.open(path, "rb")
  if not file then
    if code == 2 then return nil, "absent" end -- ENOENT
    return nil, "unreadable", tostring(problem)
  end
  local text = file:read "a"
  file:close()
  local value = text and core.decode(text, true, true) -- what was kept in plain stays so
  if type(value) ~= "table" then return nil, "broken" end
  return value
end

--- Writes a text into a file, with a line end, and waits until it is on the disk.
---@param path string
---@param text string
---@return true? done
---@return string? message
function M.write(path, text)
  local done, message = core.write_file(path, text .. "\n")
  return done, message
end

return M
