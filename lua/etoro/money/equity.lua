-- What an account is worth, from its portfolio: the formulas of the portal's
-- guides (Calculate Available Cash, Total Invested, Profit/Loss, Equity). Pure
-- functions of the answer. A number that is missing is named, and what it
-- would be part of is nil: it never counts as 0.

local answers = require "etoro.resource.answers"
local spelling = require "etoro.values.spelling"
local core = require "etoro.core"
local decimals = require "etoro.values.decimals"
local json = require "etoro.values.json"
local types = require "etoro.values.types"
local holdings = require "etoro.trading.account.holdings"
local worth = require "etoro.trading.account.worth"

local tonumber = core.number -- not up to the locale

local M = {}

local CENT = 0.005 -- a difference below this is rounding

---@class etoro.Figures US dollars
---@field available_cash? number
---@field total_invested? number
---@field profit_loss? number
---@field equity? number the sum of these
---@field missing string[] fields without which the nil ones cannot be known

---@class etoro.Difference between two sets of figures
---@field name string
---@field ours? number
---@field server? number
---@field difference? number ours minus the server's

local function number(value)
  if type(value) == "number" then return value end
  return type(value) == "string" and tonumber(value) or nil
end

-- A sum that knows what it lacks.
local Sum = {}
Sum.__index = Sum

local function new_sum(missing)
  return setmetatable({ total = 0, is_whole = true, missing = missing }, Sum)
end

function Sum:lack(place)
  self.is_whole = false
  self.missing[place] = true
end

function Sum:add(value, place, sign)
  local amount = number(value)
  if not amount then return self:lack(place) end
  self.total = self.total + (sign or 1) * amount
end

function Sum:value()
  return self.is_whole and decimals.tidy(self.total) or nil
end

-- The items of a list; null is a list without any, absent is missing.
local function each(sum, owner, name, prefix)
  local list = spelling.get(owner, name)
  if list == core.null then return ipairs {} end
  if not answers.is_list(list) then
    sum:lack(prefix .. name)
    return ipairs {}
  end
  return ipairs(list)
end

local function field(item, name)
  if type(item) ~= "table" then return nil end
  local value = spelling.get(item, name)
  if value == core.null then return nil end
  return value
end

local function place_of(prefix, name, index, of)
  return ("%s%s[%d]%s"):format(prefix, name, index,
    of and "." .. of or "")
end

-- Where a position stands, for one that lacks something.
local function place_of_position(held)
  local prefix = held.mirror
    and place_of("", "mirrors", held.mirror) .. "." or ""
  return place_of(prefix, "positions", held.index)
end

-- Calls visit with each position and where it stands. Lists that are missing
-- are told.
local function each_position(sum, portfolio, visit)
  each(sum, portfolio, "positions", "")
  for i, mirror in each(sum, portfolio, "mirrors", "") do
    if type(mirror) == "table" then
      each(sum, mirror, "positions", place_of("", "mirrors", i) .. ".")
    end
  end
  for _, held in ipairs(holdings.walk(portfolio)) do
    if field(held.position, "positionID") == nil then
      sum:lack(place_of_position(held) .. ".positionID")
    else
      visit(held.position, place_of_position(held))
    end
  end
end

-- Calls visit with each order of one's own, those of copies left out.
local function each_own_order(sum, portfolio, visit)
  for i, order in each(sum, portfolio, "ordersForOpen", "") do
    local mirror = field(order, "mirrorID")
    if number(mirror) == nil then
      sum:lack(place_of("", "ordersForOpen", i, "mirrorID"))
    elseif number(mirror) == 0 then
      visit(order, i)
    end
  end
end

