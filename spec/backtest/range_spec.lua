-- What becomes of bars that come by the API's two routes, from an API that answers
-- what the spec wants.
local data_columns = require "etoro.backtest.data.columns"
local json = require "etoro.values.json"
local process = require "spec.support.process"
local recorder = require "spec.support.recorder"
local run_limits = require "etoro.values.run_limits"
local spans = require "etoro.backtest.data.spans"
local times = require "etoro.values.times"

describe("stretches of time #lua", function()
  it("are added up, whatever order they come in", function()
    local list = {}
    for _, one in ipairs { { 10, 20 }, { 40, 50 }, { 0, 5 }, { 20, 25 }, { 60, 60 },
      { 22, 41 } } do
      list = spans.add(list, one[1], one[2])
    end
    assert.same({ { 0, 5 }, { 10, 50 } }, list)
    assert.same({ { 5, 10 }, { 50, 60 } }, spans.missing(list, 0, 60))
    assert.same({ { -5, 0 }, { 5, 7 } }, spans.missing(list, -5, 7))
    assert.same({}, spans.missing(list, 11, 50))
    assert.same({ { 1, 2 } }, spans.missing({}, 1, 2))
  end)

  it("are what a naive list of seconds says, at random", function()
    math.randomseed(15)
    for _ = 1, 300 do
      local list, all = {}, {}
      for _ = 1, math.random(6) do
        local from = math.random(0, 40)
        local to = from + math.random(0, 8)
        list = spans.add(list, from, to)
        for second = from, to - 1 do all[second] = true end
      end
      for second = 0, 50 do
        local is_in = #spans.missing(list, second, second + 1) == 0
        assert.equal(all[second] or false, is_in)
      end
      for i = 2, #list do assert(list[i - 1][2] < list[i][1]) end
    end
  end)
end)

local function columns_of(bars)
  local columns = data_columns.new()
  for _, bar in ipairs(bars) do
    data_columns.add(columns, { time = bar[1], open = bar[2], high = bar[2],
      low = bar[2], close = bar[2], volume = 1.0 })
  end
  return columns
end

describe("bars of two lists #lua", function()
  it("are one list, each time once, the first one's where both have one", function()
    local sum, differing = data_columns.merge(
      columns_of { { 2, 20.0 }, { 4, 40.0 }, { 5, 50.0 } },
      columns_of { { 1, 1.0 }, { 2, 20.0 }, { 4, 4.0 }, { 9, 9.0 } })
    assert.same({ 1, 2, 4, 5, 9 }, sum.time)
    assert.same({ 1.0, 20.0, 40.0, 50.0, 9.0 }, sum.close)
    assert.equal(1, differing)
    assert.same({}, data_columns.merge(data_columns.new(),
      data_columns.new()).time)
  end)
end)

local HOUR = 3600

describe("bars between two times", function()
  local server, dir, now

  before_each(function()
    server, dir = recorder.start(), process.scratch()
    now = os.time() // times.DAY * times.DAY
  end)
  after_each(function()
    server:stop()
    process.remove(dir)
  end)

  -- Hours as the newest route has them, the last ones; price tells of an hour.
  local function newest(count, price)
    local list = json.list()
    for i = count, 1, -1 do
      local at = now - i * HOUR
      list[#list + 1] = { instrumentID = 7, fromDate = times.format(at),
        open = price(at), high = price(at), low = price(at), close = price(at),
        volume = 5 }
    end
    return { interval = "OneHour", candles = { { instrumentId = 7,
      candles = list } } }
  end

  local function page(rows, cursor)
    return { instrumentId = 7, symbol = "ODD", interval = "1h",
      results = json.list(rows), pagination = { hasNext = cursor ~= nil,
        nextCursor = cursor or json.null } }
  end

  local function row(at, price)
    local text = price and ("%.2f"):format(price) or json.null
    return { time = times.format(at):gsub("Z", "+00:00"), open = text,
      high = text, low = text, close = text, volume = "12" }
  end

  local function answer(bodies)
    local list = { { body = '{"rates":[]}' } } -- what its currency is worth
    for _, body in ipairs(bodies) do
      list[#list + 1] = { body = json.encode(body) }
    end
    server:script(list)
  end

  -- Gets hours from a time on; what it says, and the bars that are kept.
  local function get(from)
    local argv = { os.getenv "LUA" or "lua5.4", "-e", ([[
      local get = require "etoro.backtest.data.get"
      local json = require "etoro.values.json"
      local store = require "etoro.backtest.data.store"
      local client = require "etoro".client { api_key = "a", user_key = "b",
        rate_limit = false, base_url = %q, max_retries = 0 }
      local got, err = get.get(client, { symbol = "ODD", id = 7,
        interval = "1h" }, { from = %d })
      local kept = store.read("ODD", "1h")
      io.write(json.encode { got = got, err = err and { kind = err.kind,
        message = err.message }, kept = kept })]]):format(server.url, from),
      env = { XDG_DATA_HOME = dir } }
    local done = process.run(argv)
    assert.equal(0, done.code, done.stderr)
    return json.decode(done.stdout, true)
  end

  local function flat() return 10.0 end

  it("come in any order, some twice, some without numbers", function()
    local start = now - 1002 * HOUR
    answer { newest(1000, flat), page({ row(start + HOUR, 10), row(start, 11),
      row(start + HOUR, 10), row(start - HOUR, 12), row(start - 2 * HOUR) }, "x1"),
      page { row(start, 11), row(now - 999 * HOUR, 10) } }
    local said = get(start - 2 * HOUR)
    assert.is_nil(said.err)
    assert.equal(1003, said.got.count)
    assert.equal(1, said.got.left_out)
    assert.same({ 12.0, 11.0, 10.0, 10.0 }, { said.kept.close[1],
      said.kept.close[2], said.kept.close[3], said.kept.close[4] })
    for i = 2, 1003 do assert.equal(HOUR, said.kept.time[i] - said.kept.time[i - 1]) end
    -- of the hundred that both have, it has one
    assert.equal(run_limits.bars_range_shared - 1, said.got.lone)
  end)

  it("are held against the newest in run_limits.bars_range_shared bars", function()
    local start, rows = now - 1001 * HOUR, {}
    local function with(at, price)
      rows = {}
      for i = 0, run_limits.bars_range_shared + 1 do
        rows[#rows + 1] = row(start + i * HOUR, i == at and price or 10)
      end
      answer { newest(1000, flat), page(rows) }
      process.remove(dir)
      dir = process.scratch()
      return get(start)
    end
    local slack = run_limits.bars_range_slack
    assert.is_nil(with(1, 10 * (1 + slack) - 0.01).err)
    local err = with(1, 10 * (1 + slack) + 0.01).err
    assert.equal("conflict", err.kind)
    assert(err.message:find "^1 bars? of ODD")
    assert.equal("conflict", with(run_limits.bars_range_shared, 20).err.kind)
    assert.is_nil(with(run_limits.bars_range_shared + 1, 20).err)
    assert.equal(0, with(0, 30).got.lone)
  end)

  it("end with an error where the pages lead nowhere", function()
    local start = now - 1001 * HOUR
    local odd = page { row(start, 10) }
    odd.pagination.hasNext = true
    answer { newest(1000, flat), odd }
    assert.equal("protocol", get(start).err.kind)
    answer { newest(1000, flat), page({ row(start, 10) }, "a"),
      page({ row(start, 10) }, "a") }
    assert(get(start).err.message:find("read before", 1, true))
  end)
end)
