-- The operations that are neither agent-portfolios nor trading nor market
-- data: which module answers them.

local core = require "etoro.core"
local input = require "etoro.sandbox.http.input"
local operations = require "etoro.operations"

local M = {}

-- Beginning of the path, module, and whether its answers are modelled from
-- state or are a fixture; the first that fits counts.
local AREAS = {
  { "/api/v1/watchlists", "lists.watchlists", "modelled" },
  { "/api/v1/price-alerts", "lists.alerts", "modelled" },
  { "/api/v1/feeds/post", "social.posts", "modelled" },
  { "/api/v1/feeds/", "social.feeds", "modelled" },
  { "/api/v1/attachments", "social.posts", "modelled" },
  { "/api/v1/reactions/", "social.comments", "modelled" },
  { "/api/v1/posts/{postId}/comments", "social.comments", "modelled" },
  { "/api/v1/posts", "social.posts", "modelled" },
  { "/api/v1/notifications/", "social.notifications", "modelled" },
  { "/api/v1/money/accounts/cash", "money.cash", "modelled" },
  { "/api/v1/balances", "money.balances", "modelled" },
  { "/api/v1/user-info/", "people.users", "fixture" },
  { "/api/v2/portfolios/", "people.statistics", "fixture" },
  { "/api/v1/clubs", "lists.fixed", "fixture" },
  { "/api/v1/pi-data/", "lists.fixed", "fixture" },
  { "/api/v1/curated-lists", "lists.fixed", "fixture" },
  { "/api/v1/market-recommendations/", "lists.fixed", "fixture" },
}
for _, area in ipairs(AREAS) do
  area.module = require("etoro.sandbox." .. area[2])
end

local function area_of(path)
  for _, area in ipairs(AREAS) do
    if path:sub(1, #area[1]) == area[1] then return area end
  end
end

local function answer(op, name, area)
  return function(ctx)
    local args, wrong = input.read(op, ctx)
    if not args then
      local status = area.statuses and area.statuses[wrong.where] or 400
      return area.refuse(ctx, status, nil, wrong.message, wrong.field)
    end
    ctx.args = args
    return area.handlers[name](ctx)
  end
end

local ordered -- made once

-- Names of operations in such an order that a segment of a path that is
-- spelt out comes before one that stands for anything.
local function names()
  if ordered then return ordered end
  local out = {}
  for name, op in pairs(operations) do
    if area_of(op.path) then out[#out + 1] = name end
  end
  table.sort(out, function(a, b)
    local one, two = operations[a], operations[b]
    if one.path ~= two.path then return core.before(one.path, two.path) end
    return core.before(one.method, two.method)
  end)
  ordered = out
  return out
end

function M.routes(router)
  for _, name in ipairs(names()) do
    local op = operations[name]
    local area = area_of(op.path)
    router:add { method = op.method, path = op.path, pool = op.pool,
      scopes = op.scopes, kind = area[3], body_kind = op.body_kind,
      handler = answer(op, name, area.module) }
  end
end

return M
