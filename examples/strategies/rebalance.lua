-- Brings a portfolio back to its weights once a week.
--
--   etoro run examples/strategies/rebalance.lua
return {
  name = "rebalance", symbols = { "AAPL", "MSFT", "NVDA" },
  settings = {
    weights = { default = { AAPL = 0.4, MSFT = 0.3, NVDA = 0.2 },
      help = "of equity, by symbol" },
    within = { default = 0.02, min = 0, max = 0.5, help = "is near enough" },
  },
  timers = { rebalance = "Mon 16:00 America/New_York" },

  on_timer = function(ctx)
    local symbols = {}
    for symbol in pairs(ctx.settings.weights) do symbols[#symbols + 1] = symbol end
    table.sort(symbols)
    for _, symbol in ipairs(symbols) do
      local done, err = ctx:target(symbol, ctx.settings.weights[symbol],
        { within = ctx.settings.within })
      if not done then ctx:notify(symbol .. ": " .. err.message) end
    end
  end,
}
