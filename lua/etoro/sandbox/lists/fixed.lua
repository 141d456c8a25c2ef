-- Curated lists, recommendations, the club's dashboard, one's copiers: the
-- same for everybody.

local answers = require "etoro.sandbox.answers"
local json = require "etoro.values.json"
local refusals = require "etoro.sandbox.http.refusals"
local reply = require "etoro.sandbox.http.reply"

local handlers = {}
local M = { handlers = handlers, kind = "fixture", refuse = refusals.plain }

-- The club's levels, from the lowest, and what an account holds from there on.
local LEVELS = { { "Bronze" }, { "Silver", 5000 }, { "Gold", 10000 },
  { "Platinum", 25000 }, { "PlatinumPlus", 50000 }, { "Diamond", 250000 } }

local RECOMMENDED = { 1001, 1137, 2104, 3001, 100000, 1004, 2106, 18, 2110,
  1111, 2101, 3004 }

local KNOWN = {
  ["GET /api/v1/clubs"] = {
    clubs = reply.each(LEVELS, function(row, rank)
      local next_one = LEVELS[rank + 1]
      return { name = row[1], rank = rank,
        minRealizedEquity = row[2] or json.null,
        maxRealizedEquity = next_one and next_one[2] - 1 or json.null }
    end),
    downgradeRisk = { isAtRisk = false, daysUntilDowngrade = json.null },
    webinars = { upcomingWebinars = { { startTime = "2031-03-04T17:00:00Z",
      recordUrl = json.null } } },
  },
  ["GET /api/v1/curated-lists"] = {}, ["GET /api/v1/pi-data/copiers"] = {},
}

for name, known in pairs(KNOWN) do
  handlers[name] = function(ctx)
    return reply.new(200, answers.body(ctx.box, name, known))
  end
end

handlers["GET /api/v1/market-recommendations/{itemsCount}"] = function(ctx)
  local out = json.list(table.move(RECOMMENDED, 1,
    math.min(ctx.args.itemsCount, #RECOMMENDED), 1, {}))
  return reply.new(200, { ResponseType = "Personal", Recommendations = out })
end

return M
