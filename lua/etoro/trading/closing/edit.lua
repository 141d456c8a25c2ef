-- Changing a position's stops. The API accepts a change and makes it later.

local spelling = require "etoro.values.spelling"
local core = require "etoro.core"
local hints = require "etoro.trading.hints"
local holdings = require "etoro.trading.account.holdings"
local looks = require "etoro.tasks.looks"
local same = require "etoro.trading.closing.same"
local stops = require "etoro.trading.account.stops"
local routes = require "etoro.trading.routes"
local rules = require "etoro.values.rules"

local tostring = core.text -- not up to the locale

local M = {}

-- A 404 is an unknown position where the portfolio lacks it, else a server
-- that has no such route.
local function explain(client, id, err)
  local portfolio = err.status ~= 405
    and holdings.read(client, nil)
  if portfolio and not holdings.find(portfolio, id) then
    err.message = ("there is no open position %s"):format(tostring(id))
    err.code = "not_found"
    return err
  elseif err.status ~= 405 and not portfolio then
    return err
  end
  err.code, err.kind = "no_route", "not_found"
  err.message = "this server cannot edit positions: the route came with"
    .. " v1.279.0 of the API"
  err.hint = "Nothing was changed"
  return err
end

-- Whether a position of the portfolio shows all the changes.
local function shows(item, changes)
  local type_asked = changes.stopLossType
  local is_trailing = spelling.get(item, "isTslEnabled")
  if changes.stopLossRate
      and not same.rate(spelling.get(item, "stopLossRate"), changes.stopLossRate) then
    return false
  elseif changes.takeProfitRate
      and not same.rate(spelling.get(item, "takeProfitRate"),
        changes.takeProfitRate) then
    return false
  elseif type_asked and is_trailing ~= nil
      and is_trailing ~= (type_asked == "trailing") then
    return false
  end
  return not (changes.clearStopLoss and stops.stop_loss(item))
    and not (changes.clearTakeProfit and stops.take_profit(item))
end

local function follow(position, client, changes, timeout)
  local round, _ <close> = hints.follow(client, timeout, hints.subject {
    positionID = spelling.get(position, "positionID"),
    instrumentID = spelling.get(position, "instrumentID") })
  while round:next() do
    local portfolio, err = holdings.read(client, round:options())
    local item = portfolio
      and holdings.find(portfolio, spelling.get(position, "positionID"))
    if item then
      holdings.renew(position, item)
      if shows(item, changes) then return true end
    elseif not portfolio and not looks.is_passing(err) then
      return false
    end
  end
  return false
end

-- A stop that trails is elsewhere by the time a lost request would go out again,
-- which would put it back. Where no type is given the position has the last word.
local function operation(position, client, changes)
  local op = routes.op(client, "edit")
  local is_known = changes.stopLossType == nil
    and spelling.get(position, "isTslEnabled") == false
  return is_known and rules.as_known(op) or op
end

--- Changes stops; see position:edit.
---@param position etoro.Position
---@param client etoro.Client
---@param changes etoro.PositionChanges as asked.changes gives them
---@param timeout number seconds
---@param options etoro.RequestOptions
---@return etoro.Position? position
---@return etoro.Response|etoro.Error
function M.run(position, client, changes, timeout, options)
  local id = spelling.get(position, "positionID")
  local result, response = client:send(operation(position, client, changes), {
    positionId = id, body = changes,
  }, options)
  if result == nil and (response.status == 404 or response.status == 405) then
    return nil, explain(client, id, response)
  elseif result == nil then
    return nil, response
  end
  if not follow(position, client, changes, timeout) then
    client:warn(response, ("the change was accepted, but the"
      .. " portfolio did not show it in %s seconds"):format(
        core.figure(timeout, 6)))
  end
  return position, response
end

return M
