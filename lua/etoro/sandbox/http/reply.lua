-- Answers of the sandbox: { status, headers, body }, and the shapes in which
-- the real service reports an error.

local core = require "etoro.core"
local json = require "etoro.values.json"
local times = require "etoro.values.times"

local M = {}

local JSON = "application/json; charset=utf-8"

--- An answer with a JSON body, or without a body when value is nil.
function M.new(status, value, headers)
  headers = headers or {}
  if value == nil then
    return { status = status, headers = headers, body = "" }
  end
  headers["Content-Type"] = headers["Content-Type"] or JSON
  return { status = status, headers = headers, body = json.show(value) }
end

--- The commonest error shape.
function M.fail(status, code, message, headers)
  return M.new(status, { errorCode = code, errorMessage = message }, headers)
end

--- The list of what `show` makes of each item: show(item, place).
---@param items? table
---@param show fun(item: any, place: integer): any
---@return table
function M.each(items, show)
  local out = json.list()
  for i, item in ipairs(items or {}) do out[i] = show(item, i) end
  return out
end

--- The same of a page alone: at most `size` items after the first `start`.
---@param items table
---@param start integer
---@param size integer
---@param show fun(item: any, place: integer): any
---@return table
function M.page(items, start, size, show)
  return M.each(table.move(items, start + 1, math.min(start + size, #items), 1,
    {}), show)
end

--- What has an id among items, and its place; nil when nothing has.
---@param items table
---@param id any
---@return any item
---@return integer? place
function M.find(items, id)
  for place, item in ipairs(items) do
    if item.id == id then return item, place end
  end
end

--- Ends the work on a request with this answer, from wherever it is; the
--- pipeline takes it. Nothing may have been changed before.
function M.stop(answer)
  error(answer, 0)
end

--- Ends the work with a status and no body, or with the commonest error shape.
function M.refuse(status, code, message)
  M.stop(code and M.fail(status, code, message) or M.new(status))
end

--- The commonest answer to wrong input.
function M.wrong(message)
  return M.fail(400, "ValidationFailed", message)
end

--- Ends the work with it.
function M.invalid(message)
  M.stop(M.wrong(message))
end

--- The answer to a path that there is not.
function M.no_route(ctx)
  return M.fail(404, ctx.box.options.strict and "NotFound" or "RouteNotFound",
    "The sandbox has no route " .. ctx.request.path)
end

--- Whether a request says that its body is JSON.
function M.is_json(request)
  local kind = request.headers["content-type"] or ""
  return kind == "application/json" or core.lower(kind):match("^[ \t-\r]*([^; \t-\r]+)")
    == "application/json"
end

--- The answer to a body that is said to be something else.
function M.not_json()
  return M.fail(415, "UnsupportedMediaType",
    "The body must be application/json")
end

--- The shape of the older API.
function M.fail_older(status, code, message, request_id)
  return M.new(status, {
    error = { code = code, message = message, requestId = request_id },
  })
end

local HTML = [[<!DOCTYPE html>
<html><head><title>Attention Required!</title></head>
<body><h1>Sorry, you have been blocked</h1></body></html>
]]

--- What a content network answers in place of the service.
function M.html(status)
  return {
    status = status, body = HTML,
    headers = { ["Content-Type"] = "text/html; charset=UTF-8" },
  }
end

local shapes = {
  { 400, function()
    return { errorCode = "ValidationFailed", errorMessage = "made to fail" }
  end },
  { 400, function(id)
    return { code = "GeneralError", message = "made to fail", requestId = id }
  end },
  { 422, function()
    return { success = false, error = { code = "MAX_ALERTS_EXCEEDED",
      message = "made to fail", details = "none", field = "alerts",
      value = "7" } }
  end },
  { 400, function(id, now)
    return { success = false, error = { code = "INVALID_PARAMETER",
      message = "made to fail", field = "period" },
      timestamp = times.format(now), requestId = id }
  end },
  { 400, function(id)
    return { type = "about:blank", title = "Bad Request", status = 400,
      detail = "made to fail", instance = "/made/to/fail", traceId = id }
  end },
  { 401 },
  { 400, function(id)
    return { error = { code = "GeneralError", message = "made to fail",
      requestId = id } }
  end },
  { 400, function() return { error = "made to fail" } end },
  { 400, function()
    return { error = "invalid_grant", error_description = "made to fail" }
  end },
  { 403, "html" },
  { 503, function(id)
    return { error = { code = "ServiceUnavailable", message = "made to fail" },
      requestId = id }
  end },
  { 404, function() return "made to fail" end },
}

--- One of the body shapes of an error, by number.
function M.shape(number, status, request_id, now)
  local shape = shapes[number]
  status = status or shape[1]
  if shape[2] == "html" then return M.html(status) end
  return M.new(status, shape[2] and shape[2](request_id, now))
end

M.SHAPES = #shapes

return M
