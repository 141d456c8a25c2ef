-- Keys that nobody else has are given to a program which does all it can, and
-- shows all it has: in nothing it prints, and in no string that its Lua can
-- reach, may one of them turn up. (A core dump is another matter.)
local files = require "spec.support.files"
local heap = require "spec.support.heap"
local process = require "spec.support.process"
local recorder = require "spec.support.recorder"
local server = require "spec.support.server"

local LUA = os.getenv "LUA" or "lua5.4"
local API_KEY = "canary-api-0f3b9c5e7a"
local USER_KEY = "canary-user-6d1e8b2f4c_"
local BEARER = "canary-bearer-eyJhbGciOi.J9.c2ln"

-- Before each program: what it shows things with.
local TOOLS = [[
  local etoro = require "etoro"
  local heap = require "spec.support.heap"
  local kept = {} -- nothing is collected before it was looked at

  local function show(value)
    kept[#kept + 1] = value
    print(value, tostring(value), "text: " .. tostring(value))
    io.write(("%s\n"):format(value))
    print(pcall(etoro.encode, value))
    print(pcall(function() return "text " .. value end))
    print(pcall(function() return value .. " text" end))
    print(pcall(string.rep, value, 2))
    print(pcall(error, value))
    if type(value) ~= "table" then return end
    for name, item in pairs(value) do
      print(name, item)
      print(pcall(etoro.encode, item))
    end
    if value.headers then
      for name, item in pairs(value.headers) do print(name, item) end
    end
  end

  local function note(...)
    for index = 1, select("#", ...) do show((select(index, ...))) end
    return ...
  end

  -- With every local of every frame, as some error reporters do it.
  local function traceback(message)
    local lines = { debug.traceback(tostring(message)) }
    local level = 2
    while debug.getinfo(level, "f") do
      local n = 1
      while true do
        local name, value = debug.getlocal(level, n)
        if not name then break end
        lines[#lines + 1] = name .. " = " .. tostring(value)
        n = n + 1
      end
      level = level + 1
    end
    return table.concat(lines, "\n")
  end

  local function all_of(event)
    io.stderr:write(etoro.events.line(event), "\n")
    for name, value in pairs(event) do
      io.stderr:write(name, "=", tostring(value), " ")
      if type(value) == "table" then io.stderr:write(etoro.encode(value)) end
    end
    io.stderr:write "\n"
    kept[#kept + 1] = event
  end

  local function finish()
    for _, text in ipairs(heap.strings(kept)) do print(text) end
    print "the end"
  end
]]

local EVERYTHING = TOOLS .. [[
  local samples = require "spec.support.samples"
  local client = assert(etoro.client { on_event = all_of, rate_limit = false, max_retries = 1,
    timeout = 30 })
  local READ = "etoro-public:trade.real:read"
  show(client)
  show(getmetatable(client))
  for name, value in pairs(client._settings) do print(name, value) end

  local function fault(fields)
    assert(client:request { method = "POST", path = "/sandbox/faults",
      body = fields })
  end
  local function body()
    return { investmentAmountInUsd = 2000, userTokenName = "bot",
      agentPortfolioName = "Canary" .. #kept % 1000, scopeNames = { READ } }
  end

  -- each operation, as it succeeds and as it fails
  note(client.instruments:list { instrumentIds = { 1001 } })
  note(client.portfolios:scopes())
  local portfolio = note(client.portfolios:create(body()))
  local minted = { portfolio.userTokens[1] }
  minted[2] = note(portfolio:create_token { userTokenName = "two",
    scopeNames = { READ } })
  minted[3] = note(client:call(
    "POST /api/v1/agent-portfolios/{agentPortfolioId}/user-tokens", {
      agentPortfolioId = portfolio.agentPortfolioId,
      body = { userTokenName = "three", scopeIds = { 200 } } }))
  minted[4] = note(client:request { method = "POST", path =
    "/api/v2/agent-portfolios/" .. portfolio.agentPortfolioId
    .. "/user-tokens", body = { userTokenName = "four",
      scopeNames = { READ } } })
  note(client.portfolios:list())
  note(portfolio:refresh())
  note(portfolio.userTokens)
  for _, token in ipairs(minted) do
    show(token)
    show(token.userToken)
    assert(etoro.encode(token):find('"userToken":"****"', 1, true))
    local agent = token.client and note(token:client { account = "real",
      on_event = all_of })
      or assert(client:derive({ account = "real" }, token.userToken))
    show(agent)
    assert(note(agent:call "GET /api/v1/me"))
    note(agent.portfolios:list())
    agent:close()
  end
  note(minted[2]:update { ipsWhitelist = { "127.0.0.1" } })
  note(minted[2]:revoke())
  note(minted[2]:revoke())
  for name, op in pairs(etoro.operations) do
    local params = samples.params(op)
    if op.body and op.path:find("agent-portfolios", 1, true) then
      params.body = op.at_least_one and { expiresAt = etoro.null } or body()
      for field in pairs(params.body) do
        if not op.body[field] then params.body[field] = nil end
      end
    end
    note(client:call(name, params))
    print(xpcall(client.call, traceback, client, name, { wrong = 1 }))
  end

  -- each kind of failure
  for shape = 1, 8 do
    fault { route = "GET /api/v1/me", fault = "error_shape", shape = shape }
    note(client:call "GET /api/v1/me")
  end
  for _, name in ipairs { "cut_before", "truncate", "garble", "html", "raw",
    "redirect", "rate_limit", "status", "lost_reply" }
  do
    fault { route = "* *", fault = name }
    note(client:request { method = "POST", path = "/api/v1/me" })
    note(client:call "GET /api/v1/me")
  end
  fault { route = "POST /api/v2/agent-portfolios", fault = "lost_reply" }
  note(client.portfolios:create(body()))
  fault { route = "POST /api/v2/agent-portfolios", fault = "token_failed" }
  note(client.portfolios:create(body()))

  -- what is wrong in the call itself
  print(xpcall(etoro.client, traceback, { api_keyy = 1 }))
  print(xpcall(etoro.client, traceback, { timeout = "x" }))
  print(xpcall(client.request, traceback, client, { path = 1 }))
  print(xpcall(client.request, traceback, client, { path = "/",
    headers = { ["x-user-key"] = "x" } }))
  local failing = etoro.client { on_event = function(event)
    error("listener of " .. event.kind)
  end }
  note(failing:call "GET /api/v1/me")
  local broken = etoro.client { wait = function() error "host is gone" end }
  print(xpcall(broken.call, traceback, broken, "GET /api/v1/me"))
  local refused = etoro.client { base_url = "http://127.0.0.1:1",
    max_retries = 0, on_event = all_of }
  note(refused:call "GET /api/v1/me")

  client:close()
  note(client:call "GET /api/v1/me")
  finish()
]]

-- A server that repeats what it was sent.
local ECHO = TOOLS .. [[
  local client = assert(etoro.client { on_event = all_of, rate_limit = false, max_retries = 0 })
  for _ = 1, tonumber(arg[1]) do
    local result, response = note(client:request { path = "/" })
    if result then show(response.headers) end
    note(client:request { method = "POST", path = "/", body = {} })
  end
  finish()
]]

local function environment(changes)
  local all = { ETORO_API_KEY = false, ETORO_USER_KEY = false,
    ETORO_ACCESS_TOKEN = false, ETORO_BASE_URL = false }
  for name, value in pairs(changes) do all[name] = value end
  return all
end

local function run(script, env, ...)
  local done = process.run { env = environment(env), LUA, "-e", script,
    "/dev/null", ... }
  assert.equal(0, done.code, done.stderr)
  assert.matches("the end\n$", done.stdout)
  return done
end

local function hides(done, secrets)
  for _, secret in ipairs(secrets) do
    assert.is_true(#secret > 10)
    for _, name in ipairs { "stdout", "stderr" } do
      local at = done[name]:find(secret, 1, true)
      if at then
        error(("%s shows %s: ...%s..."):format(name, secret,
          done[name]:sub(math.max(1, at - 200), at + #secret + 50)), 2)
      end
    end
  end
end

describe("canary keys #memory", function()
  it("are found by the spec's own means when they are there", function()
    local hidden = { function() return USER_KEY end }
    local found = false
    for _, text in ipairs(heap.strings(hidden)) do
      found = found or text == USER_KEY
    end
    assert.is_true(found)
    local done = process.run { LUA, "-e", TOOLS .. [[
      kept.key = setmetatable({}, { __index = { os.getenv "ETORO_USER_KEY" } })
      finish()
    ]], env = environment { ETORO_USER_KEY = USER_KEY } }
    assert.has_error(function() hides(done, { USER_KEY }) end)
    done = process.run { LUA, "-e", "io.stderr:write(os.getenv 'X')",
      env = { X = USER_KEY } }
    assert.has_error(function() hides(done, { USER_KEY }) end)
  end)

  it("and minted tokens are shown by nothing #timed", function()
    local box = server.start { api_key = API_KEY, user_key = USER_KEY,
      limits = false }
    local ok, done = pcall(run, EVERYTHING, { ETORO_API_KEY = API_KEY,
      ETORO_USER_KEY = USER_KEY, ETORO_BASE_URL = box.url })
    local arrivals = box:arrivals()
    box:stop()
    assert.is_true(ok, done)
    local secrets, seen = { API_KEY, USER_KEY }, {}
    for _, arrival in ipairs(arrivals) do
      local key = arrival.headers["x-user-key"]
      if key and key ~= USER_KEY and not seen[key] then
        seen[key] = true
        secrets[#secrets + 1] = key
      end
    end
    assert.equal(6, #secrets) -- four tokens have acted
    hides(done, secrets)
  end)

  -- Another program with the sandbox's keys, and the tokens that it used.
  local function run_at_sandbox(argv)
    local box = server.start { api_key = API_KEY, user_key = USER_KEY,
      limits = false }
    argv.env = environment { ETORO_API_KEY = API_KEY,
      ETORO_USER_KEY = USER_KEY, ETORO_BASE_URL = box.url }
    argv[#argv + 1] = argv.tell_url and box.url or nil
    argv[#argv + 1] = argv.tell_url
    local ok, done = pcall(process.run, argv)
    local arrivals = ok and box:arrivals()
    box:stop()
    assert.is_true(ok, done)
    assert.equal(0, done.code, done.stderr)
    local secrets, seen = { API_KEY, USER_KEY }, { [USER_KEY .. "-wrong"] = 1 }
    for _, arrival in ipairs(arrivals) do
      local key = arrival.headers["x-user-key"]
      if key and key ~= USER_KEY and not seen[key] then
        seen[key] = true
        secrets[#secrets + 1] = key
      end
    end
    hides(done, secrets)
    return done, #secrets
  end

  it("and tokens are not in what a table walker prints", function()
    local refused = ("http://127.0.0.1:%d"):format(process.closed_port())
    local done, count = run_at_sandbox { LUA, "spec/support/canary.lua",
      tell_url = refused }
    assert.is_truthy(done.stdout:find("etoro.secret(****)", 1, true))
    assert.is_true(count >= 3)
  end)

  for _, name in ipairs { "agent_portfolio", "events" } do
    it("are not in the output of examples/" .. name .. ".lua", function()
      local done = run_at_sandbox { LUA, "examples/" .. name .. ".lua" }
      assert.matches("%w", done.stdout)
    end)
  end

  local function echo(env, text, secrets)
    local rec = recorder.start()
    local steps = {}
    local lines = { "X-Echo: " .. text, "Set-Cookie: key=" .. text,
      "Retry-After: " .. text, "WWW-Authenticate: Bearer " .. text }
    local function answer(status, body)
      for _ = 1, 2 do
        steps[#steps + 1] = { status = status, body = body, headers = lines }
      end
    end
    for _, status in ipairs { 200, 400, 401, 403, 404, 429, 500, 302 } do
      -- not encoded: the text may bring escapes of its own
      answer(status, ([[{"errorCode": "%s", "errorMessage": "the key %s is no
        good", "requestId": "%s", "error": {"field": "%s", "details": ["%s"]},
        "headers": {"X-Api-Key": "%s", "other": ["%s"]}, "%s": 1}]])
        :gsub("\n *", " "):gsub("%%s", function() return text end))
    end
    for _, status in ipairs { 200, 502 } do
      for _, body in ipairs { "<html>" .. text .. "</html>", text, "{" .. text,
        text:rep(3), '{"a":"' .. text, "[" .. text .. "]", "[1]\0" .. text,
        '{"a":"' .. text .. '" x}', text:sub(1, -3),
        '"\\ud83d' .. text .. '"' }
      do
        answer(status, body)
      end
    end
    rec:script(steps)
    env.ETORO_BASE_URL = rec.url
    local done = run(ECHO, env, tostring(#steps / 2))
    local left = rec:steps_left()
    rec:stop()
    assert.equal(0, left)
    assert.matches("x%-echo", done.stdout)
    assert.matches("%*%*%*%*", done.stdout)
    hides(done, secrets)
  end

  it("are blanked where a server repeats them", function()
    local env = { ETORO_API_KEY = API_KEY, ETORO_USER_KEY = USER_KEY }
    echo(env, API_KEY .. " " .. USER_KEY, { API_KEY, USER_KEY })
    echo(env, USER_KEY .. USER_KEY .. API_KEY, { API_KEY, USER_KEY })
    -- a cut one is hidden too
    echo(env, USER_KEY .. " " .. API_KEY, { API_KEY:sub(1, -3), USER_KEY })
  end)

  it("are blanked where a server repeats a bearer token", function()
    echo({ ETORO_ACCESS_TOKEN = BEARER }, BEARER, { BEARER })
    echo({ ETORO_ACCESS_TOKEN = BEARER }, "Bearer " .. BEARER, { BEARER })
  end)

  it("are blanked where a server repeats one that was renewed since", function()
    local rec = recorder.start()
    local old, new = BEARER .. "-old", BEARER .. "-new"
    rec:script { { status = 401, body = old }, { status = 200,
      body = ('{"a":"%s","b":["%s"]}'):format(old, new) }, { status = 200,
      body = "<p>" .. old .. new } }
    local done = run(TOOLS .. [[
      local asked = 0
      local client = assert(etoro.client { on_event = all_of, rate_limit = false,
        access_token = function()
          asked = asked + 1
          return os.getenv "KEY" .. (asked == 1 and "-old" or "-new")
        end })
      note(client:request { path = "/" })
      note(client:request { path = "/" })
      finish()
    ]], { KEY = BEARER, ETORO_BASE_URL = rec.url })
    rec:stop()
    assert.matches("%*%*%*%*", done.stdout)
    -- the program has the texts itself: what came is what counts
    assert.is_nil(done.stdout:find("a\t" .. old, 1, true))
    assert.is_nil(done.stdout:find("<p>" .. BEARER, 1, true))
    assert.is_nil(done.stderr:find(BEARER, 1, true))
  end)

  it("are blanked in what the command shows", function()
    local rec = recorder.start()
    local keys = API_KEY .. " " .. USER_KEY
    for _, answer in ipairs {
      { status = 200, body = '{"echo":"' .. keys .. '"}' },
      { status = 200, body = "<p>" .. keys },
      { status = 400, body = '{"errorMessage":"' .. keys .. '"}' },
      { status = 403, body = keys },
    } do
      for _, flag in ipairs { "--json", "--verbose" } do
        rec:script { answer, answer, answer, answer, answer, answer }
        local done = process.run { env = environment { ETORO_API_KEY = API_KEY,
          ETORO_USER_KEY = USER_KEY, ETORO_BASE_URL = rec.url }, LUA,
          "src/command/etoro", flag, "call", "GET /api/v1/me" }
        assert.is_truthy(#(done.stdout .. done.stderr) > 10)
        hides(done, { API_KEY, USER_KEY })
      end
    end
    rec:stop()
  end)

  it("are blanked in whatever spelling a server repeats them", function()
    local env = { ETORO_API_KEY = API_KEY, ETORO_USER_KEY = USER_KEY }
    for _, spelling in ipairs {
      { "^c", "\\u0063" }, { "%-", "\\u002D" }, { "%l", function(char)
        return ("\\u%04x"):format(char:byte())
      end }, { "%-", "%%2D" }, { "y", "%%79" }, { "%-", "&#45;" },
      { "%-", "%%252d" },
    } do
      local user = USER_KEY:gsub(spelling[1], spelling[2])
      local api = API_KEY:gsub(spelling[1], spelling[2])
      echo(env, user .. " " .. api, { USER_KEY, API_KEY, user, api })
    end
  end)

  it("are blanked in events and errors when they stand in a path", function()
    local done = run(TOOLS .. [[
      local client = assert(etoro.client { on_event = all_of, max_retries = 0,
        base_url = "http://127.0.0.1:1" })
      local key = os.getenv "ETORO_USER_KEY"
      client:request { path = "/x/" .. key .. "?key=" .. key }
      client:request { path = "/x", query = { key = key:gsub("%-", "%%2d") } }
      key = nil
      collectgarbage()
      finish()
    ]], { ETORO_API_KEY = API_KEY, ETORO_USER_KEY = USER_KEY })
    assert.is_truthy(done.stderr:find("/x/***", 1, true))
    hides({ stdout = "", stderr = done.stderr }, { USER_KEY })
  end)

  it("of the older API are shown by nothing", function()
    local box = server.start()
    local done = run(TOOLS .. [[
      local client = assert(etoro.client { api = "sor-v3",
        on_event = all_of })
      show(client)
      note(client.instruments:list { instrumentIds = { 1001 } })
      note(client:request { path = "/nothing" })
      finish()
    ]], { ETORO_ACCESS_TOKEN = BEARER, ETORO_BASE_URL = box.url
      .. "/api/sor/v3" })
    box:stop()
    hides(done, { BEARER })
  end)

  -- A folder with the keys, in files that their owner alone may read.
  local function key_files()
    local dir = process.scratch()
    for name, key in pairs { api = API_KEY, user = USER_KEY } do
      files.write(dir .. "/" .. name, key .. "\n")
      assert(os.execute(("chmod 600 '%s/%s'"):format(dir, name)))
    end
    return dir
  end

  it("of key files are shown by nothing", function()
    local dir = key_files()
    local box = server.start { api_key = API_KEY, user_key = USER_KEY }
    local done = run(TOOLS .. [[
      local client = assert(etoro.client { api_key_file = arg[1] .. "/api",
        user_key_file = arg[1] .. "/user", on_event = all_of })
      show(client)
      assert(note(client:call "GET /api/v1/me"))
      finish()
    ]], { ETORO_BASE_URL = box.url }, dir)
    box:stop()
    process.remove(dir)
    hides(done, { API_KEY, USER_KEY })
  end)

  it("given as options are kept by no table of the client", function()
    -- made of parts, so that no constant holds them
    local done = run(TOOLS .. [[
      local client
      do
        local key = string.reverse(arg[1])
        client = assert(etoro.client { api_key = key, user_key = key .. "-2",
          base_url = "http://127.0.0.1:1", max_retries = 0 })
      end
      collectgarbage()
      show(client)
      note(client:call "GET /api/v1/me")
      kept.client = client
      finish()
    ]], {}, API_KEY:reverse())
    hides(done, { API_KEY })
  end)

  -- Prints what a program finds that goes through all it can reach from its
  -- client without the debug library, and asks for the text of each secret.
  local SEALED = TOOLS .. [[
    local seen, texts = {}, {}
    local function look(value)
      if value == nil or seen[value] then return end
      seen[value] = true
      local ok, text = pcall(function() return value:reveal() end)
      if ok and type(text) == "string" then texts[#texts + 1] = text end
      local meta = getmetatable(value)
      if type(meta) == "table" then look(meta) end
      if type(value) ~= "table" then return end
      for name, item in next, value do
        look(name)
        look(item)
      end
    end

    local seal = arg[1] == "sealed"
    local client = assert(etoro.client { seal = seal, on_event = all_of,
      api_key_file = arg[2], user_key_file = arg[3], account = "real" })
    assert(client:call "GET /api/v1/me")
    local portfolio = assert(client.portfolios:create {
      investmentAmountInUsd = 2000, agentPortfolioName = "Canary" .. #arg[1],
      userTokenName = "bot", scopeNames = { "etoro-public:trade.demo:write" } })
    local token = portfolio.userTokens[1]
    local minted = token.userToken:reveal()
    local agent = assert(token:client { account = "demo" })
    assert(agent:call "GET /api/v1/me")
    assert(assert(agent:derive({}, token.userToken))
      :call "GET /api/v1/me")
    for _, name in ipairs { "portfolios", "orders", "instruments" } do
      look(client[name])
    end
    local stream = assert(client:stream())
    assert(stream:subscribe { 1001 })
    repeat local event = assert(stream:next(600)) until event.kind == "quote"
    look(stream)
    look(client)
    look(agent)
    print(client._settings.api_key, agent._settings.user_key)
    if seal then
      for _, name in ipairs { "proxy", "ca_file", "api_key", "api_key_file" } do
        local ok, message = pcall(token.client, token, { account = "demo",
          [name] = "x" })
        assert(not ok and message:find("which is sealed", 1, true), message)
      end
      assert(not pcall(token.client, token, { account = "demo", seal = false }))
      -- another server is not told the key either
      local other, problem = client._runtime.engine:client {
        base_url = "https://example.org", user_key = "x",
        keys_of = client._core }
      assert(not other and problem:find "another origin", problem)
      -- nor is whoever drives a wire
      local runtime = client._runtime
      assert(not pcall(runtime.engine.credentials, runtime.engine,
        client._core))
      local driven = require("etoro.core").engine { now = 1 }
      assert(not pcall(driven.credentials, driven, client._core))
      assert(not pcall(driven.client, driven, { user_key = "x",
        base_url = os.getenv "ETORO_BASE_URL", keys_of = client._core }))
    end
    for _, text in ipairs(texts) do
      if text ~= minted then print(("%s=%s"):format("FOUND", text)) end
    end
    finish()
  ]]

  it("of a sealed client have no text for anybody in its Lua state", function()
    local dir = key_files()
    local box = server.start { api_key = API_KEY, user_key = USER_KEY }
    finally(function() box:stop() process.remove(dir) end)
    local env = { ETORO_BASE_URL = box.url }
    local open = run(SEALED, env, "open", dir .. "/api", dir .. "/user")
    for _, key in ipairs { API_KEY, USER_KEY } do
      assert.is_truthy(open.stdout:find("FOUND=" .. key, 1, true))
    end
    local shut = run(SEALED, env, "sealed", dir .. "/api", dir .. "/user")
    assert.is_nil(shut.stdout:find("FOUND=", 1, true))
    assert.is_truthy(shut.stdout:find("nil\tnil\n", 1, true))
    hides(shut, { API_KEY, USER_KEY })
  end)

  it("of a sealed client stay where a function gives them", function()
    local box = server.start()
    finally(function() box:stop() end)
    local done = run(TOOLS .. [[
      local key = os.getenv "KEY"
      local asked = 0
      local client = assert(etoro.client { seal = true, api = "sor-v3",
        access_token = function()
          asked = asked + 1
          return key, os.time() + 3600
        end })
      client.instruments:list { instrumentIds = { 1001 } }
      assert(asked > 0)
      for name, value in pairs(client) do
        assert(type(value) ~= "function", name)
        if type(value) == "table" then
          for inner, item in pairs(value) do
            assert(type(item) ~= "function", inner)
            assert(not pcall(function() return item:reveal() end), inner)
          end
        end
      end
      key = nil
      finish()
    ]], { KEY = BEARER, ETORO_BASE_URL = box.url .. "/api/sor/v3" })
    hides({ stdout = "", stderr = done.stderr }, { BEARER })
  end)
end)
