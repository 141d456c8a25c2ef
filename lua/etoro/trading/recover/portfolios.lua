-- Agent-portfolios of the journal that have no outcome: whether they were made or
-- deleted, by the list of them.

local answers = require "etoro.resource.answers"
local creation = require "etoro.agents.creation"
local operations = require "etoro.operations"
local reading = require "etoro.trading.recover.reading"
local times = require "etoro.values.times"
local transfers = require "etoro.trading.recover.transfers"

local M = {}

local LIST = operations["GET /api/v1/agent-portfolios"]

local function read(case)
  local result, response = case:ask(LIST)
  if result == nil then return nil, response end
  local list, err = answers.list(result, "agentPortfolios", response, LIST)
  if not list then return nil, err end
  return list, response
end

-- Portfolios that other requests of the journal made, by id; and the names that
-- those asked for of which nobody knows what came.
local function others_of(case, records)
  local made, names = {}, {}
  for _, other in ipairs(records) do
    local name = type(other.body) == "table" and other.body.agentPortfolioName
    if other.agentPortfolioId then
      made[other.agentPortfolioId] = true
    elseif reading.is_other(case, other) and type(name) == "string" then
      names[#names + 1] = name
    end
  end
  return made, names
end

local function judge_found(case, found, is_clear)
  if #found == 1 and is_clear and not case.is_clock_off then
    case:conclude("landed", "the list has one of its name, made since; the secret of"
      .. " its token is lost", { agentPortfolioId = found[1].agentPortfolioId })
  elseif #found > 0 and case:is_shown() then
    case:conclude("unknown", "the list has portfolios of its name, which cannot be"
      .. " told apart", { candidates = found })
  elseif case:is_shown() then
    case:conclude("not_landed", "the list has none of its name, made since")
  end
end

--- Judges the making of one.
---@param case etoro.Case
---@param records etoro.JournalRecord[] all such of the journal
function M.judge(case, records)
  local name = type(case.body) == "table" and case.body.agentPortfolioName
  if type(name) ~= "string" then
    return case:conclude("unknown", "it has no name to find it by")
  elseif not transfers.is_due(case) then
    return
  end
  local list, response = read(case)
  if not list then return transfers.give_up(case, response, "the list") end
  case:doubts_clock(response)
  local made, names = others_of(case, records)
  local left = {}
  for _, one in ipairs(list) do
    if type(one) ~= "table" or not made[one.agentPortfolioId] then
      left[#left + 1] = one
    end
  end
  local found, is_clear = creation.matches(case.client, left, response, name,
    case.started, names)
  if #found == 0 and not case.is_anchored then
    -- this machine's clock may have been set since
    found, is_clear = creation.matches(case.client, left, response, name,
      case.started - times.DAY, names), false
  end
  judge_found(case, found, is_clear)
end

--- Judges the end of one.
---@param case etoro.Case
function M.judge_end(case)
  local id = case.params.agentPortfolioId
  if not id then return case:conclude("unknown", "it names no portfolio") end
  if not transfers.is_due(case) then return end
  local list, response = read(case)
  if not list then return transfers.give_up(case, response, "the list") end
  for _, one in ipairs(list) do
    if type(one) == "table" and one.agentPortfolioId == id then
      if case:is_shown() then
        case:conclude("not_landed", "the list has it", { agentPortfolioId = id })
      end
      return
    end
  end
  if case:is_shown() then -- one that is young may not be listed yet
    case:conclude("landed", "the list has it no more", { agentPortfolioId = id })
  end
end

return M
