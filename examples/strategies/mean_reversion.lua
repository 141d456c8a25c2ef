-- Buys what has fallen far below its mean, and sells it when it is back there.
--
--   etoro run examples/strategies/mean_reversion.lua
local ta = require "etoro.indicators"

return {
  name = "mean-reversion", symbols = { "AAPL", "MSFT", "NVDA", "TSLA" },
  interval = "1h",
  settings = {
    bars = { default = 20, min = 5, max = 200, help = "of the mean" },
    enter = { default = 2.0, min = 0.5, max = 5, help = "deviations below" },
    weight = { default = 0.1, min = 0.01, max = 0.5, help = "of equity" },
    stop = { default = 0.08, min = 0.01, max = 0.5, help = "of the price" },
  },

  indicators = function(settings)
    return { z = ta.zscore(settings.bars) }
  end,

  on_bar = function(ctx, bar, now)
    local s = ctx.settings
    local holds = #assert(ctx:positions(bar.symbol)) > 0
    if not holds and now.z.value < -s.enter then
      ctx:target(bar.symbol, s.weight, { stop = s.stop })
    elseif holds and now.z.value >= 0 then
      ctx:close(bar.symbol)
    end
  end,
}
