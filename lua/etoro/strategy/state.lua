-- What a run keeps on the disk: the strategy's own state, and which orders and
-- positions are its own. Written whole, beside, and moved into place, so that
-- there is always one that can be read.

local core = require "etoro.core"
local errors = require "etoro.errors"
local json = require "etoro.values.json"
local times = require "etoro.values.times"
local values_kept = require "etoro.values.kept"

local tonumber, tostring = core.number, core.text -- not up to the locale

local M = {}

local VERSION = 1
local TIME_MAX = times.DAY * 365 * 1000 -- of a time that anybody has seen

local function refusal(path, message)
  return errors.new { kind = "invalid", code = "state", field = "state",
    message = ("the state file %s %s"):format(path, message) }
end

local SIDES = { buy = true, sell = true, close = true }

local function is_time(value)
  return type(value) == "number" and value >= 0 and value < TIME_MAX
end

local function is_id(value)
  return math.type(value) == "integer" and value > 0
    or type(value) == "string" and value:find "^[0-9]+$" ~= nil
end

-- A number that is not there, or a size.
local function is_size(value)
  local number = tonumber(value)
  return value == nil or number ~= nil and number > 0 and number < math.huge
end

local function is_owned(id, one)
  return is_id(id) and type(one) == "table" and type(one.symbol) == "string"
    and is_time(one.since) and (one.instrumentId == nil or is_id(one.instrumentId))
end

local function is_order(id, one)
  return type(id) == "string" and type(one) == "table"
    and type(one.symbol) == "string" and SIDES[one.side] and is_time(one.time)
    and is_size(one.amount) and is_size(one.units) and is_size(one.held)
    and (one.side ~= "close" or is_id(one.positionID))
    and (one.instrumentId == nil or is_id(one.instrumentId))
    and (one.ahead == nil or type(one.ahead) == "number" and math.abs(one.ahead) < TIME_MAX)
end

-- Whether what was kept has the shape that a run writes.
local function is_whole(kept)
  for _, name in ipairs { "state", "owned", "orders" } do
    local part = kept[name]
    if part ~= nil and type(part) ~= "table" then return false end
  end
  for id, one in pairs(kept.owned or {}) do
    if not is_owned(id, one) then return false end
  end
  for id, one in pairs(kept.orders or {}) do
    if not is_order(id, one) then return false end
  end
  return true
end

--- Reads a state.
---@param path string
---@param name string of the strategy
---@param account string which one the run drives
---@return table? kept { state, owned, orders }; empty where there is no file
---@return etoro.Error? err when it cannot be read, or is another's
function M.read(path, name, account)
  local kept, why, problem = values_kept.read(path)
  if why == "unreadable" then
    return nil, refusal(path, "cannot be read: " .. problem)
  elseif why == "absent" then
    return {}
  elseif not kept then
    return nil, refusal(path, "is cut or broken; move it away to begin anew")
  end
  if kept.version ~= VERSION then
    return nil, refusal(path, ("has version %s, this is %d"):format(
      tostring(kept.version), VERSION))
  end
  if kept.strategy ~= name then
    return nil, refusal(path, ("is that of the strategy '%s', not of '%s'"):format(
      tostring(kept.strategy), name))
  end
  if kept.account ~= nil and kept.account ~= account then
    return nil, refusal(path, ("is that of the account %s, not of %s"):format(
      tostring(kept.account), account))
  end
  if not is_whole(kept) then
    return nil, refusal(path, "is broken: look at the account, then move it away")
  end
  return kept
end

-- What JSON can hold; else what cannot be kept, in the words of a strategy's file.
local function encode(kept)
  local ok, text = pcall(json.encode, kept, nil, "ctx")
  if ok then return text end
  text = tostring(text):gsub("^.-cannot encode ", ""):gsub(": it is a list with gaps; .*$",
    ": its keys are numbers with gaps between them; texts are keys, too: tostring(id)")
  return nil, errors.new { kind = "invalid", code = "state", field = "state",
    message = "ctx.state holds what cannot be kept: " .. text }
end

--- Whether the state of a strategy is such as can be kept: a run that keeps none
--- complains as well, so that the next one on an account does not.
---@param state table ctx.state
---@return true? fine
---@return etoro.Error? err
function M.check(state)
  local text, err = encode { state = state }
  if not text then return nil, err end
  return true
end

--- Writes a state.
---@param path string
---@param name string of the strategy
---@param kept { state: table, owned: table, orders: table, account: string }
---@param now number
---@param last? string what was written before: nothing is done when it is the same
---@param view? fun(): etoro.StrategyView for who asks how it goes; no run reads it
---@return string? text what stands there
---@return etoro.Error? err
function M.write(path, name, kept, now, last, view)
  local text, err = encode(kept)
  if not text or text == last then return text, err end
  local whole
  whole, err = encode { version = VERSION, strategy = name,
    account = kept.account, saved = times.format(now), state = kept.state,
    owned = kept.owned, orders = kept.orders, view = view and view() }
  if not whole then return nil, err end
  local ok, problem = values_kept.write(path, whole)
  if not ok then return nil, refusal(path, "cannot be written: " .. problem) end
  return text
end

return M
