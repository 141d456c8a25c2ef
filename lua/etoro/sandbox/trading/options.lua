-- Options of the trading model; all of them may change while it runs.

local bounds = require "etoro.sandbox.bounds"
local core = require "etoro.core"

local tonumber = core.number -- not up to the locale

local M = {}

M.DEFAULTS = {
  idempotency = "documented", -- a repeated x-request-id gets the first answer
                             -- again and orders are found by referenceId;
                             -- "measured": 400 naming the order, and 404
  demo_credit = 100000,      -- US dollars of a demo account
  fill_delay = 0.05,         -- seconds from an order to its fill
  cancel_delay = 0,          -- seconds that a cancel takes
  close_delay = 0.1,         -- seconds from a close request to the close
  portfolio_lag = 0.2,       -- seconds until portfolio, pnl, history show it
  lookup_lag = 0,            -- seconds until a lookup finds a new order
  partial_fills = 0,         -- share of the orders that are filled in parts
  reject = 0,                -- share of the orders that are rejected
  market_open = true,        -- false, or { [instrumentId] = boolean, all = }
  newer_routes = true,       -- PATCH positions, close-orders
  cost_field = "value",      -- or "amount", which a strict box has
  cancel_filled = 400,       -- status of cancelling what was executed; or 200
  order_fee = 0,             -- US dollars an order costs
  minimum_copy = 1,          -- US dollars; smaller trades are not copied
  history_page = 100,        -- items of a history page where none is asked
}

local money, share = bounds.number(0, bounds.LARGEST), bounds.number(0, 1)
local seconds = bounds.number(0, 1e9)

-- An instrument's id, also as JSON has it.
local function instrument(name)
  local id = type(name) == "string" and name:find("^%d+$") and tonumber(name)
    or name
  return name ~= "all" and bounds.whole(1, 1e12)(id)
    and "ids of instruments, or all"
end

M.KINDS = {
  idempotency = bounds.one_of("documented", "measured"),
  demo_credit = money, fill_delay = seconds, cancel_delay = seconds,
  close_delay = seconds, portfolio_lag = seconds, lookup_lag = seconds,
  partial_fills = share, reject = share,
  market_open = bounds.either(bounds.flag,
    bounds.map(instrument, bounds.flag)),
  newer_routes = bounds.flag, cost_field = bounds.one_of("amount", "value"),
  cancel_filled = bounds.one_of(200, 400), order_fee = money,
  minimum_copy = money, history_page = bounds.whole(1, 1e9),
}

return M
