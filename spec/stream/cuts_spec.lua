-- A stream that is cut at random moments and in many ways while prices pour in:
-- each gap is told, nothing is missing outside of one, and behind the last cut
-- its quotes are the server's. CUTS and SEED make more of it, or the same again.
local core = require "etoro.core"
local json = require "etoro.values.json"
local process = require "spec.support.process"
local support_server = require "spec.support.server"
local patience = require "spec.support.patience"

local CUTS = tonumber(os.getenv "CUTS") or 40
local SEED = tonumber(os.getenv "SEED") or os.time()
local INSTRUMENTS = 20
local PYTHON = "/usr/bin/python3" -- Debian's, which has python3-websockets

local FIELDS = { Bid = "bid", Ask = "ask", LastExecution = "last",
  ConversionRateBid = "conversionRateBid",
  ConversionRateAsk = "conversionRateAsk", IsMarketOpen = "isMarketOpen",
  AllowBuy = "allowBuy", Date = "date" }

describe("a stream that is cut", function()
  local box, market, stream

  before_each(function()
    box = support_server.start { limits = false }
    market = process.spawn { PYTHON, "spec/support/ws_cuts.py",
      tostring(SEED), tostring(CUTS), tostring(INSTRUMENTS) }
  end)
  after_each(function()
    if stream then stream:close() end
    stream = nil
    market:stop()
    box:stop()
  end)

  local function open(policy)
    local port = market:expect "ready (%d+)\n"
    local client = assert(box:client { connect_timeout = patience,
      stream_url = "ws://127.0.0.1:" .. port .. "/ws" })
    stream = assert(client:stream { policy = policy, queue = 200,
      backoff = { 0.001, 0.01 } })
    local topics = { "private" }
    for i = 1, INSTRUMENTS do topics[i + 1] = 1000 + i end
    assert(stream:subscribe(topics))
  end

  -- What the server has at its end; nil before.
  local function final()
    process.sleep(0)
    local text = market:stdout():match "final (%b{})\n"
    return text and json.decode(text)
  end

  local function is_at(server)
    for id, price in pairs(server.prices) do
      if tostring(stream:quote(tonumber(id)).priceRateID)
          ~= price.PriceRateID then
        return false
      end
    end
    return true
  end

  -- Kilobytes of Lua and of the process, all that nobody holds given back.
  local function held()
    collectgarbage()
    local file = assert(io.open "/proc/self/statm")
    local pages = file:read("a"):match "^%d+ (%d+)"
    file:close()
    return { lua = collectgarbage "count", process = pages * 4 }
  end

  -- By kind, what is done with an event; all of it goes into `seen`.
  local note = {}

  function note.connected(seen)
    seen.session = { snapshots = 0 }
    table.insert(seen.sessions, seen.session)
  end

  function note.gap(seen, event)
    table.insert(seen.gaps, event)
    assert.is_true(event.from <= event.to)
    local before = seen.gaps[#seen.gaps - 1]
    assert.is_true(not before or before.to <= event.from)
    if #seen.gaps % math.max(1, CUTS // 20) == 0 then table.insert(seen.held, held()) end
  end

  function note.order(seen, event)
    assert.is_nil(seen.numbers[event.orderId])
    seen.numbers[event.orderId] = true
  end

  local function check_numbers(event)
    for _, field in pairs(FIELDS) do
      assert.is_true(event[field] == event[field], field)
    end
    return tonumber(event.priceRateID)
  end

  -- First the snapshots, one an instrument, then one event a push.
  local function each(seen, event)
    local session, number = seen.session, check_numbers(event)
    if session.snapshots < INSTRUMENTS then
      session.snapshots = session.snapshots + 1
      return
    end
    assert.is_nil(seen.numbers[number], number)
    seen.numbers[number] = true
    session.first = session.first or number
    assert.is_true(number > (session.last or seen.last))
    session.last, seen.last = number, number
  end

  local function read_all(quote)
    note.quote = quote
    local seen = { sessions = {}, gaps = {}, numbers = {}, of = {}, held = {},
      last = 0 }
    local ends = core.monotonic() + patience + CUTS
    while core.monotonic() < ends do
      local event, err = stream:next(0.2)
      if err then error(err) end
      if event and note[event.kind] then note[event.kind](seen, event) end
      local server = not event and final()
      if server and is_at(server) then return seen, server end
    end
    error "it does not come to its end"
  end

  local function check_quotes(server)
    for id, price in pairs(server.prices) do
      local quote = stream:quote(tonumber(id))
      for name, field in pairs(FIELDS) do
        local value = price[name]
        if value == json.null then value = nil end
        assert.equal(value, quote[field], id .. " " .. field)
      end
    end
  end

  -- Of each instrument never an older one behind a newer one.
  local function newest(seen, event)
    local number, last = check_numbers(event), seen.of[event.instrumentId]
    assert.is_true(not last or number >= last)
    seen.of[event.instrumentId] = number
  end

  -- Each number between a session's first push and its last was told in it.
  local function check_sessions(seen)
    local told = 0
    for _, session in ipairs(seen.sessions) do
      for number = session.first or 1, session.last or 0 do
        assert.is_true(seen.numbers[number], number)
        told = told + 1
      end
    end
    assert.is_true(told > CUTS * 10, told)
  end

  -- What holds whatever is told of each push.
  local function check_all(seen, server)
    check_quotes(server)
    local cuts = 0
    for _, count in pairs(server.cuts) do cuts = cuts + count end
    assert.equal(CUTS, cuts)
    assert.equal(CUTS, #seen.gaps)
    local stats = stream:stats()
    assert.equal(CUTS, stats.gaps)
    assert.equal(CUTS + server.early, stats.losses)
    local first, last = seen.held[1], seen.held[#seen.held]
    local room = 2048 + 8 * CUTS -- what is kept here of each session
    assert.is_true(last.lua < first.lua + room, last.lua - first.lua)
    if CUTS >= 1000 then -- below, the allocators still settle
      assert.is_true(last.process < first.process + 2 * room,
        last.process - first.process)
    end
  end

  it(("tells each gap and each push, seed %d"):format(SEED), function()
    open "block"
    local seen, server = read_all(each)
    check_all(seen, server)
    check_sessions(seen)
  end)

  it(("ends with the server's quotes, the newest told, seed %d"):format(SEED),
    function()
      open "newest"
      check_all(read_all(newest))
    end)
end)
