-- Every string that Lua code could get at: from the registry and the caller's
-- locals through tables, metatables, upvalues, user values and coroutines.
-- What a curious inspector or a post-mortem tool would print.
local M = {}

local walk = {}

local function visit(state, value)
  local kind = type(value)
  if kind == "string" then
    state.strings[value] = true
  elseif walk[kind] and not state.seen[value] then
    state.seen[value] = true
    state.queue[#state.queue + 1] = value
  end
end

function walk.table(state, value)
  visit(state, debug.getmetatable(value))
  for key, item in next, value do
    visit(state, key)
    visit(state, item)
  end
end

function walk.userdata(state, value)
  visit(state, debug.getmetatable(value))
  for n = 1, 16 do
    local item, exists = debug.getuservalue(value, n)
    if not exists then break end
    visit(state, item)
  end
  -- what a display of it says
  local ok, text = pcall(tostring, value)
  if ok then visit(state, text) end
end

walk["function"] = function(state, value)
  for n = 1, 255 do
    local name, item = debug.getupvalue(value, n)
    if not name then break end
    visit(state, item)
  end
end

local function locals(state, level, thread)
  while true do
    local info
    if thread then
      info = debug.getinfo(thread, level, "f")
    else
      info = debug.getinfo(level + 1, "f")
    end
    if not info then return end
    visit(state, info.func)
    for n = 1, 250 do
      local name, item
      if thread then
        name, item = debug.getlocal(thread, level, n)
      else
        name, item = debug.getlocal(level + 1, n)
      end
      if not name then break end
      visit(state, item)
    end
    level = level + 1
  end
end

function walk.thread(state, value)
  if value ~= coroutine.running() then locals(state, 0, value) end
end

--- A list of all strings that are reachable now.
---@param more? any where to start besides
---@return string[]
function M.strings(more)
  local state = { strings = {}, seen = {}, queue = {} }
  state.seen[state], state.seen[state.strings] = true, true
  state.seen[state.seen], state.seen[state.queue] = true, true
  visit(state, debug.getregistry())
  visit(state, more)
  locals(state, 2)
  while #state.queue > 0 do
    local value = table.remove(state.queue)
    walk[type(value)](state, value)
  end
  local list = {}
  for text in pairs(state.strings) do list[#list + 1] = text end
  return list
end

return M
