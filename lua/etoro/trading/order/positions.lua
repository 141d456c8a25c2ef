-- The positions that an order opened.

local spelling = require "etoro.values.spelling"
local core = require "etoro.core"
local count = require "etoro.values.count"
local hints = require "etoro.trading.hints"
local holdings = require "etoro.trading.account.holdings"
local looks = require "etoro.tasks.looks"
local position = require "etoro.trading.position"

local tostring = core.text -- not up to the locale

local M = {}

-- The ids of the open positions among an order's executions
local function ids_of(order)
  local ids = {}
  local executions = spelling.get(order, "positionExecutions")
  for _, item in ipairs(type(executions) == "table" and executions or {}) do
    local is_open = type(item) == "table"
      and core.lower(tostring(spelling.get(item, "state"))) ~= "closed"
    local id = is_open and spelling.get(item, "positionId")
    if id then ids[#ids + 1] = id end
  end
  return ids
end

local function pick(items, ids)
  local found = {}
  for _, id in ipairs(ids) do
    for _, item in ipairs(items) do
      if holdings.is_same(spelling.get(item, "positionID"), id) then
        found[#found + 1] = item
      end
    end
  end
  return found
end

--- What hints about an order may say. It may open more positions than it tells.
---@param order etoro.Order
---@return etoro.Subject
function M.subject(order)
  local subject, asset = hints.subject(order), spelling.get(order, "asset")
  if type(asset) == "table" then
    subject.instrument = hints.key(spelling.get(asset, "instrumentId"))
  end
  return subject
end

--- Finds the positions that an order opened; see order:positions.
---@param order etoro.Order
---@param client etoro.Client
---@param timeout number seconds
---@return etoro.Position[]? positions
---@return etoro.Response|etoro.Error
function M.of_order(order, client, timeout)
  local ids = ids_of(order)
  local found, answer
  local round, _ <close> = hints.follow(client, timeout, M.subject(order))
  while round:next() do
    local items, response = position.list(client, round:options())
    if items then
      found, answer = pick(items, ids), response
      if #found == #ids then return found, response end
    elseif not looks.is_passing(response) then
      return nil, response
    else
      answer = answer or response
    end
  end
  if not found then return nil, answer end
  client:warn(answer, ("the portfolio shows %d of %s of the"
    .. " order"):format(#found, count(#ids, "position")))
  return found, answer
end

return M
