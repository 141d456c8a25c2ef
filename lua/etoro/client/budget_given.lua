-- What the rate_limit option may say of pools.

local blame = require "etoro.values.blame"
local core = require "etoro.core"
local limits = require "etoro.values.limits"
local nearest = require "etoro.values.nearest"

local tostring = core.text -- not up to the locale

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

--- Raises for what is wrong in a rate_limit that is a table.
---@param given table
---@param known table<string, table> the pools that there are
return function(given, known)
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
