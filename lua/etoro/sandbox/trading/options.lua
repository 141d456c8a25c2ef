-- Options of the trading model; all of them may change while it runs.

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
  cost_field = "amount",     -- "value": as some servers write it
  cancel_filled = 400,       -- status of cancelling what was executed; or 200
  order_fee = 0,             -- US dollars an order costs
  minimum_copy = 1,          -- US dollars; smaller trades are not copied
  history_page = 100,        -- items of a history page where none is asked
}

--- Options that take another type than their default's.
M.OTHER_TYPES = { market_open = "table" }

local CHOICES = {
  idempotency = { documented = true, measured = true },
  cost_field = { amount = true, value = true },
  cancel_filled = { [200] = true, [400] = true },
}

--- What is wrong with these options, if anything.
function M.problem(options)
  for name, choices in pairs(CHOICES) do
    if options[name] ~= nil and not choices[options[name]] then
      return ("option '%s' cannot be '%s'"):format(name,
        tostring(options[name]))
    end
  end
  for name in pairs(M.DEFAULTS) do
    local value = options[name]
    if type(value) == "number" and not (value >= 0) then
      return ("option '%s' cannot be negative"):format(name)
    end
  end
end

return M