local function add_orders(sum, portfolio, sign, has_costs)
  each_own_order(sum, portfolio, function(order, index)
    sum:add(field(order, "amount"),
      place_of("", "ordersForOpen", index, "amount"), sign)
    if has_costs then
      sum:add(field(order, "totalExternalCosts"),
        place_of("", "ordersForOpen", index, "totalExternalCosts"), sign)
    end
  end)
  for i, order in each(sum, portfolio, "orders", "") do
    sum:add(field(order, "amount"), place_of("", "orders", i, "amount"),
      sign)
  end
end

local function available_cash(portfolio, missing)
  local sum = new_sum(missing)
  sum:add(field(portfolio, "credit"), "credit")
  add_orders(sum, portfolio, -1)
  return sum:value()
end

--- Cash that can be traded with: the credit without what waiting orders hold.
---@param portfolio table clientPortfolio
---@return number? dollars nil when a field is missing
---@return string[] missing
function M.available_cash(portfolio)
  local missing = {}
  local cash = available_cash(portfolio, missing)
  return cash, types.sorted_names(missing)
end

local function total_invested(portfolio, missing)
  local sum = new_sum(missing)
  each_position(sum, portfolio, function(position, place)
    sum:add(field(position, "amount"), place .. ".amount")
  end)
  for i, mirror in each(sum, portfolio, "mirrors", "") do
    sum:add(field(mirror, "availableAmount"),
      place_of("", "mirrors", i, "availableAmount"))
    sum:add(field(mirror, "closedPositionsNetProfit"),
      place_of("", "mirrors", i, "closedPositionsNetProfit"), -1)
  end
  add_orders(sum, portfolio, 1, true)
  return sum:value()
end

local function profit_loss(portfolio, missing)
  local sum = new_sum(missing)
  each_position(sum, portfolio, function(position, place)
    sum:add(worth.profit(position), place .. ".unrealizedPnL.pnL")
  end)
  for i, mirror in each(sum, portfolio, "mirrors", "") do
    sum:add(field(mirror, "closedPositionsNetProfit"),
      place_of("", "mirrors", i, "closedPositionsNetProfit"))
  end
  return sum:value()
end

--- The figures of a portfolio with profits and losses (the answer of pnl).
---@param portfolio table clientPortfolio
---@return etoro.Figures
function M.figures(portfolio)
  local missing = {}
  local figures = {
    available_cash = available_cash(portfolio, missing),
    total_invested = total_invested(portfolio, missing),
    profit_loss = profit_loss(portfolio, missing),
  }
  if figures.available_cash and figures.total_invested
      and figures.profit_loss then
    figures.equity = decimals.tidy(figures.available_cash
      + figures.total_invested + figures.profit_loss)
  end
  figures.missing = json.list(types.sorted_names(missing))
  return figures
end

-- Our figures beside the server's (portal: Portfolio, aggregate-portfolio).
local SERVER = {
  { "equity", "accountTotalValue" },
  { "available_cash", "accountAvailableCash" },
  { "total_invested", "accountTotalUsedMargin" },
  { "profit_loss", "accountCurrentPnl" },
}

--- The figures as the server has them.
---@param totals table accountTotals of aggregate-portfolio
---@return etoro.Figures
function M.of_server(totals)
  local figures, missing = {}, {}
  for _, pair in ipairs(SERVER) do
    figures[pair[1]] = number(field(totals, pair[2]))
    if not figures[pair[1]] then
      missing["accountTotals." .. pair[2]] = true
    end
  end
  figures.missing = json.list(types.sorted_names(missing))
  return figures
end

--- Where two sets of figures differ by a cent or more, or one has no figure.
---@param ours etoro.Figures
---@param server etoro.Figures
---@return etoro.Difference[]
function M.differences(ours, server)
  local list = json.list()
  for _, pair in ipairs(SERVER) do
    local name = pair[1]
    local left, right = ours[name], server[name]
    local difference = left and right and decimals.tidy(left - right)
    if not difference and (left or right)
        or difference and math.abs(difference) >= CENT then
      list[#list + 1] = { name = name, ours = left, server = right,
        difference = difference }
    end
  end
  return list
end

return M
