-- Keys that the desktop's keyring keeps, through secret-tool. No key is an
-- argument, which others could see: secret-tool takes it on its stdin.

local core = require "etoro.core"
local limits = require "etoro.values.limits"

local M = {}

local MISSING = "secret-tool is not there (Debian: libsecret-tools)"
local SILENT = "the keyring did not take it: is one running, and unlocked? secret-tool"
  .. " says more, by hand"

local function run(words, input)
  local status, output = core.run_program(words, limits.keyring_wait, input)
  if status then return status, output end
  if output == "No such file or directory" then output = MISSING end
  return nil, output
end

-- What a profile's keys are found by.
local function words_of(action, name, more)
  local words = { "secret-tool", action }
  if more then words[#words + 1] = more end
  return table.move({ "application", "lua-etoro", "profile", name }, 1, 4, #words + 1, words)
end

--- Keeps a profile's keys, in place of those that were kept.
---@param name string
---@param keys userdata a secret
---@return true? done
---@return string? message
function M.store(name, keys)
  local status, message = run(words_of("store", name, "--label=etoro profile "
    .. name), keys)
  if not status then return nil, message end
  -- in a host that ignores its children's ends the keyring itself tells
  if status == 0 or status == "untold" and M.lookup(name) == keys then
    return true
  end
  return nil, SILENT
end

--- A profile's keys. A keyring that is locked may ask its user first, so this may
--- take a while.
---@param name string
---@return userdata? keys a secret
---@return string? message
function M.lookup(name)
  local status, output = run(words_of("lookup", name))
  if not status then
    return nil, output
  elseif status ~= 0 and status ~= "untold" or not output then
    return nil, "the keyring has no keys of it, or is locked or not running; secret-tool"
      .. " lookup application lua-etoro profile " .. name .. " shows it"
  end
  return output
end

--- Forgets a profile's keys, where there are some.
---@param name string
function M.clear(name) run(words_of("clear", name)) end

return M
