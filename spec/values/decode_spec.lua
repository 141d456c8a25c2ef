-- The decoder of answers, through core.decode: what each text is, to the last
-- byte; what is refused, and how; what stands in its way.
local core = require "etoro.core"
local cjson = require "cjson"
local collector = require "spec.support.collector"
local limits = require "spec.support.limits"
local process = require "spec.support.process"
local program = require "spec.support.program"

local decode, null = core.decode, core.null

local OF_C = {}
for _, entry in ipairs(limits.of_c()) do OF_C[entry.name] = entry.value end

local function reveal(value)
  if core.is_secret(value) then return "<" .. value:reveal() .. ">" end
  if type(value) ~= "table" then return value end
  local copy = {}
  for key, inner in pairs(value) do copy[key] = reveal(inner) end
  return copy
end

-- The value of a text, secrets as <text>, wherever the text stands in the
-- blocks of bytes that are looked at together.
local function gives(expected, text)
  for before = 0, 17 do
    for _, behind in ipairs { 0, 40 } do
      local value, message = decode((" "):rep(before) .. text
        .. (" "):rep(behind))
      assert(message == nil, message)
      assert.same(expected, reveal(value))
    end
  end
end

local function refuses(text, pattern)
  for before = 0, 17 do
    local value, message = decode((" "):rep(before) .. text)
    assert.is_nil(value, text)
    assert.matches(pattern or "%l+, at byte %d+$", message)
  end
end

