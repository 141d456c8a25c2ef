-- A sweep as one page: the best runs, a map of two settings, what lies around the
-- best, and how much of it is luck. HTML that needs neither the network nor a script.

local charts = require "etoro.backtest.charts"
local core = require "etoro.core"
local costs = require "etoro.backtest.costs"
local json = require "etoro.values.json"
local page = require "etoro.backtest.page"
local run_limits = require "etoro.values.run_limits"
local sweep_map = require "etoro.backtest.sweep_map"
local sweep_words = require "etoro.backtest.sweep_words"
local types = require "etoro.values.types"
local values_kept = require "etoro.values.kept"

local tostring = core.text -- not up to the locale

local M = {}

---@class etoro.SweepPage what the page of a sweep is made of
---@field ranks etoro.SweepRanks
---@field runs integer that there are to be
---@field name string of the strategy
---@field hash string
---@field costs? string as they were stated
---@field is_free? boolean nothing was paid
---@field settings? table<string, any> that all runs share
---@field replay? etoro.Replay of the best
---@field shard? { k: integer, n: integer }

local function title_of(by) return (by:gsub("_", " ")) end

local function range_of(axis)
  if axis.count == 1 then return tostring(axis.at(1)) end
  return ("%s to %s, %d values"):format(tostring(axis.at(1)),
    tostring(axis.at(axis.count)), axis.count)
end

