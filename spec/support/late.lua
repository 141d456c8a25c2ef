-- A server that answers as late as a spec of tasks wants it, and what such
-- specs ask about it.
local cjson = require "cjson"
local core = require "etoro.core"
local etoro = require "etoro"
local patience = require "spec.support.patience"
local recorder = require "spec.support.recorder"

local M = {}

local server

--- Starts it; for `setup`.
function M.start()
  server = recorder.start()
  return server
end

--- For `before_each`.
function M.clear()
  server:clear()
  server:set { default = cjson.null }
end

function M.new_client(options)
  local all = { base_url = server.url, api_key = "test-api-key-0123456789",
    user_key = "test-user-key-0123456789", rate_limit = false,
    connect_timeout = patience }
  for name, value in pairs(options or {}) do all[name] = value end
  return assert(etoro.client(all))
end

--- Answers late, with the request's place in the order of arrival.
function M.answer(count, seconds)
  local steps = {}
  for n = 1, count do
    steps[n] = { wait = seconds, body = ("[%d]"):format(n) }
  end
  server:script(steps)
end

--- Seconds that a function took.
function M.took(fn, ...)
  local began = core.monotonic()
  fn(...)
  return core.monotonic() - began
end

function M.open_connections()
  local count = 0
  for _, connection in ipairs(server:connections()) do
    if connection.is_open then count = count + 1 end
  end
  return count
end

return M
