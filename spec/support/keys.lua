-- Clients made of keys, and what a program of its own sees of one.
local assert = require "luassert"
local etoro = require "etoro"
local process = require "spec.support.process"

local LUA = os.getenv "LUA" or "lua5.4"
local M = {}

M.KEYS = { api_key = "app-key-1", user_key = "user-key-1" }

--- Options of a client with keys.
---@param changes table
---@return table
function M.with(changes)
  local all = {}
  for name, value in pairs(M.KEYS) do all[name] = value end
  for name, value in pairs(changes) do all[name] = value end
  return all
end

--- The error for options that no client is made of.
---@param options table
---@return etoro.Error
function M.refused(options)
  local client, err = etoro.client(options)
  assert.is_nil(client)
  assert.equal("etoro.error", getmetatable(err).__name)
  return err
end

-- What a program sees that makes a client and sends one request.
local SCRIPT = [[
  local options = assert(load("return " .. arg[1]))()
  local client, err = require "etoro".client(options)
  if not client then
    io.write(err.kind, "/", err.code, ": ", err.message)
    return
  end
  local result, failure = client:request { path = "/api/v1/me" }
  io.write(result and "ok " .. tostring(client) or tostring(failure))
]]

--- Runs a program that makes a client, without the environment's account.
---@param options string in Lua
---@param env? table<string, string>
---@return string what it wrote
function M.program(options, env)
  local all = { ETORO_API_KEY = false, ETORO_USER_KEY = false,
    ETORO_ACCESS_TOKEN = false, ETORO_BASE_URL = false }
  for name, value in pairs(env or {}) do all[name] = value end
  local done = process.run { LUA, "-e", SCRIPT, "/dev/null", options,
    env = all }
  assert.equal("", done.stderr)
  return done.stdout
end

return M
