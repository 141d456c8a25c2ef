-- etoro.decode: JSON for programs, as answers of the API are read.
local core = require "etoro.core"
local etoro = require "etoro"
local raises = require "spec.support.raises"

describe("etoro.decode #memory", function()
  it("keeps integers exact, and the digits of those past 64 bits", function()
    local list = assert(etoro.decode("[9007199254740993,-9223372036854775808,"
      .. "9223372036854775807,9223372036854775808,18446744073709551616,1,1.0,2.5]"))
    assert.same({ 9007199254740993, math.mininteger, math.maxinteger,
      "9223372036854775808", "18446744073709551616", 1, 1.0, 2.5 }, list)
    assert.equal("integer", math.type(list[6]))
    assert.equal("float", math.type(list[8]))
  end)

  it("has null in lists, and in objects where that is wanted", function()
    local text = '{"a":null,"b":[null,1]}'
    local value = assert(etoro.decode(text))
    assert.is_nil(value.a)
    assert.equal(etoro.null, value.b[1])
    assert.equal(etoro.null, assert(etoro.decode(text, { keep_null = true })).a)
    for _, one in ipairs { "null", " null\n" } do
      local given, err = etoro.decode(one)
      assert.equal(etoro.null, given)
      assert.is_nil(err)
    end
    assert.is_false((etoro.decode "false"))
  end)

  it("seals what stands under the name of a secret", function()
    local value = assert(etoro.decode('{"userToken":"canary-1","list":[{"refresh_token":'
      .. '"canary-2"}]}'))
    assert.is_true(core.is_secret(value.userToken))
    assert.equal("canary-1", value.userToken:reveal())
    assert.is_nil(etoro.encode(value):find "canary")
  end)

  it("reads what etoro.encode writes", function()
    for _, text in ipairs { '{"a":[1,2.5,"x",{}],"b":9007199254740993,"c":true}', "[]",
      '"\195\169"', "5", "false" } do
      assert.equal(text, etoro.encode((etoro.decode(text))))
    end
  end)

  it("tells what is no JSON", function()
    for _, text in ipairs { "", " ", "nul", "nullnull", "{", "[1,]", "{'a':1}", "NaN",
      "[1] 2", '"\\u12"', "\0", '{"null"}' } do
      local value, err = etoro.decode(text)
      assert.is_nil(value)
      assert.same({ "invalid", "bad_json" }, { err.kind, err.code })
    end
  end)

  it("raises for what is no text, and unknown options", function()
    for _, value in ipairs { 5, {}, true } do
      raises(function() etoro.decode(value) end,
        "text: JSON in a string expected, got " .. type(value))
    end
    raises(function() etoro.decode("5", { keepnull = true }) end,
      "unknown option 'keepnull' (did you mean 'keep_null'?)")
    raises(function() etoro.decode("5", { keep_null = 1 }) end,
      "bad option 'keep_null': boolean expected, got number")
  end)
end)
