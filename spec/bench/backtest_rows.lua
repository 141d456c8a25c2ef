-- The rows of `make bench` about backtests.

local MS, MB, KB = { 1e-3, "ms" }, { 1024, "MB" }, { 1, "KB" }
local BY_HAND = "CPU / the strategy's function by hand"

--- Gives the rows; see run.lua.
---@param tools table in_rounds, rounds, build; figures and unpinned, which run backtest.lua
---@return table[] rows
return function(tools)
  -- A backtest, over the same strategy function called by hand in the same process.
  local function backtested(fast, slow)
    return function()
      return tools.in_rounds(tools.rounds, function()
        return table.unpack(tools.figures("ratio", fast, slow), 1, 2)
      end)
    end
  end

  local function swept()
    local function seconds(workers) return tools.unpinned("sweep", workers)[1] end
    return tools.in_rounds(3, function() return seconds "1", seconds "2" end)
  end

  -- What a run adds to the memory that it began with, for each bar.
  local function bar_memory()
    local many, few = tools.figures("bars", "25200"), tools.figures("bars", "2520")
    local mine, theirs = (many[2] - many[1]) / 25200, (few[2] - few[1]) / 2520
    return { value = mine / theirs, mine = mine, theirs = theirs }
  end

  -- npm's grademark, which `make check-grademark` has fetched, at the same work.
  local grademark = tools.build .. "/grademark/node_modules"
  local function judged()
    local mine, theirs = table.unpack(tools.figures("judged", grademark))
    return { value = theirs / mine, mine = mine, theirs = theirs }
  end

  local function run_memory()
    local early, late = table.unpack(tools.figures("runs", "10000"))
    return { value = late / early, mine = late, theirs = early }
  end

  return {
    { "a backtest, 50 instruments of 2,520 bars, SMA 50/200", BY_HAND, "<=", 2.0,
      unit = MS, of = backtested("50", "200") },
    { "a backtest, 50 instruments of 2,520 bars, SMA 10/30", BY_HAND, "<=", 4.0,
      unit = MS, of = backtested("10", "30") },
    { "a sweep of 320 settings", "time of one process / of two", ">=", 1.8,
      unit = MS, of = swept },
    { "10,000 runs of a sweep", "memory at the end / after a tenth", "<=", 1.02,
      unit = MB, of = run_memory },
    { "a backtest of 25,200 bars", "memory for each bar / with a tenth of them",
      "<=", 1.02, unit = KB, of = bar_memory },
    { "20 backtests of 2,520 bars", "CPU of npm's grademark / ours", ">=", 10,
      unit = MS, of = judged, needs = grademark .. "/grademark/package.json" },
  }
end
