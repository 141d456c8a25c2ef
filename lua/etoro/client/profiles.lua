-- Profiles: keys that `etoro login` has kept, a file each, for their owner alone.

local core = require "etoro.core"
local errors = require "etoro.errors"
local folders = require "etoro.values.folders"
local key_file = require "etoro.client.key_file"
local keyring = require "etoro.client.keyring"

local M = {}

---@class etoro.Profile
---@field name string
---@field path string
---@field api_key userdata
---@field user_key userdata
---@field account "demo"|"real" that the keys are of

-- Reasons why a file cannot be opened that is not there, or is another user's.
local ABSENT = {}
for _, code in ipairs { 2, 13, 20 } do ABSENT[core.reason(code)] = true end

local function failed(code, message, ...)
  return nil, errors.new { kind = "auth", code = code,
    message = message:format(...) }
end

M.NAMES = "a profile's name has letters, digits, '-', '_' and '.', 64 at most, and"
  .. " begins with a letter or a digit"

--- Whether a profile can have that name.
---@param name string
---@return boolean
function M.is_name(name)
  return #name <= 64 and name:find "^[A-Za-z0-9][A-Za-z0-9_.-]*$" ~= nil
end

--- Where a profile is kept.
---@param name string
---@return string? path
---@return etoro.Error? err
function M.path(name)
  if not M.is_name(name) then return failed("profile", "%s", M.NAMES) end
  local folder, message = folders.of "XDG_CONFIG_HOME"
  if not folder then return failed("profile", "%s", message) end
  return folder .. "/" .. name
end

-- Whether there is such a profile.
local function exists(name)
  local path = M.path(name)
  if not path then return false end
  local file, reason = core.open_file(path) -- which no pipe holds up
  if file then file:close() end
  return file ~= nil or not ABSENT[reason]
end

local function is_key(value) return core.is_secret(value) and not value:matches "" end

local function is_profile(kept)
  return type(kept) == "table" and is_key(kept.apiKey) and is_key(kept.userKey)
    and (kept.account == "demo" or kept.account == "real")
end

local function read_file(name, path)
  local text, message = key_file.open(("the profile '%s',"):format(name), path)
  if not text then
    local _, err = failed("profile", "%s", message)
    if not exists(name) then
      err.hint = "'etoro login --profile " .. name .. "' writes it"
    end
    return nil, err
  end
  local kept = core.decode_secret(text)
  if type(kept) == "table" and kept.keyring == true then
    text, message = keyring.lookup(name)
    if not text then
      return failed("profile", "the profile '%s' has its keys in the keyring: %s",
        name, message)
    end
    kept = core.decode_secret(text)
  end
  if is_profile(kept) then return kept end
  return failed("profile", "%s is no profile: write it with etoro login"
    .. " --profile %s", path, name)
end

--- Whether a profile's file says that its keys are in the keyring.
---@param path string
---@return boolean
function M.has_keyring(path)
  local text = core.secret_file(path)
  local kept = text and core.decode_secret(text)
  return type(kept) == "table" and kept.keyring == true
end

--- The profile whose keys are taken: the one that is asked for, and where the
--- environment has no keys that of ETORO_PROFILE, or the one called default.
---@param name? string
---@return string? name
function M.chosen(name)
  if name or key_file.are_elsewhere() then return name end
  return key_file.env "ETORO_PROFILE" or exists "default" and "default" or nil
end

--- Reads a profile.
---@param name string
---@return etoro.Profile? profile
---@return etoro.Error? err kind auth, code profile
function M.read(name)
  local path, err = M.path(name)
  if not path then return nil, err end
  local kept
  kept, err = read_file(name, path)
  if not kept then return nil, err end
  return { name = name, path = path, api_key = kept.apiKey,
    user_key = kept.userKey, account = kept.account }
end

return M
