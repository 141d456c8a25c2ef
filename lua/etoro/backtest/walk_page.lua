-- A walk forward as one page: the unseen parts joined, each window with what was
-- chosen in it, and how much of that was left.

local charts = require "etoro.backtest.charts"
local core = require "etoro.core"
local page = require "etoro.backtest.page"
local sweep_page = require "etoro.backtest.sweep_page"
local sweep_words = require "etoro.backtest.sweep_words"
local values_kept = require "etoro.values.kept"

local M = {}

---@class etoro.WalkPage what the page of a walk forward is made of
---@field grid etoro.SweepGrid
---@field by string
---@field name string of the strategy
---@field hash string
---@field costs? string
---@field is_free? boolean
---@field settings? table<string, any>
---@field windows table[] train, unseen, settings, trained, judged, error
---@field found { trained?: number, judged?: number, share?: number, is_overfit?: boolean }
---@field joined? etoro.BacktestMeasures of the unseen parts
---@field points { time: string, equity: number }[] their equity
---@field failures string[]

local function head_part(about)
  local by, found, joined = about.by, about.found, about.joined or {}
  local last = #about.windows
  return sweep_page.head(about, ("Walk forward over %d windows of %d runs, %s to %s"):format(
    last, about.grid.count, about.windows[1].train.from:sub(1, 10),
    about.windows[last].unseen.to:sub(1, 10)), found.is_overfit and { { "Overfit",
    "What was found is not there any more where it had not been seen." } } or {}, {
    { "Return unseen", { page.gain(joined["return"]), page.class(joined["return"]) },
      "all unseen parts, joined" },
    { "Deepest fall", page.percent(joined.max_drawdown), "of the unseen parts" },
    { "Sharpe unseen", page.number(joined.sharpe) },
    { "Chosen by", sweep_words.value(by, found.trained), "mean " .. (by:gsub("_", " ")) },
    { "Judged", sweep_words.value(by, found.judged), found.share and core.fixed(
      100 * found.share, 0) .. " % is left" or "nothing to compare" },
  })
end

local function equity_part(about)
  local points = about.points
  if not points[2] then
    return page.part("Unseen", page.text("No window was judged.", ""), true)
  end
  local least, most, values = math.huge, -math.huge, {}
  for i, point in ipairs(points) do
    values[i] = point.equity
    least, most = math.min(least, point.equity), math.max(most, point.equity)
  end
  local scale, axis, borders = charts.scale(least, most), charts.axis(points), {}
  for w = 2, #about.windows do
    borders[#borders + 1] = charts.border(charts.place(axis,
      about.windows[w].unseen.from))
  end
  return page.part("Unseen", charts.plot { scale = scale, labels = axis.labels,
    zero = points[1].equity, title = "Equity of the unseen parts, joined",
    inner = table.concat(borders) .. charts.path("one",
      charts.along(axis, values, scale)),
    caption = "equity in USD over the parts of the time that settings were not "
      .. "chosen on; a line where the next window's begin" }, true)
end

local function windows_part(about)
  local rows, by = {}, about.by:gsub("_", " ")
  for w, window in ipairs(about.windows) do
    local trained = window.trained and window.trained[about.by]
    local judged = window.judged and window.judged[about.by]
    local gain = window.judged and window.judged["return"]
    rows[w] = { w, window.train.from:sub(1, 10), window.unseen.from:sub(1, 10),
      window.unseen.to:sub(1, 10), window.error and { window.error, "words" }
        or { sweep_words.settings(about.grid, window.settings), "text" },
      sweep_words.value(about.by, trained), sweep_words.value(about.by, judged),
      { page.gain(gain), page.class(gain) } }
  end
  return page.part("Windows", page.table("Windows", { "", "chosen from",
    "judged from", "to", { "settings", "text" }, by .. " chosen", "judged",
    "return unseen" }, rows, "free") .. page.text("Settings that jump from window to "
    .. "window were found in noise; those that stay have a reason to be looked for."), true)
end

local function compare_part(about)
  local least, most, pairs_of = 0, 0, {}
  for w, window in ipairs(about.windows) do
    local a = window.trained and window.trained[about.by]
    local b = window.judged and window.judged[about.by]
    pairs_of[w] = { a or 0, b or 0 }
    least, most = math.min(least, a or 0, b or 0), math.max(most, a or 0, b or 0)
  end
  local scale, labels = charts.scale(least, most), {}
  local step = math.ceil(#pairs_of / 10)
  for w = 1, #pairs_of, step do
    labels[#labels + 1] = { (w - 0.5) / #pairs_of, core.text(w) }
  end
  local caption = '<span class="key"><span><i class="first"></i>%s chosen by</span>'
    .. '<span><i class="second"></i>where it was not seen</span></span>'
  return page.part("What is left", page.text(sweep_words.left(about.found, about.by)
    .. ".", about.found.is_overfit and "bad" or "") .. charts.plot { scale = scale,
    labels = labels, is_low = true, zero = 0,
    title = "What was chosen by, and what came of it, of each window",
    inner = charts.pairs(pairs_of, scale),
    caption = caption:format(page.escape((about.by:gsub("_", " ")))) }, true)
end

-- Makes the page of a walk forward.
local function html(about)
  local failed = about.failures
  return page.document(about.name .. ", a walk forward", head_part(about), {
    equity_part(about), windows_part(about), compare_part(about),
    sweep_page.about(about, about.grid, #failed > 0
      and "<h3>Runs that failed</h3>" .. page.list(failed) or ""), page.lacks() })
end

--- Writes the page of a walk forward into a file.
---@param about etoro.WalkPage
---@param path string
---@return true? done
---@return string? message
function M.write(about, path)
  local done, message = values_kept.write(path, html(about))
  return done, message
end

return M
