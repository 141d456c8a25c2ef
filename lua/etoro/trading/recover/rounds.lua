-- Rounds of looks at an account: what one of many cases reads in a round is
-- there for all, so that a rate limit is not used up by their number.

local core = require "etoro.core"
local looks = require "etoro.tasks.looks"
local limits = require "etoro.values.limits"

local tostring = core.text -- not up to the locale

local M = {}

---@class etoro.Round
---@field client etoro.Client
---@field began number engine clock
---@field pace etoro.Pace
---@field answers table<string, table>

--- Starts the first round.
---@param client etoro.Client
---@return etoro.Round
function M.new(client)
  return { client = client, began = client:now(),
    pace = looks.pace "round", answers = {} }
end

--- Starts the next one.
---@param round etoro.Round
function M.begin(round)
  round.began, round.answers = round.client:now(), {}
end

local function key_of(purpose, params)
  local parts = {}
  for name, value in pairs(params or {}) do
    parts[#parts + 1] = name .. "=" .. tostring(value)
  end
  table.sort(parts, core.before)
  return purpose .. " " .. table.concat(parts, "&")
end

--- Lets a case take part: it reads what nobody has read in this round, and
--- nothing is older than the round.
---@param case etoro.Case
---@param round etoro.Round
function M.join(case, round)
  local read = case.read
  case.most_lookups = limits.recover_lookups
  function case:read(purpose, params)
    local key = key_of(purpose, params)
    local kept = round.answers[key]
    if kept then return kept[1], kept[2] end
    local result, response = read(self, purpose, params)
    if result ~= nil then round.answers[key] = { result, response } end
    return result, response
  end
  function case:is_shown()
    return round.began >= 2 * self.settled_at - self.ended_at
  end
end

return M
