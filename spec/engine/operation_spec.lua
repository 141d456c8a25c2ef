-- What the requests of one operation have in common is handed to the core once.
local core = require "etoro.core"
local recorder = require "spec.support.recorder"
local patience = require "spec.support.patience"

describe("an operation of the core", function()
  local function fails(message, ...)
    local ok, why = pcall(core.operation, ...)
    assert.is_false(ok)
    assert.truthy(why:find(message, 1, true), why)
  end

  it("has a method, a known class and no more finals than it has room for",
    function()
    fails("string expected", nil, "safe")
    fails("invalid option 'odd'", "GET", "odd")
    fails("string expected", "GET", "safe", false, {})
    fails("too many finals", "POST", "never", true, nil,
      { "1", "2", "3", "4", "5", "6", "7", "8", "9" })
    fails("string expected", "POST", "never", true, nil, { {} })
    assert.truthy(core.operation("POST", "never", true, "pool",
      { "1", "2", "3", "4", "5", "6", "7", "8" }))
  end)

  local function engine_and_client()
    local engine = core.engine { now = 1772800000, seed = 1 }
    return engine, assert(engine:client { base_url = "http://127.0.0.1",
      api_key = "key", user_key = "user" })
  end

  it("sends what its request adds, once its own strings are gone", function()
    local engine, client = engine_and_client()
    local method, pool = table.concat { "PO", "ST" }, table.concat { "po", "ol" }
    local operation = core.operation(method, "safe", true, pool)
    method, pool = nil, nil -- luacheck: ignore
    collectgarbage()
    local job = assert(engine:submit(client, operation, "/path?a=1", "{}",
      "application/json", { "X-Own: 1" }, "11111111-2222-4333-8444-555555555555",
      "order", 5, 50, 2, true))
    engine:step(0)
    local taken, request = engine:take()
    assert.truthy(taken)
    assert.equal("POST", request.method)
    assert.equal("/path?a=1", request.target)
    assert.equal("{}", request.body)
    local lines = table.concat(request.lines, "\n")
    assert.truthy(lines:find("X-Own: 1", 1, true))
    assert.truthy(lines:find("11111111-2222-4333-8444-555555555555", 1, true))
    engine:answer(taken, 200, "HTTP/1.1 200\r\n\r\n", "")
    engine:step(0)
    assert.is_true(job:done())
  end)

  it("is told where an argument is wrong", function()
    local engine, client = engine_and_client()
    local operation = core.operation("GET", "safe")
    local function wrong(message, ...)
      local ok, why = pcall(engine.submit, engine, client, operation, ...)
      assert.is_false(ok)
      assert.truthy(why:find(message, 1, true), why)
    end
    wrong("target missing")
    wrong("holds a zero byte", "/a\0b")
    wrong("string expected", "/", {})
    wrong("table expected", "/", nil, nil, "X-Own: 1")
    wrong("invalid option", "/", nil, nil, nil, nil, "soon")
    wrong("number expected", "/", nil, nil, nil, nil, nil, "soon")
    wrong("table expected", "/", nil, nil, nil, nil, nil, nil, nil, nil, nil, 1)
    local ok, why = pcall(engine.submit, engine, client, engine)
    assert.is_false(ok)
    assert.truthy(why:find("table expected", 1, true))
    assert.is_nil(engine:take())
  end)
end)

describe("a job that is run", function()
  it("ends with its answer, and not before its time has passed", function()
    local server = recorder.start()
    finally(function() server:stop() end)
    local engine = core.engine()
    local client = assert(engine:client { base_url = server.url,
      api_key = "key", user_key = "user" })
    local operation = core.operation("GET", "safe")
    server:script { { body = "{}" } }
    local job = assert(engine:submit(client, operation, "/"))
    local ends = core.monotonic() + patience
    while not job:done() and core.monotonic() < ends do
      assert.is_boolean(engine:run(job, 0.25))
    end
    assert.is_true(job:done())
    server:script { { stall = true } }
    job = assert(engine:submit(client, operation, "/"))
    local started = core.monotonic()
    engine:run(job, 0.05)
    assert.is_true(core.monotonic() - started >= 0.05)
    assert.is_false(job:done())
    job:cancel()
    job:outcome()
  end)
end)
