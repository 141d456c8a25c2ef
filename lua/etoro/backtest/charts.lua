-- The drawings of a backtest's page: SVG that is stretched to the width there is,
-- with its texts beside it, so that they keep their size. A drawing is 1000 wide
-- and 100 high; its width is that of the bars, one after the other, so that nights
-- and weekends take no room and all drawings share one time.

local core = require "etoro.core"
local page = require "etoro.backtest.page"
local run_limits = require "etoro.values.run_limits"
local times = require "etoro.values.times"

local M = {}

local STEPS = { 1, 2, 2.5, 5, 10 }

---@class etoro.ChartScale
---@field least number
---@field most number
---@field ticks number[]
---@field decimals integer

--- A scale for values from one to another, with round numbers along it.
---@param least number
---@param most number
---@param finest? number no steps below it
---@return etoro.ChartScale
function M.scale(least, most, finest)
  local room = most - least
  if not (room > 0) then room = math.max(math.abs(most), 1) * 0.02 end
  if room == math.huge then
    return { least = least, most = most, ticks = {}, decimals = 0 }
  end
  local raw = math.max(room / 5, finest or 0)
  local power = 10.0 ^ math.floor(math.log(raw, 10))
  local step = power
  for _, factor in ipairs(STEPS) do
    step = factor * power
    if step >= raw then break end
  end
  local scale = { least = least - room * 0.03, most = most + room * 0.03,
    ticks = {}, decimals = math.max(0, math.ceil(1e-9 - math.log(step, 10))) }
  if step / power == 2.5 and power <= 1 then
    scale.decimals = scale.decimals + 1
  end
  local first = math.ceil(scale.least / step)
  for k = 0, 8 do
    local value = (first + k) * step
    if value > scale.most then break end
    scale.ticks[k + 1] = value
  end
  return scale
end

local function height(scale, value)
  local room = scale.most - scale.least
  local part = (value - scale.least) / room
  return 100 - 100 * (part == part and math.max(0, math.min(1, part)) or 0)
end

local function spot(x, y)
  return core.fixed(x, 1) .. " " .. core.fixed(y, 2)
end

---@class etoro.ChartAxis the times of an equity curve, from left to right
---@field points { time: string }[]

