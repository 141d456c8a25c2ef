-- What time it is at the server, by the Date header of an answer.

local core = require "etoro.core"
local limits = require "etoro.values.limits"

local M = {}

--- The server's time when it answered; nil when the answer does not tell.
---@param response etoro.Response
---@return number? seconds since 1970
function M.of(response)
  local date = response.headers and response.headers.date
  return type(date) == "string" and core.http_date(date) or nil
end

--- The seconds since 1970, on the server's clock, of a moment on the engine's,
--- or a little before; nil when the answer does not tell the server's time.
---@param client etoro.Client
---@param response etoro.Response
---@param moment number
---@return number?
function M.at(client, response, moment)
  local now = M.of(response)
  if not now then return nil end
  return now - (client:now() - moment) - limits.date_slack
end

--- How many seconds the server's clock is ahead of this machine's; nil when
--- the answer does not tell its time.
---@param client etoro.Client
---@param response etoro.Response
---@return number?
function M.ahead(client, response)
  local theirs = M.of(response)
  return theirs and theirs - client:unix() or nil
end

--- Whether this machine's clock is not to be trusted, by an answer that tells
--- the server's.
---@param client etoro.Client
---@param response etoro.Response
---@return boolean
function M.is_off(client, response)
  local ahead = M.ahead(client, response)
  return ahead ~= nil and math.abs(ahead) > limits.clock_trusted
end

--- A moment on the engine's clock as seconds since 1970, by the server's clock
--- or this machine's, whichever is earlier.
---@param client etoro.Client
---@param response? etoro.Response that may tell the server's time
---@param moment number
---@return number
function M.earliest(client, response, moment)
  local ours, theirs = client:unix(), response and M.of(response)
  return math.min(ours, theirs or ours) - (client:now() - moment)
end

return M
