-- What a strategy has ordered and holds: its own orders and positions, and
-- nothing else of the account.

local core = require "etoro.core"
local limits = require "etoro.values.limits"

local tonumber, tostring = core.number, core.text -- not up to the locale

---@class etoro.StrategyOrder what became of one order of a strategy's
---@field time number when it was decided on
---@field symbol string
---@field side "buy"|"sell"|"close"
---@field amount? number USD
---@field units? number
---@field state string as order:state() has it, or "sent", "rejected", "unknown"
---@field request_id string
---@field orderId? integer
---@field positionID? integer of a close
---@field fill_time? number
---@field fill_price? number
---@field why? string

---@class etoro.StrategyBook
---@field orders etoro.StrategyOrder[]
---@field owned table<string, { symbol: string, since: number, request_id?: string }> by position
local book = {}
book.__index = book
book.__name = "etoro.strategy.book"

local M = {}

--- Makes an empty one.
---@return etoro.StrategyBook
function M.new()
  return setmetatable({ orders = {}, owned = {}, under_way = {} }, book)
end

--- Enters an order before it is sent.
---@param fields etoro.StrategyOrder
---@return etoro.StrategyOrder
function book:add(fields)
  fields.request_id = fields.request_id or core.uuid()
  fields.state = fields.state or "sent"
  self.orders[#self.orders + 1] = fields
  self.under_way[fields.request_id] = fields
  return fields
end

--- Says that nothing more will come of an order.
---@param record etoro.StrategyOrder
---@param state string
---@param why? string
function book:finish(record, state, why)
  record.state, record.why = state, why or record.why
  self.under_way[record.request_id] = nil
end

--- Takes positions that an order has opened for the strategy's own.
---@param record { symbol: string, request_id?: string }
---@param positions table[]
---@param now number
function book:own(record, positions, now)
  for _, position in ipairs(positions) do
    self.owned[tostring(position.positionID)] = { symbol = record.symbol,
      since = now, request_id = record.request_id }
  end
end

---@param position table
function book:disown(position)
  self.owned[tostring(position.positionID)] = nil
end

--- Those of an account's positions that are the strategy's.
---@param all table[]
---@return table[]
function book:of(all)
  local own = {}
  for _, position in ipairs(all) do
    local entry = self.owned[tostring(position.positionID)]
    if entry then
      position.symbol = entry.symbol
      own[#own + 1] = position
    end
  end
  return own
end

--- Forgets positions that the account has no more: a stop closed them, or
--- somebody's hand. What was opened a moment ago may not show yet.
---@param all table[] the account's
---@param now number
---@return table[] gone { positionID, symbol }
function book:missing(all, now)
  local there, gone = {}, {}
  for _, position in ipairs(all) do there[tostring(position.positionID)] = true end
  for id, entry in pairs(self.owned) do
    if not there[id] and now - entry.since > limits.strategy_shown_within then
      gone[#gone + 1] = { positionID = tonumber(id), symbol = entry.symbol }
    end
  end
  table.sort(gone, function(a, b) return a.positionID < b.positionID end)
  for _, one in ipairs(gone) do self:disown(one) end
  return gone
end

--- An order of a symbol that has no end yet, closes apart.
---@param symbol string
---@return etoro.StrategyOrder? record
function book:waits(symbol)
  for _, record in ipairs(self.orders) do
    if record.symbol == symbol and record.side ~= "close"
        and self.under_way[record.request_id] then
      return record
    end
  end
end

return M
