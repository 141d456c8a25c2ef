-- Copies of the journal that have no outcome: whether they were begun, changed or
-- ended. An absence is a weak proof here: a status tells of what is finished alone,
-- and nobody says how long that may take.

local core = require "etoro.core"
local evidence = require "etoro.trading.resolve.evidence"
local limits = require "etoro.values.limits"
local proof = require "etoro.trading.resolve.copy"
local reading = require "etoro.trading.recover.reading"
local server_clock = require "etoro.call.server_clock"
local spelling = require "etoro.values.spelling"
local times = require "etoro.values.times"
local transfers = require "etoro.trading.recover.transfers"

local tostring = core.text -- not up to the locale

local M = {}

local get = spelling.get

-- Whether the status of its reference is about this request alone.
local function is_lone_reference(case, records)
  for _, other in ipairs(records) do
    if reading.is_other(case, other) and type(other.body) == "table"
        and get(other.body, "referenceID") == case.key then
      return false
    end
  end
  return true
end

local function see_status(case, records)
  if not case.key or not is_lone_reference(case, records) then return end
  local status, err = case:read("copy_status", { referenceId = case.key })
  if status == nil then return transfers.give_up(case, err, "the status") end
  if type(status) ~= "table" or not proof.tells(status, case.body) then return end
  if get(status, "isSuccess") then
    case:conclude("landed", "its status says so",
      { copy = status, mirrorID = get(status, "mirrorID") })
  else
    case:conclude("not_landed", ("its status says that it was refused: %s"):format(
      tostring(get(status, "failReason") or get(status, "errorMessageCode"))),
      { copy = status })
  end
end

-- Whether a mirror may be another request's work as well.
local function has_rival(case, records, mirror)
  local id = tostring(get(mirror, "mirrorID"))
  for _, other in ipairs(records) do
    local at = type(other.at) == "string" and times.parse(other.at)
    local is_near = not at or at > case.at - limits.copy_shown_within
    if reading.is_other(case, other) and is_near and type(other.body) == "table"
        and proof.is_same_person(other.body, case.body)
        and (other.mirrorID == nil or tostring(other.mirrorID) == id) then
      return true
    end
  end
  return false
end

local function judge_absence(case, mirrors)
  local age = case:now() - case.started
  if #mirrors > 0 then
    case:conclude("unknown", "its status does not tell, and of a copy that was there"
      .. " before nobody can", { candidates = mirrors })
  elseif case.record.is_accepted then
    case:conclude("unknown", "the API took it, and neither its status nor the"
      .. " portfolio shows it yet")
  elseif case.is_clock_off or age < limits.copy_shown_within then
    case:conclude("unknown", ("neither its status nor the portfolio shows it, which is"
      .. " no proof for %d seconds"):format(limits.copy_shown_within))
  else
    case:conclude("not_landed", "neither its status nor the portfolio shows it")
  end
end

--- Judges a beginning, or a change of the money, by its status and the portfolio.
---@param case etoro.Case
---@param records etoro.JournalRecord[] all such of the journal
function M.judge(case, records)
  if type(case.body) ~= "table" then
    return case:conclude("unknown", "its body cannot be read")
  elseif not transfers.is_due(case) then
    return
  end
  see_status(case, records)
  if case.found then return end
  local portfolio, response = evidence.portfolio(case)
  if not portfolio then
    return transfers.give_up(case, response, "the portfolio")
  end
  local since = not case:doubts_clock(response)
    and server_clock.at(case.client, response, case.started) or nil
  local mirrors, begun = proof.of_person(proof.mirrors(portfolio) or {}, case.body,
    since)
  if begun and not has_rival(case, records, begun) then
    case:conclude("landed", "the portfolio has the copy, with just its money",
      { mirrorID = get(begun, "mirrorID") })
  elseif case:is_shown() and not proof.mirrors(portfolio) then
    case:conclude("unknown", "the portfolio does not tell of copies")
  elseif case:is_shown() then
    judge_absence(case, mirrors)
  end
end

--- Judges an end by the portfolio.
---@param case etoro.Case
function M.judge_end(case)
  local id = get(type(case.body) == "table" and case.body or case.params, "mirrorID")
  local portfolio, err = evidence.portfolio(case)
  if not portfolio then return transfers.give_up(case, err, "the portfolio") end
  local mirrors = proof.mirrors(portfolio)
  local mirror = mirrors and proof.mirror(mirrors, id)
  local fields = { mirrorID = id }
  if id == nil or not mirrors then
    if id == nil or case:is_shown() then
      case:conclude("unknown", "the portfolio does not tell of it", fields)
    end
  elseif not mirror then
    if case:is_shown() then -- one that is young may not show yet
      case:conclude("landed", "the portfolio has no such copy", fields)
    end
  elseif proof.is_ending(mirror) then
    case:conclude("landed", "the copy is being ended", fields)
  elseif case:is_shown() then
    case:conclude("not_landed", "the copy is there", fields)
  end
end

return M
