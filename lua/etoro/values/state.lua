-- A table that a program keeps from one run to the next, in a file.

local blame = require "etoro.values.blame"
local errors = require "etoro.errors"
local json = require "etoro.values.json"
local kept = require "etoro.values.kept"

local M = {}

--- What was kept; beside it stand what a program keeps: names that are texts, with
--- values that JSON can hold.
---@class etoro.State
---@field [string] any
local methods = {}
local mt = { __name = "etoro.state", __index = methods }

local paths = setmetatable({}, { __mode = "k" }) -- by state

local function refusal(message, ...)
  return errors.new { kind = "invalid", code = "state", field = "state",
    message = message:format(...) }
end

--- Reads the table that a file keeps.
---@param path string
---@return etoro.State? state an empty one where there is no file yet
---@return etoro.Error? err code state, where the file cannot be read
function M.open(path)
  if type(path) ~= "string" or path == "" then
    blame.raise("path: the name of a file expected, got " .. type(path))
  end
  local state, why, problem = kept.read(path)
  if why == "unreadable" then
    return nil, refusal("the state file %s cannot be read: %s", path, problem)
  elseif why == "broken" then
    return nil, refusal("the state file %s is cut or broken; move it away to begin"
      .. " anew", path)
  end
  state = setmetatable(state or {}, mt)
  paths[state] = path
  return state
end

--- Writes it, for its owner alone, whole: whatever happens meanwhile, the file holds
--- what was there before or what is there then.
---@return etoro.State? state itself
---@return etoro.Error? err code state, where it holds what JSON cannot, or the disk
---refuses
function methods:save()
  local path = paths[self]
  if not path then
    blame.raise "bad self: call this as state:save(), with a colon"
  end
  local ok, text = pcall(json.encode, self)
  if not ok then
    return nil, refusal("the state holds what cannot be kept: %s", text)
  end
  local done, problem = kept.write(path, text)
  if not done then
    return nil, refusal("the state file %s cannot be written: %s", path, problem)
  end
  return self
end

return M
