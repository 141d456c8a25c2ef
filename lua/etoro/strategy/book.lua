-- What a strategy has ordered and holds: its own orders and positions, and
-- nothing else of the account.

local core = require "etoro.core"
local types = require "etoro.values.types"

local tonumber, tostring = core.number, core.text -- not up to the locale

---@class etoro.StrategyOrder what became of one order of a strategy's
---@field time number when it was decided on
---@field symbol string
---@field side "buy"|"sell"|"close"
---@field amount? number USD
---@field units? number
---@field state string as order:state() has it, or "sent", "rejected", "unknown"
---@field request_id string
---@field instrumentId? integer of its symbol
---@field orderId? integer
---@field positionID? integer of a close
---@field began? number time on the engine's clock
---@field ahead? number seconds that the server's clock was ahead of this machine's then
---@field fill_time? number
---@field filled? number on the engine's clock, when it was seen to be filled
---@field answered? number the same, when its positions could first be read
---@field is_shown? boolean whether what it has opened was seen
---@field decision? integer the number of the decision that it was sent in
---@field fill_price? number
---@field why? string

---@class etoro.StrategyOwned
---@field symbol string
---@field instrumentId? integer
---@field since number
---@field request_id? string of the order that opened it
---@field is_shown? boolean an account has shown it
---@field absent? number since when each look at the account lacked it

---@class etoro.StrategyBook
---@field orders etoro.StrategyOrder[]
---@field owned table<string, etoro.StrategyOwned> by position
---@field gone table<string, etoro.StrategyOwned> that the account lacked for long
---@field names table<integer, string> symbols of the run, by their instruments' ids
local book = {}
book.__index = book
book.__name = "etoro.strategy.book"

local M = {}

--- Makes an empty one.
---@return etoro.StrategyBook
function M.new()
  return setmetatable({ orders = {}, owned = {}, gone = {}, under_way = {},
    opening = {}, closing = {}, names = {} }, book)
end

--- What a symbol of an earlier run or list is called now: an instrument may be renamed,
--- or spelt in other letters. What is held would be bought once more else.
---@param id? integer of the instrument
---@param symbol string
---@return string
function book:name_of(id, symbol) return id and self.names[tonumber(id)] or symbol end

--- Calls an instrument by the symbol that the run has for it.
---@param id integer
---@param symbol string
function book:call(id, symbol)
  local was = self.names[id]
  self.names[id] = symbol
  for _, entry in pairs(self.owned) do
    entry.symbol = self:name_of(entry.instrumentId, entry.symbol)
  end
  if not was or was == symbol then return end
  for _, record in pairs(self.under_way) do
    if record.symbol == was then record.symbol = symbol end
  end
  self.opening[symbol], self.opening[was] = self.opening[was], nil
end

--- Takes over what an earlier run held.
---@param owned table<string, etoro.StrategyOwned>
function book:take_over(owned)
  self.owned = owned
  for _, entry in pairs(owned) do
    entry.absent = nil -- by another clock
    entry.symbol = self:name_of(entry.instrumentId, entry.symbol)
  end
end

