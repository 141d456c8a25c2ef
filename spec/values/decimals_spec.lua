local decimals = require "etoro.values.decimals"

describe("two decimals", function()
  it("are the same whatever their spelling", function()
    for _, pair in ipairs { { 0.1, "0.10" }, { 1000, "1e3" }, { 1, 1.0 },
      { "-0.0", 0 }, { -0.0, "0" }, { "007", 7 }, { ".5", 0.5 }, { "5.", 5 },
      { "+5", 5 }, { "1E-2", 0.01 }, { "1200", "1.2e+3" },
      { 100000.01, "100000.01" }, { 0.1 + 0.2, "0.30000000000000004" },
      { 9007199254740993, "9007199254740993" }, { 1e22, "1" .. ("0"):rep(22) },
      { "123456789012345678901234567890.5", "123456789012345678901234567890.50" },
      { math.mininteger, "-9223372036854775808" } }
    do
      assert.is_true(decimals.same(pair[1], pair[2]), pair[2])
      assert.is_true(decimals.same(pair[2], pair[1]), pair[2])
    end
  end)

  it("are not where one digit differs", function()
    for _, pair in ipairs { { 100000.01, 100000.02 }, { "0.1", "-0.1" },
      { "100000.01", 100000.02 }, { 1, 1.0000001 }, { "1e3", "1e4" },
      { 9007199254740993, 9007199254740992 }, { 0.1 + 0.2, 0.3 },
      { "9007199254740993", 9007199254740992 }, { 10, "1" },
      { "123456789012345678901234567890.5",
        "123456789012345678901234567890.51" } }
    do
      assert.is_false(decimals.same(pair[1], pair[2]), pair[2])
      assert.is_false(decimals.same(pair[2], pair[1]), pair[2])
    end
  end)

  it("are nobody knows what where one is none, or too long for a double",
    function()
      for _, pair in ipairs { { 1, "one" }, { 1, "" }, { 1, "." }, { 1, "1.2.3" },
        { 1, "0x1" }, { 1, " 1" }, { 1, "1e" }, { 1, "1e1.5" }, { 1, true },
        { 0 / 0, 0 / 0 }, { math.huge, math.huge }, { "inf", "inf" },
        { 0.1, "0.1000000000000000000001" }, { "1e99999999999999999999", 1 } }
      do
        assert.is_nil(decimals.same(pair[1], pair[2]), pair[2])
        assert.is_nil(decimals.same(pair[2], pair[1]), pair[2])
      end
      assert.is_nil(decimals.same(nil, nil))
    end)
end)

describe("money in words", function()
  it("has cents while they are certain, and never three hundred digits", function()
    for value, text in pairs { [0] = "0.00", [-1.5] = "-1.50", [1234.567] = "1234.57",
      [999999999999999] = "999999999999999.00", [1e15] = "1e+15", [1e300] = "1e+300",
      [-1.5e20] = "-1.5e+20", [1000000000000000000] = "1e+18" } do
      assert.equal(text, decimals.money(value))
    end
  end)
end)
