-- What the trading routes' answers share: problem details, reading of
-- the request id and of fates.

local auth = require "etoro.sandbox.http.auth"
local json = require "etoro.values.json"
local reply = require "etoro.sandbox.http.reply"

local M = {}

local TITLES = { [400] = "Bad Request", [404] = "Not Found",
  [409] = "Conflict" }

--- A refusal in the shape of the v2 trading routes.
function M.problem(ctx, status, detail)
  return reply.new(status, {
    type = ("https://httpstatuses.io/%d"):format(status),
    title = TITLES[status], status = status, detail = detail,
    instance = ctx.request.path,
  })
end

--- Ends the work with it.
function M.refuse(ctx, status, detail)
  reply.stop(M.problem(ctx, status, detail))
end

--- A field of the body; null is absent.
function M.field(body, name)
  local value = body[name]
  if value == json.null then return nil end
  return value
end

--- The request's id as the books keep it.
function M.request_id(ctx)
  return auth.request_id(ctx.request.headers["x-request-id"])
end

--- Takes the fate that was scripted for the next order or close of an
--- account out of a list; nil when there is none.
function M.next_fate(list, account)
  for i, fate in ipairs(list) do
    if not fate.account or fate.account == account.kind then
      fate.left = fate.left - 1
      if fate.left <= 0 then table.remove(list, i) end
      return fate
    end
  end
end

--- null where there is nothing.
function M.or_null(value)
  if value == nil then return json.null end
  return value
end

return M
