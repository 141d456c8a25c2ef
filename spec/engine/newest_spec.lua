-- What sets the state of a thing is not sent again behind what set it later: a
-- late resend would put the old stop back. Over real sockets; the order of
-- arrivals is the server's.
local etoro = require "etoro"
local recorder = require "spec.support.recorder"

local EDIT = "PATCH /api/v2/trading/demo/positions/{positionId}"
local ALERT = "PATCH /api/v1/price-alerts/{alertId}"
local TAKEN = { status = 202, body = '{"operationId":"x"}' }
local BUSY = { status = 503, headers = { "Retry-After: 20" },
  body = '{"errorCode":"Busy","errorMessage":"later"}' }
local PATIENT = { deadline = 120, timeout = 100 }

describe("a write that sets something #memory", function()
  local server, client

  setup(function() server = recorder.start() end)
  teardown(function() server:stop() end)

  local function begin(steps, options)
    server:clear()
    server:script(steps)
    client = assert(server:client(options))
  end

  after_each(function() client:close() end)

  local function edit(changes, options, id)
    return client:call(EDIT, { positionId = id or 7, body = changes },
      options or PATIENT)
  end

  local function bodies()
    local list = {}
    for i, arrival in ipairs(server:arrivals()) do list[i] = arrival.body end
    return list
  end

  -- Runs the older one up to where it waits, then the newer one, and gives the
  -- outcome of the older one.
  local function older_of(older, newer, count)
    return etoro.run(function()
      local task = etoro.spawn(older)
      server:await(count or 1)
      if (count or 1) > 0 then etoro.sleep(0.05) end
      assert(newer())
      return task:wait()
    end)
  end

  local function is_open(result, err)
    assert.is_nil(result)
    assert.equal("unknown_outcome", err.kind)
    assert.equal("superseded", err.code)
    assert.is_true(err.may_have_executed)
    assert.is_false(err.retryable)
    assert.matches("has taken this one's place", err.message)
    assert.matches("may have been carried out", err.message)
  end

  it("is not sent again once its answer was lost and a newer one went out",
    function()
      begin { { stall = true }, TAKEN }
      is_open(older_of(function()
        return edit({ takeProfitRate = 100 }, { timeout = 6, deadline = 60 })
      end, function() return edit { takeProfitRate = 120 } end))
      assert.same({ '{"takeProfitRate":100}', '{"takeProfitRate":120}' }, bodies())
    end)

  it("ends at once where it waits to be sent again", function()
    begin { BUSY, TAKEN }
    local started = client:now()
    is_open(older_of(function() return edit { takeProfitRate = 100 } end,
      function() return edit { takeProfitRate = 120 } end))
    assert.same({ '{"takeProfitRate":100}', '{"takeProfitRate":120}' }, bodies())
    assert.is_true(client:now() - started < 20, "waited for its resend")
  end)

  it("gives its own answer where that comes", function()
    begin { { status = 202, body = '{"operationId":"old"}', wait = 1 }, TAKEN }
    local result = older_of(function() return edit { takeProfitRate = 100 } end,
      function() return edit { takeProfitRate = 200 } end)
    assert.equal("old", result.operationId)
    assert.equal(2, #bodies())
  end)

  it("was not carried out where it was refused for its rate", function()
    begin({ { status = 429, headers = { "Retry-After: 6" },
      body = '{"errorCode":"TooManyRequests","errorMessage":"slow down"}' },
      TAKEN }, { rate_limit = true })
    local result, err = older_of(function()
      return edit { takeProfitRate = 100 }
    end, function() return edit { takeProfitRate = 120 } end)
    assert.is_nil(result)
    assert.equal("cancelled", err.kind)
    assert.equal("superseded", err.code)
    assert.equal(429, err.status)
    assert.is_false(err.may_have_executed)
    assert.same({ '{"takeProfitRate":100}', '{"takeProfitRate":120}' }, bodies())
  end)

  it("is sent again where what is newer concerns something else", function()
    begin { { status = 503, headers = { "Retry-After: 6" } }, TAKEN, TAKEN,
      TAKEN }
    assert(older_of(function() return edit { takeProfitRate = 100 } end,
      function()
        assert(edit({ takeProfitRate = 120 }, PATIENT, 8))
        return client:call("GET /api/v1/me")
      end))
    assert.same({ '{"takeProfitRate":100}', '{"takeProfitRate":120}', "",
      '{"takeProfitRate":100}' }, bodies())
  end)

  it("goes by the path, whoever sends and whatever it is", function()
    begin { BUSY, TAKEN }
    local other = assert(server:client { account = "demo" })
    local ID = "3f0d1a52-5f0f-4c57-9a10-7d2a1f6c0b11"
    is_open(older_of(function()
      return client:call(ALERT, { alertId = ID, body = { targetPrice = 1 } },
        PATIENT)
    end, function()
      return other:request { method = "PATCH",
        path = "/api/v1/price-alerts/" .. ID .. "?a=b",
        body = { targetPrice = 2 } }
    end))
    assert.equal(2, #bodies())
    other:close()
  end)

  it("stays as it is for a newer one that will not go out", function()
    begin { { status = 503, headers = { "Retry-After: 2" } }, TAKEN }
    local dry = assert(server:client { dry_run = true })
    assert(older_of(function() return edit { takeProfitRate = 100 } end,
      function()
        local result, err = dry:call(EDIT, { positionId = 7,
          body = { takeProfitRate = 120 } })
        assert.is_nil(result)
        return err
      end))
    assert.same({ '{"takeProfitRate":100}', '{"takeProfitRate":100}' }, bodies())
    dry:close()
  end)

  -- The one connection is busy, so that both wait for their first turn.
  local function queued(priority)
    local older, newer
    etoro.run(function()
      local read = etoro.spawn(function() return client:call "GET /api/v1/me" end)
      server:await(1)
      local before = etoro.stats().calls
      local first = etoro.spawn(function()
        older = table.pack(edit({ takeProfitRate = 100 }, { priority = priority,
          deadline = 60 }))
      end)
      etoro.sleep(0)
      etoro.spawn(function()
        while etoro.stats().calls < before + 2 do etoro.sleep(0.005) end
        server:release()
      end)
      newer = table.pack(edit { takeProfitRate = 120 })
      first:wait()
      read:wait()
    end)
    assert(newer[1], tostring(newer[2]))
    return table.unpack(older)
  end

  it("has its first turn before a newer one", function()
    begin({ { held = true }, TAKEN, TAKEN }, { max_connections = 1 })
    assert(queued "order")
    assert.same({ "", '{"takeProfitRate":100}', '{"takeProfitRate":120}' },
      bodies())
  end)

  it("is not sent at all where that turn would come behind a newer one's",
    function()
      begin({ { held = true }, TAKEN, TAKEN }, { max_connections = 1 })
      local result, err = queued "read"
      assert.is_nil(result)
      assert.equal("cancelled", err.kind)
      assert.equal("superseded", err.code)
      assert.is_false(err.may_have_executed)
      assert.same({ "", '{"takeProfitRate":120}' }, bodies())
    end)
end)
