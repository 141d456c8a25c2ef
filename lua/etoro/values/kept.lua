-- Files that a program keeps for its next start: JSON, written whole beside and
-- moved into place, so that there is always one that can be read.

local core = require "etoro.core"
local json = require "etoro.values.json"

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
  local value = text and json.decode(text, true)
  if type(value) ~= "table" then return nil, "broken" end
  return value
end

--- Writes a text into a file, with a line end.
---@param path string
---@param text string
---@return true? done
---@return string? message
function M.write(path, text)
  local beside = path .. ".new"
  local file, problem = io.open(beside, "wb")
  local ok = file
  if file then
    ok, problem = file:write(text, "\n")
    local closed, why = file:close()
    if ok and not closed then ok, problem = nil, why end
  end
  if ok then ok, problem = os.rename(beside, path) end
  if ok then return true end
  return nil, tostring(problem)
end

return M
