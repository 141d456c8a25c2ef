-- Buys for the same sum every week, whatever the price.
--
--   etoro run examples/strategies/dca.lua --set amount=50
return {
  name = "dca", symbols = { "AAPL" },
  settings = {
    amount = { default = 100.0, min = 10, help = "USD a week" },
  },
  timers = { buy = "Mon 15:30 America/New_York" },

  on_timer = function(ctx)
    local symbol = "AAPL"
    local order, err = ctx:buy(symbol, { amount = ctx.settings.amount })
    if not order then return ctx:notify("no " .. symbol .. ": " .. err.message) end
    ctx.state.bought = (ctx.state.bought or 0) + ctx.settings.amount
  end,
}
