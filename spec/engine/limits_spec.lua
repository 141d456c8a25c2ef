-- Ceilings and defaults of the engine, each at its limit and one past it, over
-- the manual wire: src/core/limits.h.
local core = require "etoro.core"

local URL = "http://127.0.0.1"

describe("the engine's ceilings: #memory", function()
  local engine

  local function client(options)
    local all = { base_url = URL, api_key = core.secret "a",
      user_key = core.secret "u" }
    for name, value in pairs(options or {}) do all[name] = value end
    return engine:client(all)
  end

  local function submit(of, fields)
    local request = { method = "GET", target = "/x", class = "safe" }
    for name, value in pairs(fields or {}) do request[name] = value end
    return engine:submit(of, request)
  end

  local held -- what nobody holds is not waited for

  local function submit_many(of, count, fields)
    for _ = 1, count do held[#held + 1] = assert(submit(of, fields)) end
  end

  local function sent()
    engine:step(0)
    local jobs, job = {}, (engine:take())
    while job do
      jobs[#jobs + 1] = job
      job = engine:take()
    end
    return jobs
  end

  local function events()
    local kinds, event = {}, engine:event()
    while event do
      kinds[#kinds + 1] = event.kind
      event = engine:event()
    end
    return kinds
  end

  before_each(function() engine, held = core.engine { now = 0 }, {} end)
  after_each(function() engine:close() end)

  local function headers(count)
    local list = {}
    for i = 1, count do list[i] = "X-" .. i .. ": y" end
    return list
  end

  it("ETORO_HEADER_LINES_MAX of a request", function()
    assert(submit(client(), { headers = headers(32) }))
    assert.error_matches(function()
      submit(client(), { headers = headers(33) })
    end, "headers")
  end)

  it("ETORO_FINALS_MAX of a request", function()
    local codes = { "A", "B", "C", "D", "E", "F", "G", "H" }
    assert(submit(client(), { finals = codes }))
    codes[9] = "I"
    assert.error_matches(function() submit(client(), { finals = codes }) end,
      "finals")
  end)

  it("ETORO_EVENTS_MAX that nobody reads", function()
    local c = client { events = true, max_connections = 1 }
    submit_many(c, 8192)
    assert.equal(8192, #events())
    submit_many(c, 8192)
    submit_many(c, 1, { target = "/last" })
    local count, first, last = 0, engine:event(), nil
    local event = first
    while event do count, last, event = count + 1, event, engine:event() end
    assert.equal(8192, count)
    assert.equal("/last", last.path)
  end)

  it("ETORO_POOL_NAME_MAX of a pool, with its end", function()
    local function named(n)
      return client { pools = { { name = ("p"):rep(n), limit = 1 } } }
    end
    assert(named(31))
    assert.error_matches(function() named(32) end, "too long")
  end)

  it("ETORO_EXIT_CONNECTIONS beyond max_connections", function()
    local c = client { max_connections = 1 }
    submit_many(c, 2)
    assert.equal(1, #sent())
    submit_many(c, 5, { priority = "exit" })
    assert.equal(4, #sent())
  end)

  it("ETORO_STREAMS_MAX over HTTP/2, whatever max_connections says", function()
    local c = client { base_url = "https://127.0.0.1", max_connections = 1 }
    submit_many(c, 101)
    assert.equal(100, #sent())
  end)

  it("ETORO_PASSED_MAX of a client that cannot send", function()
    local pools = { { name = "default", limit = 1000 } } -- both draw on it
    for waiting = 63, 64 do
      local full = client { pools = pools, max_connections = 1 }
      local other = client { pools = pools }
      submit_many(full, 1 + waiting)
      assert.equal(1, #sent())
      submit_many(other, 1)
      assert.equal(64 - waiting, #sent())
      engine:close()
      engine = core.engine { now = 0 }
    end
  end)

  it("ETORO_WAIT_TOLD in the queue", function()
    for seconds, kinds in pairs {
      [0.00199] = "done sent", [0.00201] = "done waited sent",
    } do
      submit_many(client { events = true, max_connections = 1 }, 2)
      local jobs = sent()
      engine:advance(seconds)
      assert.equal("queued queued sent", table.concat(events(), " "))
      assert(engine:answer(jobs[1], 200, "HTTP/1.1 200\r\n\r\n", "{}"))
      sent()
      assert.equal(kinds, table.concat(events(), " "))
    end
  end)

  describe("the default", function()
    it("ETORO_DEFAULT_TIMEOUT of an attempt", function()
      local job = assert(submit(client(), { class = "never" }))
      sent()
      engine:advance(29.9)
      engine:step(0)
      assert.is_false(job:done())
      engine:advance(0.2)
      engine:step(0)
      assert.equal("timeout", (select(2, job:outcome())))
    end)

    it("ETORO_DEFAULT_DEADLINE of a call", function()
      local job = assert(submit(client(), { timeout = 1000 }))
      sent()
      engine:advance(299.9)
      engine:step(0)
      assert.is_false(job:done())
      engine:advance(0.2)
      engine:step(0)
      assert.equal("deadline", (select(2, job:outcome())))
    end)

    it("ETORO_DEFAULT_MAX_RETRIES of a call", function()
      local job, count = assert(submit(client())), 0
      repeat
        local jobs = sent()
        for _, taken in ipairs(jobs) do
          engine:answer(taken, 503, "HTTP/1.1 503\r\n\r\n", "{}")
        end
        count = count + #jobs
        engine:advance(1)
        engine:step(0)
      until job:done()
      assert.equal(1 + 4, count)
    end)

    it("ETORO_DEFAULT_MAX_CONNECTIONS of a client", function()
      submit_many(client(), 9)
      assert.equal(8, #sent())
    end)

    it("ETORO_DEFAULT_MAX_BODY of an answer", function()
      for extra, code in pairs { [0] = false, [1] = "too_large" } do
        local job = assert(submit(client(), { max_retries = 0 }))
        engine:answer(sent()[1], 200, "HTTP/1.1 200\r\n\r\n",
          (" "):rep(64 * 2 ^ 20 + extra))
        assert.equal(code, select(2, job:outcome()) or false)
        collectgarbage()
      end
    end)

    it("ETORO_DEFAULT_WINDOW of a pool", function()
      local c = client { pools = { { name = "default", limit = 1 } } }
      submit_many(c, 2)
      engine:answer(sent()[1], 200, "HTTP/1.1 200\r\n\r\n", "{}")
      engine:advance(59.9)
      assert.equal(0, #sent())
      engine:advance(0.2)
      assert.equal(1, #sent())
    end)
  end)
end)

describe("the core's ceilings: #memory", function()
  it("ETORO_ESCAPED_MAX of a value", function()
    local text = ("a"):rep(2 ^ 24)
    assert.equal(text, core.escape(text))
    assert.is_nil((core.escape(text .. "a")))
    text = ("%"):rep(2 ^ 24 // 3) -- each becomes three
    assert.equal(#text * 3, #core.escape(text))
    assert.is_nil((core.escape(text .. "%")))
  end)

  it("ETORO_RANDOM_MAX of a random token", function()
    assert(core.random_token(256))
    assert.error_matches(function() core.random_token(257) end,
      "1 to 256 expected")
  end)

  it("ETORO_CLAIMS_MAX of a signed token", function()
    local function claims(rest) -- of base64url: four characters, three bytes
      return core.claims(core.secret("h." .. ("AAAA"):rep(21845) .. rest
        .. ".s"))
    end
    assert.equal(65536, #claims "AA")
    assert.is_nil((claims "AAA"))
  end)

  it("ETORO_FIXED_DIGITS_MAX behind the point", function()
    assert.equal("0.5" .. ("0"):rep(19), core.fixed(0.5, 20))
    assert.error_matches(function() core.fixed(0.5, 21) end, "0 to 20 expected")
  end)

  it("ETORO_FIGURE_DIGITS_MAX of a figure, ETORO_FIGURE_DIGITS unless asked",
    function()
      assert.equal("0.10000000000000001", core.figure(0.1, 17))
      assert.error_matches(function() core.figure(0.1, 18) end,
        "1 to 17 expected")
      assert.equal("0.33333333333333", core.figure(1 / 3))
    end)
end)
