-- The operations and the modules that answer them. An area is a module with
--   handlers      by operation's name: function(ctx) -> answer
--   refuse        how it refuses: function(ctx, status, code, message, field);
--                 without a code it is about wrong input
--   statuses      of wrong input, where that is not 400: by where it was
--   optional      set of fields whose absence the handlers look after
--   readers       further scopes that its GETs are open to
--   reads_itself  path and query are not read before, but by the handlers
--   kind          "fixture" where the answers are the same for everybody
--   bar           answers callers of a kind that has none of it, whatever their scopes
--   prepare       called with ctx and the operation before all else
-- Whatever it calls may end the work by reply.stop.

local core = require "etoro.core"
local input = require "etoro.sandbox.http.input"
local instruments = require "etoro.sandbox.market.instruments"
local operations = require "etoro.operations"
local reply = require "etoro.sandbox.http.reply"
local router = require "etoro.sandbox.http.router"

local M = {}

local AREAS = {
  require "etoro.sandbox.agents.applications",
  require "etoro.sandbox.agents.portfolios",
  require "etoro.sandbox.agents.subaccounts",
  require "etoro.sandbox.agents.tokens",
  require "etoro.sandbox.lists.alerts",
  require "etoro.sandbox.lists.fixed",
  require "etoro.sandbox.lists.watchlists",
  require "etoro.sandbox.market.data",
  require "etoro.sandbox.market.identity",
  require "etoro.sandbox.market.listed",
  require "etoro.sandbox.market.search",
  require "etoro.sandbox.money.balances",
  require "etoro.sandbox.money.cash",
  require "etoro.sandbox.money.transfers",
  require "etoro.sandbox.people.me",
  require "etoro.sandbox.people.rankings",
  require "etoro.sandbox.people.records",
  require "etoro.sandbox.people.statistics",
  require "etoro.sandbox.people.users",
  require "etoro.sandbox.social.comments",
  require "etoro.sandbox.social.feeds",
  require "etoro.sandbox.social.notifications",
  require "etoro.sandbox.social.posts",
  require "etoro.sandbox.trading",
  instruments, -- a require at the end would put its second value here, too
}

local function refuse(ctx, area, wrong)
  local status = area.statuses and area.statuses[wrong.where] or 400
  return area.refuse(ctx, status, nil, wrong.message, wrong.field)
end

-- A route that newer documents have not, where the box is told that it is gone.
local function withdrawn(ctx)
  local status = ctx.box.options.withdrawn
  if not status then return nil end
  return status == 404 and reply.no_route(ctx)
    or reply.fail(status, "Forbidden", "This route is not open to you")
end

local function answer(op, area, handler)
  local is_newer = op.since ~= nil and op.since ~= "unlisted"
  local has_end = op["until"] ~= nil
  return function(ctx)
    if is_newer and ctx.box:is_older() then
      return reply.no_route(ctx)
    end
    local gone = has_end and withdrawn(ctx)
    if gone then return gone end
    if area.prepare then area.prepare(ctx, op) end
    local args, wrong
    if area.reads_itself then
      args = {}
    else
      args, wrong = input.read(op, ctx, area.optional)
    end
    if not args then return refuse(ctx, area, wrong) end
    ctx.args = args
    return handler(ctx)
  end
end

-- The scopes of which one is enough; nil where none is asked for.
local function scopes_of(op, area)
  if not op.scopes or op.method ~= "GET" then return op.scopes end
  local out = table.move(op.scopes, 1, #op.scopes, 1, {})
  return table.move(area.readers or {}, 1, #(area.readers or {}), #out + 1, out)
end

-- In such an order that a segment of a path that is spelt out comes before
-- one that stands for anything.
local function is_before(a, b)
  if a.path ~= b.path then return core.before(a.path, b.path) end
  return core.before(a.method, b.method)
end

local made

--- The router of all routes: path, scopes and pool are the operations'.
---@return table
function M.router()
  if made then return made end
  made = router.new()
  local routes = { instruments.older }
  for _, area in ipairs(AREAS) do
    for name, handler in pairs(area.handlers) do
      local op = operations[name]
      routes[#routes + 1] = { method = op.method, path = op.path,
        pool = op.pool, scopes = scopes_of(op, area), kind = area.kind, bar = area.bar,
        body_kind = op.body_kind, handler = answer(op, area, handler) }
    end
  end
  table.sort(routes, is_before)
  for _, route in ipairs(routes) do made:add(route) end
  return made
end

return M