describe("a decoded answer #memory", function()
  it("has each kind of value", function()
    gives({ 1, -2.5, true, false, null, "x", {}, { a = {} } },
      '[1,-2.5,true,false,null,"x",[],{"a":{}}]')
    gives({ a = 1, b = { c = "d" } },
      ' { "a" : 1 ,\r\n\t"b" : { "c":"d" } , "e" : null } ')
    gives("x", '"x"')
    gives(true, "true")
    gives(nil, "null")
  end)

  it("has strings of every length, undone escapes at every place", function()
    for length = 0, 70 do
      local plain = ("abcdefghij"):rep(7):sub(1, length)
      gives({ plain, plain }, ('["%s","%s"]'):format(plain, plain))
      gives({ [plain] = plain }, ('{"%s":"%s"}'):format(plain, plain))
      gives(plain .. "\n\u{1f600}é\0/" .. plain,
        ('"%s\\n\\ud83d\\ude00é\\u0000\\/%s"'):format(plain, plain))
      gives({ [plain .. '"\\'] = 1 }, ('{"%s\\"\\\\":1}'):format(plain))
    end
  end)

  it("has lists of every length", function()
    for _, length in ipairs { 1, 2, 63, 64, 65, 66, 127, 128, 129, 1000 } do
      local items, list = {}, {}
      for i = 1, length do items[i], list[i] = tostring(i), i end
      local value = decode("[" .. table.concat(items, ",") .. "]")
      assert.equal(length, #value)
      assert.same(list, value)
      assert.is_nil(getmetatable(value))
    end
  end)

  it("has the last of two values with one name", function()
    gives({ a = 2 }, '{"a":1,"a":2}')
    gives({ b = 1 }, '{"a":1,"b":1,"a":null}')
    gives({ a = "<s>", userToken = "<2>" },
      '{"a":"","userToken":1,"user\\u0054oken":2,"a":"<s>"}')
  end)

  it("keeps null in objects where it is asked to", function()
    local value = decode('{"a":null,"b":[null],"userToken":null}', true)
    assert.same({ a = null, b = { null }, userToken = null }, value)
    assert.equal(null, decode("null", true))
  end)

  it("marks lists that are empty, also under a secret's name", function()
    local value = decode '{"a":[],"b":{},"userToken":[ \t\r\n],"c":[[]]}'
    for _, list in ipairs { value.a, value.userToken, value.c[1] } do
      assert.equal(core.empty_list, getmetatable(list))
      assert.is_nil(next(list))
    end
    assert.is_nil(getmetatable(value.b))
    assert.is_nil(getmetatable(value.c))
  end)

  it("skips a mark of UTF-8 in front", function()
    local value = decode "\239\187\191 [1]"
    assert.same({ 1 }, value)
    assert.is_nil((decode "\239\187\191"))
    refuses("[\239\187\1911]")
  end)

  it("names an object's fields from few strings, whatever order they have",
    function()
      local seed = tonumber(os.getenv "ETORO_SEED") or 1
      math.randomseed(seed)
      for _ = 1, 300 do
        local fields, parts = {}, {}
        for _ = 1, math.random(1, 40) do
          local name = ("name"):rep(math.random(1, 14)) .. math.random(1, 400)
          if not fields[name] then
            fields[name] = math.random(1, 9)
            parts[#parts + 1] = ('"%s":%d'):format(name, fields[name])
          end
        end
        assert.same(fields, (decode("{" .. table.concat(parts, ",") .. "}")))
      end
    end)
end)

describe("a decoded secret #memory", function()
  it("is what stands under its name", function()
    gives({ userToken = "<abc>", b = 1 }, '{"userToken":"abc","b":1}')
    gives({ userToken = "<abc>" }, '{ "userToken" \n:\t "abc" }')
    gives({ userToken = "<>" }, '{"userToken":""}')
    gives({ { access_token = "<a>" }, { refresh_token = "<b>" },
      { id_token = "<c>" }, { client_secret = "<d>" },
      { code_verifier = "<e>" } }, '[{"access_token":"a"},'
      .. '{"refresh_token":"b"},{"id_token":"c"},{"client_secret":"d"},'
      .. '{"code_verifier":"e"}]')
    gives({ userToken = "<-12.5e3>", id_token = "<true>", apiKey = "<false>",
      userKey = "<9223372036854775808>" }, '{"userToken":-12.5e3,'
      .. '"id_token":true,"apiKey":false ,"userKey":9223372036854775808}')
    gives({ userToken = "<a>", id_token = "<b>" },
      '{"\\u0075serToken":"a","id\\u005Ftoken":"b"}')
    gives({ refresh_token = "<a>" },
      '{"\\u0072\\u0065\\u0066\\u0072\\u0065\\u0073\\u0068\\u005f'
      .. '\\u0074\\u006f\\u006b\\u0065\\u006e":"a"}')
  end)

  it("has any spelling of its name, and no other name", function()
    for name in ([[UserToken,user_token,USER-TOKEN,user token,USERTOKEN,
      accessToken,AccessToken,ACCESS_TOKEN,access.token,refreshToken,
      refresh-token,idToken,IdToken,clientSecret,Client_Secret,CLIENT-SECRET,
      codeVerifier,code-verifier,apiKey,API_KEY,x-api-key,X-User-Key,userKey,
      user_key,_user__token]]):gsub("\n *", ""):gmatch "[^,]+"
    do
      gives({ [name] = "<abc>" }, ('{"%s":"abc"}'):format(name))
    end
    local others = '{"usertokens":"a","xuserToken":"b","user/token":1,'
      .. '"userTokenId":"c","nextPageToken":"d","token":"e","token_type":"f",'
      .. '"userToken1":"","a":"userToken"}'
    gives(cjson.decode(others), others)
    -- at ETORO_SECRET_NAME_MAX, and one byte past it
    local most = "user" .. ("_"):rep(OF_C.ETORO_SECRET_NAME_MAX - 9) .. "token"
    gives({ [most] = "<abc>" }, ('{"%s":"abc"}'):format(most))
    gives({ ["_" .. most] = "abc" }, ('{"_%s":"abc"}'):format(most))
  end)

  it("may be all that a list or an object holds", function()
    gives({ id_token = { "<a>", null, { "<b>" }, "<1e5>", "<true>", {} },
      c = { "d" } },
      '{"id_token":["a",null,[ "b" ],1e5,true,[]],"c":["d"]}')
    gives({ user_token = { value = "<a>", n = { m = "<2>" } }, c = "d" },
      '{"user_token":{"value":"a","n":{"m" : 2}},"c":"d"}')
  end)

  it("has its escapes undone, zero bytes too", function()
    gives({ userToken = "<a\"b\\c/d\b\f\n\r\tA\u{20ac}\u{1f600}\u{fffd}\0kb>" },
      [[{"userToken":"a\"b\\c/d\b\f\n\r\t\u0041\u20AC\ud83d\ude00\ud83d]]
      .. [[\u0000kb"}]])
  end)

  it("is counted: an answer has room for so many", function()
    local most = OF_C.ETORO_DECODED_SECRETS_MAX
    local function many(n)
      return "[" .. ('{"userToken":"abc"},'):rep(n):sub(1, -2) .. "]"
    end
    assert.equal(most, #decode(many(most)))
    local value, message = decode(many(most + 1))
    assert.is_nil(value)
    assert.matches("too many secrets", message)
    assert.is_nil(message:find("abc", 1, true))
  end)

  it("is overwritten in JSON that a string holds, and stays a string",
    function()
      gives({ content = '{"userToken":"***"}' },
        '{"content":"{\\"userToken\\":\\"abc\\"}"}')
      gives({ '{"UserToken":"***"}', "x" },
        '["{\\u0022UserToken\\u0022:\\u0022abc\\u0022}","x"]')
      gives({ ['{"user_token":"***"}'] = 1 },
        '{"{\\"user_token\\":\\"abc\\"}":1}')
      gives({ content = '{"userTokenId":"abc"}' },
        '{"content":"{\\"userTokenId\\":\\"abc\\"}"}')
      gives({ content = 'the userToken\n: "abc"' },
        '{"content":"the userToken\\n: \\"abc\\""}')
      -- what is broken in there ends no string around it
      for _, inner in ipairs { [[{\"userToken\":\"a\\]], [[{\"apiKey\":\\]],
        [[\"apiKey\":\"ab\\\\\"c]], [[\"apiKey\":[\\,\"]],
        [[{\\\"apiKey\\\":\\\"a\\\\]] }
      do
        local value, message = decode(('{"a":"%s","b":"x"}'):format(inner))
        assert(value, message)
        assert.equal("x", value.b)
        assert.is_string(value.a)
      end
    end)

  it("is left alone in text that is read as it stands", function()
    assert.same({ userToken = "a", b = '{"userToken":"abc"}', c = null },
      (decode('{"userToken":"a","b":"{\\"userToken\\":\\"abc\\"}","c":null}',
        true, true)))
  end)
end)

describe("what is no JSON #memory", function()
  it("is refused with its place, which tells nothing of it", function()
    for _, case in ipairs {
      { '{"a":1,}', "a name is expected, at byte" },
      { '{"a" 1}', "a colon is expected" }, { '{1:2}', "a name is expected" },
      { "[1 2]", "a comma or the end" }, { "[1,]", "a value is expected" },
      { "[,1]", "a value is expected" }, { '{"a":1 "b":2}', "a comma or" },
      { "[1}", "a comma or the end" }, { '{"a":1]', "a comma or the end" },
      { "{}x", "behind its end" }, { "1 2", "behind its end" },
      { "[", "ends too early" }, { '{"a', "ends too early" },
      { '"x\\', "ends too early" }, { '"x\\u12', "ends too early" },
      { "nul", "a value is expected" }, { "truth", "a value is expected" },
      { "NaN", "a value is expected" }, { "'a'", "a value is expected" },
      { "[01]", "a number is none" }, { "[1.]", "a number is none" },
      { "[-]", "a number is none" }, { "[1.e5]", "a number is none" },
      { "[+1]", "a value is expected" }, { "[.5]", "a value is expected" },
      { "[0x10]", "a comma" }, { "[1e]", "a number is none" },
      { '"a\nb"', "a control character" }, { '"\31"', "a control character" },
      { '{"a\tb":1}', "a control character" }, { '"\\x"', "an escape" },
      { '"\\u12g4"', "an escape" }, { "[1\194\160]", "a comma" },
      { "[1,\0 2]", "zero byte" }, { '"a\0b"', "zero byte" },
      { "// no\n1", "a value is expected" }, { "[1,//\n2]", "a value" },
    } do
      refuses(case[1], case[2])
    end
    for _, canary in ipairs { '{"userToken":canary}',
      '{"userToken":"canary\n"}',
      '{"userToken":"canary" x}', '{"canary', '{"userToken":["canary" x]}',
      '{"userToken":"canary\\x"}', '{"userToken":"canary', "canary",
      '{"userToken":12canary}', '{"a":"{\\"userToken\\":\\"canary' }
    do
      local value, message = decode(canary)
      assert.is_nil(value)
      assert.is_nil(message:find("canary", 1, true), message)
      assert.is_nil(message:find("12", 1, true), message)
    end
  end)

  it("may be nested too deeply", function()
    local most = OF_C.ETORO_DECODED_DEPTH_MAX
    for _, kind in ipairs { { "[", "]" }, { '{"a":', "}" },
      { '{"userToken":[', "]}", 2 } }
    do
      local n = most // (kind[3] or 1)
      local core_text = kind[1] == "[" and "" or kind[3] and "" or "1"
      assert(decode(kind[1]:rep(n) .. core_text .. kind[2]:rep(n)))
      local value, message = decode(kind[1]:rep(n) .. "[]" .. kind[2]:rep(n))
      assert.is_nil(value)
      assert.matches("nested too deeply", message)
    end
    local text = ("["):rep(64 * 2 ^ 20 | 0)
    local before = collectgarbage "count"
    local value, message = decode(text)
    assert.is_nil(value)
    assert.matches("nested too deeply", message)
    assert.is_true(collectgarbage "count" - before < 4096)
  end)

  it("may be large, and costs no more than it is", function()
    local million = 1000000
    assert.equal(("9"):rep(million), (decode(("9"):rep(million))))
    assert.equal(1 / 3, (decode("0." .. ("3"):rep(million))))
    assert.equal(0, (decode("1e-" .. ("9"):rep(million))))
    local far = "1e" .. ("9"):rep(million)
    assert.equal(far, (decode(far)))
    assert.equal(10 ^ 10, (decode("0." .. ("0"):rep(million) .. "1e1000011")))
    refuses(("0"):rep(million))
    local name = ("n"):rep(2 ^ 20 | 0)
    assert.equal(1, decode('{"' .. name .. '":1}')[name])
    assert.equal(1, decode('{"' .. name .. '\\n":1}')[name .. "\n"])
    refuses('{"' .. name .. '":}')
    assert.is_nil((decode('{"' .. name)))
  end)

  it("may be UTF-16", function()
    for _, text in ipairs { "\255\254[\0001\0]\0", "\254\255\0[\0001\0]",
      "[\0001\0]\0", "\0[\0001\0]" }
    do
      local value, message = decode(text)
      assert.is_nil(value)
      assert.matches("UTF%-16", message)
    end
  end)

  it("may break off at any byte", function()
    local text = [[{"a":[1,-2.5e3,true,null,"x\u0041\n",{"b":{}}],]]
      .. [["userToken":"canary\n","c":"{\"apiKey\":\"canary\"}","d":[]} ]]
    assert.is_table((decode(text)))
    for n = 1, #text - 2 do
      local value, message = decode(text:sub(1, n))
      assert.is_nil(value, n)
      assert.is_string(message)
      assert.is_nil(message:find("canary", 1, true))
      assert.is_nil(core.masked(core.hidden(text:sub(1, n))):find("canary", 1,
        true), n)
    end
  end)
end)

describe("the collector #memory", function()
  it("may decode while a decode makes it run", function()
    local text = [[{"one":{"two":[1,"a\n",{"three":"b\u0041"}]},"four":"c"}]]
    local other = [[{"four":"x\ty","three":{"one":2},"five":[{"six":1}]}]]
    local runs, wrong, is_over = 0, 0, false
    local function again() -- what a finalizer raises is only a warning
      setmetatable({}, { __gc = function()
        runs = runs + 1
        local value = decode(other)
        if value.four ~= "x\ty" or value.three.one ~= 2
            or value.five[1].six ~= 1 then
          wrong = wrong + 1
        end
        if not is_over then again() end
      end })
    end
    collector.be_eager()
    again()
    for _ = 1, 300000 do
      if runs > 10 then break end
      local value = decode(text)
      local one = value.one.two
      if value.four ~= "c" or one[2] ~= "a\n" or one[3].three ~= "bA" then
        wrong = wrong + 1
      end
    end
    is_over = true
    collector.be_as_usual()
    assert.equal(0, wrong)
    assert.is_true(runs > 10, runs)
  end)

  it("is paced by what was decoded: eight big answers take no more than three"
    .. " #slow", function()
      for _, mode in ipairs { "generational", "incremental" } do
        local function peaks(count)
          local done = process.run(program.lua([[
            collectgarbage(arg[1])
            local items = {}
            for i = 1, 20000 do
              items[i] = ('{"id":%d,"name":"S%d","list":[1.5]}'):format(i, i)
            end
            local text = "[" .. table.concat(items, ",") .. "]"
            items = nil
            collectgarbage()
            local before, peak = collectgarbage "count", 0
            for _ = 1, tonumber(arg[2]) do
              local value = assert(core.decode(text))
              assert(#value == 20000)
              peak = math.max(peak, collectgarbage "count" - before)
            end
            local resident = 0
            for line in io.lines "/proc/self/status" do
              resident = tonumber(line:match "VmHWM:%s*(%d+)") or resident
            end
            io.write(("%d %d"):format(peak // 1, resident))]], mode,
            tostring(count)))
          assert.equal("", done.stderr)
          local peak, resident = done.stdout:match "^(%d+) (%d+)$"
          return tonumber(peak), tonumber(resident)
        end
        local one = peaks(1)
        local three, three_resident = peaks(3)
        local eight, eight_resident = peaks(8)
        assert.is_true(one > 3000)
        assert.is_true(three < one * 2.2, three)
        assert.is_true(eight < three * 1.05, mode .. eight)
        assert.is_true(eight_resident < three_resident * 1.15)
      end
    end)

  -- 5.5 has no way to let a collector rest
  local restful = _VERSION == "Lua 5.4" and it or function() end
  restful("goes through a big answer once, and not while it is read", function()
    for _, mode in ipairs { "generational", "incremental" } do
      local done = process.run(program.lua([[
        collectgarbage(arg[1])
        local items, cycles = {}, 0
        for i = 1, 20000 do
          items[i] = ('{"id":%d,"name":"S%d","list":[1.5]}'):format(i, i)
        end
        local text = "[" .. table.concat(items, ",") .. "]"
        items = nil
        local function count()
          setmetatable({}, { __gc = function()
            cycles = cycles + 1
            count()
          end })
        end
        collectgarbage()
        count()
        for _ = 1, 10 do
          local list = assert(core.decode(text))
          for i = 1, #list do list[i] = { list[i].id } end
        end
        io.write(cycles)]], mode))
      assert.equal("", done.stderr)
      assert.is_true(tonumber(done.stdout) <= 10, mode .. done.stdout)
    end
  end)
end)
