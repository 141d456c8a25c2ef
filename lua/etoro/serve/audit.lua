-- What was asked and answered, a line of JSON each, in a file that its owner
-- alone may read. No key is in it.

local core = require "etoro.core"
local errors = require "etoro.errors"
local json = require "etoro.values.json"
local times = require "etoro.values.times"

local tostring = core.text -- not up to the locale

local M = {}

---@class etoro.ServeAudit
---@field path string
local audit = {}
audit.__index = audit
audit.__name = "etoro.serve.audit"

local function failed(path, message)
  return nil, errors.new { kind = "invalid", code = "audit",
    message = ("the audit file cannot be written, and nothing is done "
      .. "without it: %s"):format(tostring(message or path)) }
end

--- Opens the file, which has to be there.
---@param path string
---@return etoro.ServeAudit? audit
---@return etoro.Error? err
function M.open(path)
  local file, message = io.open(path, "ab")
  if not file then return failed(path, message) end
  return setmetatable({ path = path, file = file }, audit)
end

--- Writes a line. What it cannot keep must not happen.
---@param entry table
---@return true? done
---@return etoro.Error? err
function audit:write(entry)
  entry.time = times.format(os.time())
  local ok, message = self.file:write(json.show(entry), "\n")
  if ok then ok, message = self.file:flush() end
  if not ok then return failed(self.path, message) end
  return true
end

function audit:close() self.file:close() end

return M
