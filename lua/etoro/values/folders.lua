-- Folders of the user's, where the XDG base directories have them.

local core = require "etoro.core"

local M = {}

-- Where they lie unless the environment says otherwise.
local BELOW_HOME = { XDG_CACHE_HOME = "/.cache",
  XDG_CONFIG_HOME = "/.config", XDG_DATA_HOME = "/.local/share",
  XDG_STATE_HOME = "/.local/state" }

--- The folder of this library's in one of them; it may not be there yet.
---@param name "XDG_CACHE_HOME"|"XDG_CONFIG_HOME"|"XDG_DATA_HOME"|"XDG_STATE_HOME"
---@return string? folder
---@return string? message where neither is an absolute path
function M.of(name)
  local base = os.getenv(name)
  if not base or base:sub(1, 1) ~= "/" then -- a relative one is to be ignored
    local home = os.getenv "HOME"
    if not home or home:sub(1, 1) ~= "/" then
      return nil, ("neither %s nor HOME is an absolute path"):format(name)
    end
    base = home .. BELOW_HOME[name]
  end
  return base .. "/etoro"
end

--- Makes a folder and those that it lies in.
---@param path string
---@return boolean? made
---@return string? message
function M.make(path)
  local made, message
  for prefix in (path .. "/"):gmatch "()/" do
    local folder = path:sub(1, prefix - 1)
    if folder ~= "" then made, message = core.make_dir(folder) end
  end
  return made, message
end

return M
