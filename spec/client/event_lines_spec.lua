-- Levels of events, and events as lines of JSON.
local etoro = require "etoro"
local files = require "spec.support.files"
local json = require "etoro.values.json"
local process = require "spec.support.process"
local raises = require "spec.support.raises"

local START = 1767225600 -- 2026-01-01T00:00:00Z

describe("events have a level:", function()
  local box, seen

  local function listen(event)
    seen[#seen + 1] = event.kind .. " " .. event.level
  end

  before_each(function()
    seen, box = {}, etoro.sandbox.new { now = function() return START end }
  end)

  local function client_with(options)
    options = options or {}
    options.on_event = listen
    return box:client(options)
  end

  it("the stages of a call are for debugging, its end is not", function()
    assert(client_with():call "GET /api/v1/me")
    assert.same({ "queued debug", "sent debug", "done info" }, seen)
  end)

  it("what is sent again is a warning", function()
    box.faults:add { fault = "status", status = 503, body = "" }
    assert(client_with():call "GET /api/v1/me")
    assert.same({ "queued debug", "sent debug", "retried warning", "sent debug",
      "done info" }, seen)
  end)

  it("a call without a usable answer is an error", function()
    local client = client_with()
    client:request { path = "/api/v1/no-such-route" }
    assert.equal("done error", seen[#seen])
    box.faults:add { fault = "lost_reply", times = 0 }
    client:call("GET /api/v1/me", nil, { max_retries = 0 })
    assert.equal("done error", seen[#seen])
  end)

  it("a warning is one, whichever way it comes", function()
    client_with():warn(nil, "odd")
    assert.same({ "warning warning" }, seen)
    assert.equal("warning", etoro.events.level { kind = "warning" })
  end)

  it("a timer's run that raised is an error, one that was skipped is not", function()
    box:run(function()
      local timer = etoro.every("1m", function() error "no" end, { on_event = listen })
      etoro.sleep(61)
      timer:cancel()
    end)
    assert.same({ "warning error" }, seen)
  end)
end)

describe("etoro.events.lines", function()
  local box, folder, path

  before_each(function()
    folder = process.scratch()
    path = folder .. "/events.jsonl"
    box = etoro.sandbox.new { now = function() return START + 0.25 end }
  end)

  after_each(function() process.remove(folder) end)

  local function lines_in(name)
    local list = {}
    for line in io.lines(name) do list[#list + 1] = assert(json.decode_plain(line)) end
    return list
  end

  local function kinds_in(list)
    local kinds = {}
    for i, one in ipairs(list) do kinds[i] = one.kind end
    return table.concat(kinds, " ")
  end

  it("writes an object a line, with the time and level of each", function()
    local client = box:client { on_event = assert(etoro.events.lines(path)) }
    local _, response = client:call "GET /api/v1/me"
    local list = lines_in(path)
    assert.equal(1, #list)
    local done = list[1]
    assert.equal("2026-01-01T00:00:00.250Z", done.time)
    assert.same({ "info", "done", "GET", "/api/v1/me", 200, response.request_id },
      { done.level, done.kind, done.method, done.path, done.status, done.request_id })
    assert.equal(0, done.timing.total)
  end)

  it("leaves out what is below its level", function()
    for level, kinds in pairs { debug = "queued sent retried sent done",
      info = "retried done", warning = "retried", error = "" } do
      local name = folder .. "/" .. level
      box.faults:add { fault = "status", status = 503, body = "" }
      local client = box:client { on_event = assert(etoro.events.lines(name,
        { level = level })) }
      assert(client:call "GET /api/v1/me")
      assert.equal(kinds, kinds_in(lines_in(name)))
    end
  end)

  it("goes on in a new file when the old one is moved aside", function()
    local client = box:client { on_event = assert(etoro.events.lines(path)) }
    client:call "GET /api/v1/me"
    assert(os.rename(path, path .. ".1"))
    client:call "GET /api/v1/agent-portfolios"
    assert(os.remove(path))
    client:call "GET /api/v1/me"
    assert.equal("/api/v1/me", lines_in(path .. ".1")[1].path)
    assert.equal(1, #lines_in(path .. ".1"))
    assert.equal("/api/v1/me", lines_in(path)[1].path)
  end)

  it("shares a file with other programs, line by line", function()
    local first = box:client { on_event = assert(etoro.events.lines(path)) }
    local second = box:client { on_event = assert(etoro.events.lines(path)) }
    for _ = 1, 5 do
      first:call "GET /api/v1/me"
      second:call "GET /api/v1/me"
    end
    assert.equal(10, #lines_in(path))
  end)

  it("takes an open file, what writes as one, and a function", function()
    local file = assert(io.open(path, "wb"))
    local told, written = {}, {}
    local sink = {
      write = function(_, ...)
        written[#written + 1] = table.concat { ... }
        return true
      end,
      flush = function() return true end,
    }
    for _, target in ipairs { file, sink, function(line) told[#told + 1] = line end } do
      box:client { on_event = assert(etoro.events.lines(target)) }:call "GET /api/v1/me"
    end
    assert.equal(1, #lines_in(path)) -- not only once it is closed
    file:close()
    assert.equal(1, #told)
    assert.is_nil(told[1]:find "\n")
    assert.equal(told[1]:gsub("[%x-]+-[%x-]+", ""), written[1]:gsub("\n", "")
      :gsub("[%x-]+-[%x-]+", ""))
  end)

  it("puts line ends and broken text into one line", function()
    local told = {}
    local client = box:client { on_event = assert(etoro.events.lines(function(line)
      told[#told + 1] = line
    end)) }
    client:warn(nil, "two\nlines \255 \0")
    assert.equal(1, #told)
    assert.is_nil(told[1]:find "[%c\255]")
    assert.equal("two\nlines \239\191\189 \0", json.decode_plain(told[1]).message)
  end)

  it("shows what a timer's run raised as text", function()
    local told = {}
    box:run(function()
      local timer = etoro.every("1m", function() error { print } end, {
        on_event = assert(etoro.events.lines(function(line) told[#told + 1] = line end)) })
      etoro.sleep(61)
      timer:cancel()
    end)
    assert.matches("^table: ", json.decode_plain(told[1]).error)
  end)

  it("holds no key, whatever is called", function()
    local api_key, user_key = "canary-api-key-123", "canary-user-key-456"
    box = etoro.sandbox.new { api_key = api_key, user_key = user_key }
    local client = box:client { api_key = api_key, user_key = user_key,
      on_event = assert(etoro.events.lines(path, { level = "debug" })) }
    client:call "GET /api/v1/me"
    client:request { path = "/api/v1/me", query = { access_token = user_key } }
    client:warn(nil, 'an answer had {"userToken":"' .. user_key .. '"}')
    local text = assert(files.read(path))
    assert(#text > 500)
    for _, key in ipairs { api_key, user_key } do
      assert.is_nil(text:find(key, 1, true))
    end
    assert.equal(7, #lines_in(path))
  end)

  it("gives an error for a file that cannot be opened, and raises for what is none",
    function()
      local listener, err = etoro.events.lines(folder .. "/none/x")
      assert.is_nil(listener)
      assert.equal("invalid", err.kind)
      raises(function() etoro.events.lines(5) end,
        "target: a file, its name or a function expected, got number")
      raises(function() etoro.events.lines(path, { level = "loud" }) end,
        "bad option 'level': debug, info, warning or error expected, got 'loud'")
      raises(function() etoro.events.print(io.stderr, { levels = "info" }) end,
        "unknown option 'levels' (did you mean 'level'?)")
    end)

  it("costs no call anything where the disk refuses", function()
    local done = process.run { os.getenv "LUA" or "lua5.4", "-e", [[
      local etoro = require "etoro"
      local client = etoro.sandbox.new():client {
        on_event = assert(etoro.events.lines "/dev/full") }
      assert(client:call "GET /api/v1/me")]] }
    assert.equal(0, done.code, done.stderr)
    assert.matches("on_event failed: .*No space left", done.stderr)
  end)
end)

describe("etoro.events.print", function()
  it("takes a level, too", function()
    local written = {}
    local sink = { write = function(_, line) written[#written + 1] = line end }
    local client = etoro.sandbox.new():client {
      on_event = etoro.events.print(sink, { level = "info" }) }
    client:call "GET /api/v1/me"
    assert.equal(1, #written)
    assert.matches("done", written[1], 1, true)
  end)
end)
