-- What became of an order of a run that left, and of whose answer nobody knows.

local core = require "etoro.core"
local known = require "etoro.trading.resolve.known"
local names = require "etoro.market.names"
local order = require "etoro.trading.order"
local recover = require "etoro.trading.recover"
local spans = require "etoro.strategy.spans"
local spelling = require "etoro.values.spelling"

local tostring = core.text -- not up to the locale

local M = {}

-- An order whose positions are the run's by now is no other order of its own.
local function remember(run, positions)
  for _, position in ipairs(positions) do
    local entry = run.book.owned[tostring(spelling.get(position, "positionID"))]
    if entry and entry.request_id then
      known.add(run.client, spelling.get(position, "orderID"), entry.request_id)
    end
  end
end

--- Finds out what became of an order, by its request id and by what the account
--- shows: that a server finds none by that id proves nothing. It may take as long as an
--- order needs to show, and reads alone.
---@param run etoro.StrategyRun
---@param record etoro.StrategyOrder
---@return "landed"|"not_landed"|"unknown" state
---@return etoro.Order|string order of one that landed; else what tells, in words
function M.find(run, record)
  local positions, response = run.client.positions:list()
  remember(run, positions or {})
  spans.reckon(run.client, record, positions and response)
  local item = run.items[record.symbol] -- none where a file's symbols are others now
  local id = item and item.id or record.instrumentId
  local found = recover.order(run.client, { id = record.request_id,
    at = spans.began_at(run.client, record), body = { instrumentId = id,
      symbol = not id and record.symbol or nil,
      transaction = record.side == "buy" and "buy" or "sellShort",
      amount = record.units == nil and record.amount or nil,
      units = record.units } })
  if found.state ~= "landed" then return found.state, found.seen end
  names.known(run.client, { found.order })
  return "landed", order.wrap(found.order, run.client)
end

return M
