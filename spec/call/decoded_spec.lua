-- What becomes of the bytes of an answer, from the wire to the call's result.
local core = require "etoro.core"
local collector = require "spec.support.collector"
local scripted = require "spec.support.scripted"

local KEY = "scripted-api-key" -- of the client's

describe("the bytes of an answer #memory", function()
  local api, client, status, body, headers

  before_each(function()
    status, headers = 200, nil
    api = scripted.new(function() return status, body, headers end)
    client = api:client { max_retries = 0 }
  end)
  after_each(function() client:close() end)

  local function ask(text, of_status)
    status, body = of_status or 200, text
    return client:request { path = "/made-up" }
  end

  it("may repeat the client's key: it is masked, but under a secret's name it"
    .. " is sealed as it came", function()
    local value = assert(ask(('{"a":"%s","b":["x %s y"],"apiKey":"%s",'
      .. '"userToken":{"c":"%s","d":["%s"]},"%s":1,"e":12.5}'):format(KEY, KEY,
      KEY, KEY, KEY, KEY)))
    assert.equal(("*"):rep(#KEY), value.a)
    assert.equal("x " .. ("*"):rep(#KEY) .. " y", value.b[1])
    assert.equal(1, value[("*"):rep(#KEY)])
    assert.equal(12.5, value.e)
    assert.equal(KEY, value.apiKey:reveal())
    assert.equal(KEY, value.userToken.c:reveal())
    assert.equal(KEY, value.userToken.d[1]:reveal())
  end)

  it("may repeat it escaped", function()
    local value = assert(ask('{"a":"scripted\\u002dapi-key","userToken":'
      .. '"scripted\\u002dapi-key","userKey":"\\n"}'))
    assert.matches("^%*+$", value.a)
    assert.equal(KEY, value.userToken:reveal())
    assert.equal("\n", value.userKey:reveal())
  end)

  it("stand in the error when they are no JSON, without their secrets",
    function()
      for _, text in ipairs {
        '{"apiKey":"canary","b":"seen"', '{"b":"seen","apiKey":canary}',
        '{"b":"seen","userToken":["canary" "canary"]}',
        '{"b":"seen","c":"{\\"apiKey\\":\\"canary\\"}" junk}',
        '{"b":"seen","c":"' .. KEY .. '"', '{"b":"seen" "userToken":"canary"}',
        "seen apiKey=canary", '{"b":"seen","user\\u0054oken":"canary',
        '{"b":"seen\n","accessToken" : "canary"}',
      } do
        for _, of_status in ipairs { 200, 400, 503 } do
          local value, err = ask(text, of_status)
          assert.is_nil(value)
          assert.equal(of_status, err.status)
          assert.matches("seen", err.response)
          local all = tostring(err) .. err.message .. err.response
          assert.is_nil(all:find("canary", 1, true), all)
          assert.is_nil(all:find(KEY, 1, true), all)
        end
      end
    end)

  it("stand in an error as they came where they are JSON", function()
    local text = '{"errorCode":"C","n":9007199254740993,"s":"\\u0000k1",'
      .. '"e":[ ],"userToken":%s,"f":[{"apiKey":[1,"b"]}]}'
    local _, err = ask(text:format '"canary"', 400)
    assert.equal("C", err.code)
    assert.equal((text:format '"****"':gsub('%[1,"b"%]', '["****","****"]')),
      err.response)
  end)

  it("are one answer when they are large, with a mark of UTF-8, or UTF-16",
    function()
      local value = assert(ask("\239\187\191" .. '["' .. ("x"):rep(2 ^ 20 | 0)
        .. '",{"userToken":"a"}]'))
      assert.equal(2 ^ 20 | 0, #value[1])
      assert.is_true(core.is_secret(value[2].userToken))
      local _, err = ask "\255\254[\0]\0"
      assert.equal("bad_json", err.code)
      assert.matches("UTF%-16", err.message)
      _, err = ask(("["):rep(2 ^ 20 | 0))
      assert.equal("bad_json", err.code)
      assert.matches("nested too deeply", err.message)
      assert.is_true(#err.response <= 4096)
    end)

  it("are handed over once, also to a collector that asks in between",
    function()
      local engine = core.engine { now = 1780000000 }
      local own = assert(require("etoro.client").new({ api_key = "a",
        user_key = "u", base_url = "http://127.0.0.1", rate_limit = false,
        wait = function() end }, engine))
      local job = assert(engine:submit(own._core, { method = "GET",
        target = "/x", class = "safe", timeout = 30, deadline = 300,
        max_retries = 0 }))
      local items = {}
      for i = 1, 5000 do items[i] = ('{"a%d":[%d]}'):format(i, i) end
      engine:step(0)
      engine:answer(assert(engine:take()), 200, "HTTP/1.1 200 OK\r\n\r\n",
        "[" .. table.concat(items, ",") .. "]")
      assert.equal(200, job:outcome())
      local asked, got = 0, {}
      local function again()
        setmetatable({}, { __gc = function()
          asked = asked + 1
          got[#got + 1] = job:body()
          got[#got + 1] = tostring((job:decode()))
          if asked < 5 then again() end
        end })
      end
      collector.be_eager()
      again()
      local value = job:decode()
      collector.be_as_usual()
      assert.equal(5000, #value)
      assert.equal(5000, value[5000].a5000[1])
      assert.is_true(asked > 0)
      assert.matches("^[nil]*$", table.concat(got)) -- nothing, each time
      assert.equal("", job:body())
      assert.is_nil((job:decode()))
      own:close()
    end)
end)
