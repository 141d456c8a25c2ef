-- Watches positions that are there already and moves their stops up behind the
-- highest close; never down. Run it with --adopt, or it has nothing to guard.
--
--   etoro run examples/strategies/trailing_guardian.lua --demo --adopt
return {
  name = "trailing-guardian", symbols = { "AAPL", "MSFT" }, interval = "1h",
  settings = {
    distance = { default = 0.05, min = 0.005, max = 0.5,
      help = "of the highest close" },
  },

  on_bar = function(ctx, bar)
    for _, position in ipairs(assert(ctx:positions(bar.symbol))) do
      if position.isBuy then
        local id = tostring(position.positionID)
        local high = math.max(ctx.state[id] or position.openRate, bar.close)
        ctx.state[id] = high
        local stop = math.floor(high * (1 - ctx.settings.distance) * 100) / 100
        local now = position:stop_loss() or 0
        if stop > now and stop < bar.close then
          local done, err = position:edit { stopLossRate = stop }
          ctx:log(bar.symbol, "stop", now, "->", stop, done and "" or err.message)
        end
      end
    end
  end,

  on_position = function(ctx, position, what)
    if what ~= "opened" then ctx.state[tostring(position.positionID)] = nil end
  end,
}