--- Where a time lies: at the first point that is not before it.
---@param axis etoro.ChartAxis
---@param time string ISO 8601, as in the points
---@return number x
function M.place(axis, time)
  local points, low, high = axis.points, 1, #axis.points
  while low < high do
    local middle = (low + high) // 2
    if points[middle].time < time then low = middle + 1 else high = middle end
  end
  return 1000 * (low - 1) / math.max(1, #points - 1)
end

-- The first points of years, months or days: the longest that there are enough of.
local function beginnings(points)
  for _, kind in ipairs { { 1, 4 }, { 1, 7 }, { 6, 10 } } do
    local from, till = kind[1], kind[2]
    local list, last = {}, points[1].time:sub(1, till)
    for i, point in ipairs(points) do
      local key = point.time:sub(1, till)
      if key ~= last then
        list[#list + 1], last = { i, point.time:sub(from, till) }, key
      end
    end
    if #list >= 3 then return list end
  end
  local list, count = {}, math.min(#points, 5)
  for k = 1, count do
    local i = 1 + (k - 1) * (#points - 1) // math.max(1, count - 1)
    list[k] = { i, points[i].time:sub(6, 16):gsub("T", " ") }
  end
  return list
end

--- The axis of an equity curve.
---@param points { time: string }[]
---@return etoro.ChartAxis
function M.axis(points)
  local axis = { points = points, labels = {} }
  local list = beginnings(points)
  local step = math.ceil(#list / run_limits.report_labels)
  for k = 1, #list, step do
    local x = (list[k][1] - 1) / math.max(1, #points - 1)
    axis.labels[#axis.labels + 1] = { x, list[k][2] }
  end
  return axis
end

-- The indices to draw of 1 to count: all, or of each stretch the lowest and the
-- highest, so that no peak is lost, with the first and the last.
local function chosen(first, last, value)
  local count, list = last - first + 1, {}
  if count <= run_limits.report_points then
    for i = first, last do list[#list + 1] = i end
    return list
  end
  local stretches = run_limits.report_points // 2 - 1
  list[1] = first
  for k = 0, stretches - 1 do
    local from = first + k * count // stretches
    local least, most = from, from
    for i = from, first + (k + 1) * count // stretches - 1 do
      if value(i) < value(least) then least = i end
      if value(i) > value(most) then most = i end
    end
    list[#list + 1] = math.min(least, most)
    if least ~= most then list[#list + 1] = math.max(least, most) end
  end
  list[#list + 1] = last
  return list
end

--- A line through values: x and value by index.
---@param first integer
---@param last integer
---@param x fun(i: integer): number
---@param value fun(i: integer): number
---@param scale etoro.ChartScale
---@return string path
function M.line(first, last, x, value, scale)
  local parts = {}
  for k, i in ipairs(chosen(first, last, value)) do
    parts[k] = spot(x(i), height(scale, value(i)))
  end
  if #parts == 1 then parts[2] = parts[1] end
  return "M" .. table.concat(parts, "L")
end

--- A line through a value for each point of the axis.
---@param axis etoro.ChartAxis
---@param values number[]
---@param scale etoro.ChartScale
---@return string path
function M.along(axis, values, scale)
  local width = math.max(1, #axis.points - 1)
  return (M.line(1, #values, function(i) return 1000 * (i - 1) / width end,
    function(i) return values[i] end, scale))
end

--- Values that come and go too fast to be drawn, as the means of stretches.
---@param values number[]
---@return number[] smooth
---@return integer stretch how many values are one
function M.smooth(values)
  local stretch = math.ceil(#values / (run_limits.report_points / 4))
  local smooth = {}
  for first = 1, #values, stretch do
    local last, sum = math.min(first + stretch - 1, #values), 0
    for i = first, last do sum = sum + values[i] end
    for i = first, last do smooth[i] = sum / (last - first + 1) end
  end
  return smooth, stretch
end

--- The same, closed down or up to a value: an area.
---@param axis etoro.ChartAxis
---@param values number[]
---@param scale etoro.ChartScale
---@param base number
---@return string path
function M.area(axis, values, scale, base)
  local y = core.fixed(height(scale, base), 2)
  local right = core.fixed(1000 * (#values - 1) / math.max(1, #axis.points - 1), 1)
  return ("%sL%s %sL0.0 %sZ"):format(M.along(axis, values, scale), right, y, y)
end

--- A path with its class.
---@param class string
---@param d string
---@return string svg
function M.path(class, d)
  return ('<path class="%s" d="%s"/>'):format(class, d)
end

--- A trade from its entry, a dot, to its exit, a ring.
---@param from { x: number, value: number }
---@param to { x: number, value: number, is_end: boolean }
---@param scale etoro.ChartScale
---@param class string won or lost
---@param title string
---@return string svg
function M.trade(from, to, scale, class, title)
  local here = spot(from.x, height(scale, from.value))
  local there = spot(to.x, height(scale, to.value))
  local parts = { ("<g><title>%s</title>"):format(page.escape(title)),
    M.path(class, ("M%sL%s"):format(here, there)),
    M.path("dot " .. class, ("M%sh0.01"):format(here)) }
  if to.is_end then
    parts[#parts + 1] = M.path("dot " .. class, ("M%sh0.01"):format(there))
    parts[#parts + 1] = M.path("hole", ("M%sh0.01"):format(there))
  end
  return table.concat(parts) .. "</g>"
end

local function grid(scale, zero)
  local parts = {}
  for _, value in ipairs(scale.ticks) do
    local y = core.fixed(height(scale, value), 2)
    parts[#parts + 1] = ("M0 %sH1000"):format(y)
  end
  local lines = M.path("grid", table.concat(parts, ""))
  if #parts == 0 then lines = "" end
  if zero and zero >= scale.least and zero <= scale.most then
    lines = lines .. M.path("zero", ("M0 %sH1000"):format(core.fixed(
      height(scale, zero), 2)))
  end
  return lines
end

local function side_of(scale, unit)
  local parts, widest = {}, 3
  for _, value in ipairs(scale.ticks) do
    local text = page.number(value, scale.decimals) .. unit
    widest = math.max(widest, #text)
    parts[#parts + 1] = ('<span style="top:%s%%">%s</span>'):format(
      core.fixed(height(scale, value), 2), page.escape(text))
  end
  return '<div class="side">' .. table.concat(parts) .. "</div>", widest
end

-- Each stands below its place; what would reach beyond an end is moved in by hardly more
-- than that, so that it stays off the next one: paper has no whole dots to end at.
local function foot_of(labels)
  local parts = {}
  for i, label in ipairs(labels) do
    local half = core.fixed(#label[2] / 2 + 0.1, 1) .. "ch"
    parts[i] = ('<span%s style="left:clamp(%s,%s%%,100%% - %s)">%s</span>'):format(
      i % 2 == 0 and ' class="more"' or "", half, core.fixed(100 * label[1], 2), half,
      page.escape(label[2]))
  end
  return '<div class="foot">' .. table.concat(parts) .. "</div>"
end

---@class etoro.ChartPlot
---@field title string what is seen, for those who do not see it
---@field scale etoro.ChartScale
---@field labels table[] { part of the width, text }
---@field inner string svg
---@field zero? number where a stronger line lies
---@field unit? string behind each number
---@field is_low? boolean
---@field heading? string
---@field caption? string html

--- A drawing with its numbers and times.
---@param about etoro.ChartPlot
---@return string html
function M.plot(about)
  local side, widest = side_of(about.scale, about.unit or "")
  local heading, caption = "", ""
  if about.heading then
    heading = "<h3>" .. page.escape(about.heading) .. "</h3>"
  end
  if about.caption then
    caption = "<figcaption>" .. about.caption .. "</figcaption>"
  end
  return ('<figure%s>%s<div class="plot" style="--side:%dch"><svg viewBox="0 0 1000 '
    .. '100" preserveAspectRatio="none" role="img"><title>%s</title>%s%s</svg>%s%s'
    .. "</div>%s</figure>"):format(about.is_low and ' class="low"' or "", heading,
    widest + 2, page.escape(about.title), grid(about.scale, about.zero),
    about.inner, side, foot_of(about.labels), caption)
end

--- The day, month or year of a point: a bar that ends at midnight is of the day
--- before.
---@param time string ISO 8601
---@return string
function M.day_of(time)
  if time:sub(11) ~= "T00:00:00Z" then return time:sub(1, 10) end
  return times.format(times.parse(time) - 1):sub(1, 10)
end

--- One value as a dot.
---@param class string
---@param x number
---@param value number
---@param scale etoro.ChartScale
---@return string svg
function M.spot(class, x, value, scale)
  return M.path("dot " .. class, ("M%sh0.01"):format(spot(x, height(scale, value))))
end

--- A line from above to below.
---@param x number
---@return string svg
function M.border(x) return M.path("zero", ("M%s 0V100"):format(core.fixed(x, 1))) end

--- Two values beside one another, of each of several.
---@param list number[][] { one, other }
---@param scale etoro.ChartScale
---@return string svg
function M.pairs(list, scale)
  local parts, room, base = {}, 1000 / #list, height(scale, 0)
  for i, pair in ipairs(list) do
    for k = 1, 2 do
      local top = height(scale, pair[k])
      parts[#parts + 1] = ('<rect class="%s" x="%s" y="%s" width="%s" height="%s"/>')
        :format(k == 1 and "first" or "second",
        core.fixed((i - 1 + (k == 1 and 0.16 or 0.52)) * room, 1),
        core.fixed(math.min(top, base), 2), core.fixed(room * 0.32, 1),
        core.fixed(math.abs(top - base), 2))
    end
  end
  return table.concat(parts)
end

---@class etoro.ChartBins
---@field counts integer[]
---@field least number
---@field most number
---@field width number

--- Values in bins of one width, 0 at the edge of one where it lies among them.
---@param values number[] one at least
---@return etoro.ChartBins
function M.bins(values)
  local count, least, most = run_limits.report_bins, math.huge, -math.huge
  for _, value in ipairs(values) do
    least, most = math.min(least, value), math.max(most, value)
  end
  local width
  if least < 0 and most > 0 then
    local best = math.huge
    local below = 1
    for k = 1, count - 1 do
      local wide = math.max(-least / k, most / (count - k))
      if wide < best then best, below = wide, k end
    end
    width, least = best, -below * best
  else
    width = most > least and (most - least) / count or 1
  end
  local counts = {}
  for i = 1, count do counts[i] = 0 end
  for _, value in ipairs(values) do
    local place = (value - least) / width
    local i = place == place and 1 + math.floor(place) or 1
    i = math.max(1, math.min(count, i))
    counts[i] = counts[i] + 1
  end
  return { counts = counts, least = least, width = width,
    most = least + count * width }
end

--- Round values along bins, as labels.
---@param bins etoro.ChartBins
---@return table[] labels
function M.values_along(bins)
  local scale, labels = M.scale(bins.least, bins.most), {}
  for _, value in ipairs(scale.ticks) do
    local x = (value - bins.least) / (bins.most - bins.least)
    if x >= 0 and x <= 1 then
      labels[#labels + 1] = { x, page.number(value, scale.decimals) }
    end
  end
  return labels
end

--- Bins as columns.
---@param bins etoro.ChartBins
---@param scale etoro.ChartScale of the counts
---@return string svg
function M.columns(bins, scale)
  local parts, count = {}, #bins.counts
  for i, number in ipairs(bins.counts) do
    local top = height(scale, number)
    local middle = bins.least + (i - 0.5) * bins.width
    parts[i] = ('<rect class="%s" x="%s" y="%s" width="%s" height="%s"/>'):format(
      middle < 0 and "down" or "up", core.fixed((i - 1) * 1000 / count + 3, 1),
      core.fixed(top, 2), core.fixed(1000 / count - 6, 1),
      core.fixed(height(scale, 0) - top, 2))
  end
  return table.concat(parts)
end

return M
