-- What the outcome of a call means, whoever made it: an OAuth server's answers
-- are read like the API's.
local etoro = require "etoro"
local patience = require "spec.support.patience"
local process = require "spec.support.process"
local recorder = require "spec.support.recorder"

describe("an outcome", function()
  local server, client, sso

  local function connect(timeout)
    client = assert(server:client { max_retries = 0, timeout = timeout,
      deadline = patience })
    sso = assert(etoro.oauth.new { client_id = "one", timeout = timeout,
      deadline = patience,
      token_url = server.url .. "/token", revoke_url = server.url .. "/revoke",
      discovery = server.url .. "/.well-known/openid-configuration" })
  end

  setup(function() server = recorder.start() end)
  teardown(function() server:stop() end)
  before_each(function()
    server:clear()
    connect(patience)
  end)
  after_each(function()
    client:close()
    sso:close()
  end)

  local CALLS = {
    ["of a write of the API"] = function()
      return client:request { method = "POST", path = "/made-up" }
    end,
    ["of a refresh"] = function()
      return sso:refresh { refresh_token = "canary-refresh" }
    end,
  }

  -- What is said of an error that may have been carried out, and of others.
  local STEPS = {
    ["a lost answer"] = { { close = true }, "unknown_outcome", "lost" },
    ["an answer that is cut"] = { { quit = true, body = '{"a":',
      headers = { "Content-Length: 99" } }, "unknown_outcome", "truncated" },
    ["no answer in time"] = { { stall = true }, "unknown_outcome", "timeout" },
    ["a failing server"] = { { status = 503 }, "unknown_outcome", "http_503" },
    ["an answer that is no JSON"] = { { body = "{]" }, "unknown_outcome",
      "bad_json" },
    ["what does not speak HTTP"] = { { raw = "what?\r\n\r\n", close = true },
      "unknown_outcome", "protocol" },
    ["a refusal"] = { { status = 400, body = '{"error":"no_such_thing"}' },
      "invalid", "no_such_thing" },
    ["a redirect"] = { { status = 302, headers = { "Location: /else" } },
      "protocol", "redirect" },
    ["a conflict"] = { { status = 409, body = '{"error":"taken"}' },
      "conflict", "taken" },
    ["a web page"] = { { status = 403, body = "<html>",
      headers = { "Content-Type: text/html" } }, "protocol", "html" },
  }

  for whose, call in pairs(CALLS) do
    for what, case in pairs(STEPS) do
      it(whose .. " says the same of " .. what, function()
        server:script { case[1] }
        -- of what never comes: long enough for a request to have left
        if case[1].stall then connect(2.5) end
        local result, err = call()
        assert.is_nil(result)
        assert.same({ case[2], case[3] }, { err.kind, err.code })
        assert.equal(case[2] == "unknown_outcome", err.may_have_executed)
        assert.is_false(err.retryable)
        assert.equal(1, err.attempts)
        assert.equal(1, #server:arrivals())
        assert.is_string(err.request_id)
        local says_so = err.message:find("may have been carried out", 1, true)
        assert.equal(err.may_have_executed, says_so ~= nil)
        assert.equal(err.may_have_executed, err.started ~= nil)
      end)
    end

    it(whose .. " says that nothing was sent where nothing was", function()
      client:close()
      sso:close()
      local url = "http://127.0.0.1:" .. process.closed_port()
      client = assert(etoro.client { base_url = url, api_key = "a",
        user_key = "b", max_retries = 0 })
      sso = assert(etoro.oauth.new { client_id = "one", deadline = 10,
        token_url = url .. "/token" })
      local result, err = call()
      assert.is_nil(result)
      assert.same({ "network", "refused" }, { err.kind, err.code })
      assert.is_false(err.may_have_executed)
      assert.is_true(err.retryable)
    end)
  end

  it("of what may be repeated is no unknown one", function()
    server:set { default = { body = "{]" } }
    for _, call in ipairs {
      function() return client:request { path = "/made-up" } end,
      function() return sso:discover() end,
    } do
      local _, err = call()
      assert.same({ "protocol", "bad_json" }, { err.kind, err.code })
      assert.is_false(err.may_have_executed)
    end
  end)

  describe("of a write that may be repeated", function()
    local PAGE = { "Content-Type: text/html" }

    local function delete(retries)
      return client:call("DELETE /api/v1/watchlists/{watchlistId}",
        { watchlistId = "one" }, { max_retries = retries })
    end

    for what, case in pairs {
      ["is no JSON"] = { { body = "{]" }, "bad_json" },
      ["breaks off inside its JSON"] = { { body = '{"a":' }, "bad_json" },
      ["is a web page"] = { { body = "<html>", headers = PAGE }, "html" },
    } do
      it("whose answer " .. what .. " is that it may be done", function()
        server:script { case[1] }
        local result, err = delete(0)
        assert.is_nil(result)
        assert.same({ "protocol", case[2] }, { err.kind, err.code })
        assert.is_true(err.may_have_executed)
        assert.equal(1, #server:arrivals())
      end)
    end

    it("takes the API's 404 behind a lost answer for its work", function()
      server:script { { close = true }, { status = 404, body = "{}" } }
      assert.is_true((delete(1)))
    end)

    it("takes no web page's 404 for that", function()
      server:script { { close = true },
        { status = 404, body = "<html>", headers = PAGE } }
      local result, err = delete(1)
      assert.is_nil(result)
      assert.same({ 404, "html" }, { err.status, err.code })
      assert.is_true(err.may_have_executed)
    end)
  end)
end)
