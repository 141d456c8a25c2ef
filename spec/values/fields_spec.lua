local named = require "etoro.values.named"
local nearest = require "etoro.values.nearest"
local types = require "etoro.values.types"
local core = require "etoro.core"

local null = core.null

local function here() return debug.getinfo(2, "l").currentline end

-- The message of what f raises, with the file and line it has to name.
local function raises(line, f, ...)
  local ok, message = pcall(f, ...)
  assert.is_false(ok)
  local place = "fields_spec.lua:" .. line .. ": "
  assert.matches(place, message, 1, true)
  return (message:gsub("^.-:%d+: ", ""))
end

describe("nearest.find", function()
  it("finds the name that was meant", function()
    local names = { "api_key", "user_key", "base_url", "connect_timeout" }
    assert.equal("api_key", nearest.find("api_keyy", names))
    assert.equal("api_key", nearest.find("apikey", names))
    assert.equal("api_key", nearest.find("API_KEY", names))
    assert.equal("base_url", nearest.find("base_ulr", names))
    assert.equal("connect_timeout", nearest.find("timeout", names))
    assert.is_nil(nearest.find("zebra", names))
    assert.is_nil(nearest.find("", names))
    assert.is_nil(nearest.find(7, names))
    assert.equal("scopeNames", nearest.find("scopes", { scopeNames = 1 }))
  end)
end)

describe("named.options", function()
  it("lets known names through", function()
    named.options(nil, { "a" }, "option")
    named.options({}, { "a" }, "option")
    named.options({ a = 1 }, { "a" }, "option")
    named.options({ a = 1, b = "x" }, { a = "number", b = "string|table" },
      "option")
  end)

  it("raises at the caller's line, with the nearest right name", function()
    local known = { api_key = "string", timeout = "number|boolean" }
    assert.equal("unknown option 'api_keyy' (did you mean 'api_key'?)",
      raises(here() + 1, function()
        named.options({ api_keyy = "x" }, known, "option")
      end))
    assert.equal("bad option 'timeout': number or boolean expected,"
      .. " got string", raises(here() + 1, function()
        named.options({ timeout = "5" }, known, "option")
      end))
    assert.equal("options must be a table, got string",
      raises(here() + 1, function()
        named.options("x", known, "option")
      end))
    assert.equal("unknown option '1'", raises(here() + 1, function()
        named.options({ "x" }, known, "option")
      end))
  end)
end)

describe("types.ipv4", function()
  it("takes four decimal numbers and nothing else", function()
    for _, text in ipairs { "0.0.0.0", "255.255.255.255", "192.168.1.1" } do
      assert.equal(text, types.ipv4(text))
    end
    for _, text in ipairs { "", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.04",
      "1.2.3.4/24", " 1.2.3.4", "1.2.3.4\n", "::1", "a.b.c.d", "1.2.3.-4",
      "1..2.3", "0x1.2.3.4", "1.2.3.0000" } do
      local value, message = types.ipv4(text)
      assert.is_nil(value, text)
      assert.matches("is not an IPv4 address", message)
    end
  end)
end)

describe("types.amount", function()
  it("takes finite numbers and exact decimals above the bound", function()
    for _, value in ipairs { 1, 0.01, 1e300, "2000.10", "0.000001",
      "123456789012345678901234567890" } do
      assert.equal(value, types.amount(value, 0))
    end
    assert.equal(-5, types.amount(-5))
    for _, value in ipairs { 0, -1, 0 / 0, 1 / 0, -1 / 0, -0.0, "0", "0.00",
      "-1", "", "abc", "1e3", "0x10", " 1", "1,000", "+1", "inf", "nan" } do
      local result, message = types.amount(value, 0)
      assert.is_nil(result, tostring(value))
      assert.is_string(message)
    end
  end)
end)

describe("types.integer", function()
  it("takes whole numbers of 64 bits, and digits", function()
    for _, value in ipairs { 1, 0, -5, 3.0, math.maxinteger, "211",
      "99999999999999999999" } do
      assert.equal(value, types.integer(value))
    end
    for _, value in ipairs { 1.5, 0 / 0, 1 / 0, -1 / 0, 2.0 ^ 63, 1e300, "1.0",
      "", "x", "1e3" } do
      assert.is_nil((types.integer(value)), tostring(value))
    end
    assert.is_nil((types.integer(0, 1)))
    assert.is_nil((types.integer("-1", 1)))
  end)
end)

describe("types.name", function()
  it("counts characters, not bytes", function()
    for _, text in ipairs { "MyPort1", "sixsix", "tencharact", "äöüßéñ",
      "😀😀😀😀😀😀😀😀😀😀" } do
      assert.equal(text, types.name(text, 6, 10))
    end
    for _, text in ipairs { "", "short", "elevenchars", "äöüßé", "sixsi\255" }
    do
      assert.is_nil((types.name(text, 6, 10)), text)
    end
    assert.equal("", types.name(""))
  end)
end)

describe("types.datetime", function()
  it("keeps texts as written, and writes seconds", function()
    assert.equal("2026-12-31T23:59:59+01:00",
      types.datetime "2026-12-31T23:59:59+01:00")
    assert.equal("2026-12-31T23:59:59Z", types.datetime(1798761599))
    assert.equal("2026-12-31T23:59:59Z", types.datetime(1798761599.5))
    assert.equal(null, types.datetime(null))
    for _, value in ipairs { "", "2026-12-31", "2026-02-30T00:00:00Z",
      "soon", 1 / 0, 0 / 0, 1798761599000 } do
      local result, message = types.datetime(value)
      assert.is_nil(result)
      assert.is_string(message)
    end
  end)
end)
