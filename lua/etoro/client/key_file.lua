-- Keys that lie in files.

local core = require "etoro.core"
local errors = require "etoro.errors"

local M = {}

local OTHERS = 63 -- the bits of a mode that are not the owner's: 077

local function quoted(path)
  return "'" .. path:gsub("'", "'\\''") .. "'"
end

--- Reads the key that an option names the file of.
---@param option string
---@param path string
---@param warnings string[] gets a sentence when others can use the file
---@return userdata? key
---@return etoro.Error? err
function M.read(option, path, warnings)
  local key, found = core.secret_file(path)
  if not key then
    return nil, errors.new {
      kind = "auth", code = "key_file",
      message = ("%s '%s': %s"):format(option, path, found),
    }
  end
  if found & OTHERS ~= 0 then
    warnings[#warnings + 1] = ("%s '%s' is open to others than its owner (mode"
      .. " %04o). Close it: chmod 600 %s"):format(option, path, found,
      quoted(path))
  end
  return key
end

return M
