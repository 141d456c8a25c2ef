-- What the account holds, as its portfolio shows it: positions and orders that
-- wait. The portfolio runs a few seconds behind.

local answers = require "etoro.resource.answers"
local spelling = require "etoro.values.spelling"
local core = require "etoro.core"
local errors = require "etoro.errors"
local json = require "etoro.values.json"
local links = require "etoro.resource.links"
local routes = require "etoro.trading.routes"

local math_type = math.type
-- not up to the locale
local tonumber, tostring = core.number, core.text

local M = {}

-- Whether a value is a list of objects; a copy's positions are some too.
local function is_list_of_objects(list, has_positions)
  if list == core.null then return true end -- as good as absent
  if not answers.is_list(list) then return false end
  for i = 1, #list do
    local item = list[i]
    if type(item) ~= "table" then return false end
    local inner = has_positions and spelling.get(item, "positions")
    if inner and not is_list_of_objects(inner) then return false end
  end
  return true
end

-- Which of a portfolio's lists is none. Without its positions it would look
-- empty, and positions closed; the others may be absent.
local function fault_of(portfolio)
  local positions = spelling.get(portfolio, "positions")
  if positions == core.null or not is_list_of_objects(positions) then
    return "positions"
  end
  for _, name in ipairs { "mirrors", "orders", "ordersForOpen" } do
    local list = spelling.get(portfolio, name)
    if list ~= nil and not is_list_of_objects(list, name == "mirrors") then
      return name
    end
  end
end

--- The portfolio that an answer holds.
---@param body any decoded answer
---@param response etoro.Response
---@param op? etoro.Operation
---@return table? portfolio its clientPortfolio
---@return etoro.Response|etoro.Error
function M.of_answer(body, response, op)
  local portfolio = type(body) == "table"
    and spelling.get(body, "clientPortfolio")
  local fault = type(portfolio) ~= "table" and "positions"
    or fault_of(portfolio)
  if fault then
    return nil, errors.unexpected("the answer has no clientPortfolio with"
      .. " a list of " .. fault, response, op)
  end
  return portfolio, response
end

--- Reads the portfolio (portal: Trading, Get Portfolio).
---@param client etoro.Client
---@param options? etoro.RequestOptions
---@return table? portfolio its clientPortfolio
---@return etoro.Response|etoro.Error
function M.read(client, options)
  local op = routes.op(client, "portfolio")
  local body, response = client:send(op, nil, options)
  if body == nil then return nil, response end
  return M.of_answer(body, response, op)
end

--- An id, as a number or its digits, as one key of tables.
---@param id integer|string
---@return integer|string
function M.key(id)
  if math_type(id) == "integer" then return id end
  local whole = math.tointeger(type(id) == "string" and tonumber(id) or id)
  -- other digits, with zeros in front say, are another id
  if whole and (type(id) == "number" or ("%d"):format(whole) == id) then
    return whole
  end
  return tostring(id)
end

local key_of = M.key

local function given(fields, name)
  local value = spelling.get(fields, name)
  return value ~= core.null and value or nil
end

-- The objects of a list, which may be null; nil where it is none.
local function items_of(fields, name)
  local list = spelling.get(fields, name)
  if list == core.null then return {} end
  return answers.is_list(list) and list or nil
end

---@class etoro.Held a position of a portfolio
---@field position table
---@field index integer in its list
---@field mirror? integer in the portfolio's mirrors, where it stands in one's

local function key_of_position(position)
  if type(position) ~= "table" then return nil end
  local id = position.positionID
  if math_type(id) == "integer" then return id end
  id = given(position, "positionID")
  return id and key_of(id)
end

-- Calls visit with each position below an owner, with what it gave for the
-- same position before, and where that stands.
local function visit_each(owner, seen, visit, mirror)
  local positions = items_of(owner, "positions") or {}
  for i = 1, #positions do
    local position = positions[i]
    local key = key_of_position(position)
    local known = visit(key and seen[key], position, owner, i, mirror)
    if key then seen[key] = known end
  end
