-- Brings a portfolio back to its weights once a week. It sells first: what that
-- brings pays for what it buys.
--
--   etoro run examples/strategies/rebalance.lua

local function aim(ctx, symbols)
  for _, symbol in ipairs(symbols) do
    local done, err = ctx:target(symbol, ctx.settings.weights[symbol],
      { within = ctx.settings.within })
    if not done then ctx:notify(symbol .. ": " .. err.message) end
  end
end

return {
  name = "rebalance", symbols = { "AAPL", "MSFT", "NVDA" },
  settings = {
    weights = { default = { AAPL = 0.4, MSFT = 0.3, NVDA = 0.2 },
      help = "of equity, by symbol" },
    within = { default = 0.02, min = 0, max = 0.5, help = "is near enough" },
  },
  timers = { rebalance = "Mon 16:00 America/New_York" },

  on_timer = function(ctx)
    local too_much, rest = {}, {}
    for symbol, weight in pairs(ctx.settings.weights) do
      local list = assert(ctx:weight(symbol)) > weight and too_much or rest
      list[#list + 1] = symbol
    end
    table.sort(too_much)
    table.sort(rest)
    aim(ctx, too_much)
    if #too_much > 0 then ctx:sleep(30) end -- until the cash shows
    aim(ctx, rest)
  end,
}
