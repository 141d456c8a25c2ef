-- What a client may spend of the API's rate limits: the pools that the core
-- keeps for each key, as the rate_limit option and the API set them.

local later = require "etoro.values.later"
local pools = require "etoro.client.pools"

local M = {}

local check_given = later("etoro.values.nearest", "etoro.client.budget_given")

-- The older API has one pool for everything.
local OLDER = "older"

local function rule_of(name, pool, given)
  local own = given[name]
  if type(own) ~= "table" then own = { limit = own } end
  local limit, paces = own.limit or pool.limit, own.pace
  if paces == nil then paces = given.pace or false end
  return {
    name = name, limit = limit, window = own.window or given.window
      or pool.window,
    reserve = math.min(own.reserve or pool.reserve or 0, limit - 1),
    most = own.limit, pace = paces,
  }
end

--- The pools of a client, as the core takes them. Raises for what is wrong in
--- rate_limit: false, true, or { pool = limit or { limit, window, reserve,
--- pace }, window = seconds for all, pace = boolean for all }. For api =
--- "sor-v3" the one pool is "older".
---@param rate_limit? boolean|table
---@param api "public"|"sor-v3"
---@return { name: string, limit: integer, window: number, reserve: integer }[]
function M.rules(rate_limit, api)
  local known = api == "sor-v3" and { [OLDER] = pools[OLDER] } or pools
  local given = {}
  if type(rate_limit) == "table" then
    given = rate_limit
    check_given()(given, known)
  end
  local rules = {}
  for name, pool in pairs(known) do
    local rule = rule_of(name, pool, given)
    if rate_limit == false then rule.limit, rule.reserve = 0, 0 end
    rules[#rules + 1] = rule
  end
  return rules
end

--- The one pool that all operations of an API draw on.
---@param api "public"|"sor-v3"
---@return string|false pool false: each operation says which
function M.pool(api)
  return api == "sor-v3" and OLDER
end

return M
