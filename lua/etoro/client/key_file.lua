-- Keys that lie in files, and in the environment.

local core = require "etoro.core"
local errors = require "etoro.errors"

local M = {}

local OTHERS = 63 -- the bits of a mode that are not the owner's: 077

local function quoted(path)
  return "'" .. path:gsub("'", "'\\''") .. "'"
end

-- What is told of a file that cannot be read. A text that is no path at first sight
-- may be the key itself, given where its file's name belongs.
local function unread(what, path, why)
  if path:find("[/.]") then return ("%s '%s': %s"):format(what, path, why) end
  return ("%s: %s; the name is not shown, for it may be a key itself"):format(what, why)
end

--- Reads a file of one line that nobody but its owner can use: what others can
--- write or read may be their key, or known to them.
---@param what string such as an option's name: what the messages begin with
---@param path string
---@return userdata? secret
---@return string? message
function M.open(what, path)
  local secret, found = core.secret_file(path)
  if not secret then
    return nil, unread(what, path, found)
  elseif found & OTHERS ~= 0 then
    return nil, ("%s '%s' is open to others than its owner (mode %04o). Close"
      .. " it: chmod 600 %s"):format(what, path, found, quoted(path))
  end
  return secret
end

--- Reads the key that an option names the file of.
---@param option string
---@param path string
---@return userdata? key
---@return etoro.Error? err
function M.read(option, path)
  local key, message = M.open(option, path)
  if key then return key end
  return nil, errors.new { kind = "auth", code = "key_file", message = message }
end

--- What a variable of the environment says; an empty one is not set.
---@param name string
---@return string?
function M.env(name)
  local value = os.getenv(name)
  return value ~= "" and value or nil
end

local KEYS = { "ETORO_API_KEY", "ETORO_USER_KEY", "ETORO_API_KEY_FILE",
  "ETORO_USER_KEY_FILE" }

--- Whether the environment has keys, which go before a profile's.
---@return boolean
function M.are_elsewhere()
  for _, name in ipairs(KEYS) do
    if M.env(name) then return true end
  end
  return false
end

return M
