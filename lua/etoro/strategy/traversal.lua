-- pairs and next for a strategy. Lua goes through a table in another order in each
-- process; what a strategy buys first must not hang on that. Here numbers come first,
-- then texts by their bytes. Keys that are tables or functions have no order: they come
-- last, as Lua has them.

local blame = require "etoro.values.blame"
local core = require "etoro.core"

local M = {}

local HAS_ORDER = { number = true, string = true, boolean = true }

-- The keys of a table, in order.
local function keys_of(t)
  local keys, others, is_sorted = {}, {}, true
  local count, last = 0, nil
  for key in next, t do
    if HAS_ORDER[type(key)] then
      if is_sorted and count > 0 then is_sorted = core.before(last, key) end
      count = count + 1
      keys[count], last = key, key
    else
      others[#others + 1] = key
    end
  end
  if not is_sorted then table.sort(keys, core.before) end
  return table.move(others, 1, #others, count + 1, keys)
end

local function check(t, name)
  if type(t) == "table" then return end
  blame.raise(("bad argument #1 to '%s' (table expected, got %s)"):format(name, type(t)))
end

--- `pairs`, in the order of the keys. What is set to nil meanwhile is passed over.
---@param t table
---@return function each
---@return any state
---@return any first
function M.pairs(t)
  local meta = debug.getmetatable(t)
  local own = meta and rawget(meta, "__pairs")
  if own then
    local each, state, first = own(t)
    if each ~= next or first ~= nil then return each, state, first end
    t = state
  end
  check(t, "pairs")
  local keys, i = keys_of(t), 0
  return function()
    local key, value
    repeat
      i = i + 1
      key = keys[i]
      if key == nil then return nil end
      value = rawget(t, key)
    until value ~= nil
    return key, value
  end, t, nil
end

-- Where `next` is in a table: its keys in order, and the place of each.
local walks = setmetatable({}, { __mode = "k" })

local function walk_of(t)
  local walk = { keys = keys_of(t), place = {} }
  for i, key in ipairs(walk.keys) do walk.place[key] = i end
  walks[t] = walk
  return walk
end

local function first_of(t)
  walks[t] = nil
  local least = next(t)
  if least == nil then return nil end
  for key in next, t do
    if HAS_ORDER[type(key)] and (not HAS_ORDER[type(least)] or core.before(key, least)) then
      least = key
    end
  end
  return least, rawget(t, least)
end

--- `next`, in the order of the keys.
---@param t table
---@param key? any the one before
---@return any key nil at the end
---@return any value
function M.next(t, key)
  check(t, "next")
  if key == nil then return first_of(t) end
  local walk = walks[t]
  if not (walk and walk.place[key]) then walk = walk_of(t) end
  local i = walk.place[key]
  if not i then blame.raise "invalid key to 'next'" end
  local value
  repeat
    i = i + 1
    key = walk.keys[i]
    if key == nil then
      walks[t] = nil
      return nil
    end
    value = rawget(t, key)
  until value ~= nil
  return key, value
end

return M
