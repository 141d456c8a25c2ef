-- Which bars are marked as forming: by the moment that a date names, in
-- whichever of the API's ways it is written, and without reading a thousand
-- dates for the few that matter.

local candles = require "etoro.market.candles"
local sandbox_rng = require "etoro.sandbox.rng"
local times = require "etoro.values.times"

local NOW = 1767225600 -- 2026-01-01T00:00:00Z

local function is_forming(date, interval, now)
  local bar = { fromDate = date, close = 1 }
  candles.mark({ bar }, interval, now)
  return bar.is_forming or false
end

-- As the API writes a moment, and as it might.
local WAYS = {
  function(at) return at end,
  function(at) return (at:gsub("T", " ")) end,
  function(at) return (at:gsub("T", "t")) end,
  function(at) return (at:gsub("Z", "")) end,
  function(at) return (at:gsub("Z", "z")) end,
  function(at) return (at:gsub("Z", ".5Z")) end,
  function(at) return (at:gsub("Z", ".0000001Z")) end,
  function(at) return (at:gsub("Z", ".9999999")) end,
  function(at) return (at:gsub("Z", "+00:00")) end,
  function(at) return (at:gsub("Z", "-11:30")) end,
  function(at) return (at:gsub("Z", "+1400")) end,
  function(at) return (at:gsub("Z", "+00:00Z")) end,
  function(at) return (at:gsub("Z", "ZZ")) end,
  function(at) return at:sub(1, 10) end,
  function(at) return at:sub(1, 13) .. "Z" end,
  function(at) return (at:gsub(":%d%dZ", ":60Z")) end,
  function(at) return (at:gsub("%-%d%dT", "-32T")) end,
  function(at) return " " .. at end,
  function(at) return "9" .. at end,
}

describe("bars are forming", function()
  it("where their date is, however it is written", function()
    local rng = sandbox_rng.new(12)
    local marked, unmarked = 0, 0
    for _, interval in ipairs { "OneMinute", "OneHour", "OneDay", "OneWeek" } do
      local length = candles.seconds(interval)
      for _ = 1, 40 do
        local now = NOW + rng:range(0, 10 ^ 6) + rng:range(0, 3) / 4
        for _, near in ipairs { 0, 1, -1, rng:range(0, 43200),
            -rng:range(0, 43200), -10 ^ 6, 10 ^ 6 } do
          local at = times.format(now - length + near)
          for _, write in ipairs(WAYS) do
            local date = write(at)
            local from = times.parse(date)
            local wanted = from ~= nil and from + length > now
            assert.equal(wanted, is_forming(date, interval, now),
              ("%s at %s"):format(date, times.format(now)))
            if wanted then marked = marked + 1 else unmarked = unmarked + 1 end
          end
        end
      end
    end
    assert.is_true(marked > 5000 and unmarked > 5000)
  end)

  it("where the clock stands at an end of the calendar", function()
    assert.is_true(is_forming("0001-01-02T00:00:00Z", "OneWeek",
      times.parse "0001-01-03"))
    assert.is_true(is_forming("9999-12-31T23:59:59Z", "OneMinute",
      times.LAST + 1))
    assert.is_false(is_forming("9999-12-31T23:59:59Z", "OneMinute",
      times.LAST + 61))
  end)

  it("and few of their dates are read", function()
    local list, parse, reads = {}, times.parse, 0
    for i = 1, 1000 do
      list[i] = { fromDate = times.format(NOW - i * 86400), close = 1 }
    end
    times.parse = function(text)
      reads = reads + 1
      return parse(text)
    end
    local ok, message = pcall(candles.mark, list, "OneDay", NOW - 43200)
    times.parse = parse
    assert(ok, message)
    assert.is_true(list[1].is_forming)
    assert.is_nil(list[2].is_forming)
    assert.is_true(reads <= 2, reads .. " dates")
  end)
end)

describe("bars are missing", function()
  it("by a price of -1 or a date of the first day", function()
    local list = { { close = -1, fromDate = "2026-01-01T00:00:00Z" },
      { close = 1, fromDate = "0001-01-01T00:00:00Z" },
      { close = 1, fromDate = "0001-01-01" }, { close = 1, fromDate = "" },
      { close = 1, fromDate = 5 }, { close = 1 }, "junk",
      { close = 1, fromDate = "0001-01-02T00:00:00Z" } }
    candles.mark(list, "OneDay", NOW)
    local found = {}
    for i, bar in ipairs(list) do
      found[i] = type(bar) == "table" and bar.is_missing or false
    end
    assert.same({ true, true, true, false, false, false, false, false }, found)
  end)
end)
