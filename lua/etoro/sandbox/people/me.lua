-- GET /api/v1/me: the caller's identity and the scopes of its key.

local assets = require "etoro.sandbox.market.assets"
local json = require "etoro.values.json"
local refusals = require "etoro.sandbox.http.refusals"
local reply = require "etoro.sandbox.http.reply"
local types = require "etoro.values.types"

local handlers = {}

handlers["GET /api/v1/me"] = function(ctx)
  local who = ctx.caller.portfolio or ctx.caller.owner
  local is_older = ctx.box:is_older()
  return reply.new(200, {
    gcid = who.gcid, realCid = who.real_cid, demoCid = who.demo_cid,
    username = who.username, firstName = who.first_name or json.null,
    middleName = is_older and json.null or "", lastName = who.last_name or json.null,
    playerLevel = 1, gender = 0, language = 1, dateOfBirth = "1990-01-01",
    lei = is_older and json.null or nil,
    avatarUrl = not is_older and assets.avatar("users",
      ("%d"):format(who.gcid)).medium or nil,
    scopes = json.list(types.sorted_names(ctx.caller.scopes)),
  })
end

return { handlers = handlers, refuse = refusals.plain }
