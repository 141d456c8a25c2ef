local core = require "etoro.core"
local json = require "etoro.values.json"

local null = core.null

-- The message of a raised error without its place.
local function complaint(f, ...)
  local ok, message = pcall(f, ...)
  assert.is_false(ok)
  return (message:gsub("^[^:]+:%d+: ", ""))
end

describe("etoro.values.json.encode #memory", function()
  it("writes numbers with their digits and without exponents", function()
    local cases = {
      ["2000"] = 2000, ["0.1"] = 0.1, ["1234567.891"] = 1234567.891,
      ["12345"] = 12345.0, ["9007199254740993"] = 9007199254740993,
      ["9223372036854775807"] = math.maxinteger,
      ["-9223372036854775808"] = math.mininteger,
      ["0.30000000000000004"] = 0.1 + 0.2, ["-0.5"] = -0.5, ["0"] = 0,
      ["100000000000000"] = 1e14, ["0.0000001"] = 1e-7,
      ["123456789012345.67"] = 123456789012345.67,
      ["100000000000000000000.0"] = 1e20,
    }
    for text, number in pairs(cases) do
      assert.equal(text, json.encode(number))
    end
  end)

  it("writes the digits of a string where the schema says number", function()
    local schema = { amount = { type = "number" },
      ids = { type = "list", items = "integer" } }
    assert.equal('{"amount":2000.10,"ids":[9007199254740993,211]}',
      json.encode({ amount = "2000.10", ids = { "9007199254740993", 211 } },
        schema))
    assert.equal('{"amount":-0.00000000000000000001}',
      json.encode({ amount = "-0.00000000000000000001" }, schema))
    assert.equal('{"other":"2000.10"}',
      json.encode({ other = "2000.10" }, schema))
  end)

  it("writes what a table's own __pairs gives, to the depth of all others",
    function()
      local own = setmetatable({ secret = 1 }, { __pairs = function()
        return next, { b = { 1, 2 }, a = "x" }
      end })
      assert.equal('{"a":"x","b":[1,2]}', json.encode(own))
      local endless = setmetatable({}, {})
      getmetatable(endless).__pairs = function()
        return next, { again = endless }
      end
      assert.equal("cannot encode value.again: it is a table inside itself",
        complaint(json.encode, endless))
      local failing = setmetatable({}, { __pairs = function()
        error("no pairs", 0)
      end })
      assert.equal("no pairs", complaint(json.encode, { { failing } }))
    end)

  it("takes nothing but plain decimals as digits", function()
    local schema = { amount = { type = "number" } }
    for _, text in ipairs { "", " 1", "1 ", "+1", "01", "1.", ".5", "1e3",
      "0x10", "1,5", "NaN", "Infinity", "--1", "1.2.3", "1\n" } do
      assert.equal("cannot encode value.amount: it is not a decimal number",
        complaint(json.encode, { amount = text }, schema))
    end
    assert.equal("cannot encode value.id: it is not a whole number",
      complaint(json.encode, { id = "1.0" }, { id = { type = "integer" } }))
  end)

  it("writes an empty table as the schema says", function()
    assert.equal("{}", json.encode {})
    assert.equal('{"ipsWhitelist":[],"other":{}}',
      json.encode({ ipsWhitelist = {}, other = {} },
        { ipsWhitelist = { type = "list", items = "ipv4" } }))
    assert.equal("[]", json.encode({}, { type = "list" }))
    assert.equal('[[],[1]]', json.encode({ {}, { 1 } },
      { type = "list", items = { type = "list" } }))
  end)

  it("writes an empty list of an answer as one", function()
    local text = '{"a":[],"b":{},"c":[[],[{}]],"d":"[]"}'
    local value = json.decode(text)
    assert.equal(text, json.encode(value))
    assert.equal("[]", json.encode(json.decode " [ ] "))
    assert.equal(0, #value.a)
    value.a[1], value.b.x = 1, 2
    assert.equal('{"a":[1],"b":{"x":2},"c":[[],[{}]],"d":"[]"}',
      json.encode(value))
  end)

  it("writes names in order and null as null", function()
    assert.equal('{"a":null,"b":[1,null,"x"],"c":{"d":true,"e":false}}',
      json.encode { c = { e = false, d = true }, a = null,
        b = { 1, null, "x" } })
    assert.equal("null", json.encode(null))
  end)

  -- ETORO_NAMES_SORTED is 12
  it("writes names in order however many there are", function()
    for count = 1, 30 do
      local object, parts = {}, {}
      for i = count, 1, -1 do object[("n%02d"):format(i)] = { n = i } end
      for i = 1, count do parts[i] = ('"n%02d":{"n":%d}'):format(i, i) end
      assert.equal("{" .. table.concat(parts, ",") .. "}", json.encode(object))
    end
  end)

  it("escapes what JSON wants escaped, and only that", function()
    assert.equal([["\"\\/\b\f\n\r\t\u0000\u001f]] .. "\127äß€😀\"",
      json.encode "\"\\/\b\f\n\r\t\0\31\127äß€😀")
  end)

  it("masks secrets", function()
    local secret = core.secret "sk_live_1234"
    assert.equal('{"token":"****"}', json.encode { token = secret })
  end)

  it("names the place of what JSON cannot hold", function()
    local loop = {}
    loop.me = { loop }
    local deep = {}
    for _ = 1, 100 do deep = { deep } end
    local cases = {
      { { a = { 1, 0 / 0 } }, "value.a[2]: it is not a finite number" },
      { { a = 1 / 0 }, "value.a: it is not a finite number" },
      { { a = -1 / 0 }, "value.a: it is not a finite number" },
      { { f = print }, "value.f: it is a function, which JSON cannot hold" },
      { io.stdout, "value: it is a userdata, which JSON cannot hold" },
      { nil, "value: it is a nil, which JSON cannot hold" },
      { "\255", "value: it is not valid UTF-8" },
      { { ["\237\160\128"] = 1 }, "value.\237\160\128: it is not valid UTF-8" },
      { { 1, nil, 3 }, "value: it is a list with gaps;"
        .. " put etoro.null into them" },
      { { [0] = 1 }, "value: it is a list with gaps;"
        .. " put etoro.null into them" },
      { { 1, a = 2 }, "value: it has both names and numbers as keys" },
      { { [true] = 1 }, "value: it has a boolean as a key" },
      { loop, "value.me[1]: it is a table inside itself" },
    }
    for _, case in ipairs(cases) do
      assert.equal("cannot encode " .. case[2],
        complaint(json.encode, case[1]))
    end
    assert.matches("nested deeper than 100 tables",
      complaint(json.encode, deep))
  end)

  it("writes one table twice beside itself", function()
    local shared = { 1 }
    assert.equal("[[1],[1]]", json.encode { shared, shared })
  end)

  it("raises at the line of its caller", function()
    local line = debug.getinfo(1, "l").currentline + 1
    local _, message = pcall(function() json.encode { print } end)
    assert.matches("json_spec.lua:" .. line .. ": ", message, 1, true)
  end)
end)

describe("etoro.values.json.show #memory", function()
  local REPLACED = "\239\191\189"

  it("writes whatever bytes an answer or an error holds", function()
    assert.equal('{"a":"caf' .. REPLACED .. '","k' .. REPLACED .. '":[1,"'
      .. REPLACED:rep(3) .. '"]}',
      json.show { a = "caf\xe9", ["k\xff"] = { 1, "\xed\xa0\x80" } })
    assert.equal('"é€😀' .. REPLACED:rep(2) .. '"', json.show "é€😀\xe2\x82")
    for byte = 128, 255 do
      local text = "x" .. string.char(byte) .. "y"
      assert.equal("x" .. REPLACED .. "y", json.readable(text))
      assert.equal('"x' .. REPLACED .. 'y"', json.show(text))
    end
    assert.equal("é\n\0", json.readable "é\n\0")
  end)

  it("writes all that can be decoded", function()
    for _, text in ipairs { ("["):rep(999) .. ("]"):rep(999),
      ('{"a":'):rep(900) .. "1" .. ("}"):rep(900), "[1e400]", '["\xff"]',
      "[null,18446744073709551616]" } do
      assert.is_string(json.show { err = { json.decode(text) } })
    end
  end)

  it("raises for what only a program can put there, at its line", function()
    local ok, message = pcall(function() json.show({ f = print }) end)
    assert.is_false(ok)
    assert.matches("^spec/values/json_spec.lua:%d+: cannot encode value.f: it is a"
      .. " function", message)
  end)
end)

describe("etoro.values.json.utf8_length #memory", function()
  it("counts characters", function()
    assert.equal(0, json.utf8_length "")
    assert.equal(6, json.utf8_length "äöü€😀x")
    assert.equal(3, json.utf8_length "a\0b")
  end)

  it("agrees with the library on all pairs of bytes and many longer texts",
    function()
      -- plain comparisons: 65,536 assertions take their time
      local function same(text)
        if (utf8.len(text) or nil) ~= json.utf8_length(text) then
          error(("not the same for %q"):format(text))
        end
      end
      for first = 0, 255 do
        for second = 0, 255 do same(string.char(first, second)) end
      end
      for first = 0xE0, 0xF5 do
        for _, second in ipairs { 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF,
          0xC0 } do
          same(string.char(first, second, 0x80))
          same(string.char(first, second, 0x80, 0xBF))
          same(string.char(first, second, 0x80, 0x41))
          same(string.char(first, second, 0x80) .. "é")
        end
      end
    end)
end)

describe("etoro.values.json.decode #memory", function()
  it("gives integers as integers", function()
    local value = json.decode [[{"mirrorId": 12345, "big": 9007199254740993,
      "max": 9223372036854775807, "min": -9223372036854775808,
      "whole": 1e3, "rate": 1.10, "list": [1, [2.0, {"x": 3}] ]}]]
    assert.equal("12345", tostring(value.mirrorId))
    assert.equal("9007199254740993", tostring(value.big))
    assert.equal(math.maxinteger, value.max)
    assert.equal(math.mininteger, value.min)
    assert.equal("integer", math.type(value.whole))
    assert.equal(1.1, value.rate)
    assert.equal("3", tostring(value.list[2][2].x))
  end)

  it("keeps numbers past 64 bits as their digits", function()
    local value = json.decode [[{"a": 9223372036854775808,
      "b": [123456789012345678901234567890], "c": 1E400, "d": 2}]]
    assert.equal("9223372036854775808", value.a)
    assert.equal("123456789012345678901234567890", value.b[1])
    assert.equal("1E400", value.c)
    assert.equal(2, value.d)
  end)

  it("drops null from objects, keeps it in lists", function()
    local text = '{"a": null, "b": [1, null], "c": {"d": null}}'
    local value = json.decode(text)
    assert.is_nil(value.a)
    assert.equal(null, value.b[2])
    assert.same({}, value.c)
    value = json.decode(text, true)
    assert.equal(null, value.a)
    assert.equal(null, value.c.d)
  end)

  it("seals secrets wherever they stand", function()
    local value = json.decode [[{"userTokens": [{"userToken": "sk_\u0031"}],
      "access_token": "abc", "other": "userToken"}]]
    local secret = value.userTokens[1].userToken
    assert.is_true(core.is_secret(secret))
    assert.equal("sk_1", secret:reveal())
    assert.equal("abc", value.access_token:reveal())
    assert.equal("userToken", value.other)
    assert.equal('{"access_token":"****","other":"userToken",'
      .. '"userTokens":[{"userToken":"****"}]}', json.encode(value))
  end)

  it("seals secrets in any spelling, in lists and in objects", function()
    for _, name in ipairs { "UserToken", "user_token", "USER-TOKEN",
      "accessToken", "AccessToken", "ACCESS_TOKEN", "refreshToken", "id-token",
      "clientSecret", "codeVerifier", "apiKey", "x-user-key",
      "user\\u0054oken", "\\u0055ser\\u005ftoken" }
    do
      local value = json.decode(('[{"%s": "abc"}, {"%s": ["abc", {"v": "abc"}]}]')
        :format(name, name))
      local _, secret = next(value[1])
      assert.is_true(core.is_secret(secret), name)
      assert.equal("abc", secret:reveal())
      local _, list = next(value[2])
      assert.equal("abc", list[1]:reveal())
      assert.equal("abc", list[2].v:reveal())
    end
    local text = '{"accessTokens":[1],"nextPageToken":"a","token":"b",'
      .. '"userTokenId":"c","userTokenName":"d"}'
    assert.equal(text, json.encode(json.decode(text)))
  end)

  it("blanks secrets of JSON inside its texts", function()
    local inner = '{"userToken":"abc","b":["x"],"access-token":["d"]}'
    for _ = 1, 3 do
      inner = json.encode { content = inner }
      local content = json.decode(inner).content
      assert.is_nil(content:find("abc", 1, true), content)
    end
    assert.equal('{"userToken":"***","b":["x"],"access-token":["*"]}',
      json.decode(json.decode(json.decode(inner).content).content).content)
    local post = 'say \\"userToken\\": it is \\ud83d\\ude00'
    assert.equal('say "userToken": it is 😀', json.decode('["' .. post
      .. '"]')[1])
  end)

  it("makes U+FFFD of half a pair of escapes", function()
    assert.same({ "cut \u{fffd}", "\u{fffd}x", "\u{fffd}A", "😀",
      { ["\u{fffd}"] = 1 } }, json.decode(
      '["cut \\ud83d", "\\uDE00x", "\\ud83d\\u0041", "\\uD83D\\uDE00", '
      .. '{"\\ud83d": 1}]'))
    assert.equal("a\u{fffd}", json.decode('{"userToken":"a\\ud83d"}')
      .userToken:reveal())
  end)

  it("cannot be faked by an answer that writes the marks itself", function()
    local value = json.decode [=[["\u0000k1", "\u0000i5", "\u0000", "\u0000sx",
      {"\u0000i7": "\u0000n8"}]]=]
    assert.same({ "\0k1", "\0i5", "\0", "\0sx", { ["\0i7"] = "\0n8" } }, value)
  end)

  it("gives nothing for nothing", function()
    for _, text in ipairs { "", " \r\n\t", "null" } do
      local value, message = json.decode(text)
      assert.is_nil(value)
      assert.is_nil(message)
    end
    assert.equal(null, (json.decode("null", true)))
  end)

  it("reads bare values", function()
    assert.equal(12345, json.decode "12345")
    assert.equal("integer", math.type(json.decode "12345"))
    assert.equal(9007199254740993, json.decode "9007199254740993")
    assert.equal("x", json.decode '"x"')
    assert.is_false((json.decode "false"))
  end)

  it("says what is not JSON", function()
    for _, text in ipairs { "{", "[1,", '{"a":}', "nope", "NaN", "[Infinity]",
      "[0x10]", "{}x", '{"a":1}{', "[01]", "<html>", '{"userToken":"x" y}',
      '{"userToken":"x"y}', '{"userToken":x}', '{"userToken":True}',
      '{"userToken":01}', '{"userToken":"x" "y"}', '{"userToken":["x" y]}',
      '{"userToken":{"a":x}}', '{"userToken":"\\x"}', "{}\0", "[1]\0[2]",
      '{"a":1}\0 ', "[1,\0 2]", '{"userToken":"x"\0}', "\0" } do
      local value, message = json.decode(text)
      assert.is_nil(value, text)
      assert.is_string(message)
    end
  end)

  it("reads a big text whatever state the collector is in", function()
    local items = {}
    for i = 1, 20000 do
      items[i] = ('{"instrumentID":%d,"symbolFull":"S%d"}'):format(i, i)
    end
    local text = "[" .. table.concat(items, ",") .. "]"
    assert.is_true(#text > 256 * 1024)
    assert.is_true(collectgarbage "isrunning")
    assert.equal(20000, #json.decode(text))
    assert.is_true(collectgarbage "isrunning")
    assert.is_nil((json.decode(text .. "}")))
    assert.is_true(collectgarbage "isrunning")
    collectgarbage "stop"
    local value = json.decode(text)
    local is_running = collectgarbage "isrunning"
    collectgarbage "restart"
    assert.is_false(is_running)
    assert.equal("20000", tostring(value[20000].instrumentID))
  end)

  it("leaves the settings of the shared cjson alone", function()
    local cjson = require "cjson"
    local before = { cjson.decode_invalid_numbers(),
      cjson.decode_max_depth(), cjson.encode_number_precision() }
    json.decode "[1]"
    assert.same(before, { cjson.decode_invalid_numbers(),
      cjson.decode_max_depth(), cjson.encode_number_precision() })
  end)
end)

-- ETORO_ROUNDTRIP numbers, and as many texts of digits, go out and come back.
describe("numbers on their way out and back #slow", function()
  local COUNT = tonumber(os.getenv "ETORO_ROUNDTRIP") or 20000
  local BATCH = 1000
  local seed = tonumber(os.getenv "ETORO_SEED") or 1

  local function random_bits()
    local value
    repeat
      value = string.unpack("<d", string.pack("<i8", math.random(0)))
    until value == value and value ~= 1 / 0 and value ~= -1 / 0
    return value
  end

  local kinds = {
    random_bits,
    function() return math.random(0) end,
    function() return math.random(0) >> math.random(0, 63) end,
    function() return math.random() * 10.0 ^ math.random(-12, 12) end,
    function() -- a price or an amount
      return math.random(0, 10 ^ 9 | 0) / 10 ^ math.random(0, 8)
    end,
    function() return 2.0 ^ math.random(-1074, 1023) end,
  }

  local function random_digits()
    local whole = tostring(math.random(0, 10 ^ math.random(0, 18) | 0))
    if math.random(2) == 1 then return whole end
    local fraction = {}
    for i = 1, math.random(1, 20) do fraction[i] = math.random(0, 9) end
    return whole .. "." .. table.concat(fraction)
  end

  it("loses nothing of " .. COUNT, function()
    math.randomseed(seed)
    for _ = 1, COUNT, BATCH do
      local list = {}
      for i = 1, BATCH do list[i] = kinds[math.random(#kinds)]() end
      local text = json.encode(list)
      assert.is_nil(text:find("[eE]"))
      local back = json.decode(text)
      for i, value in ipairs(list) do
        -- plain comparisons: a million assertions take minutes
        if back[i] ~= value or math.type(value) == "integer"
            and math.type(back[i]) ~= "integer" then
          error(("%a came back as %s (seed %d)"):format(value,
            tostring(back[i]), seed))
        end
      end
    end
  end)

  it("keeps the digits of " .. COUNT .. " texts", function()
    math.randomseed(seed)
    local schema = { type = "list", items = "number" }
    for _ = 1, COUNT, BATCH do
      local list = {}
      for i = 1, BATCH do list[i] = random_digits() end
      assert.equal("[" .. table.concat(list, ",") .. "]",
        json.encode(list, schema))
    end
  end)
end)

describe("JSON of a server #memory", function()
  it("has lists that are empty, and values that are written already", function()
    local once = json.written { b = json.list(), a = "x" }
    assert.equal('{"a":"x","b":[]}', json.show(once))
    assert.equal('[{"a":"x","b":[]},{"a":"x","b":[]}]',
      json.encode { once, once })
    assert.equal("[1]", json.show(json.list { 1 }))
  end)

  it("is read as it stands", function()
    local value = json.decode_plain('{"userToken":"plain","apiKey":"plain",'
      .. '"none":null,"list":[null,1.5],"accessToken":"plain"}')
    assert.same({ userToken = "plain", apiKey = "plain", none = json.null,
      list = { json.null, 1.5 }, accessToken = "plain" }, value)
    local nothing, message = json.decode_plain "{"
    assert.is_nil(nothing)
    assert.is_string(message)
  end)
end)
