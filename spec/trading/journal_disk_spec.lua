-- What a journal asks of the disk, and what a disk that takes its time costs:
-- see spec/hosts/slow_disk.c.
local cjson = require "cjson"
local core = require "etoro.core"
local disk = require "spec.support.disk"
local journal = require "etoro.trading.journal"
local process = require "spec.support.process"
local program = require "spec.support.program"
local recorder = require "spec.support.recorder"

local PLACED = { body = '{"orderId":77,"referenceId":"r"}' }

describe("the journal's disk", function()
  local server, folder, path

  setup(function() server = recorder.start() end)
  teardown(function() server:stop() end)

  before_each(function()
    server:clear()
    server:set { default = PLACED, on_connect = cjson.null }
    folder = process.scratch()
    path = folder .. "/orders.jsonl"
  end)

  after_each(function() process.remove(folder) end)

  local function runs(code)
    return program.passes(disk.lua(code, server.url, folder))
  end

  describe("is told of a new file", function()
    -- What was flushed, in order; forgotten thereafter.
    local function flushed()
      local lines = {}
      for line in io.lines(folder .. "/LOG") do lines[#lines + 1] = line end
      os.remove(folder .. "/LOG")
      return lines
    end

    local OPEN = [[
      local c = assert(etoro.client { base_url = url, api_key = "a",
        user_key = "u", journal = %s })
    ]]

    it("as are the files that are kept beside it, before they have their name",
      function()
      runs 'require "etoro.values.kept".write(path, "{}")'
      assert.same({ "fdatasync " .. path .. ".new", "fsync " .. folder }, flushed())
      runs [[
        local box = etoro.sandbox.new()
        local c = assert(box:client { journal = path .. ".j",
          rails = { writes_per_day = 3 } })
        assert(c.orders:open { symbol = "AAPL", transaction = "buy", amount = 100 })
        c:close()
      ]]
      local order = {} -- the journal's head, its folder, the count, the intent
      for _, line in ipairs(flushed()) do
        order[#order + 1] = line:match "^fdatasync .*orders%.jsonl(.*)$"
      end
      assert.same({ ".j", ".j.rails.new", ".j" }, table.move(order, 1, 3, 1, {}))
    end)

    it("by its first line, and then by its folder", function()
      runs(OPEN:format "path" .. "c:close()")
      assert.same({ "fdatasync " .. path, "fsync " .. folder }, flushed())
    end)

    it("whose path is said in any way", function()
      assert(os.execute(("mkdir '%s/sub' '%s/other' && ln -s ../other/f '%s/sub/l'")
        :format(folder, folder, folder)))
      for given, want in pairs {
        ['"orders.jsonl"'] = { "orders.jsonl", "" },
        ['"./sub/f"'] = { "sub/f", "/sub" },
        ['"sub/../sub/g"'] = { "sub/g", "/sub" },
        ['"sub/l"'] = { "other/f", "/other" }, -- a link to where none was
      } do
        runs(([[assert(require "luv".chdir(%q))]]):format(folder)
          .. OPEN:format(given) .. "c:close()")
        assert.same({ "fdatasync " .. folder .. "/" .. want[1],
          "fsync " .. folder .. want[2] }, flushed(), given)
      end
    end)

    it("and of one that a crash has left with half a line", function()
      local file = assert(io.open(path, "wb"))
      file:write '{"kind":"jour'
      file:close()
      runs(OPEN:format "path" .. "c:close()")
      assert.same({ "fdatasync " .. path, "fsync " .. folder }, flushed())
    end)

    it("and not of one that was there", function()
      runs(OPEN:format "path" .. "c:close()")
      flushed()
      runs(OPEN:format "path" .. [[
        assert(order(c))
        c:close()
      ]])
      for _, line in ipairs(flushed()) do
        assert.equal("fdatasync " .. path, line)
      end
    end)
  end)

  it("costs no place that an order has given up while it waited", function()
    -- ended in every way there is while its intent is being written
    runs [[
      local function count()
        local scan, n = require "luv".fs_scandir "/dev/fd", 0
        while require "luv".fs_scandir_next(scan) do n = n + 1 end
        return n
      end
      local c = journaled { max_connections = 2, rate_limit = true }
      local function left()
        local all = {}
        for name, pool in pairs(c:budget()) do all[name] = pool.left end
        return all
      end
      local ends = {
        function(task) task:cancel() end,
        function() c:halt() c:halt(false) end,
        function() etoro.sleep(0.03) end, -- its timeout, or its deadline
      }
      assert(order(c))
      local before, open = left(), count()
      set "DISK_SHUT"
      for n = 1, 24 do
        local _, result, err
        etoro.run(function()
          local task = etoro.spawn(order, c, n % 2 == 0
            and { timeout = 0.02, deadline = 2 } or { deadline = 0.02 })
          etoro.sleep(0.001)
          ends[n % #ends + 1](task)
          _, result, err = pcall(task.wait, task)
        end)
        assert((err or result).may_have_executed == false)
      end
      unset "DISK_SHUT"
      for name, n in pairs(before) do
        assert(left()[name] == n, name .. ": " .. left()[name] .. " of " .. n)
      end
      etoro.run(function()
        for _ = 1, 2 do
          etoro.spawn(function() assert(order(c, { deadline = patience })) end)
        end
      end)
      assert(count() <= open + 1, "descriptors") -- a second connection
      c:close()
      local written = 0
      for _, record in ipairs(journal.read(path)) do
        if record.kind == "intent" then written = written + 1 end
      end
      assert(written > 3 + 10, "hardly one came that far")
    ]]
    assert.equal(3, #server:arrivals())
    assert.is_true(#server:connections() <= 2)
  end)

  for when, first in pairs {
    before = "local loop = etoro.loop() loop:pollfd() assert(order(c))",
    after = "assert(order(c)) local loop = etoro.loop() loop:pollfd()" }
  do
    it("is heard by a loop that was opened " .. when .. " the first order",
      function()
        program.passes(disk.embed({}, [[
          local c = journaled()
          ]] .. first .. [[
          local seen
          local written = #journal.read(path)
          set "DISK_SHUT"
          etoro.spawn(function() seen = assert(order(c)) end)
          loop:step()
          loop:step()
          local ends = core.monotonic() + patience
          while #journal.read(path) == written do -- its thread may be late
            assert(core.monotonic() < ends, "not written")
            host.poll(loop:pollfd(), 0.01)
          end
          unset "DISK_SHUT"
          for _ = 1, 50 do
            if seen then break end
            assert(host.poll(loop:pollfd(), 20), "asleep")
            loop:step()
          end
          assert(seen)
          c:close()
        ]], server.url, folder))
        assert.equal(2, #server:arrivals())
      end)
  end

  it("that never answers ends an order in the sandbox, too", function()
    program.passes(disk.lua([[
      local box = require "etoro.sandbox".new()
      local c = assert(box:client { journal = path, max_retries = 0 })
      assert(order(c))
      set "DISK_SHUT"
      local began = core.monotonic()
      local result, err = order(c, { timeout = 30 })
      local took = core.monotonic() - began
      unset "DISK_SHUT"
      assert(not result and err.code == "journal", tostring(err))
      assert(err.may_have_executed == false)
      assert(took < 20, took) -- the box's clock moves on
      assert(box.arrivals.count == 1)
      assert(order(c))
      c:close()
    ]], server.url, folder))
  end)

  it("keeps no loop awake for an order that was cancelled meanwhile", function()
    program.passes(disk.embed({}, [[
      local c = journaled()
      local loop = etoro.loop()
      assert(order(c))
      local task = etoro.spawn(order, c)
      loop:step()
      loop:step()
      assert(host.poll(loop:pollfd(), 20), "asleep") -- it is on the disk
      task:cancel()
      for _ = 1, 20 do loop:step() end
      assert(not host.poll(loop:pollfd(), 0.1), "awake")
      c:close()
    ]], server.url, folder))
    assert.equal(1, #server:arrivals())
  end)
end)

describe("an intent, with a wire of ours,", function()
  local folder, path

  before_each(function()
    folder = process.scratch()
    path = folder .. "/orders.jsonl"
  end)
  after_each(function() process.remove(folder) end)

  -- An engine with a wire of ours, and what submits an order to it.
  local function manual()
    local engine = core.engine { now = 1e9 }
    local handle = assert(engine:journal(path))
    finally(function() handle:close() end)
    local c = assert(engine:client { base_url = "https://api.example",
      api_key = "a", user_key = "u" })
    return engine, function(intent)
      return engine:submit(c, { method = "POST", target = "/x",
        class = "keyed", writes = true, journal = handle, intent = intent })
    end
  end

  it("is on disk at once with a wire of ours", function()
    local engine, submit = manual()
    local job = assert(submit '{"kind":"intent","id":"one"}')
    assert.same({}, (journal.read(path)))
    engine:step(0)
    assert.equal("flight", job:state())
    assert.equal("one", journal.read(path)[1].id)
    engine:take()
  end)

  it("is one line, or nothing is sent", function()
    local _, submit = manual()
    local job, message = submit "a\nb"
    assert.is_nil(job)
    assert.matches("the intent is not one line", message, 1, true)
  end)
end)
