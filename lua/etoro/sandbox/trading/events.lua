-- What the stream's private topic says of orders, closes and positions, to
-- whoever hears it. Its texts are made only where somebody does.

local json = require "etoro.values.json"

local M = {}

--- The twelve statuses of the API.
M.STATUS_IDS = {
  Received = 1, Placed = 2, Filled = 3, Rejected = 4, PartiallyFilled = 5,
  PendingCancel = 6, Canceled = 7, Expired = 8, CanceledPartiallyFilled = 9,
  RejectedPartiallyFilled = 10, WaitingForMarket = 11,
  PendingTriggeredRate = 12,
}

-- As the views and the answers to orders have them.
local OPEN_TYPE, MIT_TYPE, CLOSE_TYPE = 17, 13, 19

-- What orders and closes have in common.
local function fields_of(book, one, order_type)
  local status = M.STATUS_IDS[one.status]
  return { OrderID = one.id, OrderType = order_type, CID = one.account.cid,
    StatusID = status, StatusId = status, RequestGuid = one.reference,
    RequestOccurred = book:date(one.at), OpenDateTime = book:date(one.at),
    ErrorCode = one.error_code or 0, ErrorMessage = one.error_message,
    IsInMirror = false, TotalExternalFees = 0, TotalExternalTaxes = 0 }
end

--- An order for opening has come in, or has another status.
function M.order(book, order)
  book:tell(order.account, "Trading.OrderForOpen.Update", function()
    local out = fields_of(book, order, order.type == "mit" and MIT_TYPE
      or OPEN_TYPE)
    local last = order.executions[#order.executions]
    local done = order.filled_units or 0
    out.InstrumentID = order.instrument.instrumentID
    out.RequestToken = order.token
    out.RequestedUnits, out.ExecutedUnits = order.units or 0, done
    out.RequestedLots, out.ExecutedLots = order.units or 0, done
    out.EndRate = last and last.rate or 0
    out.PositionID = last and last.id
    return out
  end)
end

--- The same of one for closing.
function M.close(book, close)
  book:tell(close.account, "Trading.OrderForCloseMultiple.Update", function()
    local out = fields_of(book, close, CLOSE_TYPE)
    local part, position = close.part, close.position
    local units = close.units or part and part.units or position.units
    local done = part and part.units or 0
    out.InstrumentID = position.instrument.instrumentID
    out.UnitsToDeduct, out.LotsToDeduct = units, units
    out.RequestedUnits, out.ExecutedUnits = units, done
    out.RequestedLots, out.ExecutedLots = units, done
    out.EndRate = part and part.rate or 0
    out.NetProfit, out.CloseReason = part and part.profit or 0, 0
    out.PendingClosePositionIDs =
      json.list(close.final_at and {} or { position.id })
    return out
  end)
end

local function position_of(book, position)
  local mirror = position.mirror
  return { PositionID = position.id, OrderID = position.order_id,
    CID = position.account.cid, IsBuy = position.is_buy,
    InstrumentID = position.instrument.instrumentID,
    Units = position.units, Amount = position.amount,
    Leverage = position.leverage, OpenRate = position.rate,
    OpenDateTime = book:date(position.opened),
    StopLossRate = position.stop_loss or 0,
    TakeProfitRate = position.take_profit or 0, IsInMirror = mirror ~= nil,
    MirrorID = mirror and mirror.portfolio.mirror_id or 0 }
end

--- A position has come to be.
function M.opened(book, position)
  book:tell(position.account, "Trading.Position.Opened", function()
    return position_of(book, position)
  end)
end

--- It has other stops, or fewer units.
function M.edited(book, position)
  book:tell(position.account, "Trading.Position.Updated", function()
    return position_of(book, position)
  end)
end

--- It is closed; part: see positions.close.
function M.closed(book, position, part)
  book:tell(position.account, "Trading.Position.Closed", function()
    local out = position_of(book, position)
    out.Units, out.Amount = part.units, part.amount
    out.CloseRate, out.NetProfit = part.rate, part.profit
    out.CloseDateTime = book:date(part.at)
    return out
  end)
end

return M
