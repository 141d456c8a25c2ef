-- Programs of Debian that a spec needs. Where one is missing though the
-- distribution has it, that is a fault of the machine and the spec fails; where
-- the distribution has none, the spec is pending.
local process = require "spec.support.process"

local M = {}

--- Whether the distribution has a package.
---@param package string
function M.is_packaged(package)
  if not process.find "apt-cache" then return false end
  local done = process.run { "apt-cache", "show", "--no-all-versions", package }
  return done.code == 0 and done.stdout:find "^Package:" ~= nil
end

--- Why the spec has to be left out, nil where it has not.
---@param package string
---@param is_there any whether it is installed
---@return string? reason
function M.lacks(package, is_there)
  if is_there then return nil end
  if M.is_packaged(package) then
    error(package .. " is not installed: `make deps` does it", 0)
  end
  return package .. " is not packaged here"
end

return M
