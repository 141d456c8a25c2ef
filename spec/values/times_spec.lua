local core = require "etoro.core"
local times = require "etoro.values.times"

describe("etoro.values.times", function()
  it("writes seconds as UTC", function()
    assert.equal("1970-01-01T00:00:00Z", times.format(0))
    assert.equal("2026-12-31T23:59:59Z", times.format(1798761599))
    assert.equal("2026-12-31T23:59:59Z", times.format(1798761599.999))
    assert.equal("1969-12-31T23:59:59Z", times.format(-1))
    assert.equal("2000-02-29T12:00:00Z", times.format(951825600))
    assert.equal("0001-01-01T00:00:00Z", times.format(-62135596800))
    assert.equal("9999-12-31T23:59:59Z", times.format(253402300799.5))
  end)

  it("refuses years that ISO 8601 has no four digits for", function()
    for _, seconds in ipairs { 253402300800, -62135596801, 1e300, 0 / 0,
      1 / 0, -1 / 0, 1798761599000 } do
      local text, message = times.format(seconds)
      assert.is_nil(text)
      assert.matches("seconds %(not milliseconds%)", message)
    end
  end)

  it("agrees with the C library over four centuries", function()
    for day = 0, 146097, 29 do
      local seconds = day * 86400 + 3661 - 6000000000
      local text = os.date("!%Y-%m-%dT%H:%M:%SZ", seconds)
      assert.equal(text, times.format(seconds))
      assert.equal(seconds, times.parse(text))
    end
  end)

  it("reads every form the API writes", function()
    local noon = 1772798400 -- 2026-03-06T12:00:00Z
    assert.equal(noon, times.parse "2026-03-06T12:00:00Z")
    assert.equal(noon, times.parse "2026-03-06T12:00:00+00:00")
    assert.equal(noon, times.parse "2026-03-06T14:30:00+02:30")
    assert.equal(noon, times.parse "2026-03-06T07:00:00-0500")
    assert.equal(noon, times.parse "2026-03-06 12:00:00Z")
    assert.equal(noon, times.parse "2026-03-06T12:00:00")
    assert.equal(noon - 43200, times.parse "2026-03-06")
    assert.near(noon + 0.1234567, times.parse "2026-03-06T12:00:00.1234567Z",
      1e-6)
    assert.equal(-62135596800, times.parse "0001-01-01T00:00:00")
  end)

  it("refuses days and hours that do not exist, and other texts", function()
    for _, text in ipairs { "", "tomorrow", "2026-02-29T00:00:00Z",
      "2026-13-01T00:00:00Z", "2026-00-10", "2026-04-31", "2100-02-29",
      "0000-01-01", "2026-03-06T24:00:00Z", "2026-03-06T12:60:00Z",
      "2026-03-06T12:00:60Z", "2026-03-06T12:00Z", "2026-03-06T12:00:00+24:00",
      "2026-03-06T12:00:00 UTC", "2026-03-06T12:00:00.Z", "2026-3-6",
      "2026-03-06T", "2026-03-06T12:00:00Z\n", "06.03.2026" } do
      local seconds, message = times.parse(text)
      assert.is_nil(seconds, text)
      assert.is_string(message)
    end
  end)

  it("lets a date and time through as written, and nothing less", function()
    for _, text in ipairs { "2026-12-31T23:59:59Z", "2026-12-31T23:59:59",
      "2026-12-31T23:59:59.1234567+02:00", "2026-12-31 23:59:59Z",
      "9999-12-31T23:59:59.9999999", "0001-01-01T00:00:00" } do
      assert.equal(text, times.check(text))
    end
    local text, message = times.check "2026-12-31"
    assert.is_nil(text)
    assert.matches("2026%-12%-31T23:59:59Z", message)
    assert.is_nil(times.check "2026-12-31_23:59:59Z")
  end)

  it("reads moments, to the second, and no dates alone", function()
    for _, pair in ipairs { { 0, "1970-01-01T00:00:00Z" },
      { 951782400, "2000-02-29T00:00:00Z" },
      { 1767225599, "2025-12-31T23:59:59Z" },
      { 4102444800, "2100-01-01T00:00:00Z" } } do
      assert.equal(pair[2], times.format(pair[1]))
      assert.equal(pair[1], times.moment(pair[2]))
    end
    assert.equal(0, times.moment "1970-01-01T02:00:00.1234567+02:00")
    for _, bad in ipairs { "", "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z",
      "2026-01-01", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00X" } do
      assert.is_nil(times.moment(bad))
    end
  end)

  it("writes days, and moments as HTTP headers have them", function()
    assert.equal("2026-12-31", times.date(1798761599.9))
    assert.equal("Thu, 01 Jan 1970 00:00:00 GMT", times.http(0))
    assert.equal("Tue, 29 Feb 2000 12:00:00 GMT", times.http(951825600.75))
    assert.equal("Wed, 31 Dec 1969 23:59:59 GMT", times.http(-1))
    for day = 0, 800 do
      local seconds = day * 86400 * 7.3
      assert.equal(math.floor(seconds), core.http_date(times.http(seconds)))
    end
  end)
end)
