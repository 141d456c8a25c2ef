-- The name that a wrong one was probably meant to be.

local core = require "etoro.core"

local M = {}

--- Counts the one-letter changes (a swap of neighbours is one) that turn one
--- word into the other, at least.
---@param left string
---@param right string
---@return integer
function M.distance(left, right)
  local before, previous = nil, {}
  for column = 0, #right do previous[column] = column end
  for row = 1, #left do
    local current = { [0] = row }
    for column = 1, #right do
      local same = left:byte(row) == right:byte(column)
      local best = math.min(previous[column] + 1, current[column - 1] + 1,
        previous[column - 1] + (same and 0 or 1))
      if row > 1 and column > 1 and left:byte(row) == right:byte(column - 1)
          and left:byte(row - 1) == right:byte(column) then
        best = math.min(best, before[column - 2] + 1)
      end
      current[column] = best
    end
    before, previous = previous, current
  end
  return previous[#right]
end

-- One word lies in the other, or both start the same for most of the name.
local function is_part(name, candidate)
  if #name < 4 then return false end
  return candidate:find(name, 1, true) ~= nil
    or candidate:sub(1, #name - 1) == name:sub(1, -2)
end

--- Finds the known name that a wrong one was probably meant to be.
---@param name string
---@param names string[]|table<string, any> known names, as items or as keys
---@return string? nearest nil when none is near
function M.find(name, names)
  if type(name) ~= "string" then return nil end
  local wrong = core.lower(name)
  local best, best_distance, part
  local function consider(candidate)
    local right = core.lower(candidate)
    local limit = math.max(1, math.floor(#wrong / 3))
    local far = limit + 1 -- as the lengths alone make it
    if math.abs(#wrong - #right) <= limit then
      far = M.distance(wrong, right)
    end
    if far <= limit
        and (not best or far < best_distance
          or far == best_distance and core.before(candidate, best)) then
      best, best_distance = candidate, far
    end
    if is_part(wrong, right)
        and (not part or #candidate < #part
          or #candidate == #part and core.before(candidate, part)) then
      part = candidate
    end
  end
  for key, value in pairs(names) do
    consider(type(key) == "string" and key or value)
  end
  return best or part
end

--- Asks whether the nearest name was meant.
---@param name any
---@param names string[]|table<string, any>
---@return string hint in parentheses; empty when no name is near
function M.hint(name, names)
  local nearest = M.find(name, names)
  return nearest and (" (did you mean '%s'?)"):format(nearest) or ""
end

return M
