-- Small records of a user's: closed positions by year, stocks given back, what is of
-- interest. All made up.

local answers = require "etoro.sandbox.answers"
local refusals = require "etoro.sandbox.http.refusals"
local reply = require "etoro.sandbox.http.reply"

local handlers = {}

for _, name in ipairs { "GET /api/v1/data/positions/closed-events/history",
    "GET /api/v1/data/stockback/promo-status",
    "GET /api/v1/impressions/topassets/user/{gcid}" } do
  handlers[name] = function(ctx)
    return reply.new(200, answers.body(ctx.box, name, nil, ctx.args.gcid
      or ctx.caller.owner.gcid))
  end
end

handlers["GET /api/v1/keydata/{application}"] = function(ctx)
  return reply.new(200, { application = ctx.args.application, data = {} })
end

return { handlers = handlers, refuse = refusals.plain, kind = "fixture" }
