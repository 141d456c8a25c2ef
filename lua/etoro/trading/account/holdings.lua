-- What the account holds, as its portfolio shows it: positions and orders that
-- wait. The portfolio runs a few seconds behind.

local answers = require "etoro.resource.answers"
local casing = require "etoro.values.spelling"
local core = require "etoro.core"
local errors = require "etoro.errors"
local trading = require "etoro.trading.routes"

local tostring = core.text -- not up to the locale

local M = {}

-- Whether a value is a list of objects; a copy's positions are some too.
local function is_list_of_objects(list, has_positions)
  if list == core.null then return true end -- as good as absent
  if not answers.is_list(list) then return false end
  for _, item in ipairs(list) do
    local inner = has_positions and type(item) == "table"
      and casing.get(item, "positions")
    if type(item) ~= "table" or inner and not is_list_of_objects(inner) then
      return false
    end
  end
  return true
end

-- Which of a portfolio's lists is none. Without its positions it would look
-- empty, and positions closed; the others may be absent.
local function fault_of(portfolio)
  local positions = casing.get(portfolio, "positions")
  if positions == core.null or not is_list_of_objects(positions) then
    return "positions"
  end
  for _, name in ipairs { "mirrors", "orders", "ordersForOpen" } do
    local list = casing.get(portfolio, name)
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
    and casing.get(body, "clientPortfolio")
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
  local op = trading.op(client, "portfolio")
  local body, response = client:_send(op, nil, options)
  if body == nil then return nil, response end
  return M.of_answer(body, response, op)
end

--- An id, as a number or digits, as one text.
---@param id integer|string
---@return string
function M.key(id)
  local whole = type(id) == "number" and math.tointeger(id)
  return whole and string.format("%d", whole) or tostring(id)
end

local id_text = M.key

local function items_of(fields, name)
  local list = type(fields) == "table" and casing.get(fields, name)
  return type(list) == "table" and list or {}
end

local function add_unique(list, seen, items, id_name, mirror_id)
  for _, item in ipairs(items) do
    local id = casing.get(item, id_name)
    local known = id ~= nil and seen[id_text(id)]
    if not known then
      known = item
      if id ~= nil then seen[id_text(id)] = item end
      list[#list + 1] = item
    end
    if mirror_id and (casing.get(known, "mirrorID") or 0) == 0 then
      known.mirrorID = mirror_id
    end
  end
end

--- Lists the positions of a portfolio, each once: those of mirrors may stand
--- both beside the account's own and below their mirror. Theirs carry its
--- mirrorID.
---@param portfolio table
---@return table[] positions
function M.positions(portfolio)
  local list, seen = {}, {}
  add_unique(list, seen, items_of(portfolio, "positions"), "positionID")
  for _, mirror in ipairs(items_of(portfolio, "mirrors")) do
    add_unique(list, seen, items_of(mirror, "positions"), "positionID",
      casing.get(mirror, "mirrorID"))
  end
  return list
end

-- Positions of portfolios by id, for as long as the portfolio lives: thousands
-- of closes look at one. It must not change.
local indexes = setmetatable({}, { __mode = "k" })

local function index_of(portfolio)
  local index = {}
  for _, item in ipairs(M.positions(portfolio)) do
    local id = casing.get(item, "positionID")
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
  for _, order in ipairs(items_of(portfolio, "ordersForClose")) do
    local of = type(order) == "table" and casing.get(order, "positionId")
    if of and M.is_same(of, id) then found[#found + 1] = order end
  end
  return found
end

--- Lists a portfolio's orders that wait: to be executed, and those that rest
--- until the market touches their rate.
---@param portfolio table
---@return table[] orders
---@return table[] resting
function M.orders(portfolio)
  local waiting, resting, seen = {}, {}, {}
  add_unique(waiting, seen, items_of(portfolio, "ordersForOpen"), "orderId")
  add_unique(resting, seen, items_of(portfolio, "orders"), "orderId")
  return waiting, resting
end

--- Tells whether two ids, as numbers or digits, are the same.
---@param left integer|string
---@param right integer|string
---@return boolean
function M.is_same(left, right)
  return id_text(left) == id_text(right)
end

return M
