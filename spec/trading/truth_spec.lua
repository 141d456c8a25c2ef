-- One truth: what an account shows of a closing proves the same to all that
-- ask, whether the closing was answered, its answer was lost, or the program
-- that sent it is gone.
local etoro = require "etoro"
local process = require "spec.support.process"
local witness = require "spec.support.witness"

local closes = require "spec.fixtures.observations.closes"
local WAIT = 40 -- seconds of the driven clock

-- What each reader makes of what is proved.
local OF_CLOSE = { done = "done", gone = "closed" } -- all else: not seen
local OF_RESOLVE = { done = "done", taken = "done", open = "not done",
  gone = "unknown", unknown = "unknown" }
local OF_RECOVER = { done = "landed", taken = "landed", open = "not_landed",
  gone = "unknown", unknown = "unknown" }

local function body_of(row)
  return { InstrumentID = 1001, UnitsToDeduct = row.asks }
end

local function send_beside(w, client)
  if not w.row.beside then return end
  assert(client:call(witness.CLOSE, { positionId = witness.ID,
    body = { InstrumentID = 1001, UnitsToDeduct = w.row.beside } }))
  client:pause(w.row.ago or 0)
end

-- position:close, whose closing is taken.
local function by_close(row)
  local w = witness.new(row, {})
  local position = w:position()
  send_beside(w, w.client)
  local done, response = position:close(row.asks and { units = row.asks },
    { timeout = WAIT })
  assert.equal(position, done, tostring(response))
  assert.equal(row.beside and 2 or 1, w.posts)
  local warning = response.warning or ""
  if position:is_closed() then return row.asks and "closed" or "done" end
  return warning:find("was not seen closed", 1, true) and "not seen" or "done"
end

-- A closing whose answer is lost.
local function by_resolve(row)
  local w = witness.new(row, { is_lost = true })
  local position = w:position()
  send_beside(w, w.client)
  local before = w.posts
  local result, response = w.client:send(etoro.operations[witness.CLOSE],
    { positionId = witness.ID, body = body_of(row) },
    { deadline = 60 }, { closing = { position = position } })
  if row.asks then assert.equal(before + 1, w.posts, "sold twice") end
  if result == nil then
    local code = response.code == "not_executed" and "not done"
    return code or response.kind == "unknown_outcome" and "unknown"
      or tostring(response)
  end
  return response.warning:find("sent again", 1, true) and "not done" or "done"
end

-- A program that begins anew, with the journal of one that was killed.
local function by_recover(row)
  local folder = process.scratch()
  local options = { journal = folder .. "/orders.jsonl" }
  local w = witness.new(row, { is_lost = true, of_client = options })
  send_beside(w, w.client)
  w.is_down = true
  w.client:call(witness.CLOSE, { positionId = witness.ID,
    body = body_of(row) }, { deadline = 0.05 })
  w.client:close()
  w.is_down = false
  local client, sent = w:connect(options), w.posts
  local results = assert(client.orders:recover { deadline = 60 })
  client:close()
  process.remove(folder)
  assert.equal(1, #results)
  assert.equal(sent, w.posts, "a recovery must only read")
  return results[1].state, results[1].seen
end

describe("what is recorded of a closing proves the same", function()
  assert(#closes >= 60)

  for _, row in ipairs(closes) do
    it("to position:close: " .. row[1], function()
      assert.equal(OF_CLOSE[row.proves] or "not seen", by_close(row))
    end)

    it("to the resolution of a lost answer: " .. row[1], function()
      assert.equal(OF_RESOLVE[row.proves], (by_resolve(row)))
    end)

    it("to a recovery: " .. row[1], function()
      local state, seen = by_recover(row)
      assert.equal(OF_RECOVER[row.recover or row.proves], state, seen)
    end)
  end
end)
