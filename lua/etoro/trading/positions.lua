-- Positions: what the account holds, and closing all of it.

local blame = require "etoro.values.blame"
local check = require "etoro.values.fields"
local count = require "etoro.values.count"
local json = require "etoro.values.json"
local names = require "etoro.market.names"
local resource = require "etoro.resource"
local tasks = require "etoro.tasks"
local position = require "etoro.trading.position"
local routes = require "etoro.trading.routes"
require "etoro.trading.resolve" -- loaded before anything is sent

---@class etoro.Positions client.positions
local collection, M = resource.define "positions"

--- Lists the open positions, as the portfolio shows them: a few seconds late
--- (portal: Trading, Get Portfolio). Positions of copied traders are in it,
--- each once, with the mirrorID of their copy. Symbols that the client does not
--- know are asked for once, all together.
---@param options? etoro.RequestOptions
---@return etoro.Position[]? positions
---@return etoro.Response|etoro.Error
function collection:list(options)
  local client = resource.client_of(self, "client.positions:list")
  return position.list_named(client, options)
end

local ID = { id = { type = "integer", min = 1, required = true } }

--- Finds one open position in the portfolio.
---@param id integer|string
---@param options? etoro.RequestOptions
---@return etoro.Position? position
---@return etoro.Response|etoro.Error err kind not_found when it is not shown
function collection:get(id, options)
  local client = resource.client_of(self, "client.positions:get")
  check.fields(ID, { id = id }, "argument")
  local values, err = check.values(ID, { id = id })
  if not values then return nil, err end
  local item, response = position.find(client, values.id, options)
  if not item then return nil, response end
  names.give(client, { item }, response, options)
  return item, response
end

local OF_ALL = { on_accepted = "function", positions = "table" }

local function close_each(items, client, how, options)
  local results = json.list()
  how.batch = #items > 1 and { count = #items } or nil
  tasks.run(function()
    for i, item in ipairs(items) do
      tasks.spawn(function()
        results[i] = position.close_one(item, client, how, options)
      end)
    end
  end)
  return results
end

---@class etoro.CloseResult
---@field position etoro.Position
---@field positionID integer
---@field closed boolean it was seen closed
---@field response? etoro.Response
---@field err? etoro.Error why it could not be closed

-- The positions of a list that are the account's own.
local function own_of(items)
  local own = {}
  for _, item in ipairs(items) do
    if not position.mirror_of(item) then own[#own + 1] = item end
  end
  return own
end

---@class etoro.CloseAllOptions: etoro.CloseOptions
---@field positions? etoro.Position[] only these, as they were listed before

--- Closes all of the account's own positions, side by side; those of copied
--- traders not, of which a response.warning tells. Those that were opened
--- since a list was shown to somebody stay open where that list is given.
---@param options? etoro.CloseAllOptions wait: for each of them
---@return etoro.CloseResult[]? results one for each position
---@return etoro.Response|etoro.Error|nil err the positions could not be
---listed; nil where they were given
function collection:close_all(options)
  local client = resource.client_of(self, "client.positions:close_all")
  local how, rest = position.take_close(options, OF_ALL)
  local items = how.positions
  for _, item in ipairs(items or {}) do
    if not position.is(item) then
      blame.raise("bad option 'positions': list of positions expected")
    end
  end
  local response
  if not items then
    items, response = position.list(client, rest)
    if not items then return nil, response end
  end
  local own = own_of(items)
  if response and #own < #items then
    client:warn(response, count(#items - #own,
      "position of copied traders stays open",
      "positions of copied traders stay open"))
  end
  return close_each(own, client, how, rest), response
end

--- Takes back a close that has not been carried out yet, in a closed market
--- say (portal: Trading, Cancel Close Order). The position tells what came of
--- it: a close may be carried out while it is being taken back.
---@param id integer|string orderID of the close; they wait in
---client.account:holdings().ordersForClose
---@param options? etoro.RequestOptions
---@return table|true? result what the answer holds
---@return etoro.Response|etoro.Error
function collection:cancel_close(id, options)
  local client = resource.client_of(self, "client.positions:cancel_close")
  local result, response = client:send(routes.op(client, "cancel_close"),
    { orderId = id }, options)
  if result == nil then return nil, response end
  return type(result) == "table" and result or true, response
end

return M
