-- What etoro sandbox says to programs: where it serves, or what is wrong, as JSON.

local errors = require "etoro.errors"
local exits = require "etoro.command.exits"
local json = require "etoro.values.json"
local output = require "etoro.command.output"
local terminal = require "etoro.command.terminal"

local M = {}

---@param url string
---@param api_key string
---@param user_key string
---@return string
function M.ready(url, api_key, user_key)
  return errors.escaped(json.show { url = url, apiKey = api_key,
    userKey = user_key }, true) .. "\n"
end

---@param message string
---@param is_usage boolean
function M.complain(message, is_usage)
  terminal.say("etoro: " .. output.clean(message))
  local code = is_usage and exits.USAGE or exits.FAILED
  output.new(true):json { error = exits.shown(code, message) }
end

return M
