-- What a client may spend of the API's rate limits: the pools that the core
-- keeps for each key, as the rate_limit option and the API set them.

local blame = require "etoro.values.blame"
local core = require "etoro.core"
local limits = require "etoro.values.limits"
local nearest = require "etoro.values.nearest"
local pools = require "etoro.client.pools"

local tostring = core.text -- not up to the locale

local M = {}

-- The older API has one pool for everything.
local OLDER = "older"

local FIELDS = { limit = true, window = true, reserve = true, pace = true }

local function check_pace(name, value)
  if type(value) ~= "boolean" then
    blame.raise(("bad option 'rate_limit': pace of %s must be true or false")
      :format(name))
  end
end

local function check_rule(name, field, value, least)
  if type(value) ~= "number" or value ~= value or value < least
      or value > limits.pool_limit_max
      or field ~= "window" and value ~= math.floor(value) then
    blame.raise(("bad option 'rate_limit': %s of pool '%s' must be a %s of at"
      .. " least %s; rate_limit = false keeps no budgets"):format(field, name,
      field == "window" and "number" or "whole number", core.figure(least, 6)))
  end
end

local LEAST = { limit = 1, window = limits.seconds_min, reserve = 0 }

local function check_given(given, known)
  for name, rule in pairs(given) do
    if name == "window" then
      check_rule("all pools", name, rule, LEAST.window)
    elseif name == "pace" then
      check_pace("all pools", rule)
    elseif not known[name] then
      blame.raise(("bad option 'rate_limit': unknown pool '%s'%s"):format(
        tostring(name), nearest.hint(tostring(name), known)))
    elseif type(rule) == "table" then
      for field, value in pairs(rule) do
        if not FIELDS[field] then
          blame.raise(("bad option 'rate_limit': pool '%s' has no field '%s';"
            .. " limit, window, reserve and pace"):format(name,
            tostring(field)))
        elseif field == "pace" then
          check_pace(("pool '%s'"):format(name), value)
        else
          check_rule(name, field, value, LEAST[field])
        end
      end
    else
      check_rule(name, "limit", rule, LEAST.limit)
    end
  end
end

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
  local given = type(rate_limit) == "table" and rate_limit or {}
  check_given(given, known)
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