--- Enters an order before it is sent.
---@param fields etoro.StrategyOrder
---@return etoro.StrategyOrder
function book:add(fields)
  fields.request_id = fields.request_id or core.uuid()
  fields.state = fields.state or "sent"
  self.orders[#self.orders + 1] = fields
  self.under_way[fields.request_id] = fields
  if fields.side ~= "close" then
    self.opening[fields.symbol] = self.opening[fields.symbol]
      or { first = 1, told = 0 }
    table.insert(self.opening[fields.symbol], fields)
  elseif fields.positionID then
    local key = tostring(fields.positionID)
    self.closing[key] = self.closing[key] or {}
    self.closing[key][fields.request_id] = fields
  end
  return fields
end

--- Says that nothing more will come of an order.
---@param record etoro.StrategyOrder
---@param state string
---@param why? string
function book:finish(record, state, why)
  record.state, record.why = state, why or record.why
  self.under_way[record.request_id] = nil
  local key = tostring(record.positionID)
  local list = self.closing[key]
  if not list then return end
  list[record.request_id] = nil
  if next(list) == nil then self.closing[key] = nil end
end

--- Closes of a position that have no end yet, by their request ids.
---@param id integer|string
---@return table<string, etoro.StrategyOrder>
function book:closes_of(id) return self.closing[tostring(id)] or {} end

--- Takes positions that an order has opened for the strategy's own.
---@param record { symbol: string, request_id?: string }
---@param positions table[]
---@param now number
function book:own(record, positions, now)
  for _, position in ipairs(positions) do
    self.owned[tostring(position.positionID)] = { symbol = record.symbol,
      instrumentId = math.tointeger(tonumber(position.instrumentID)), since = now,
      request_id = record.request_id }
  end
end

---@param position table
function book:disown(position)
  self.owned[tostring(position.positionID)] = nil
end

--- Whether the strategy has anything of a symbol, also of one that is on its list no more.
---@param symbol any
---@return boolean
function book:holds(symbol)
  for _, entry in pairs(self.owned) do
    if entry.symbol == symbol then return true end
  end
  return false
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

--- Enters what an account shows: which of the strategy's positions are there, also
--- such as were taken for gone.
---@param all table[] the account's
---@return table[] back positions that are there again
function book:see(all)
  local back = {}
  for _, position in ipairs(all) do
    local id = tostring(position.positionID)
    local entry = self.gone[id]
    if entry then
      self.owned[id], self.gone[id] = entry, nil
      back[#back + 1] = position
    end
    entry = self.owned[id]
    if entry then
      entry.is_shown, entry.absent = true, nil
      entry.symbol = self:name_of(position.instrumentID, entry.symbol)
    end
  end
  self:of(back)
  return back
end

--- Those of the strategy's positions that an account does not show.
---@param all table[] the account's
---@return string[] ids in order
function book:lacks(all)
  local there, lacks = {}, {}
  for _, position in ipairs(all) do there[tostring(position.positionID)] = true end
  for id in pairs(self.owned) do
    if not there[id] then lacks[#lacks + 1] = id end
  end
  table.sort(lacks, core.before)
  return lacks
end

--- Forgets a position that the account has no more: a stop closed it, or somebody's
--- hand.
---@param id string
---@return table gone { positionID, symbol }
function book:lose(id)
  local entry = self.owned[id]
  self.owned[id], self.gone[id] = nil, entry
  return { positionID = tonumber(id), symbol = entry.symbol }
end

--- Orders that have no end yet, closes apart.
---@param symbol? string of this one alone
---@return etoro.StrategyOrder[]
function book:waiting(symbol)
  local list = {}
  for _, record in pairs(self.under_way) do
    if record.side ~= "close" and (not symbol or record.symbol == symbol) then
      list[#list + 1] = record
    end
  end
  table.sort(list, function(a, b)
    if a.time ~= b.time then return a.time < b.time end
    return core.before(a.request_id, b.request_id)
  end)
  return list
end

--- A close of one of a symbol's positions that has no end yet.
---@param symbol string
---@return etoro.StrategyOrder? record
function book:closes(symbol)
  for _, record in pairs(self.under_way) do
    if record.side == "close" and record.symbol == symbol then return record end
  end
end

--- An order of a symbol that has no end yet, closes apart.
---@param symbol string
---@return etoro.StrategyOrder? record
function book:waits(symbol)
  local list = self.opening[symbol]
  while list and list[list.first] do
    local record = list[list.first]
    if self.under_way[record.request_id] then return record end
    list.first = list.first + 1 -- what has ended never begins again
  end
  self.opening[symbol] = nil
end

--- Orders that have no end yet, closes apart, each of them once.
---@param symbol? string of this one alone
---@return etoro.StrategyOrder[]
function book:untold(symbol)
  local fresh = {}
  for _, name in ipairs(symbol and { symbol } or types.sorted_names(self.opening)) do
    local list = self.opening[name] or { told = 0 }
    for i = list.told + 1, #list do
      if self.under_way[list[i].request_id] then fresh[#fresh + 1] = list[i] end
    end
    list.told = #list
  end
  return fresh
end

return M
