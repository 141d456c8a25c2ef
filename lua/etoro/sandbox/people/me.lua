-- GET /api/v1/me: the caller's identity and the scopes of its key.

local json = require "etoro.values.json"
local refusals = require "etoro.sandbox.http.refusals"
local reply = require "etoro.sandbox.http.reply"
local types = require "etoro.values.types"

local handlers = {}

handlers["GET /api/v1/me"] = function(ctx)
  local who = ctx.caller.portfolio or ctx.caller.owner
  return reply.new(200, {
    gcid = who.gcid, realCid = who.real_cid, demoCid = who.demo_cid,
    username = who.username, firstName = who.first_name or json.null,
    middleName = json.null, lastName = who.last_name or json.null,
    playerLevel = 1, gender = 0, language = 1, dateOfBirth = "1990-01-01",
    lei = json.null,
    scopes = json.list(types.sorted_names(ctx.caller.scopes)),
  })
end

return { handlers = handlers, refuse = refusals.plain }
