-- Ceilings of the login, each at its limit and one past it:
-- lua/etoro/values/limits.lua.
local cjson = require "cjson"
local etoro = require "etoro"
local recorder = require "spec.support.recorder"

describe("the ceilings of a login: #memory", function()
  local server, sso

  setup(function() server = recorder.start() end)
  teardown(function() server:stop() end)

  before_each(function()
    server:clear()
    server:set { default = cjson.null, on_connect = cjson.null }
    sso = assert(etoro.oauth.new {
      client_id = "client-1", redirect_uri = "http://127.0.0.1/back",
      token_url = server.url .. "/token", authorize_url = server.url .. "/a",
      revoke_url = server.url .. "/revoke",
    })
  end)
  after_each(function() sso:close() end)

  it("limits.oauth_body_max bytes of an answer", function()
    for extra, code in pairs { [0] = "none", [1] = "too_large" } do
      local body = '{"access_token":"a","token_type":"Bearer"}'
      server:script { { body = body .. (" "):rep(2 ^ 20 + extra - #body) } }
      local tokens, err = sso:refresh { refresh_token = "r" .. extra }
      assert.equal(code, tokens and "none" or err.code)
    end
  end)

  it("limits.oauth_tokens_kept tokens whose successors are known", function()
    local list = { { refresh_token = "r0" } }
    for i = 1, 65 do
      server:script { { body = ('{"access_token":"a%d","refresh_token":"r%d",'
        .. '"token_type":"Bearer","expires_in":3600}'):format(i, i) } }
      list[i + 1] = assert(sso:refresh(list[i]))
      if i == 64 then
        assert.equal("a64", assert(sso:refresh(list[1])).access_token:reveal())
        assert.equal(64, #server:arrivals())
      end
    end
    assert.equal("a65", assert(sso:refresh(list[2])).access_token:reveal())
    assert.equal(65, #server:arrivals())
    server:script { { status = 400, body = '{"error":"invalid_grant"}' } }
    assert.is_nil((sso:refresh(list[1])))
    assert.equal(66, #server:arrivals())
  end)

  it("limits.oauth_renewed_before seconds, or a tenth of its life, before a"
    .. " token ends", function()
    local ends = os.time() + 10000
    for lifetime, before in pairs { [1000] = 30, [301] = 30, [300] = 30,
      [299] = 29.9, [false] = 30 }
    do
      local _, at = sso:source({ access_token = "a", expires_at = ends,
        expires_in = lifetime or nil })()
      assert.near(ends - before, at, 1e-6)
    end
  end)

  it("limits.error_code_max and limits.error_message_max of a login page",
    function()
      local _, session = sso:authorize()
      local function refusal(code, message)
        return select(2, sso:exchange({ state = session.state,
          error = ("c"):rep(code), error_description = ("m"):rep(message) },
          session))
      end
      local err = refusal(200, 1000)
      assert.same({ 200, 1000 }, { #err.code, #err.message })
      err = refusal(201, 1001)
      assert.same({ 200, 1000 }, { #err.code, #err.message })
    end)
end)
