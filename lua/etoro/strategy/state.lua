-- What a run keeps on the disk: the strategy's own state, and which orders and
-- positions are its own. Written whole, beside, and moved into place, so that
-- there is always one that can be read.

local core = require "etoro.core"
local errors = require "etoro.errors"
local json = require "etoro.values.json"
local times = require "etoro.values.times"
local values_kept = require "etoro.values.kept"

local tostring = core.text -- not up to the locale

local M = {}

local VERSION = 1

local function refusal(path, message)
  return errors.new { kind = "invalid", code = "state", field = "state",
    message = ("the state file %s %s"):format(path, message) }
end

--- Reads a state.
---@param path string
---@param name string of the strategy
---@return table? kept { state, owned, orders }; empty where there is no file
---@return etoro.Error? err when it cannot be read, or is another's
function M.read(path, name)
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
  return kept
end

-- What JSON can hold; else what cannot be kept.
local function encode(state)
  local ok, text = pcall(json.encode, state)
  if ok then return text end
  return nil, errors.new { kind = "invalid", code = "state", field = "state",
    message = "ctx.state holds what cannot be kept: " .. tostring(text) }
end

--- Writes a state.
---@param path string
---@param name string of the strategy
---@param kept { state: table, owned: table, orders: table }
---@param now number
---@param last? string what was written before: nothing is done when it is the same
---@return string? text what stands there
---@return etoro.Error? err
function M.write(path, name, kept, now, last)
  local text, err = encode(kept)
  if not text or text == last then return text, err end
  local whole = encode { version = VERSION, strategy = name,
    saved = times.format(now), state = kept.state, owned = kept.owned,
    orders = kept.orders }
  local ok, problem = values_kept.write(path, whole)
  if not ok then return nil, refusal(path, "cannot be written: " .. problem) end
  return text
end

return M