end

-- Those of copies may stand both beside the account's own and below their
-- mirror.
local function visit_all(portfolio, visit)
  local seen = {}
  visit_each(portfolio, seen, visit)
  for i, mirror in ipairs(items_of(portfolio, "mirrors") or {}) do
    if type(mirror) == "table" then visit_each(mirror, seen, visit, i) end
  end
end

--- Goes through the positions of a portfolio, each once.
---@param portfolio table
---@return etoro.Held[]
function M.walk(portfolio)
  local list = {}
  visit_all(portfolio, function(held, position, _, index, mirror)
    if not held then
      held = { position = position, index = index, mirror = mirror }
      list[#list + 1] = held
    end
    return held
  end)
  return list
end

--- Lists all position tables of a portfolio: one that stands in two lists is two.
---@param portfolio table
---@return table[]
function M.all(portfolio)
  local list = {}
  visit_all(portfolio, function(_, position)
    if type(position) == "table" then list[#list + 1] = position end
    return position
  end)
  return list
end

--- Lists the positions of a portfolio, each once. Those of copies carry their
--- mirrorID.
---@param portfolio table
---@return table[] positions
function M.positions(portfolio)
  local list, count = json.list(), 0
  visit_all(portfolio, function(known, position, owner, _, mirror)
    if not known then
      known, count = position, count + 1
      list[count] = position
    end
    if mirror and (given(known, "mirrorID") or 0) == 0 then
      known.mirrorID = given(owner, "mirrorID")
    end
    return known
  end)
  return list
end

-- Positions of portfolios by id, for as long as the portfolio lives: thousands
-- of closes look at one. It must not change.
local indexes = setmetatable({}, { __mode = "k" })

local function index_of(portfolio)
  local index = {}
  for _, item in ipairs(M.positions(portfolio)) do
    local id = spelling.get(item, "positionID")
    if id then index[key_of(id)] = item end
  end
  indexes[portfolio] = index
  return index
end

--- Finds a position of a portfolio.
---@param portfolio table
---@param id integer|string
---@return table? position
function M.find(portfolio, id)
  local index = indexes[portfolio] or index_of(portfolio)
  return index[key_of(id)]
end

--- The orders of a portfolio that close a position, whole or in part.
---@param portfolio table
---@param id integer|string
---@return table[]
function M.closing_orders(portfolio, id)
  local found = {}
  for _, order in ipairs(items_of(portfolio, "ordersForClose") or {}) do
    local of = type(order) == "table" and given(order, "positionId")
    if of and M.is_same(of, id) then found[#found + 1] = order end
  end
  return found
end

local function orders_of(portfolio, name)
  local list, seen = json.list(), {}
  for _, order in ipairs(items_of(portfolio, name) or {}) do
    local is_object = type(order) == "table"
    local id = is_object and given(order, "orderId")
    if is_object and not (id and seen[key_of(id)]) then list[#list + 1] = order end
    if id then seen[key_of(id)] = true end
  end
  return list
end

--- Lists a portfolio's orders that wait: to be executed, and those that rest
--- until the market touches their rate.
---@param portfolio table
---@return table[] orders
---@return table[] resting
function M.orders(portfolio)
  return orders_of(portfolio, "ordersForOpen"), orders_of(portfolio, "orders")
end

--- Lists a portfolio's closes that wait.
---@param portfolio table
---@return table[] orders
function M.closes(portfolio)
  return orders_of(portfolio, "ordersForClose")
end

--- Fills a position with what was read of it anew; the symbol that was found for
--- it stays.
---@param position table
---@param item table
function M.renew(position, item)
  local symbol = position.symbol
  links.refill(position, item)
  if position.symbol == nil then position.symbol = symbol end
end

--- Tells whether two ids, as numbers or digits, are the same.
---@param left integer|string
---@param right integer|string
---@return boolean
function M.is_same(left, right)
  return left == right or key_of(left) == key_of(right)
end

return M
