-- Closings that a journal has no outcome of: what of the account tells that
-- they were done, that they were not, or nothing.
local desk = require "spec.support.desk"
local json = require "etoro.values.json"
local process = require "spec.support.process"

local CLOSE = "POST /api/v1/trading/execution/demo/market-close-orders"
  .. "/positions/{positionId}"
local PORTFOLIO = "GET /api/v1/trading/info/demo/portfolio"
local HISTORY = "GET /api/v1/trading/info/trade/demo/history"

local LONG = { settle = 5, deadline = 60 } -- shown 10 s after it was lost

describe("a recovery of closings", function()
  local t, folder, path

  before_each(function()
    folder = process.scratch()
    path = folder .. "/orders.jsonl"
    t = desk.new(nil, { journal = path })
  end)

  after_each(function()
    t.client:close()
    process.remove(folder)
  end)

  local function close(position, units, options)
    return t.client:call(CLOSE, { positionId = position.positionID, body = {
      InstrumentID = position.instrumentID, UnitsToDeduct = units } }, options)
  end

  -- A closing that does not arrive.
  local function lose(position, units)
    t:fault { route = CLOSE, fault = "cut_before", times = 0 }
    local result, err = close(position, units, { settle = 0, deadline = 0.5 })
    assert.is_nil(result)
    assert.equal("unknown_outcome", err.kind)
    t:control("DELETE", "/faults")
  end

  local function position_of_3() return (t:position()) end

  -- The journal as a crash leaves it: without the outcomes, or what `edit`
  -- makes of each line.
  local function crash(edit)
    t.client:close()
    local kept = {}
    for text in io.lines(path) do
      local line, is_outcome = text, text:find('"kind":"outcome"', 1, true)
      if edit then line = edit(line, is_outcome) end
      if line and (edit or not is_outcome) then kept[#kept + 1] = line end
    end
    local file = assert(io.open(path, "w"))
    file:write(table.concat(kept, "\n"), "\n")
    file:close()
    t.client = t:connect { journal = path }
  end

  local function advance(seconds) t.client._runtime.engine:advance(seconds) end

  -- What the last closings of the journal came to.
  local function recover(options)
    t:sent()
    local found = assert(t.client.orders:recover(options or LONG))
    for _, line in ipairs(t:sent()) do assert.matches("^GET ", line) end
    local closings = {}
    for _, one in ipairs(found) do
      if one.asked.operation == CLOSE then closings[#closings + 1] = one end
    end
    return closings
  end

  local function is_told(state, seen, one)
    assert.equal(state, one.state)
    assert.matches(seen, one.seen, 1, true)
  end

  local function answer(route, body, times)
    t:fault { route = route, fault = "status", status = 200, body = body,
      times = times or 1 }
  end

  -- Lets a function change the decoded answers of a path.
  local function change(path_part, fn)
    local handle = t.box.handle
    t.box.handle = function(self, request)
      local reply = handle(self, request)
      if request.path:find(path_part, 1, true) then
        local body = json.decode_plain(reply.body)
        reply.body = json.encode(fn(body, request) or body)
      end
      return reply
    end
    return function() t.box.handle = handle end
  end

  -- A history of these items alone.
  local function history_is(items)
    return change("/history", function(_, request)
      return request.query:find("page=1&", 1, true) and json.list(items)
        or json.list()
    end)
  end

  local NO_POSITION = { clientPortfolio = { positions = json.list() } }

  it("tells a whole one by the history", function()
    local position = position_of_3()
    assert(close(position))
    advance(5)
    crash()
    local found = recover()
    assert.equal(1, #found)
    is_told("landed", "the position is closed", found[1])
    assert.equal(tostring(position.positionID),
      tostring(found[1].positionId))
  end)

  it("tells one not landed by the position", function()
    lose(position_of_3())
    crash()
    is_told("not_landed", "the position is open", recover()[1])
  end)

  it("tells a whole one, and a part, by the order that closes it", function()
    t.box.options.close_delay = 1000
    for _, units in ipairs { false, 2 } do
      assert(close(position_of_3(), units or nil))
      advance(1)
      local order = t:books().closes
      crash()
      local found = recover()
      is_told("landed", "the portfolio holds its close order", found[#found])
      assert.equal(order[#order].orderId, found[#found].orderId)
      t.client:close()
      t.client = t:connect { journal = path }
    end
  end)

  it("does not take two short absences for a long one", function()
    local position = position_of_3()
    assert(position:close { units = 1 }) -- which the history has
    advance(60)
    lose(position)
    advance(60)
    crash()
    local began, handle = t.client._runtime.engine:now(), t.box.handle
    t.box.handle = function(self, request)
      local reply = handle(self, request)
      local at = t.client._runtime.engine:now() - began
      if request.path:find("/portfolio", 1, true)
          and (at < 4 or at > 7 and at < 10) then
        reply.body = json.encode(NO_POSITION)
      end
      return reply
    end
    local found = recover()
    is_told("not_landed", "the position is open", found[#found])
  end)

  it("does not take an absence for long that began before a lost one would show,"
    .. " or that an outage breaks", function()
    local position = position_of_3()
    assert(position:close { units = 1 }) -- which the history has
    advance(60)
    lose(position)
    advance(60)
    crash()
    local began, handle = t.client._runtime.engine:now(), t.box.handle
    t.box.handle = function(self, request)
      local reply = handle(self, request)
      local at = t.client._runtime.engine:now() - began
      if request.path:find("/portfolio", 1, true) and at < 26 then
        reply.body = at > 13.5 and at < 22 and "{}"
          or json.encode(NO_POSITION)
      end
      return reply
    end
    local found = recover()
    is_told("not_landed", "the position is open", found[#found])
  end)

  it("tells one landed whose position is gone, and whose history has parts"
    .. " alone", function()
    local position = position_of_3()
    assert(position:close { units = 1 })
    advance(60)
    lose(position)
    advance(60)
    crash()
    answer(PORTFOLIO, NO_POSITION, 0)
    local began = t.client._runtime.engine:now()
    local found = recover()
    is_told("landed", "the position is not there any more", found[#found])
    assert.is_true(t.client._runtime.engine:now() - began >= 5)
  end)

  it("tells nothing of a position that is nowhere", function()
    local position = position_of_3()
    lose(position)
    crash()
    answer(PORTFOLIO, NO_POSITION, 0)
    answer(HISTORY, json.list(), 0)
    is_told("unknown", "neither portfolio nor history has the position",
      recover()[1])
  end)

  it("tells one landed by the lookup of the order that opened it", function()
    local position = position_of_3()
    assert(close(position))
    crash() -- this client's portfolio still shows it once
    advance(0.05)
    answer(HISTORY, json.list(), 0)
    local found = recover()
    is_told("landed", "the position is closed", found[1])
  end)

  it("tells a part by the history", function()
    local position = position_of_3()
    assert(close(position, 1))
    advance(5)
    crash()
    is_told("landed", "the history has that part", recover()[1])
  end)

  it("tells a part not landed by all the units", function()
    lose(position_of_3(), 1)
    crash()
    is_told("not_landed", "the position has all its units", recover()[1])
  end)

  -- A part of 1 of 3 was closed days ago, and another one of 0.5 was lost.
  local function after_another_part(edit)
    local position = position_of_3()
    assert(position:close { units = 1 })
    advance(86400)
    lose(position, 0.5)
    crash(function(line, is_outcome)
      if is_outcome and not line:find('"closed"', 1, true) then return nil end
      return edit and edit(line) or line
    end)
    return position
  end

  it("tells a part not landed by units that the history accounts for",
    function()
      after_another_part()
      is_told("not_landed", "the position has all its units, but for",
        recover()[1])
    end)

  it("tells nothing by them where the clock was put back", function()
    after_another_part(function(line)
      return (line:gsub('"at":"2026%-01%-02T00', '"at":"2026-01-02T03')
        :gsub('"server":".-",', ""))
    end)
    is_told("unknown", "the position does not tell", recover()[1])
  end)

  it("tells by the server's time what it cannot by a clock that was put back",
    function()
      after_another_part(function(line)
        return (line:gsub('"at":"2026%-01%-02T00', '"at":"2026-01-02T03'))
      end)
      is_told("not_landed", "the position has all its units, but for",
        recover()[1])
    end)

  it("needs no history where the position has all its units", function()
    lose(position_of_3(), 1)
    crash()
    t:fault { route = HISTORY, fault = "status", status = 403, times = 0 }
    is_told("not_landed", "the position has all its units", recover()[1])
  end)

  it("tells nothing by units that the history does not account for", function()
    local id, at = after_another_part().positionID, "2026-01-01T00:00:02Z"
    for _, items in ipairs {
      {}, -- none at all
      { { positionId = id, units = 0.9, closeTimestamp = at } },
      { { positionId = id, units = 1.1, closeTimestamp = at } },
      { { positionId = id + 1, units = 1, closeTimestamp = at } },
      { { positionId = id, closeTimestamp = at } },
    } do
      local put_back = history_is(items)
      is_told("unknown", "the position does not tell", recover()[1])
      put_back()
    end
    t:fault { route = HISTORY, fault = "status", status = 403, times = 0 }
    is_told("unknown", "the position does not tell", recover()[1])
    t:control("DELETE", "/faults")
    for _, field in ipairs { "units", "initialUnits", "openDateTime" } do
      local put_back = change("/portfolio", function(body)
        body.clientPortfolio.positions[1][field] = nil
      end)
      is_told("unknown", "the position does not tell", recover()[1])
      put_back()
    end
    is_told("not_landed", "the position has all", recover()[1])
  end)

  it("tells a part not landed by a history that is cut once it goes back to"
    .. " where the position was opened, not before", function()
    local position = after_another_part()
    local function cut(times)
      return change("/history", function(_, request)
        local page, items = request.query:match "page=(%d+)", {}
        for i = 1, 100 do
          items[i] = { positionId = page * 1000 + i, units = 1,
            closeTimestamp = times:format(23 - page) }
        end
        if page == "1" then
          items[1] = { positionId = position.positionID, units = 1,
            closeTimestamp = "2026-01-02T23:59:00Z" }
        end
        return items
      end)
    end
    local put_back = cut "2026-01-02T%02d:00:00Z"
    is_told("unknown", "the position does not tell", recover()[1])
    put_back()
    cut "2025-12-31T%02d:00:00Z"
    is_told("not_landed", "the position has all its units", recover()[1])
  end)

  for _, units in ipairs { "1.0", "1.000001" } do
    it("tells nothing where two parts are of as many units, " .. units,
      function()
        local position = position_of_3()
        assert(close(position, 1))
        lose(position, units)
        advance(5)
        crash()
        local found = recover()
        assert.equal(2, #found)
        for _, one in ipairs(found) do
          is_told("unknown", "other closings of as many units", one)
        end
      end)
  end

  for _, outcome in ipairs { "refused", "not_sent" } do
    it("tells parts apart by their units and positions, and what was "
      .. outcome, function()
      local position, other = position_of_3(), position_of_3()
      assert(close(position, 1))
      assert(close(position, 0.5))
      lose(other, 1)
      advance(5)
      t:fault { route = CLOSE, fault = "status", status = 400,
        body = { errorCode = 1, errorMessage = "no" } }
      assert.is_nil((close(position, 1)))
      crash(function(line, is_outcome)
        local text, count = line:gsub('"refused"', '"' .. outcome .. '"')
        return (not is_outcome or count > 0) and text or nil
      end)
      local found = recover()
      assert.equal(3, #found)
      is_told("landed", "the history has that part", found[1])
      is_told("landed", "the history has that part", found[2])
      is_told("not_landed", "the position has all its units", found[3])
    end)
  end

  it("tells nothing of a part while the account cannot be read", function()
    assert(close(position_of_3(), 1))
    advance(5)
    crash()
    t:fault { route = PORTFOLIO, fault = "status", status = 403, times = 0 }
    is_told("unknown", "the account could not be read", recover()[1])
  end)

  it("waits until a part would show", function()
    local position = position_of_3()
    t.box.options.close_delay = 8
    assert(close(position, 1))
    t.client:close()
    crash()
    change("/portfolio", function(body)
      body.clientPortfolio.ordersForClose = json.list()
    end)
    is_told("landed", "the history has that part", recover()[1])
  end)
end)
