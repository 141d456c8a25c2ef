-- What ends the reading of a command line before its end: help, the version, or
-- a fault.

local M = {}

---@class etoro.command.Stop
---@field help? string
---@field is_version? boolean
---@field is_sandbox? boolean the sandbox's own help is asked for
---@field message? string what is wrong
---@field usage? string of the command that it is wrong for
local mt = { __name = "etoro.command.stop" }

--- Ends it: what reads the line catches this.
---@param what etoro.command.Stop
function M.now(what) error(setmetatable(what, mt), 0) end

--- Whether that was raised by `now`.
---@param raised any
---@return boolean
function M.is(raised) return getmetatable(raised) == mt end

return M
