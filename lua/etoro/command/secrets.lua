-- Where a new token's secret goes: a file of its own. It is made before the
-- token is, because the API tells a secret only once.

local core = require "etoro.core"
local exits = require "etoro.command.exits"
local has_native, native = pcall(require, "etoro.terminal")

local tostring = core.text -- not up to the locale

local methods = {}
local mt = { __name = "etoro.command.secret", __index = methods }
local M = {}

--- Makes the file, which must not be there yet.
---@param path string
---@return table file file:keep(secret), file:discard()
function M.reserve(path)
  if not has_native then
    exits.exit(exits.FAILED, "etoro.terminal is not built: no secret can be"
      .. " kept in a private file")
  end
  local ok, message = native.create_private(path)
  if not ok then exits.exit(exits.USAGE, message) end
  return setmetatable({ path = path }, mt)
end

--- Writes the secret; without one the file goes again.
---@param secret? userdata
function methods:keep(secret)
  if not secret then return self:discard() end
  local file, message = io.open(self.path, "wb")
  local ok = file and file:write(secret:reveal(), "\n") and file:close()
  if not ok then
    exits.exit(exits.FAILED, ("the token was made, but its secret could not"
      .. " be written (%s): revoke it"):format(tostring(message or self.path)))
  end
end

--- Calls the function that makes the token; where there is none the file goes
--- again.
---@return any value
---@return any err
function methods:guard(make, ...)
  local ok, value, err = pcall(make, ...)
  if not ok or value == nil then self:discard() end
  if not ok then error(value, 0) end
  return value, err
end

function methods:discard()
  os.remove(self.path)
end

return M
