-- Where stderr is no terminal a wait is told in lines that count down, and not in
-- many of them.
local core = require "etoro.core"
local run_limits = require "etoro.values.run_limits"
local terminal = require "etoro.command.terminal"
local waiting = require "etoro.command.waiting"

describe("a wait of the etoro command #lua", function()
  local now, lines, kept, is_live

  before_each(function()
    now, lines, is_live = 1000, {}, false
    kept = { core.monotonic, terminal.say, terminal.is_live, terminal.show,
      terminal.hide }
    core.monotonic = function() return now end
    terminal.say = function(text) lines[#lines + 1] = text end
    terminal.is_live = function() return is_live end
    terminal.show = function(text)
      if text ~= lines[#lines] then lines[#lines + 1] = text end
    end
    terminal.hide = function()
      if lines[1] then lines[#lines + 1] = "taken away" end
    end
  end)
  after_each(function()
    core.monotonic, terminal.say, terminal.is_live, terminal.show, terminal.hide =
      table.unpack(kept)
  end)

  -- The seconds that lines tell of, of a wait that is looked at each quarter of
  -- a second.
  local function told(seconds, event)
    local books = waiting.new()
    books:event { kind = "queued", request_id = "a", method = "GET", pool = "p" }
    books:event { kind = "sent", request_id = "a" }
    if event then books:event(event) end
    local times = {}
    for _ = 1, seconds * 4 do
      books:look()
      now = now + 0.25
    end
    books:event { kind = "done", request_id = "a" }
    for i, line in ipairs(lines) do times[i] = tonumber(line:match "(%d+) s") end
    return times, books
  end

  local function retried(seconds)
    return { kind = "retried", request_id = "a", wait = seconds, status = 429 }
  end

  it("counts down every run_limits.command_told_again seconds", function()
    assert.same({ 60, 50, 40, 30, 20, 10 }, (told(59, retried(60))))
    assert.equal("the API's rate limit is used up: trying again in 60 s", lines[1])
    assert.equal(10, run_limits.command_told_again)
  end)

  it("counts down each second on a terminal, and takes the line away", function()
    is_live = true
    assert.same({ 3, 2, 1 }, (told(3, retried(3))))
    assert.equal("the API's rate limit is used up: trying again in 3 s", lines[1])
    assert.equal("taken away", lines[4])
  end)

  it("has one line of a short one", function()
    assert.same({ 3 }, (told(3, retried(3))))
  end)

  it("tells run_limits.command_told_share of a long one at a time", function()
    local times = told(3599, retried(3600))
    assert.equal(3600, times[1])
    assert.equal(3150, times[2]) -- an eighth less
    assert(#times < 60, #times)
    for i = 2, #times do assert(times[i] < times[i - 1]) end
    assert(times[#times] <= 10)
  end)

  it("says how long it has taken where no end is known", function()
    local times = told(300)
    assert.equal(3, times[1])
    assert.equal(13, times[2])
    assert(#times < 30, #times)
    assert.matches("waiting for the API's answer, 3 s so far", lines[1])
  end)

  it("begins anew with the next wait", function()
    local _, books = told(5, retried(30))
    assert.equal(1, #lines)
    books:event { kind = "queued", request_id = "b", method = "GET", pool = "p" }
    books:event { kind = "retried", request_id = "b", wait = 20, status = 503 }
    books:look()
    assert.equal("the API answered HTTP 503: trying again in 20 s", lines[2])
  end)
end)
