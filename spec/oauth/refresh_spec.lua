-- Tokens that are renewed: once, whoever asks and whatever answers.
local etoro = require "etoro"
local process = require "spec.support.process"
local support_sso = require "spec.support.sso"

describe("a token's refresh", function()
  local server

  setup(function() server = support_sso.start() end)
  teardown(function() server:stop() end)
  after_each(function() server:reset() end)

  local function login(options) return server:login(options) end
  local function tokens_of(sso) return server:tokens_of(sso) end
  local function refreshes() return server:refreshes() end

  it("rotates: the old token dies at once", function()
    local stored = {}
    local sso = login { store = function(t) stored[#stored + 1] = t end }
    local first = tokens_of(sso)
    local second = assert(sso:refresh(first))
    assert.equal("canary-access-3", second.access_token:reveal())
    assert.equal("canary-refresh/3==", stored[2].refresh_token)
    -- whoever still has the old ones is given what follows from them
    assert.equal(second, (sso:refresh(first)))
    assert.equal(1, #refreshes())
    -- another process knows of nothing
    local _, err = login():refresh { refresh_token = "canary-refresh/2==" }
    assert.equal("auth", err.kind)
    assert.equal("invalid_grant", err.code)
    assert.is_false(err.retryable)
    assert.matches("uthorize again", tostring(err))
    assert.matches("%*%*%*%*", err.message)
  end)

  it("never repeats one that was refused", function()
    local sso = login()
    local dead = { refresh_token = "canary-refresh/none" }
    for _ = 1, 3 do
      assert.equal("invalid_grant", select(2, sso:refresh(dead)).code)
    end
    assert.equal(1, #refreshes())
  end)

  it("is not repeated when its answer is lost or useless", function()
    for _, fault in ipairs {
      { cut = "after" }, { cut = "before" }, { status = 503 },
      { instead = "<html>" }, { instead = "{}" }, { instead = "" },
    } do
      local sso = login()
      local tokens = tokens_of(sso)
      local before = #refreshes()
      server:set { faults = { ["POST /token"] = { fault } } }
      for _ = 1, 2 do
        local fresh, err = sso:refresh(tokens)
        assert.is_nil(fresh)
        assert.equal("unknown_outcome", err.kind)
      end
      assert.equal(before + 1, #refreshes())
    end
  end)

  it("is refused by an error that comes in a 200", function()
    local refused = '{"error":"invalid_grant","error_description":"over"}'
    local sso = login()
    local tokens = tokens_of(sso)
    server:set { faults = { ["POST /token"] = { { instead = refused } } } }
    local before = #refreshes()
    for _ = 1, 2 do
      local _, err = sso:refresh(tokens)
      assert.equal("auth", err.kind)
      assert.equal("invalid_grant", err.code)
      assert.equal("over", err.message)
      assert.equal(200, err.status)
      assert.is_false(err.may_have_executed)
      assert.matches("authorize again", err.hint)
    end
    assert.equal(before + 1, #refreshes())
  end)

  it("is in doubt after an error in a 200 that may be any", function()
    local sso = login()
    local tokens = tokens_of(sso)
    server:set { faults = { ["POST /token"] = { { instead =
      '{"error":"server_error","error_description":"the base is down"}' } } } }
    local _, err = sso:refresh(tokens)
    assert.equal("unknown_outcome", err.kind)
    assert.equal("server_error", err.code)
    assert.matches("the base is down", err.message)
  end)

  it("says what an answer without a token lacks", function()
    for text, said in pairs { ["{}"] = "holds no access_token",
      ['{"access_token":"x","token_type":"mac"}'] = "is not Bearer" } do
      local sso = login()
      local tokens = tokens_of(sso)
      server:set { faults = { ["POST /token"] = { { instead = text } } } }
      local _, err = sso:refresh(tokens)
      assert.equal("unknown_outcome", err.kind)
      assert.equal("unexpected_body", err.code)
      assert.matches(said, err.message)
      assert.is_nil(err.message:find("JSON", 1, true))
    end
  end)

  it("is free to be tried again after a refusal that says nothing of the"
    .. " token", function()
    local sso = login()
    local tokens = tokens_of(sso)
    server:set { faults = { ["POST /token"] = { { status = 429 } } } }
    local _, err = sso:refresh(tokens)
    assert.equal("rate_limit", err.kind)
    assert.equal(1, #refreshes())
    assert.is_table(sso:refresh(tokens))
    assert.equal(2, #refreshes())
  end)

  it("waits for a server that cannot be reached", function()
    local sso = login { token_url = "http://127.0.0.1:"
      .. process.closed_port() .. "/token", deadline = 6 }
    local _, err = sso:refresh { refresh_token = "x" }
    assert.equal("network", err.kind)
    assert.is_true(err.retryable)
    assert.is_false(err.may_have_executed)
    assert.is_true(err.attempts == nil or err.attempts > 1)
  end)

  it("does not follow a redirect", function()
    server:set { faults = { ["POST /token"] = { { status = 307,
      headers = { Location = server.url .. "/elsewhere" } } } } }
    local _, err = login():refresh { refresh_token = "x" }
    assert.equal("redirect", err.code)
    assert.same({}, server:arrivals "POST /elsewhere")
  end)

  it("keeps the new tokens until they are stored", function()
    local fails, calls = true, 0
    local sso = login { store = function(t)
      calls = calls + 1
      if fails then error("cannot write " .. t.refresh_token) end
    end }
    local old = { refresh_token = tokens_of(login()).refresh_token }
    local tokens, err = sso:refresh(old)
    assert.is_nil(tokens)
    assert.equal("store_failed", err.code)
    assert.is_nil(tostring(err):find("canary", 1, true))
    assert.equal("canary-access-3", err.tokens.access_token:reveal())
    assert.equal("store_failed", select(2, sso:refresh(old)).code)
    fails = false
    assert.equal("canary-access-3",
      sso:refresh(old).access_token:reveal())
    assert.equal(3, calls)
    assert.equal(1, #refreshes())
  end)

  it("is shared by tasks, and outlives the one that began it", function()
    server:set { faults = { ["POST /token"] = { {}, { seconds = 0.2 } } } }
    local stored, is_cancelled = 0, false
    local sso = login { store = function()
      stored = stored + 1
      if is_cancelled then etoro.sleep(0.02) end -- else it might fall into that
    end }
    local tokens = tokens_of(sso)
    etoro.run(function()
      local tasks = {}
      for i = 1, 5 do
        tasks[i] = etoro.spawn(function() return sso:refresh(tokens) end)
      end
      etoro.sleep(0.05)
      tasks[1]:cancel()
      is_cancelled = true
      for i = 2, 5 do
        assert.equal("canary-access-3", tasks[i]:wait().access_token:reveal())
      end
    end)
    assert.equal(1, #refreshes())
    assert.equal(2, stored)
  end)

  it("is stored by another call when a task that did it was cancelled",
  function()
    local stored = 0
    local sso = login { store = function()
      stored = stored + 1
      if stored == 2 then etoro.sleep(60) end
    end }
    local tokens = tokens_of(sso)
    etoro.run(function()
      local task = etoro.spawn(function() return sso:refresh(tokens) end)
      repeat etoro.sleep(0.01) until stored == 2
      task:cancel()
    end)
    assert.equal("canary-access-3", sso:refresh(tokens).access_token:reveal())
    assert.equal(3, stored)
    assert.equal(1, #refreshes())
  end)

  it("is waited for where nothing can yield while a task stores it",
  function()
    local stored = 0
    local sso = login { store = function()
      stored = stored + 1
      etoro.sleep(0.05)
    end }
    local tokens = tokens_of(sso)
    etoro.run(function()
      etoro.spawn(function() return sso:refresh(tokens) end)
      repeat etoro.sleep(0.01) until stored == 2
      local fresh
      table.sort({ 1, 2 }, function(a, b)
        fresh = fresh or assert(sso:refresh(tokens))
        return a < b
      end)
      assert.equal("canary-access-3", fresh.access_token:reveal())
    end)
    assert.equal(2, stored)
    assert.equal(1, #refreshes())
  end)

  it("does not wait for itself", function()
    local sso, tokens, inner
    sso = login { store = function(t)
      if tokens then inner = select(2, sso:refresh(tokens)) end
      return t ~= nil
    end }
    tokens = tokens_of(sso)
    assert.is_table(sso:refresh(tokens))
    assert.equal("store_busy", inner.code)
  end)
end)
