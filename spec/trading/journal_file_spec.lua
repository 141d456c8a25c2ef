-- The journal's file: where it is, whether it is there still, and how it is
-- read when it is large.
local cjson = require "cjson"
local etoro = require "etoro"
local files = require "spec.support.files"
local journal = require "etoro.trading.journal"
local process = require "spec.support.process"
local recorder = require "spec.support.recorder"

local OPEN = "POST /api/v2/trading/execution/demo/orders"
local ORDER = { action = "open", transaction = "buy", symbol = "AAPL",
  orderType = "mkt", leverage = 1, amount = 100 }
local PLACED = { body = '{"orderId":77,"referenceId":"r"}' }

local function order(client) return client:call(OPEN, { body = ORDER }) end

local write = files.write

describe("the journal's file", function()
  local server, folder, path

  setup(function() server = recorder.start() end)
  teardown(function() server:stop() end)

  before_each(function()
    server:clear()
    server:set { default = cjson.null, on_connect = cjson.null }
    folder = process.scratch()
    path = folder .. "/orders.jsonl"
  end)

  after_each(function() process.remove(folder) end)

  local function client(options)
    local all = { journal = path, max_retries = 0 }
    for name, value in pairs(options or {}) do all[name] = value end
    local made = assert(server:client(all))
    finally(function() made:close() end)
    return made
  end

  it("has nothing sent while its file was moved away, and says so",
    function()
      server:set { default = PLACED }
      local c = client()
      assert(order(c))
      assert(os.rename(path, path .. ".1"))
      for _, replaced in ipairs { false, true } do
        if replaced then write(path, "") end
        local none, err = order(c)
        assert.is_nil(none)
        assert.equal("journal", err.code)
        assert.is_false(err.may_have_executed or false)
      end
      assert(os.rename(path .. ".1", path))
      assert(order(c))
      c:close()
      assert.equal(2, #server:arrivals())
      local placed, not_sent = 0, 0
      for _, record in ipairs(assert(journal.read(path))) do
        if record.state == "placed" then placed = placed + 1 end
        if record.state == "not_sent" then not_sent = not_sent + 1 end
      end
      assert.same({ 2, 2 }, { placed, not_sent })
    end)

  -- What other programs do to a file that is open: the file as it is, and
  -- what they make of it.
  local CHANGES = {
    ["cut to nothing"] = function() return "" end,
    ["cut within a line"] = function(text) return text:sub(1, -30) end,
    ["cut between two lines"] = function(text)
      return text:match "^.-\n.-\n"
    end,
    ["cut to its first line"] = function(text) return text:match "^.-\n" end,
    ["written over by another"] = function(text)
      return (text:gsub("%x", "0"))
    end,
    ["given another beginning"] = function(text)
      return (text:gsub('"salt":"%x', '"salt":"x', 1))
    end,
    ["given another end"] = function(text) return text:sub(1, -2) .. " " end,
    ["added to"] = function(text) return text .. "\n" end,
    ["shorter by a byte"] = function(text) return text:sub(1, -2) end,
  }

  local function read(name) return assert(files.read(name)) end

  for name, change in pairs(CHANGES) do
    it("has nothing sent and nothing written once it was " .. name, function()
      server:set { default = PLACED }
      local warnings = {}
      local c = client { on_event = function(event)
        if event.kind == "warning" then
          warnings[#warnings + 1] = event.message
        end
      end }
      assert(order(c))
      c._journal.file.handle:sync()
      local text = read(path)
      local changed = change(text)
      assert.are_not.equal(text, changed)
      write(path, changed)
      for _ = 1, 2 do
        local none, err = order(c)
        assert.is_nil(none)
        assert.equal("journal", err.code)
        assert.matches("cut or written to by another program", err.message)
        assert.is_false(err.may_have_executed or false)
      end
      c._journal.file.handle:sync()
      assert.equal(changed, read(path))
      assert.equal(1, #server:arrivals())
      write(path, text)
      assert(order(c))
      c._journal.file.handle:sync()
      write(path, changed)
      c._journal:outcome("an-id", { state = "placed" })
      c:close()
      assert.matches("cut or written to by another program", warnings[1])
      assert.equal(changed, read(path))
    end)
  end

  it("says of an order that is out while it is cut what is known", function()
    server:set { default = { wait = 0.2, body = PLACED.body } }
    local warnings = {}
    local c = client { on_event = function(event)
      if event.kind == "sent" then write(path, "") end
      if event.kind == "warning" then
        warnings[#warnings + 1] = event.message
      end
    end }
    assert.equal(77, assert(order(c)).orderId)
    c:close()
    assert.equal("", read(path))
    assert.matches("lacks lines that could not be written: the file was cut",
      warnings[1])
  end)

  it("has a line for each body, also for those that are no JSON", function()
    server:set { default = PLACED }
    local c = client()
    local bodies = { "", "{", "amount=1", '"}\n{"kind":"outcome"}', "a\0b",
      '{"a":1}\0{"b":2}', '{"a":"\255\254"}', "\195", "\r\n", "null", "1",
      '{\n  "a":\t[1,\r\n2]\n}', '{"a":"\127"}', "\226\128\168", "nan",
      "--x\r\nContent-Type: image/png\r\n\r\n\137PNG\r\n\26\n\0\1\255",
      '{"a":1} x', "[" .. ("["):rep(2000), '{"a":"\1"}' }
    for _, body in ipairs(bodies) do
      for _, kind in ipairs { false, "text/plain", "multipart/form-data" } do
        local done, err = c:request { method = "POST",
          path = "/api/v2/trading/execution/demo/orders", body = body,
          headers = kind and { ["Content-Type"] = kind } or nil }
        assert(done or err.code ~= "journal", tostring(err))
      end
    end
    c:close()
    local records, problems = journal.read(path)
    assert.same({}, problems)
    local intents = 0
    for _, record in ipairs(records) do
      if record.kind == "intent" then intents = intents + 1 end
    end
    assert.equal(3 * #bodies, intents)
    for line in io.lines(path) do
      assert.is_truthy(utf8.len(line))
      assert.is_nil((line:find "[\0-\8\10-\31]"))
      assert(pcall(cjson.decode, line), line)
    end
    -- and a recovery goes past what it cannot understand
    local again = client()
    assert(again.orders:recover { settle = 0 })
  end)

  it("is let go of with its last client, though a task was cancelled",
    function()
      server:set { default = { stall = true } }
      local c = client()
      local id
      etoro.run(function()
        local task = etoro.spawn(order, c)
        etoro.spawn(function()
          while #server:arrivals() == 0 do etoro.sleep(0.02) end
          task:cancel()
        end)
      end)
      for _, record in ipairs(assert(journal.read(path))) do
        assert(record.kind == "intent" or record.state == "unknown")
        id = record.id
      end
      -- what became of the order nobody waits to hear: a recovery may ask
      assert.is_string(id)
      assert.same({}, c._journal:under_way())
      c:close()
      assert.is_nil(c._journal.file.handle:path())
    end)

  it("has an absolute path, for a host may change its folder", function()
    local c = client { journal = folder .. "/../" .. folder:match "[^/]+$"
      .. "/./orders.jsonl" }
    assert.equal(path, c._journal.path)
  end)

  it("is read in pieces, whatever lies across their ends", function()
    local c = client()
    c:close()
    local header = assert(io.open(path, "rb")):read "a"
    local list, size = { header:sub(1, -2) }, #header
    while size < 200000 do
      local line = ('{"kind":"outcome","id":"%d","code":"%s"}'):format(
        #list, ("x"):rep(#list % 97))
      list[#list + 1] = line
      size = size + #line + 1
    end
    write(path, table.concat(list, "\n") .. "\n" .. '{"kind":"int')
    local records, problems = journal.read(path)
    assert.equal(#list - 1, #records)
    for i, record in ipairs(records) do
      assert.equal(tostring(i), record.id)
      assert.equal(i + 1, record.line)
    end
    assert.equal(1, #problems)
    assert.equal(#list + 1, problems[1].line)
  end)

  describe("is read #memory", function()
    local HEAD = '{"kind":"journal","version":1,"salt":"00"}\n'

    it("and tells junk apart", function()
      write(path, HEAD .. '{"kind":"intent","id":"1"}\njunk\n\n[1]\n"x"\n'
        .. '{"kind":"other","id":"2"}\n{"kind":"outcome"}\n\255\0\n'
        .. '{"kind":"outcome","id":"1","orderId":9223372036854775807}')
      local records, problems = journal.read(path)
      assert.equal(2, #records)
      assert.equal(9223372036854775807, records[2].orderId)
      local lines = {}
      for i, problem in ipairs(problems) do lines[i] = problem.line end
      assert.same({ 3, 5, 6, 7, 8, 9 }, lines)
      assert.equal("junk", problems[1].text)
    end)

    it("and gives an error for what is no journal", function()
      local function fails(text)
        local records, err = journal.read(path)
        assert.is_nil(records)
        assert.equal("journal", err.code)
        assert.truthy(err.message:find(text), err.message)
      end
      fails "No such file"
      write(path, "x\n")
      fails "something else"
      write(path, '{"kind":"journal","version":2,"salt":"00"}\n')
      fails "another version"
      write(path, '{"kind":"jou')
      assert.same({}, (journal.read(path)))
      write(path, "")
      assert.same({}, (journal.read(path)))
      assert(os.remove(path))
      assert(os.execute("mkfifo '" .. path .. "'"))
      fails "it is a pipe, not a file"
      path = folder
      fails "directory"
    end)

    it("and gives what etoro.encode shows", function()
      write(path, HEAD .. '{"kind":"intent","id":"1"}\n')
      assert.equal('[{"id":"1","kind":"intent","line":2}]',
        etoro.encode((journal.read(path))))
    end)
  end)
end)
