-- Curated lists, recommendations, the club's dashboard, one's copiers.

local fixture = require "etoro.sandbox.lists.fixture"
local json = require "etoro.values.json"
local refusals = require "etoro.sandbox.http.refusals"
local reply = require "etoro.sandbox.http.reply"

local handlers = {}
local M = { handlers = handlers, kind = "fixture",
  refuse = refusals.plain }

handlers["GET /api/v1/curated-lists"] = function()
  return reply.new(200, fixture.curated)
end

handlers["GET /api/v1/market-recommendations/{itemsCount}"] = function(ctx)
  local out = json.list(table.move(fixture.recommended, 1,
    math.min(ctx.args.itemsCount, #fixture.recommended), 1, {}))
  return reply.new(200, { ResponseType = "Personal", Recommendations = out })
end

handlers["GET /api/v1/clubs"] = function()
  return reply.new(200, fixture.clubs)
end

handlers["GET /api/v1/pi-data/copiers"] = function()
  return reply.new(200, fixture.copiers)
end

return M
