-- What the account holds, as its portfolio shows it: positions and orders that
-- wait. The portfolio runs a few seconds behind.

local answers = require "etoro.resource.answers"
local spelling = require "etoro.values.spelling"
local core = require "etoro.core"
local errors = require "etoro.errors"
local routes = require "etoro.trading.routes"

local tostring = core.text -- not up to the locale

local M = {}

-- Whether a value is a list of objects; a copy's positions are some too.
local function is_list_of_objects(list, has_positions)
  if list == core.null then return true end -- as good as absent
  if not answers.is_list(list) then return false end
  for _, item in ipairs(list) do
    local inner = has_positions and type(item) == "table"
      and spelling.get(item, "positions")
    if type(item) ~= "table" or inner and not is_list_of_objects(inner) then
      return false
    end
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

--- An id, as a number or digits, as one text.
---@param id integer|string
---@return string
function M.key(id)
  local whole = type(id) == "number" and math.tointeger(id)
  return whole and ("%d"):format(whole) or tostring(id)
end

local id_text = M.key

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
---@field mirror_id? integer|string of the copy that it belongs to

-- Adds positions of a list, but for those that were met before.
local function add_positions(list, seen, owner, mirror)
  for i, position in ipairs(items_of(owner, "positions") or {}) do
    local id = type(position) == "table" and given(position, "positionID")
    local held = id and seen[id_text(id)]
    if not held then
      held = { position = position, index = i, mirror = mirror }
      if id then seen[id_text(id)] = held end
      list[#list + 1] = held
    end
    held.mirror_id = held.mirror_id or mirror and given(owner, "mirrorID")
  end
end

--- Goes through the positions of a portfolio, each once: those of copies may
--- stand both beside the account's own and below their mirror.
---@param portfolio table
---@return etoro.Held[]
function M.walk(portfolio)
  local list, seen = {}, {}
  add_positions(list, seen, portfolio)
  for i, mirror in ipairs(items_of(portfolio, "mirrors") or {}) do
    if type(mirror) == "table" then
      add_positions(list, seen, mirror, i)
    end
  end
  return list
end

--- Lists the positions of a portfolio, each once. Those of copies carry their
--- mirrorID.
---@param portfolio table
---@return table[] positions
function M.positions(portfolio)
  local list = {}
  for i, held in ipairs(M.walk(portfolio)) do
    local position = held.position
    list[i] = position
    if held.mirror_id and (given(position, "mirrorID") or 0) == 0 then
      position.mirrorID = held.mirror_id
    end
  end
  return list
end

-- Positions of portfolios by id, for as long as the portfolio lives: thousands
-- of closes look at one. It must not change.
local indexes = setmetatable({}, { __mode = "k" })

local function index_of(portfolio)
  local index = {}
  for _, item in ipairs(M.positions(portfolio)) do
    local id = spelling.get(item, "positionID")
    if id then index[id_text(id)] = item end
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
  return index[id_text(id)]
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
  local list, seen = {}, {}
  for _, order in ipairs(items_of(portfolio, name) or {}) do
    local id = given(order, "orderId")
    if not id or not seen[id_text(id)] then list[#list + 1] = order end
    if id then seen[id_text(id)] = true end
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

--- Tells whether two ids, as numbers or digits, are the same.
---@param left integer|string
---@param right integer|string
---@return boolean
function M.is_same(left, right)
  return id_text(left) == id_text(right)
end

return M
