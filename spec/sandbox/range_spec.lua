-- Candles between two times: the sandbox's side of a route that no document has.
local ceilings = require "etoro.sandbox.ceilings"
local support_box = require "spec.support.box"
local times = require "etoro.values.times"

local HOUR = 3600

describe("the sandbox's candles between two times #lua", function()
  local box
  before_each(function() box = support_box.new() end)

  local function ask(id, query)
    local status, body = box:ask("GET", ("/api/v1/data/instruments/%s/candles?%s")
      :format(id, query))
    return status, body
  end

  local function ago(days)
    return times.format(support_box.START - days * times.DAY)
  end

  it("have numbers as text, and what the other route says of the same time",
    function()
      local status, body = ask(1001, "interval=1h&from=" .. ago(20) .. "&to="
        .. ago(19))
      assert.equal(200, status)
      assert.same({ 1001, "AAPL", "1h", 24 }, { body.instrumentId, body.symbol,
        body.interval, #body.results })
      assert.is_false(body.pagination.hasNext)
      local _, other = box:ask("GET", "/api/v1/market-data/instruments/1001/history"
        .. "/candles/asc/OneHour/1000")
      local by_time = {}
      for _, bar in ipairs(other.candles[1].candles) do
        by_time[times.parse(bar.fromDate)] = bar
      end
      for i, bar in ipairs(body.results) do
        local same = by_time[times.parse(bar.time)]
        assert(bar.time:find "T%d%d:00:00%+00:00$")
        assert.equal(support_box.START - 20 * times.DAY + (i - 1) * HOUR,
          times.parse(bar.time))
        for _, name in ipairs { "open", "high", "low", "close" } do
          assert.equal("string", type(bar[name]))
          assert.equal(same[name], tonumber(bar[name]))
        end
      end
    end)

  local function count(query)
    local _, body = ask(1001, query)
    return #body.results, body
  end

  it("come in pages of ceilings.box_range_default to ceilings.box_range_max",
    function()
      local range = "interval=1h&from=" .. ago(200) .. "&to=" .. ago(20)
      assert.equal(ceilings.box_range_default, (count(range)))
      local most = ceilings.box_range_max
      local got, body = count(range .. "&limit=" .. most)
      assert.equal(most, got)
      assert.is_true(body.pagination.hasNext)
      local rest, last = count(range .. "&limit=" .. most .. "&cursor="
        .. body.pagination.nextCursor)
      assert.equal(180 * 24, got + rest + (last.pagination.hasNext
        and count(range .. "&limit=" .. most .. "&cursor="
          .. last.pagination.nextCursor) or 0))
      assert.equal(HOUR, times.parse(last.results[1].time)
        - times.parse(body.results[most].time))
      assert.equal(400, (ask(1001, range .. "&limit=" .. most + 1)))
    end)

  it("end ceilings.box_range_lag days ago, and begin in 2018", function()
    local lag = ceilings.box_range_lag
    local got, body = count("interval=1h&from=" .. ago(lag + 1))
    assert.equal(24, got)
    assert.equal(support_box.START - lag * times.DAY - HOUR,
      times.parse(body.results[got].time))
    assert.equal(0, (count("interval=1h&from=" .. ago(lag) .. "&to="
      .. ago(lag - 1))))
    got, body = count "interval=1d&from=2010-01-01T00:00:00Z&to=2019-01-01T00:00:00Z"
    assert.same({ 31, "2018-12-01T22:00:00+00:00" }, { got, body.results[1].time })
    assert.equal(0, (count "from=2010-01-01T00:00:00Z&to=2011-01-01T00:00:00Z"))
  end)

  it("are refused where they are asked wrongly", function()
    for _, query in ipairs { "interval=3h", "from=soon", "to=2024-99-99",
      "from=2025-01-02T00:00:00Z&to=2025-01-01T00:00:00Z", "limit=0", "limit=1.5",
      "side=both" } do
      assert.equal(400, (ask(1001, query)), query)
    end
    assert.equal(404, (ask(999999, "interval=1d")))
  end)
end)
