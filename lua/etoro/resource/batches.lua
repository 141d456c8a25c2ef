-- One question about many ids: asked in parts that the API takes, several at
-- a time, and answered in the order of the ids.

local core = require "etoro.core"
local json = require "etoro.values.json"
local limits = require "etoro.values.limits"
local merged = require "etoro.values.merged"
local tasks = require "etoro.tasks"

local tostring = core.text -- not up to the locale

local M = {}

--- The values of a list, each of them once.
---@param list any[]
---@return any[]
function M.unique(list)
  local seen, some = {}, {}
  for _, value in ipairs(list) do
    if not seen[value] then
      seen[value] = true
      some[#some + 1] = value
    end
  end
  return some
end

--- Puts what was found into the order in which it was asked for.
---@param wanted any[] keys; one that comes twice gives its item twice
---@param items table<any, table> what was found, by key
---@return table[] list list.missing holds the keys without an item
function M.in_order(wanted, items)
  local list, missing, is_told = {}, json.list(), {}
  for _, key in ipairs(wanted) do
    local item = items[key]
    if item then
      list[#list + 1] = item
    elseif not is_told[key] then
      is_told[key] = true
      missing[#missing + 1] = key
    end
  end
  -- not among the list's own keys, where a loop or an encoder would meet it
  return setmetatable(list, {
    __name = "etoro.found", __index = { missing = missing },
  })
end

--- Warns of what was asked for and not found.
---@param client etoro.Client
---@param list table as in_order gives it
---@param response etoro.Response
---@param what string such as "instrument"
function M.tell_missing(client, list, response, what)
  local missing = list.missing
  if #missing == 0 then return end
  local named = {}
  for i = 1, math.min(#missing, limits.missing_told_max) do
    named[i] = tostring(missing[i])
  end
  local message = ("the API gives no %s for %s"):format(what,
    table.concat(named, ", "))
  if #missing > limits.missing_told_max then
    message = ("%s and %d more"):format(message,
      #missing - limits.missing_told_max)
  end
  client:warn(response, message)
end

---@alias etoro.NextOptions fun(): etoro.RequestOptions

--- Options for calls that share one deadline, from now on. A request id is
--- that of the first of them: what is given back is to be called once for each
--- request that is sent, and for no other.
---@param client etoro.Client
---@param options etoro.RequestOptions checked
---@return etoro.NextOptions
function M.sharing(client, options)
  local ends = client:now() + client:deadline(options)
  local request_id = options.request_id
  return function()
    local copy = merged(options, { deadline = ends - client:now() })
    copy.request_id, request_id = request_id, nil
    return copy
  end
end

-- What is left to ask, as ranges of the list; parts of the right size are
-- taken from it.
local function take_part(state)
  local range = table.remove(state.ranges)
  if not range then return nil end
  local first, last = range[1], range[2]
  if last - first >= state.size then
    state.ranges[#state.ranges + 1] = { first + state.size, last }
    last = first + state.size - 1
  end
  return first, last
end

local function is_too_much(err)
  return err.status == 413 or err.status == 414
end

local function ask_part(state, first, last)
  local part = table.move(state.list, first, last, 1, {})
  local items, response = state.ask(part)
  if items then
    state.answers[#state.answers + 1] = items
    state.response = state.response or response
    state.attempts = state.attempts + response.attempts
    return true
  elseif is_too_much(response) and last > first then
    local half = math.floor((last - first + 1) / 2)
    state.size = math.min(state.size, half)
    state.ranges[#state.ranges + 1] = { first, last }
    return true
  end
  state.err = state.err or response
  return false
end

local function work(state)
  local first, last = take_part(state)
  while first and not state.err do
    if not ask_part(state, first, last) then break end
    first, last = take_part(state)
  end
end

-- One failure ends the whole, and what the others still do.
local function work_together(state, count)
  local workers = {}
  for i = 1, count do
    workers[i] = tasks.spawn(function()
      work(state)
      if not state.err then return end
      for other, task in ipairs(workers) do
        if other ~= i then task:cancel() end
      end
    end)
  end
end

--- Asks about all values of a list, in parts of at most `size`, which is
--- halved for what the API finds too long (413, 414).
---@param client etoro.Client
---@param list any[] not empty
---@param size integer
---@param ask fun(part: any[]): any[]?, any gives the items of the answer and
---the response; nil and an error. All that it sends shares a deadline: see
---M.sharing
---@return any[][]? answers items of each part; the parts in no order
---@return etoro.Response|etoro.Error response of the first answer that came,
---with the attempts and the time of all
function M.run(client, list, size, ask)
  local started = client:now()
  local state = {
    list = list, size = size, ask = ask, ranges = { { 1, #list } },
    answers = {}, attempts = 0,
  }
  local parts = math.ceil(#list / size)
  local count = math.min(parts, limits.batch_requests_max,
    client:max_connections())
  if count <= 1 then
    work(state)
  else
    tasks.run(work_together, state, count)
  end
  if state.err then return nil, state.err end
  local response = state.response
  response.attempts = state.attempts
  response.elapsed = parts > 1 and client:now() - started or response.elapsed
  return state.answers, response
end

return M
