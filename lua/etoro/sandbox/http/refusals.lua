-- The shapes in which the areas of the API refuse a request. Each takes
-- ctx, status, code (nil: the area's own for wrong input), message, field.

local reply = require "etoro.sandbox.http.reply"
local times = require "etoro.values.times"

local M = {}

--- { errorCode, errorMessage }
function M.plain(_, status, code, message)
  return reply.fail(status, code or "ValidationFailed", message)
end

--- A status and nothing else.
function M.empty(_, status)
  return reply.new(status)
end

--- { code, message, requestId }: balances
function M.with_id(ctx, status, code, message)
  return reply.new(status, { code = code or "GeneralError",
    message = message, requestId = ctx.request.headers["x-request-id"] })
end

--- { error { code, message }, requestId }: data
function M.data(ctx, status, code, message)
  return reply.new(status, { error = { code = code or "INVALID_PARAMETER",
    message = message }, requestId = ctx.request.headers["x-request-id"] })
end

local function failed(code, message, field)
  return { success = false, error = { code = code or "INVALID_PARAMETER",
    message = message, field = field } }
end

--- { success, error { code, message } }: market data of v2, the search for people
function M.envelope(_, status, code, message)
  return reply.new(status, failed(code, message))
end

--- { success, error { code, message, field? } }: price alerts
function M.alert(_, status, code, message, field)
  return reply.new(status, failed(code, message, field))
end

--- The same with timestamp and requestId: user statistics of v2
function M.statistics(ctx, status, code, message, field)
  local body = failed(code, message, field)
  body.timestamp = times.format(ctx.box:now())
  body.requestId = ctx.request.headers["x-request-id"]
  return reply.new(status, body)
end

return M
