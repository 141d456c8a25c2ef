-- Buys when the fast average of closes rises above the slow one, with a stop;
-- closes on the opposite cross. One position at a time, and a pause after a stop.
--
--   etoro run examples/strategies/sma_cross.lua
local ta = require "etoro.indicators"

return {
  name = "sma-cross", symbols = { "AAPL", "MSFT" }, interval = "1h",
  settings = {
    fast = { default = 10, min = 2, max = 100, help = "bars" },
    slow = { default = 30, min = 3, max = 200, help = "bars" },
    weight = { default = 0.10, min = 0.01, max = 1, help = "of equity" },
    stop = { default = 0.05, min = 0.01, max = 0.5, help = "of the price" },
    most = { default = 1, min = 1, help = "positions at once" },
    pause = { default = 5, min = 0, help = "bars without a buy after a stop" },
  },

  indicators = function(settings)
    return { fast = ta.sma(settings.fast), slow = ta.sma(settings.slow) }
  end,

  on_bar = function(ctx, bar, now)
    local s, state = ctx.settings, ctx.state
    local pause = state[bar.symbol] or 0
    state[bar.symbol] = pause > 1 and pause - 1 or nil
    if ta.crossed_below(now.fast, now.slow) then
      ctx:close(bar.symbol)
    elseif ta.crossed_above(now.fast, now.slow) then
      if pause > 0 or #assert(ctx:positions()) >= s.most then return end
      ctx:target(bar.symbol, s.weight, { stop = s.stop })
    end
  end,

  on_position = function(ctx, position, what)
    if what == "gone" then -- its stop was reached
      ctx:log(position.symbol, "was stopped out")
      ctx.state[position.symbol] = ctx.settings.pause
    end
  end,
}
