-- stream:record: what the wire said in a file, without a key.
local cjson = require "cjson"
local core = require "etoro.core"
local etoro = require "etoro"
local files = require "spec.support.files"
local process = require "spec.support.process"
local program = require "spec.support.program"
local sandbox = require "etoro.sandbox"
local ws = require "spec.support.ws"
local patience = require "spec.support.patience"

describe("stream:record #memory", function()
  local server, stream, dir

  setup(function() server = ws.start() end)
  teardown(function() server:stop() end)
  before_each(function() dir = process.scratch() end)
  after_each(function()
    if stream then stream:close() end
    stream = nil
    process.remove(dir)
  end)

  local function open(path, options)
    local client = assert(etoro.client { base_url = "http://127.0.0.1:1",
      api_key = ws.API_KEY, user_key = ws.USER_KEY, connect_timeout = patience,
      stream_url = ("ws://127.0.0.1:%s%s"):format(server.plain, path) })
    stream = assert(client:stream(options))
    return stream
  end

  local function read(path) return assert(files.read(path)) end

  -- The head, and the lines behind it.
  local function lines_of(path)
    local lines = {}
    for line in read(path):gmatch "[^\n]+" do
      lines[#lines + 1] = cjson.decode(line)
    end
    return table.remove(lines, 1), lines
  end

  local function until_event(test)
    for _ = 1, 200 do
      local event = assert(stream:next(patience))
      if test(event) then return event end
    end
    error "it never came"
  end

  local function is_last(event)
    return event.kind == "quote" and event.ask == 101.5
  end

  it("writes each text with its time and direction, and no key", function()
    local path = dir .. "/wire.jsonl"
    local began = core.now()
    open "/etoro"
    assert.is_true(stream:record(path))
    assert(stream:subscribe { 1001, "private" })
    until_event(is_last)
    assert.is_true(stream:record(nil))
    local head, lines = lines_of(path)
    assert.equal("etoro.stream", head.record)
    assert.equal("open", lines[1].direction)
    local last, directions, pushes = head.time, {}, 0
    for _, line in ipairs(lines) do
      assert.is_true(line.time >= last)
      last = line.time
      directions[line.direction] = true
      if line.direction == "in" and cjson.decode(line.text).messages then
        pushes = pushes + 1
      end
    end
    assert.is_true(head.time > began - 0.1 and last < core.now() + 0.1)
    assert.is_true(directions.out)
    assert.is_true(pushes >= 7)
    local text = read(path)
    assert.is_nil(text:find(ws.API_KEY, 1, true))
    assert.is_nil(text:find(ws.USER_KEY, 1, true))
    assert.truthy(text:find("Subscribe", 1, true))
    assert.is_nil(text:find("userKey", 1, true))
    local mode = process.run({ "stat", "-c", "%a", path }).stdout
    assert.equal("600\n", mode)
  end)

  it("has asterisks for a key that the server repeats", function()
    local path = dir .. "/wire.jsonl"
    open "/etoro/repeat"
    assert(stream:record(path))
    local raw = until_event(function(event) return event.kind == "raw" end)
    assert.truthy(raw.text:find("you said", 1, true))
    assert.is_nil(raw.text:find(ws.API_KEY, 1, true))
    stream:close()
    local text = read(path)
    assert.truthy(text:find("you said", 1, true))
    assert.truthy(text:find("****", 1, true))
    assert.is_nil(text:find(ws.API_KEY, 1, true))
    assert.is_nil(text:find(ws.USER_KEY, 1, true))
  end)

  it("tells a connection's end, and goes on behind it", function()
    local path = dir .. "/wire.jsonl"
    open("/etoro/6", { backoff = { 0.02, 0.05 } })
    assert(stream:record(path))
    assert(stream:subscribe { 1001 })
    until_event(function(event) return event.kind == "gap" end)
    stream:close()
    local seen = {}
    for _, line in ipairs(select(2, lines_of(path))) do
      if line.direction == "open" or line.direction == "closed" then
        seen[#seen + 1] = line.direction
      end
    end
    assert.equal("open closed open", table.concat(seen, " ", 1, 3))
  end)

  it("stops, goes on in the same file, and ends with the stream", function()
    local path = dir .. "/wire.jsonl"
    open "/etoro"
    assert(stream:record(path))
    assert(stream:subscribe { 1001 })
    until_event(is_last)
    assert(stream:record(nil))
    local first = read(path)
    assert(stream:subscribe { 1002 })
    until_event(function(event)
      return is_last(event) and event.instrumentId == 1002
    end)
    assert.equal(first, read(path))
    assert(stream:record(path))
    assert(stream:subscribe { 1003 })
    until_event(function(event)
      return is_last(event) and event.instrumentId == 1003
    end)
    stream:close()
    local text = read(path)
    assert.equal(first, text:sub(1, #first))
    assert.equal(2, select(2, text:gsub('{"record"', "")))
    assert.is_nil(text:find("instrument:1002\"],", 1, true))
    assert.truthy(text:find("instrument:1003", 1, true))
    assert.equal("\n", text:sub(-1))
    local ok, err = stream:record(path)
    assert.is_nil(ok)
    assert.equal("closed", err.kind)
  end)

  it("writes into nothing that is no record", function()
    local foreign, cut = dir .. "/orders.jsonl", dir .. "/cut.jsonl"
    local pipe = dir .. "/pipe"
    for path, text in pairs { [foreign] = '{"journal":1}\n',
      [cut] = '{"record":"etoro.stream","version":1,"time":1.0}\n{"time":' } do
      files.write(path, text)
    end
    process.run { "mkfifo", pipe }
    open "/etoro"
    for path, why in pairs { [foreign] = "something else", [cut] = "is cut",
      [pipe] = "is a pipe", [dir] = "a directory", ["/dev/full"] = "a device",
      [dir .. "/none/x"] = "No such file", ["x\0y"] = "zero byte" } do
      local ok, err = stream:record(path)
      assert.is_nil(ok)
      assert.equal("record_failed", err.code)
      assert.truthy(err.message:find(why, 1, true), err.message)
    end
    assert.equal('{"journal":1}\n', read(foreign))
    assert.is_true(stream:record(dir .. "/one"))
    local other = stream
    open "/etoro"
    local ok, err = stream:record(dir .. "/one")
    other:close()
    assert.is_nil(ok)
    assert.truthy(err.message:find("in use", 1, true))
    assert.is_true(stream:record(dir .. "/one"))
    for _, odd in ipairs { 1, true, {} } do
      assert.has_error(function() stream:record(odd) end)
    end
  end)

  it("says that its file was removed, and can begin anew", function()
    local path = dir .. "/wire.jsonl"
    open "/etoro"
    assert(stream:record(path))
    assert(stream:subscribe { 1001 })
    until_event(is_last)
    assert(os.remove(path))
    assert(stream:subscribe { 1002 })
    local event = until_event(function(one) return one.kind == "record_failed" end)
    assert.equal(path, event.path)
    assert.equal("record_failed", event.err.code)
    assert.truthy(event.err.message:find("removed", 1, true))
    until_event(function(one) return is_last(one) and one.instrumentId == 1002 end)
    assert.is_nil(io.open(path))
    assert(stream:record(path))
    assert.truthy(read(path):find '^{"record"')
  end)

  it("says when it cannot go on, and the stream goes on", function()
    local code = [[
      local url, path = arg[1], arg[2]
      local etoro = require "etoro"
      local client = assert(etoro.client { base_url = "http://127.0.0.1:1",
        api_key = "canary-api-key-0123456789", user_key = "canary-user-key-98765",
        stream_url = url })
      local stream = assert(client:stream())
      assert(stream:record(path))
      local failures, quotes = 0, 0
      for id = 1001, 1050 do
        assert(stream:subscribe { id })
        repeat
          local event = assert(stream:next(patience))
          if event.kind == "record_failed" then
            failures = failures + 1
            assert(event.err.code == "record_failed", event.err.code)
            assert(event.err.message:find("File too large", 1, true),
              event.err.message)
            assert(event.path == path)
          end
        until event.kind == "quote" and event.instrumentId == id
          and event.ask == 101.5
        quotes = quotes + 1
      end
      assert(stream:record(nil))
      print(failures, quotes)
    ]]
    local argv = program.lua(code, ("ws://127.0.0.1:%s/etoro")
      :format(server.plain), dir .. "/wire.jsonl")
    -- a file may have four blocks, as on a disk that is full behind them
    local limited = { "sh", "-c", "trap '' XFSZ; ulimit -f 4; "
      .. "exec sh spec/support/lua.sh \"$@\"", "sh", table.unpack(argv, 2) }
    limited.env = argv.env
    local done = process.run(limited)
    assert.equal("1\t50\n", done.stdout, done.stderr)
    local text = read(dir .. "/wire.jsonl")
    assert.is_true(#text > 1000 and #text <= 4096, #text)
    -- what was written is whole: it can be played, and goes on
    assert.equal("\n", text:sub(-1))
    assert(sandbox.new():replay(dir .. "/wire.jsonl"))
    open "/etoro"
    assert(stream:record(dir .. "/wire.jsonl"))
    assert.equal(text, read(dir .. "/wire.jsonl"):sub(1, #text))
  end)
end)
