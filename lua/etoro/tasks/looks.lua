-- Looking again and again until something has happened: with growing pauses,
-- for so many seconds.

local blame = require "etoro.values.blame"
local options_of = require "etoro.client.options"

local M = {}

local FIRST, LONGEST, GROWTH = 0.5, 5, 1.5 -- seconds between looks

---@class etoro.Poll
---@field client etoro.Client
---@field ends number engine clock
---@field pause? number the next one; nil before the first look
local methods = {}
local mt = { __name = "etoro.poll", __index = methods }

--- Starts a round of looks.
---@param client etoro.Client
---@param timeout number seconds
---@return etoro.Poll
function M.new(client, timeout)
  local now = client:now()
  return setmetatable({ client = client, ends = now + timeout }, mt)
end

--- Seconds that are left.
---@return number
function methods:left()
  return self.ends - self.client:now()
end

--- Waits until the next look is due: the first one is at once, the last one
--- when the time is up.
---@return boolean go_on false when the time was up before
function methods:next()
  if not self.pause then
    self.pause = FIRST
    return true
  end
  local left = self:left()
  if left <= 0 then return false end
  self.client:pause(math.min(self.pause, left))
  self.pause = math.min(self.pause * GROWTH, LONGEST)
  return true
end

--- Options for one look. Looks are not sent again: the next one does for that.
---@return etoro.RequestOptions
function methods:options()
  return { max_retries = 0, deadline = math.max(self:left(), FIRST) }
end

--- Takes some options out of a call's options, and checks the others.
---@param options? table
---@param kinds table<string, string> their types, by name
---@return table<string, any> values
---@return etoro.RequestOptions rest a copy
function M.take_options(options, kinds)
  if options == nil then return {}, {} end
  if type(options) ~= "table" then
    blame.raise("options must be a table, got " .. type(options))
  end
  local values, rest = {}, {}
  for key, value in pairs(options) do
    local kind = kinds[key]
    if kind and type(value) ~= kind then
      blame.raise(("bad option '%s': %s expected, got %s"):format(key, kind,
        type(value)))
    end
    if kind then values[key] = value else rest[key] = value end
  end
  rest = options_of.of_call(rest)
  return values, rest
end

--- Takes one option out of a call's options, and checks the others.
---@param options? table
---@param name string
---@param kind string its type
---@return any value
---@return etoro.RequestOptions rest a copy
function M.take_option(options, name, kind)
  local values, rest = M.take_options(options, { [name] = kind })
  return values[name], rest
end

--- Takes the option that says how long to wait for an outcome.
---@param options? table
---@param default number seconds
---@param kinds? table<string, string> types of further options to take
---@return number seconds
---@return etoro.RequestOptions rest
---@return table<string, any> values of the further options
function M.take_timeout(options, default, kinds)
  local all = { timeout = "number" }
  for name, kind in pairs(kinds or {}) do all[name] = kind end
  local values, rest = M.take_options(options, all)
  local timeout = values.timeout or default
  if timeout ~= timeout or timeout < 0 then
    blame.raise("bad option 'timeout': seconds expected")
  end
  return timeout, rest, values
end

local PASSING = {
  not_found = true, server = true, network = true, timeout = true,
  rate_limit = true, protocol = true,
}

--- Whether a later look may see more than this one did.
---@param err etoro.Error
---@return boolean
function M.is_passing(err)
  return PASSING[err.kind] or false
end

return M