--- What stands above the parts of a page about many runs.
---@param about { name: string, is_free?: boolean }
---@param text string
---@param warnings table[] { title, text }
---@param figures table[]
---@return string html
function M.head(about, text, warnings, figures)
  local parts = { "<header><h1>", page.escape(about.name), "</h1>", page.text(text),
    "</header>" }
  if about.is_free then parts[#parts + 1] = page.warning("Costs: " .. costs.FREE) end
  for _, one in ipairs(warnings) do
    parts[#parts + 1] = page.warning(one[1], one[2])
  end
  parts[#parts + 1] = page.figures(figures, "heads")
  return table.concat(parts)
end

local function doubts(about)
  local ranks, list = about.ranks, {}
  if ranks.done < about.runs then
    list[1] = { "It was stopped", ("%d of %d runs are done."):format(ranks.done,
      about.runs) }
  end
  if sweep_words.is_doubtful(ranks:luck()) then
    list[#list + 1] = { "Do not trust the best", "So many tries have one like it by "
      .. "luck: see below." }
  end
  if ranks:around().is_needle then
    list[#list + 1] = { "The best is a needle", "A step away little is left of it." }
  end
  return list
end

local function head_part(about)
  local ranks = about.ranks
  local best, luck, around = ranks.best[1], ranks:luck(), ranks:around()
  local shard = about.shard and about.shard.n > 1 and (", part %d of %d"):format(
    about.shard.k, about.shard.n) or ""
  return M.head(about, ("A sweep of %d runs%s, ranked by %s"):format(about.runs, shard,
    title_of(ranks.by)), doubts(about), {
    { "Best " .. title_of(ranks.by), best and sweep_words.value(ranks.by,
      ranks.value[best.run]) or "-", best and ranks.grid:words(best.run) or "none" },
    { "Its return", { page.gain(best and best.measures["return"]),
      page.class(best and best.measures["return"]) }, best and "deepest fall "
      .. page.percent(best.measures.max_drawdown) or nil },
    { "A step away", around.share and core.fixed(100 * around.share, 0) .. " %"
      or "-", "of it is left, mean of " .. around.runs },
    { "Above luck", page.percent(luck.deflated_sharpe), ("odds, of %d trials"):format(
      luck.trials) },
    { "Runs", page.number(ranks.done, 0), ("%d failed"):format(ranks.failures) },
  })
end

local CELLS = { profit = page.profit,
  ["return"] = function(value) return { page.gain(value), page.class(value) } end }

local function cells_of(row, names, measures)
  for _, name in ipairs(names) do
    local value = measures[name]
    row[#row + 1] = CELLS[name] and CELLS[name](value)
      or sweep_words.value(name, value)
  end
  return row
end

local function best_part(about)
  local ranks = about.ranks
  if not ranks.best[1] then
    return page.part("The best", page.text(("None of %d runs has a %s."):format(
      ranks.done, title_of(ranks.by)), ""), true)
  end
  local names, titles, rows = sweep_words.measures(ranks.by), { "" }, {}
  for _, axis in ipairs(ranks.grid.axes) do titles[#titles + 1] = axis.name end
  for _, name in ipairs(names) do
    titles[#titles + 1] = name == "profit" and "profit, USD" or title_of(name)
  end
  for i, one in ipairs(ranks.best) do
    local row = { i }
    for _, axis in ipairs(ranks.grid.axes) do
      row[#row + 1] = tostring(one.settings[axis.name])
    end
    rows[i] = cells_of(row, names, one.measures)
  end
  local replay = about.replay
  return page.part("The best", page.table("The best", titles, rows, "free")
    .. (replay and page.text("The first of them, run once more with a client and a "
    .. "sandbox in the broker's place: " .. replay.text .. ".",
    replay.same and "dim" or "bad") or ""), true)
end

local function map_part(about)
  local text = sweep_map.html(about.ranks)
  return page.part("Map", text or page.text("A map takes two settings, each with "
    .. "several values, and a run of them that has a value."), true)
end

-- The values along one setting, all else as the best has it.
local function along(ranks, k)
  local places = ranks.grid:places(ranks.best[1].run)
  local own, list = places[k], {}
  for place = 1, ranks.grid.axes[k].count do
    places[k] = place
    local value = ranks.value[ranks.grid:index(places)]
    if value then list[#list + 1] = { place = place, value = value } end
  end
  return list, own
end

local function labels_of(axis, x)
  local labels = {}
  local step = math.ceil(axis.count / 5)
  for place = 1, axis.count, step do
    labels[#labels + 1] = { x(place) / 1000, sweep_map.clip(axis.at(place)) }
  end
  return labels
end

local function along_chart(ranks, k)
  local axis = ranks.grid.axes[k]
  local list, own = along(ranks, k)
  if #list < 2 then return "" end
  local function x(place) return 1000 * (place - 1) / (axis.count - 1) end
  local least, most = math.huge, -math.huge
  for _, one in ipairs(list) do
    least, most = math.min(least, one.value), math.max(most, one.value)
  end
  local scale = charts.scale(least, most)
  local best = { x = x(own), value = ranks.value[ranks.best[1].run] }
  return charts.plot { scale = scale, labels = labels_of(axis, x), is_low = true,
    zero = 0, heading = "along " .. axis.name,
    title = title_of(ranks.by) .. " along " .. axis.name,
    inner = charts.path("one", charts.line(1, #list,
      function(i) return x(list[i].place) end,
      function(i) return list[i].value end, scale))
      .. charts.spot("best", best.x, best.value, scale) }
end

local function neighbours_table(ranks)
  local best, rows, titles = ranks.best[1], {}, {}
  for k, axis in ipairs(ranks.grid.axes) do titles[k] = axis.name end
  titles[#titles + 1] = title_of(ranks.by)
  titles[#titles + 1] = "less the best's"
  for _, index in ipairs(ranks.grid:neighbours(best.run)) do
    local value = ranks.value[index]
    if value and #rows < run_limits.report_around then
      local row, settings = {}, ranks.grid:settings(index)
      for k, axis in ipairs(ranks.grid.axes) do
        row[k] = tostring(settings[axis.name])
      end
      row[#row + 1] = sweep_words.value(ranks.by, value)
      row[#row + 1] = sweep_words.value(ranks.by, value - ranks.value[best.run])
      rows[#rows + 1] = row
    end
  end
  return #rows > 0 and page.table("Runs one step away", titles, rows, "fit free") or ""
end

local function around_part(about)
  local ranks = about.ranks
  if not ranks.best[1] then return page.part("Around it", page.text "No best.") end
  local drawn = {}
  for k in ipairs(ranks.grid.axes) do drawn[k] = along_chart(ranks, k) end
  return page.part("Around it", page.text(sweep_words.around(ranks) .. ".",
    ranks:around().is_needle and "bad" or "") .. '<div class="prices">'
    .. table.concat(drawn) .. "</div>" .. page.text("One setting changes, all others "
    .. "are the best's, which the dot is. On a plateau what is near is nearly as "
    .. "good; what stands alone is most often luck.")
    .. neighbours_table(ranks), true)
end

local function luck_part(about)
  local ranks = about.ranks
  local luck = ranks:luck()
  local best = ranks.best[1]
  local function yearly(value) return value and page.number(sweep_words.yearly(value)) end
  return page.part("Luck", page.figures {
    { "trials", page.number(luck.trials, 0) },
    { "Sharpe by luck, a year", yearly(luck.sharpe_by_luck) or "-" },
    { "the best's, a year", yearly(best and best.returns.sharpe) or "-" },
    { "deflated Sharpe ratio", { page.percent(luck.deflated_sharpe),
      sweep_words.is_doubtful(luck) and "bad" or "" } },
  } .. page.text(sweep_words.luck(ranks) .. ".", sweep_words.is_doubtful(luck) and "bad"
    or "") .. page.text(("The best of many tries looks good even where none is worth "
    .. "anything, and the better the more there were. The deflated Sharpe ratio says "
    .. "how likely it is that the best is better than that; below %s %% it is not to "
    .. "be told from luck. What was tried before, with other files, settings or "
    .. "symbols, counts as well, and is not counted here."):format(
    core.fixed(100 * run_limits.sweep_sure, 0))))
end

local function spread_part(about)
  local values, by = {}, about.ranks.by
  for _, value in pairs(about.ranks.value) do values[#values + 1] = value end
  if #values == 0 then return page.part("All runs", page.text "None has a value.") end
  table.sort(values, core.before)
  local bins, most = charts.bins(values), 1
  for _, count in ipairs(bins.counts) do most = math.max(most, count) end
  local scale = charts.scale(0, most, 1)
  return page.part("All runs", charts.plot { scale = scale,
    labels = charts.values_along(bins), is_low = true,
    title = "How many runs have how much", inner = charts.columns(bins, scale),
    caption = page.escape(("number of runs by %s; half of them are at %s or below")
      :format(title_of(by), sweep_words.value(by, values[(#values + 1) // 2]))) })
end

--- What was run: settings, costs, hash.
---@param about { settings?: table, costs?: string, hash: string }
---@param grid etoro.SweepGrid
---@param more? string html
---@return string html
function M.about(about, grid, more)
  local words = {}
  for i, axis in ipairs(grid.axes) do words[i] = { axis.name, range_of(axis) } end
  for _, name in ipairs(types.sorted_names(about.settings or {})) do
    words[#words + 1] = { name, json.show(about.settings[name]) }
  end
  words[#words + 1] = { "costs", about.costs or "-" }
  return page.part("What it ran with", page.figures(words) .. (more or "")
    .. "<h3>Hash of data, file, costs and version</h3><code>"
    .. page.escape(about.hash) .. "</code>", true)
end

--- Runs that failed.
---@param ranks etoro.SweepRanks
---@return string[]
function M.failures(ranks)
  local list = {}
  for i, one in ipairs(ranks.failed) do
    list[i] = ("run %d (%s): %s"):format(one.run, ranks.grid:words(one.run), one.error)
  end
  if ranks.failures > #list then
    list[#list + 1] = ("and %d more"):format(ranks.failures - #list)
  end
  return list
end

--- Makes the page of a sweep.
---@param about etoro.SweepPage
---@return string html
function M.html(about)
  local parts = {}
  for i, make in ipairs { best_part, map_part, around_part, luck_part, spread_part } do
    parts[i] = make(about)
  end
  local failed = M.failures(about.ranks)
  parts[#parts + 1] = M.about(about, about.ranks.grid, #failed > 0
    and "<h3>Runs that failed</h3>" .. page.list(failed) or "")
  parts[#parts + 1] = page.lacks()
  return page.document(about.name .. ", a sweep", head_part(about), parts)
end

--- Writes the page of a sweep into a file.
---@param about etoro.SweepPage
---@param path string
---@return true? done
---@return string? message
function M.write(about, path)
  local done, message = values_kept.write(path, M.html(about))
  return done, message
end

return M
