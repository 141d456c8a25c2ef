-- One position: closing it, whole or in part, and changing its stops.

local asked = require "etoro.trading.closing.asked"
local values_ids = require "etoro.values.ids"
local merged = require "etoro.values.merged"
local spelling = require "etoro.values.spelling"
local core = require "etoro.core"
local count = require "etoro.values.count"
local errors = require "etoro.errors"
local holdings = require "etoro.trading.account.holdings"
local names = require "etoro.market.names"
local stops = require "etoro.trading.account.stops"
local worth = require "etoro.trading.account.worth"
local call_options = require "etoro.call.options"
local links = require "etoro.resource.links"
local closing_close = require "etoro.trading.closing.close"
local edit = require "etoro.trading.closing.edit"
local call_response = require "etoro.call.response"
local resource = require "etoro.resource"
local routes = require "etoro.trading.routes"
local limits = require "etoro.values.limits"
require "etoro.trading.resolve" -- loaded before anything is sent

-- not up to the locale
local tonumber, tostring = core.number, core.text

local M = {}

local CLOSE_WAIT, EDIT_WAIT = limits.close_wait, limits.edit_wait

--- A position. Fields as the API names them (positionID, instrumentID);
--- other spellings of a name (positionId) read the same field.
---@class etoro.Position
---@field positionID integer
---@field instrumentID integer
---@field symbol? string nil where it could not be read
---@field profit? number US dollars, where the answer tells it (account:pnl)
---@field value? number US dollars: amount with profit, where profit is
---@field mirrorID integer 0: the account's own; else of the copied trader
---@field isBuy boolean
---@field units number
---@field amount number US dollars of margin
---@field leverage integer
---@field openRate number in the instrument's currency
---@field stopLossRate number see position:stop_loss
---@field takeProfitRate number
---@field [string] any what else the API tells, in any spelling
local methods = {}
local kind = links.kind("etoro.position", spelling.wrap_index(methods))

---@class etoro.PositionChanges
---@field stopLossRate? number|string
---@field takeProfitRate? number|string
---@field stopLossType? "fixed"|"trailing"
---@field clearStopLoss? boolean
---@field clearTakeProfit? boolean

---@class etoro.CloseOptions: etoro.RequestOptions
---@field wait? number seconds for which the outcome is followed; `timeout` is
---one attempt's, as everywhere
---@field on_accepted? fun(position: etoro.Position, order_id?: integer): number?
---called when the API has taken the close, before its outcome is waited for;
---a number it gives takes the place of wait

--- Makes a position of an item in an answer, in place.
---@param item table
---@param client etoro.Client
---@return etoro.Position
function M.wrap(item, client)
  return setmetatable(item, kind.of(client))
end

--- Whether a value is a position of this library's.
---@type fun(value: any): boolean
M.is = kind.is

-- The error for a position that came without what its requests are made of.
local function check_ids(position, ...)
  for _, name in ipairs { ... } do
    if not values_ids.read(spelling.get(position, name)) then
      return errors.unexpected("the API gave this position no usable " .. name)
    end
  end
end

--- Reads the list, without symbols.
---@param client etoro.Client
---@param options? etoro.RequestOptions
---@return etoro.Position[]? positions
---@return etoro.Response|etoro.Error
function M.list(client, options)
  local portfolio, response = holdings.read(client, options)
  if not portfolio then return nil, response end
  local items, mt = holdings.positions(portfolio), kind.of(client)
  for i = 1, #items do setmetatable(items[i], mt) end
  return items, response
end

local function gone(id, response)
  return errors.not_found(("the portfolio shows no position %s;"
    .. " it runs a few seconds behind"):format(tostring(id)), response)
end

--- Makes positions of all that a portfolio holds, in place: in its list, and in
--- those of its mirrors. Their symbols and profits are entered.
---@param portfolio table
---@param client etoro.Client
---@param response etoro.Response of the portfolio
---@param options? etoro.RequestOptions
function M.of_portfolio(portfolio, client, response, options)
  local all = holdings.all(portfolio)
  for i = 1, #all do
    M.wrap(all[i], client)
    worth.enter(all[i])
  end
  names.give(client, all, response, options)
end

--- Reads the list, with symbols.
---@param client etoro.Client
---@param options? etoro.RequestOptions
---@return etoro.Position[]? positions
---@return etoro.Response|etoro.Error
function M.list_named(client, options)
  local items, response = M.list(client, options)
  if not items then return nil, response end
  return names.give(client, items, response, options), response
end

--- Finds one position in the portfolio.
---@param client etoro.Client
---@param id integer|string
---@param options? etoro.RequestOptions
---@return etoro.Position? position
---@return etoro.Response|etoro.Error err kind not_found when it is not shown
function M.find(client, id, options)
  local items, response = M.list(client, options)
  if not items then return nil, response end
  for _, item in ipairs(items) do
    if holdings.is_same(spelling.get(item, "positionID"), id) then
      return item, response
    end
  end
  return nil, gone(id, response)
end

--- The mirror that a position is a copy in; nil for the account's own.
---@param position etoro.Position
---@return string? mirror_id
function M.mirror_of(position)
  local id = spelling.get(position, "mirrorID")
  return (tonumber(id) or 0) ~= 0 and tostring(id) or nil
end

local COPIED = "the position is a copy of another trader's (mirrorID %s): the"
  .. " copy trades on without it"

local LATE = "the close was accepted, but the position was not seen closed in"
  .. " %s: look at it again with position:refresh"

local function finish(position, closing, response, timeout, is_done, err)
  local client = closing.client
  if not is_done and err and err.kind == "rejected" then
    err.request_id = response.request_id
    return nil, err
  end
  local link = links.own(position, "position:close")
  link.is_done = is_done
  if is_done and (closing.is_gone or not closing.units) then
    link.is_closed = true
  elseif not is_done and err then
    client:warn(response, "the close was accepted, but could not be"
      .. " followed: " .. err.message)
  elseif not is_done then
    client:warn(response, LATE:format(
      count(timeout, "second")))
  end
  return position, response
