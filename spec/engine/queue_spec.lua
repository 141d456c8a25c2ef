-- Who goes first where calls wait for a pool, under a driven clock.
local core = require "etoro.core"

local START = 1767225600 -- 2026-01-01T00:00:00Z

describe("the queue of a pool #memory", function()
  local engine

  local function client(pools, options)
    local all = { base_url = "http://127.0.0.1", api_key = core.secret "a",
      user_key = core.secret "u", pools = pools, max_connections = 1000 }
    for name, value in pairs(options or {}) do all[name] = value end
    return engine:client(all)
  end

  local function submit(of, name, fields)
    local request = { method = "GET", target = "/" .. name, class = "safe",
      timeout = 30, deadline = 300, max_retries = 4 }
    for field, value in pairs(fields or {}) do request[field] = value end
    return assert(engine:submit(of, request))
  end

  -- The requests that go out now, in their order.
  local function sent()
    engine:step(0)
    local names, jobs = {}, {}
    local job, request = engine:take()
    while job do
      names[#names + 1], jobs[#jobs + 1] = request.target:sub(2), job
      job, request = engine:take()
    end
    return table.concat(names, " "), jobs
  end

  local function answer(jobs, status, headers)
    for _, job in ipairs(jobs) do
      assert(engine:answer(job, status or 200, "HTTP/1.1 200\r\n"
        .. (headers or "") .. "\r\n", "{}"))
    end
  end

  before_each(function() engine = core.engine { now = START } end)

  local ONE = { { name = "default", limit = 1, window = 60 } }

  it("goes by priority, and first come first served", function()
    local c = client(ONE)
    local held = { submit(c, "first") }
    local order, jobs = sent()
    assert.equal("first", order)
    for _, priority in ipairs { "read", "order", "exit" } do
      for i = 1, 3 do
        held[#held + 1] = submit(c, priority .. i,
          { priority = priority, deadline = 1000 })
      end
    end
    local seen = {}
    for _ = 1, 9 do
      answer(jobs)
      assert.equal("", (sent()))
      engine:advance(59.9)
      assert.equal("", (sent()))
      engine:advance(0.2)
      order, jobs = sent()
      seen[#seen + 1] = order
    end
    assert.equal("exit1 exit2 exit3 order1 order2 order3 read1 read2 read3",
      table.concat(seen, " "))
  end)

  it("keeps the place of a call that is sent again", function()
    local c = client { { name = "default", limit = 2, window = 60 } }
    local held = { submit(c, "a"), submit(c, "b"), submit(c, "c"),
      submit(c, "d") }
    local order, jobs = sent()
    assert.equal("a b", order)
    answer({ jobs[1] }, 429, "Retry-After: 10\r\nRateLimit-Limit: 2\r\n")
    answer({ jobs[2] })
    assert.equal("", (sent()))
    engine:advance(9.9)
    assert.equal("", (sent())) -- the whole pool pauses
    engine:advance(1.2)
    -- "c" is due before the backoff of "a" has ended, or after it
    order = sent()
    assert.is_true(order == "a" or order == "c", order)
    assert.equal(4, #held)
  end)

  it("pauses after a 429, and others do not", function()
    local kept = {} -- what is collected is due at once, to be ended
    for _, limit in ipairs { 60, 0 } do
      local c = client { { name = "default", limit = limit, window = 60 },
        { name = "other", limit = limit, window = 60 } }
      local held = { submit(c, "a", { max_retries = 0 }) }
      kept[limit] = { c, held }
      local _, jobs = sent()
      answer(jobs, 429, "Retry-After: 7\r\n")
      assert.is_true(held[1]:done())
      for _, priority in ipairs { "read", "order" } do
        held[#held + 1] = submit(c, priority, { priority = priority })
      end
      held[#held + 1] = submit(c, "else", { pool = "other" })
      assert.equal("else", (sent()))
      assert.near(7, engine:timeout(), 1e-6)
      engine:advance(6.9)
      assert.equal("", (sent()))
      engine:advance(0.2)
      assert.matches("^order", (sent()))
    end
    assert.equal(4, #kept[60][2])
  end)

  -- Seconds at which requests of that name go out while each is refused.
  local function tries(name, headers, seconds)
    local at = {}
    for tenth = 0, seconds * 10 do
      local order, jobs = sent()
      if order == name then at[#at + 1] = tenth / 10 end
      answer(jobs, 429, headers)
      engine:advance(0.1)
    end
    return at
  end

  -- The gap before each of them.
  local function gaps_of(at)
    local gaps = {}
    for n = 2, #at do gaps[n - 1] = at[n] - at[n - 1] end
    return gaps
  end

  it("tries an exit at once and now and again through a pause", function()
    for _, headers in ipairs { "Retry-After: 900\r\n", "Retry-After: 60\r\n",
      "RateLimit-Limit: 5\r\nRateLimit-Remaining: 0\r\n", "" }
    do
      engine = core.engine { now = START }
      local c = client { { name = "default", limit = 20, window = 60,
        reserve = 4 } }
      local held = { submit(c, "order", { priority = "order" }) }
      answer(select(2, sent()), 429, headers)
      if headers == "" then -- of which a limit of 1 is learned
        held[2] = submit(c, "one", { priority = "order" })
        answer(select(2, sent()))
      end
      local exit = submit(c, "exit", { priority = "exit", max_retries = 1 })
      held[#held + 1] = submit(c, "entry", { priority = "order" })
      local at = tries("exit", headers, 35)
      assert.equal(0, at[1])
      local gaps = gaps_of(at)
      assert.equal(5, #gaps, headers)
      for n, gap in ipairs(gaps) do -- with a tenth of jitter
        local least = 2 ^ (n - 1)
        assert.is_true(gap >= least - 0.01 and gap < least * 1.1 + 0.21, gap)
      end
      assert.is_false(exit:done())
      assert.equal(headers == "" and 3 or 2, #held)
    end
  end)

  it("tries exits one after the other while they get through", function()
    local c = client(ONE)
    local held = { submit(c, "order", { priority = "order" }) }
    answer(select(2, sent()), 429, "Retry-After: 300\r\n")
    for n = 1, 3 do
      held[#held + 1] = submit(c, "exit" .. n, { priority = "exit" })
    end
    for n = 1, 3 do
      local order, jobs = sent()
      assert.equal("exit" .. n, order)
      assert.equal("", (sent()))
      answer(jobs)
    end
    assert.equal("", (sent()))
    engine:advance(299)
    assert.equal("", (sent())) -- the entry is still held
  end)

  it("ends an exit's tries with its deadline, and with max_retries = 0",
    function()
      local c = client(ONE)
      submit(c, "order", { priority = "order", max_retries = 0 })
      answer(select(2, sent()), 429, "Retry-After: 900\r\n")
      local exit = submit(c, "exit", { priority = "exit", deadline = 20 })
      local once = submit(c, "once", { priority = "exit", max_retries = 0 })
      local count = 0
      for _ = 1, 250 do
        local _, jobs = sent()
        count = count + #jobs
        answer(jobs, 429, "Retry-After: 900\r\n")
        engine:advance(0.1)
      end
      local status, _, attempts = once:outcome()
      assert.same({ 429, 1 }, { status, attempts })
      status, _, attempts = exit:outcome()
      assert.equal(429, status)
      assert.is_true(attempts >= 2 and attempts <= 4, attempts)
      assert.equal(attempts + 1, count)
    end)

  it("counts a refusal that an exit meets behind the pause", function()
    local c = client { { name = "default", limit = 0, window = 60 } }
    local exit = submit(c, "exit", { priority = "exit", max_retries = 1,
      deadline = 1000 })
    local attempts = #tries("exit", "Retry-After: 3\r\n", 60)
    assert.is_true(exit:done())
    assert.equal(429, (exit:outcome()))
    assert.is_true(attempts >= 3 and attempts <= 8, attempts)
  end)

  it("lets another client of the account past one that is busy", function()
    local pools = { { name = "default", limit = 100, window = 60 } }
    local busy = client(pools, { max_connections = 1 })
    local free = client(pools)
    local held = {}
    for i = 1, 20 do held[i] = submit(busy, "busy" .. i) end
    held[21] = submit(free, "free")
    assert.equal("busy1 free", (sent()))
    assert.equal("budget", held[20]:state())
  end)

  it("follows a clock that jumps", function()
    local c = client { { name = "default", limit = 2, window = 60 } }
    local held = {}
    for i = 1, 10 do held[i] = submit(c, "x" .. i) end
    local _, jobs = sent()
    answer(jobs)
    engine:advance(1e9)
    assert.equal("", (sent()))
    for i, job in ipairs(held) do
      local _, code = job:outcome()
      assert.equal(i > 2 and "rate_limited" or nil, code)
    end
    engine:advance(-1e9) -- it does not go back
    submit(c, "gone") -- nobody keeps it
    collectgarbage()
    held[11], held[12] = submit(c, "y1"), submit(c, "y2")
    assert.equal("y1 y2", (sent()))
  end)

  describe("with 100,000 calls", function()
    local function kilobytes()
      for line in io.lines "/proc/self/status" do
        local size = line:match "^VmRSS:%s*(%d+) kB"
        if size then return tonumber(size) end
      end
    end

    local function fill(c)
      local jobs = {}
      for i = 1, 100000 do
        jobs[i] = submit(c, "api/v1/market-data/instruments",
          { deadline = 300 + i % 7 })
      end
      return jobs
    end

    it("takes little memory, and lets go of it #slow", function()
      collectgarbage()
      local before = kilobytes()
      local c = client(ONE)
      local jobs = fill(c)
      local each = (kilobytes() - before) / 100
      assert.is_true(each < 2048, each)
      assert.equal(100000, engine:stats().live)
      local began = os.clock()
      sent()
      assert.is_true(os.clock() - began < 0.05)
      -- in any order
      for i = 1, 100000, 2 do jobs[i]:cancel() end
      for i = 100000, 1, -2 do jobs[i]:cancel() end
      assert.is_true(os.clock() - began < 2)
      assert.equal(0, engine:stats().live)
      for i = 1, 100000, 1000 do
        assert.equal("cancelled", (select(2, jobs[i]:outcome())))
      end
      jobs = nil -- luacheck: ignore
      collectgarbage()
      local after = fill(c)
      assert.is_true((kilobytes() - before) / 100 < 1.5 * each)
      assert.equal(100000, #after)
    end)

    it("ends them with their client, and with their deadlines #slow",
      function()
      local first, second = client(ONE), client(ONE)
      local going, staying = fill(first), fill(second)
      local began = os.clock()
      first:close()
      assert.is_true(os.clock() - began < 2)
      assert.equal(100000, engine:stats().live)
      assert.equal("closed", (select(2, going[77777]:outcome())))
      engine:advance(303.5)
      engine:step(0)
      engine:advance(10)
      engine:step(0)
      assert.equal(0, engine:stats().live)
      assert.equal("rate_limited", (select(2, staying[77777]:outcome())))
      assert.is_true(os.clock() - began < 4)
    end)
  end)
end)
