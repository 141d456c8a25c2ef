-- Scopes as they are typed: the API's names, or the short ones that tables
-- print.

local core = require "etoro.core"
local exits = require "etoro.command.exits"
local nearest = require "etoro.values.nearest"
local run_limits = require "etoro.values.run_limits"

local M = {}

local PREFIX = "etoro-public:"

--- The form that tables print.
---@param name string
---@return string
function M.short(name)
  return name:sub(1, #PREFIX) == PREFIX and name:sub(#PREFIX + 1) or name
end

--- Those that an answer lists, in that form; what is no text is passed over.
---@param list any
---@return string[]
function M.listed(list)
  local names = {}
  for _, name in ipairs(type(list) == "table" and list or {}) do
    if type(name) == "string" then names[#names + 1] = M.short(name) end
  end
  return names
end

local function refuse(typed, known)
  local names = {}
  for i, name in ipairs(known) do names[i] = M.short(name) end
  table.sort(names, core.before)
  exits.exit(exits.USAGE, ("--scope: a token can have no scope '%s'%s; there"
    .. " are: %s"):format(typed, nearest.hint(M.short(typed), names),
    table.concat(names, ", ")))
end

local function find(typed, known)
  for _, name in ipairs(known) do
    if typed == name or M.short(typed) == M.short(name) then return name end
  end
  refuse(typed, known)
end

-- Where the API does not list its scopes it will judge them itself.
local function complete(typed)
  local is_short = not typed:find(PREFIX, 1, true)
    and typed:find "^[A-Za-z0-9.-]+:[a-z]+$"
  return is_short and PREFIX .. typed or typed
end

-- Each once, of words that hold several as tables print them, or with commas.
local function split(typed)
  local names, seen = {}, {}
  for _, word in ipairs(typed) do
    for name in word:gmatch "[^, \t]+" do
      if not seen[M.short(name)] then names[#names + 1] = name end
      seen[M.short(name)] = true
    end
  end
  if #names == 0 then exits.exit(exits.USAGE, "--scope: there is no scope in it") end
  return names
end

--- The API's names of the scopes that were typed; ends the command for one
--- that a token cannot have.
---@param session etoro.command.Session
---@param typed string[]
---@return string[]
function M.resolve(session, typed)
  local names = split(typed)
  local known = session:client().portfolios:scopes {
    max_retries = 0, deadline = run_limits.command_scopes_patience }
  local out = {}
  for i, name in ipairs(names) do
    out[i] = known and #known > 0 and find(name, known) or complete(name)
  end
  return out
end

return M
