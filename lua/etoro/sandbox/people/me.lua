-- GET /api/v1/me: the caller's identity and the scopes of its key.

local core = require "etoro.core"
local json = require "etoro.sandbox.json"
local reply = require "etoro.sandbox.http.reply"

local M = {}

local function profile(ctx)
  local who = ctx.caller.portfolio or ctx.caller.owner
  local scopes = json.array()
  for name in pairs(ctx.caller.scopes) do scopes[#scopes + 1] = name end
  table.sort(scopes, core.before)
  return reply.new(200, {
    gcid = who.gcid, realCid = who.real_cid, demoCid = who.demo_cid,
    username = who.username, firstName = who.first_name or json.null,
    middleName = json.null, lastName = who.last_name or json.null,
    playerLevel = 1, gender = 0, language = 1, dateOfBirth = "1990-01-01",
    lei = json.null, scopes = scopes,
  })
end

function M.routes(router)
  -- no scope asked: every key may see who it is
  router:add { method = "GET", path = "/api/v1/me", pool = "default",
    handler = profile }
end

return M
