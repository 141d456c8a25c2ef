-- The trading operations of an account, by what they are for. Real and demo
-- differ by a segment whose place in the path differs from operation to
-- operation: which is whose twin the table of operations says.

local operations = require "etoro.operations"

local M = {}

local V1, V2 = "/api/v1/trading", "/api/v2/trading"

---@alias etoro.Purpose
---| "open" # place an order
---| "cancel" # take a waiting order back
---| "lookup" # what became of an order
---| "close" # close a position, whole or in part
---| "cancel_close" # take a waiting close back
---| "close_outcome" # what became of a close; newer servers have it
---| "edit" # change stops; newer servers have it
---| "costs"
---| "eligibility"
---| "pnl"
---| "portfolio"
---| "aggregate"
---| "totals" # the same with filters and levels
---| "breakdown" # by instrument, with positions and orders
---| "history"
---| "copy" # money into a copy of somebody, or out of it
---| "copy_close" # end one
---| "copy_status" # what became of a request
---| "copy_eligibility"

--- Names of the real account's operations (keys of etoro.operations).
---@type table<etoro.Purpose, string>
M.REAL = {
  open = "POST " .. V2 .. "/execution/orders",
  cancel = "DELETE " .. V2 .. "/execution/orders/{orderId}",
  lookup = "GET " .. V2 .. "/info/orders:lookup",
  close = "POST " .. V1
    .. "/execution/market-close-orders/positions/{positionId}",
  cancel_close = "DELETE " .. V1 .. "/execution/market-close-orders/{orderId}",
  close_outcome = "GET " .. V1 .. "/info/real/close-orders/{orderId}",
  edit = "PATCH " .. V2 .. "/positions/{positionId}",
  costs = "POST " .. V2 .. "/info/costs",
  eligibility = "POST " .. V2 .. "/info/eligibility",
  pnl = "GET " .. V1 .. "/info/real/pnl",
  portfolio = "GET " .. V1 .. "/info/portfolio",
  aggregate = "GET " .. V1 .. "/info/aggregate-portfolio",
  totals = "POST " .. V1 .. "/info/aggregate-portfolio",
  breakdown = "GET " .. V2 .. "/info/instrument-breakdown",
  history = "GET " .. V1 .. "/info/trade/history",
  copy = "POST " .. V2 .. "/copy",
  copy_close = "POST " .. V2 .. "/copy/close",
  copy_status = "GET " .. V2 .. "/copy/{referenceId}",
  copy_eligibility = "POST " .. V2 .. "/copy/eligibility",
}

-- How each account's close body spells the instrument.
M.INSTRUMENT_IN_CLOSE = { real = "InstrumentId", demo = "InstrumentID" }

local V3 = "/api/v3/trading"

--- Those of a newer version, which queues orders; what became of one is looked up
--- where it is for the older.
---@type table<etoro.Purpose, string>
M.QUEUED = {
  open = "POST " .. V3 .. "/execution/orders",
  cancel = "DELETE " .. V3 .. "/execution/orders/{orderId}",
}

--- The operation that an account has for a purpose.
---@param account "real"|"demo"
---@param purpose etoro.Purpose
---@param orders_api? "v2"|"v3" which version orders go by; v2
---@return etoro.Operation
function M.of(account, purpose, orders_api)
  local name = orders_api == "v3" and M.QUEUED[purpose] or M.REAL[purpose]
  local op = operations[name]
  return account == "demo" and operations[op.twin] or op
end

local queued = setmetatable({}, { __mode = "k" }) -- by operation

--- Whether an operation takes orders into a queue: that of v3.
---@param op etoro.Operation
---@return boolean
function M.is_queued(op)
  local is_it = queued[op]
  if is_it == nil then
    is_it = op == M.of(op.account or "real", "open", "v3")
    queued[op] = is_it
  end
  return is_it
end

--- The operation that a client's account has for a purpose.
---@param client etoro.Client
---@param purpose etoro.Purpose
---@return etoro.Operation
function M.op(client, purpose)
  return M.of(client:environment(), purpose, client:orders_api())
end

--- The same for a row of a resource's methods.
---@param purpose etoro.Purpose
---@return fun(client: etoro.Client): etoro.Operation
function M.by(purpose)
  return function(client) return M.op(client, purpose) end
end

return M