end

-- A position that the API does not know was closed, if the portfolio lacks it
-- for long enough. Gives the API's error where it does not.
local function close_unknown(position, client, err, timeout, options)
  local _, problem = M.find(client, spelling.get(position, "positionID"), {
    deadline = options.deadline })
  local is_absent = problem.code == "not_found" and problem.status == nil
  if not is_absent
      or not closing_close.follow(closing_close.unknown(client, position),
        timeout) then
    return nil, err
  end
  links.own(position, "position:close").is_closed = true
  return position, call_response.made(err)
end

---@class etoro.CloseWait how the outcome of a close is waited for
---@field wait number seconds
---@field on_accepted? fun(position: etoro.Position, order_id?: integer): number?
---@field batch? table what closes that run side by side share

--- Whether the last close of a position, whole or in part, was seen done.
---@param position etoro.Position
---@return boolean
function M.is_done(position)
  return links.of(position, "position:close").is_done or false
end

-- how: an etoro.CloseWait
local function close(position, client, units, how, options)
  local closing, response, is_done = closing_close.send(client, position,
    units, options)
  local result, err
  if not closing and response.kind == "not_found" then
    result, response = close_unknown(position, client, response, how.wait,
      options)
    return result, response
  elseif not closing then
    return nil, response
  end
  local timeout = how.wait
  if not is_done then
    closing.batch = how.batch
    timeout = how.on_accepted and how.on_accepted(position, closing.order_id)
      or timeout
    is_done, err = closing_close.follow(closing, timeout)
  end
  result, response = finish(position, closing, response, timeout, is_done, err)
  return result, response
end

local OF_ONE = { on_accepted = "function" }

--- The options of a close.
---@param options? etoro.CloseOptions
---@param kinds table<string, string> types of those that are not a call's
---@return etoro.CloseWait how
---@return etoro.RequestOptions rest
function M.take_close(options, kinds)
  local wait, rest, how = call_options.take_wait(options, CLOSE_WAIT, kinds)
  how.wait = wait
  return how, rest
end

--- Closes the position, whole or so many units of it, and waits until that is
--- done (portal: Trading, Close Position). position:is_closed tells; when the
--- time is up the position comes back as it was last seen, with a
--- response.warning. One that was closed already is no error. A position of a
--- copied trader is closed too, with a warning.
---@param fields? { units?: number|string } none: the whole position
---@param options? etoro.CloseOptions wait: 30 seconds unless given
---@return etoro.Position? position the table itself
---@return etoro.Response|etoro.Error err kind rejected when it was refused
function methods:close(fields, options)
  local client = resource.client_of(self, "position:close")
  local units, err = asked.units(self, fields)
  err = err or check_ids(self, "positionID", "instrumentID")
  if err then return nil, err end
  local how, rest = M.take_close(options, OF_ONE)
  local mirror = M.mirror_of(self)
  local result, response = close(self, client, units, how, rest)
  if result and mirror then
    client:warn(response, COPIED:format(mirror))
  end
  return result, response
end

--- Says whether the position was seen closed, whole.
---@return boolean
function methods:is_closed()
  return links.of(self, "position:is_closed").is_closed or false
end

--- Closes a position as one of several.
---@param position etoro.Position
---@param client etoro.Client
---@param how etoro.CloseWait
---@param options etoro.RequestOptions
---@return etoro.CloseResult
function M.close_one(position, client, how, options)
  local err, result, response = check_ids(position, "positionID",
    "instrumentID"), nil, nil
  if not err then
    result, response = close(position, client, nil, how, merged(options))
  end
  return {
    position = position, positionID = spelling.get(position, "positionID"),
    closed = result ~= nil and position:is_closed(),
    response = result and response or nil,
    err = err or not result and response or nil,
  }
end

--- Says where the position's stop loss is, by what was last read of it: the field
--- stopLossRate reads 0, 0.01 or 0.0001 where there is none.
---@return number? rate in the instrument's currency; nil: it has none
function methods:stop_loss()
  links.of(self, "position:stop_loss")
  return stops.stop_loss(self)
end

--- Says where the position's take profit is, as position:stop_loss does.
---@return number? rate in the instrument's currency; nil: it has none
function methods:take_profit()
  links.of(self, "position:take_profit")
  return stops.take_profit(self)
end

--- Reads the position again, from the portfolio, into this table.
---@param options? etoro.RequestOptions
---@return etoro.Position? position the table itself
---@return etoro.Response|etoro.Error err kind not_found when it is not shown
function methods:refresh(options)
  local client = resource.client_of(self, "position:refresh")
  local item, response = M.find(client, spelling.get(self, "positionID"), options)
  if not item then return nil, response end
  holdings.renew(self, item)
  return self, response
end

--- Changes the position's stops, and waits until the portfolio shows that
--- (portal: Trading, Edit Position; servers before v1.279.0 do not have it).
---@param changes etoro.PositionChanges at least one
---@param options? etoro.CloseOptions wait: 10 seconds unless given
---@return etoro.Position? position the table itself
---@return etoro.Response|etoro.Error err code no_route where the server cannot
---do it; kind conflict when the position is closed
function methods:edit(changes, options)
  local client = resource.client_of(self, "position:edit")
  local body, err = asked.changes(routes.op(client, "edit"), changes)
  local wait, rest = call_options.take_wait(options, EDIT_WAIT)
  err = err or check_ids(self, "positionID")
  if err then return nil, err end
  return edit.run(self, client, body, wait, rest)
end

return M
