-- Servers that do not rotate refresh tokens: the old one lives on.
local etoro = require "etoro"
local support_sso = require "spec.support.sso"

local TOKEN = "canary-refresh/kept=="

describe("a refresh token lives on", function()
  local server, sso, stored

  setup(function() server = support_sso.start() end)
  teardown(function() server:stop() end)
  before_each(function()
    stored = {}
    sso = assert(etoro.oauth.new {
      client_id = "client-1", redirect_uri = "http://127.0.0.1/back",
      token_url = server.url .. "/token",
      store = function(tokens) stored[#stored + 1] = tokens end,
    })
  end)
  after_each(function()
    sso:close()
    server:reset()
  end)

  -- The next two answers, whose access tokens are over at once.
  local function answer(fields)
    local one = { status = 200, body = "{" .. fields
      .. '"access_token":"canary-access/9==","expires_in":0}' }
    server:set { faults = { ["POST /token"] = { one, one } } }
  end

  for what, fields in pairs {
    ["that the answer repeats"] = '"refresh_token":"' .. TOKEN .. '",',
    ["where the answer has none"] = "",
    ["where it is null"] = '"refresh_token":null,',
    ["where it is empty"] = '"refresh_token":"",',
  } do
    it(what .. ", and so does the scope", function()
      answer(fields)
      local tokens = { refresh_token = TOKEN, scope = "openid a" }
      for round = 1, 2 do -- what was kept renews once more
        tokens = assert(sso:refresh(tokens))
        assert.equal(TOKEN, tokens.refresh_token:reveal())
        assert.equal(TOKEN, stored[round].refresh_token)
        assert.equal("canary-access/9==", tokens.access_token:reveal())
        assert.equal("openid a", tokens.scope)
      end
      local sent = server:arrivals "POST /token"
      assert.equal(2, #sent)
      assert.equal(TOKEN, sent[2].form.refresh_token)
    end)
  end
end)
