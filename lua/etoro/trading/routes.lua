-- The trading operations of an account. Real and demo differ by a segment
-- whose place in the path differs from operation to operation, so both are
-- written out for each purpose, and never made of one another.

local operations = require "etoro.operations"

local M = {}

local EXECUTION = "/api/v2/trading/execution"
local CLOSES = "/market-close-orders"
local CLOSE = CLOSES .. "/positions/{positionId}"
local CLOSER = CLOSES .. "/{orderId}"
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
---| "history"

--- Names of operations (keys of etoro.operations) by purpose and account.
---@type table<etoro.Purpose, { real: string, demo: string }>
M.NAMES = {
  open = {
    real = "POST " .. EXECUTION .. "/orders",
    demo = "POST " .. EXECUTION .. "/demo/orders",
  },
  cancel = {
    real = "DELETE " .. EXECUTION .. "/orders/{orderId}",
    demo = "DELETE " .. EXECUTION .. "/demo/orders/{orderId}",
  },
  lookup = {
    real = "GET " .. V2 .. "/info/orders:lookup",
    demo = "GET " .. V2 .. "/info/demo/orders:lookup",
  },
  close = {
    real = "POST " .. V1 .. "/execution" .. CLOSE,
    demo = "POST " .. V1 .. "/execution/demo" .. CLOSE,
  },
  cancel_close = {
    real = "DELETE " .. V1 .. "/execution" .. CLOSER,
    demo = "DELETE " .. V1 .. "/execution/demo" .. CLOSER,
  },
  close_outcome = {
    real = "GET " .. V1 .. "/info/real/close-orders/{orderId}",
    demo = "GET " .. V1 .. "/info/demo/close-orders/{orderId}",
  },
  edit = {
    real = "PATCH " .. V2 .. "/positions/{positionId}",
    demo = "PATCH " .. V2 .. "/demo/positions/{positionId}",
  },
  costs = {
    real = "POST " .. V2 .. "/info/costs",
    demo = "POST " .. V2 .. "/info/demo/costs",
  },
  eligibility = {
    real = "POST " .. V2 .. "/info/eligibility",
    demo = "POST " .. V2 .. "/info/demo/eligibility",
  },
  pnl = {
    real = "GET " .. V1 .. "/info/real/pnl",
    demo = "GET " .. V1 .. "/info/demo/pnl",
  },
  portfolio = {
    real = "GET " .. V1 .. "/info/portfolio",
    demo = "GET " .. V1 .. "/info/demo/portfolio",
  },
  aggregate = {
    real = "GET " .. V1 .. "/info/aggregate-portfolio",
    demo = "GET " .. V1 .. "/info/demo/aggregate-portfolio",
  },
  history = {
    real = "GET " .. V1 .. "/info/trade/history",
    demo = "GET " .. V1 .. "/info/trade/demo/history",
  },
}

-- How each account's close body spells the instrument.
M.INSTRUMENT_IN_CLOSE = { real = "InstrumentId", demo = "InstrumentID" }

--- The operation that a client's account has for a purpose.
---@param client etoro.Client
---@param purpose etoro.Purpose
---@return etoro.Operation
function M.op(client, purpose)
  return operations[M.NAMES[purpose][client:environment()]]
end

return M
