-- Closings of the journal that have no outcome: whether they were done.

local spelling = require "etoro.values.spelling"
local close = require "etoro.trading.resolve.close"
local core = require "etoro.core"
local evidence = require "etoro.trading.resolve.evidence"
local history = require "etoro.trading.account.history"
local holdings = require "etoro.trading.account.holdings"
local proof = require "etoro.trading.closing.proof"
local same = require "etoro.trading.closing.same"
local server_clock = require "etoro.call.server_clock"
local times = require "etoro.values.times"

-- not up to the locale
local tonumber, tostring = core.number, core.text

local M = {}

local get = spelling.get

local NOTHING = { refused = true, not_sent = true }

-- Whether no other closing of as many units is in the journal, but for those
-- that came to nothing.
local function is_lone_part(case, parts)
  local asked = case.closing.units
  for _, other in ipairs(parts) do
    if other ~= case.record and not NOTHING[other.ended]
        and type(other.params) == "table"
        and tostring(other.params.positionId) == case.params.positionId
        and same.units(tonumber(close.units_of(other.body)), asked, asked) then
      return false
    end
  end
  return true
end

-- The units that a position had before a part was closed: those it was opened
-- with, without those that were sold before. nil where nobody can tell.
local function units_before(case, position)
  local since, opened = case.closing.since, get(position, "openDateTime")
  local has = tonumber(get(position, "units"))
  local left = tonumber(get(position, "initialUnits"))
  if not has or not left or has == left then return left end
  opened = type(opened) == "string" and times.parse(opened)
  if not opened or not since then return nil end
  local items, covered = history.since(case, opened)
  if not items or covered > opened then return nil end
  local later = {}
  for _, item in ipairs(history.of(items, case.params.positionId, since)) do
    later[item] = true
  end
  for _, item in ipairs(history.of(items, case.params.positionId)) do
    local units = tonumber(get(item, "units"))
    if not units then return nil end
    if not later[item] then left = left - units end
  end
  return left
end

-- What is known of the position before it is judged.
local function prepare(case)
  local closing = case.closing
  local portfolio, response = evidence.portfolio(case)
  if not portfolio then return end
  closing.since = not case:doubts_clock(response)
    and server_clock.at(case.client, response, case.started) or nil
  local position = holdings.find(portfolio, closing.id)
  if position and closing.units then
    closing.held = units_before(case, position) or closing.held
  end
end

local WORDS = {
  closing = "the portfolio holds its close order",
  missed = "the position is not there any more",
  gone = "the position is closed; the part cannot be told apart from it",
}

local function judge_part(case, parts, look)
  if not is_lone_part(case, parts) then
    case:conclude("unknown", "other closings of as many units cannot be told"
      .. " apart from it")
  elseif look.verdict == "closing" then
    case:conclude("landed", WORDS.closing,
      { orderId = get(look.item, "orderId") })
  elseif look.verdict == "closed" then
    case:conclude("landed", "the history has that part")
  elseif look.verdict == "open" then
    case:conclude("not_landed", "the position has all its units, but for"
      .. " those that the history has")
  elseif look.verdict == "gone" and look.is_shown then
    case:conclude("unknown", WORDS.gone)
  elseif look.is_shown then
    case:conclude("unknown", "the position does not tell")
  end
end

local function judge_whole(case, look)
  local missed_since = case.closing.missed_since
  if look.verdict == "closing" then
    case:conclude("landed", WORDS.closing,
      { orderId = get(look.item, "orderId") })
  elseif look.verdict == "closed" then
    case:conclude("landed", case.closing.is_missed and WORDS.missed
      or "the position is closed")
  elseif look.verdict == "open" then
    case:conclude("not_landed", "the position is open")
  elseif missed_since
      and case:now() - missed_since >= case.closing.lag then
    case:conclude("unknown", "neither portfolio nor history has the position")
  end
end

--- Judges a closing by the portfolio and the history.
---@param case etoro.Case
---@param parts etoro.JournalRecord[] all closings of parts in the journal
function M.judge(case, parts)
  if not case.closing then
    case.closing = proof.new(case.client, case.params.positionId, nil,
      close.units_of(case.body))
    case.closing.started = case.started
    -- whoever recovers says for how long the account may be behind
    case.closing.lag = case.settled_at - case.ended_at
  end
  prepare(case)
  local look = close.see(case)
  if not look then return end
  if case.closing.units then
    judge_part(case, parts, look)
  else
    judge_whole(case, look)
  end
end

return M
