-- What bars may have wrong among themselves: told, never repaired.

local core = require "etoro.core"
local data_columns = require "etoro.backtest.data.columns"
local run_limits = require "etoro.values.run_limits"
local times = require "etoro.values.times"

local M = {}

-- In seconds, as the API has candles of them.
local WIDTHS = { 60, 300, 600, 900, 1800, 3600, 14400, times.DAY,
  7 * times.DAY }
local NAMES = { "1m", "5m", "10m", "15m", "30m", "1h", "4h", "1d", "1w" }
local HOUR = 3600

local check = {}
check.__index = check

function check:fault(i, kind, is_fatal, message, ...)
  self.counts[kind] = (self.counts[kind] or 0) + 1
  self.has_fatal = self.has_fatal or is_fatal
  if self.counts[kind] <= run_limits.data_faults_told then
    self.faults[#self.faults + 1] = { file = self.columns.file,
      line = data_columns.line(self.columns, i), kind = kind, is_fatal = is_fatal,
      message = message:format(...) }
  end
end

local function moment(seconds) return times.format(seconds) or "?" end

local function prices(checking, i)
  local columns = checking.columns
  local high, low = columns.high[i], columns.low[i]
  local open, close = columns.open[i], columns.close[i]
  if math.min(open, high, low, close) <= 0 then
    checking:fault(i, "price", true, "a price is not above 0")
  elseif high < math.max(open, close, low) or low > math.min(open, close) then
    checking:fault(i, "range", true, "its high %s or low %s does not hold its "
      .. "open %s and close %s", core.text(high), core.text(low),
      core.text(open), core.text(close))
  elseif columns.volume[i] < 0 then
    checking:fault(i, "volume", true, "its volume is below 0")
  elseif high > run_limits.data_spike * math.max(open, close)
    or low * run_limits.data_spike < math.min(open, close) then
    checking:fault(i, "spike", false, "its high %s or low %s lies far off its open "
      .. "%s and close %s", core.text(high), core.text(low), core.text(open),
      core.text(close))
  end
end

local function order(checking, i)
  local columns = checking.columns
  local time, last = columns.time[i], columns.time[i - 1]
  if time == last then
    checking:fault(i, "duplicate", true, "is %s, as is line %d", moment(time),
      data_columns.line(columns, i - 1))
  elseif time < last then
    checking:fault(i, "order", true, "is %s, before line %d", moment(time),
      data_columns.line(columns, i - 1))
  end
end

-- A ratio of whole numbers, as splits have, in one night, with calm days
-- around it: 2:1, 3:2, 10:1 and their likes, either way.
local RATIOS = { 1.5, 2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25, 30, 50, 100 }

local function split(checking, i)
  local columns = checking.columns
  local before, after = columns.close[i - 1], columns.open[i]
  if before <= 0 or after <= 0 then return end
  local jump = math.max(before / after, after / before)
  if jump <= run_limits.data_jump then return end
  for _, ratio in ipairs(RATIOS) do
    if math.abs(jump / ratio - 1) <= run_limits.data_split_slack then
      return checking:fault(i, "split", false, "opens at %s behind a close of "
        .. "%s: a split of %s to 1 that its prices are not adjusted for?",
        core.text(after), core.text(before), core.text(ratio))
    end
  end
  checking:fault(i, "jump", false, "opens at %s behind a close of %s",
    core.text(after), core.text(before))
end

-- The steps from bar to bar, how often each is there, the short ones first.
local function steps_of(columns)
  local counts, list, all = {}, {}, 0
  for i = 2, #columns.time do
    local step = columns.time[i] - columns.time[i - 1]
    if step > 0 then counts[step], all = (counts[step] or 0) + 1, all + 1 end
  end
  for step in pairs(counts) do list[#list + 1] = step end
  table.sort(list, function(a, b) return a < b end)
  return list, counts, all
end

-- The length of the bars: the widest that fits in the shortest step that is no
-- exception. A day of a zone whose clocks change has an hour less.
local function width_of(columns)
  local list, counts, all = steps_of(columns)
  for _, step in ipairs(list) do
    if counts[step] >= run_limits.data_steps_share * all then
      if step >= times.DAY - HOUR then step = step + HOUR end
      for k = #WIDTHS, 1, -1 do
        if WIDTHS[k] <= step then return WIDTHS[k], NAMES[k], step end
      end
      return nil
    end
  end
end

local function steps(checking, i)
  local columns, width = checking.columns, checking.width
  local step = columns.time[i] - columns.time[i - 1]
  if step <= 0 or step >= width or width >= times.DAY and step >= width - HOUR then
    return
  end
  checking:fault(i, "steps", true, "is %s s behind the bar before, where bars are of "
    .. "%s", core.text(step), columns.interval)
end

-- The length of bars that most of some steps are of; nil where there is none.
local function usual_length(time, first, last)
  for k = #WIDTHS, 1, -1 do
    local count = 0
    for i = first, last do
      if time[i] - time[i - 1] == WIDTHS[k] then count = count + 1 end
    end
    if count * 2 > last - first + 1 then return WIDTHS[k], NAMES[k] end
  end
end

-- Bars of two lengths in one file: a day among hours would be taken to be over with its
-- first hour.
local function longer_bars(checking)
  local columns, width = checking.columns, checking.width
  local time, first = columns.time, nil
  for i = 2, #time + 1 do
    local is_long = time[i] and time[i] - time[i - 1] > width
    if is_long then
      first = first or i
    elseif first then
      local length, name
      if i - first >= run_limits.data_longer_steps then
        length, name = usual_length(time, first, i - 1)
      end
      if length and length > width then
        checking:fault(first - 1, "steps", true, "begins bars of %s, which go on to line %d, "
          .. "where others are of %s: a file has bars of one length", name,
          data_columns.line(columns, i - 1), columns.interval)
      end
      first = nil
    end
  end
end

-- Whether bars are missing between two. Days: such of the week as have bars.
-- Shorter ones: at times of day that most days have, and whole days.
local function missing_days(checking, from, to)
  local missing = 0
  for day = from + 1, to - 1 do
    if checking.weekdays[times.weekday(day)] then missing = missing + 1 end
  end
  return missing
end

local function missing_slots(checking, from, to)
  local missing, width = 0, checking.width
  for time = from + width, to - 1, width do
    local seen = checking.slots[time % times.DAY] or 0
    if seen * 2 > checking.days then missing = missing + 1 end
  end
  return missing
end

-- How often each time of day has a bar, on how many days, and which days of the
-- week have some; Mondays to Fridays have.
local function learn(checking)
  local columns, last, seen = checking.columns, nil, {}
  checking.slots, checking.days = {}, 0
  for _, time in ipairs(columns.time) do
    local slot, day = time % times.DAY, time // times.DAY
    checking.slots[slot] = (checking.slots[slot] or 0) + 1
    if day ~= last then
      checking.days, last = checking.days + 1, day
      local weekday = times.weekday(math.tointeger(day))
      seen[weekday] = (seen[weekday] or 0) + 1
    end
  end
  checking.weekdays = {}
  for weekday = 0, 6 do
    local is_weekend = weekday == 0 or weekday == 6
    -- a market without weekends has as many Saturdays as other days
    checking.weekdays[weekday] = not is_weekend or (seen[weekday] or 0) * 2 * 7
      >= checking.days
  end
end

local function count_missing(checking, from, to)
  local width = checking.width
  local first, last = math.tointeger(from // times.DAY),
    math.tointeger(to // times.DAY)
  if width > times.DAY then
    return math.tointeger((to - from + HOUR) // width - 1), "bar"
  elseif width == times.DAY then
    return missing_days(checking, first, last), "bar"
  elseif first == last then
    return missing_slots(checking, from, to), "bar"
  end
  return missing_days(checking, first, last), "whole day"
end

local function gap(checking, i)
  local columns = checking.columns
  local from, to = columns.time[i - 1], columns.time[i]
  if to - from <= checking.width then return end
  local missing, what = count_missing(checking, from, to)
  if missing > 0 then
    checking:fault(i, "gap", false, "%s missing between %s and %s", missing == 1
      and ("1 %s is"):format(what) or ("%d %ss are"):format(missing, what),
      moment(from), moment(to))
  end
end

local function ends(checking, now)
  local columns = checking.columns
  local last = #columns.time
  for i = last, 1, -1 do
    if columns.time[i] <= now then break end
    checking:fault(i, "future", true, "is %s, which is still to come",
      moment(columns.time[i]))
  end
  if columns.time[last] <= now
    and columns.time[last] + checking.width > now then
    checking:fault(last, "forming", true, "is not over before %s",
      moment(columns.time[last] + checking.width))
  end
end

-- Whether most bars have a volume.
local function has_volumes(columns)
  local count = 0
  for _, volume in ipairs(columns.volume) do
    if volume > 0 then count = count + 1 end
  end
  return count * 2 > #columns.volume
end

-- A bar that repeats the close before it, where nothing was traded: a file of a holiday, a
-- halt, or a market that was closed, that somebody has filled up.
local function filled(checking, i)
  local columns = checking.columns
  local close = columns.close[i - 1]
  if columns.volume[i] == 0 and columns.open[i] == close and columns.high[i] == close
      and columns.low[i] == close and columns.close[i] == close then
    checking:fault(i, "filled", false, "repeats the close before with no volume: nobody "
      .. "could trade at that price")
  end
end

-- Whether the newest bar stands first, and each later line is of an older one.
local function is_reversed(columns)
  local time = columns.time
  for i = 2, #time do
    if time[i] >= time[i - 1] then return false end
  end
  return #time > 1
end

-- Prices and order, bar by bar; a file that runs back has that one fault of order.
local function rows(checking)
  local columns = checking.columns
  checking.runs_back = is_reversed(columns)
  if checking.runs_back then
    checking:fault(2, "order", true, "is %s, before line %d, and so on: the newest bar "
      .. "stands first; sort the file by its times", moment(columns.time[2]),
      data_columns.line(columns, 1))
  end
  local is_told = has_volumes(columns)
  for i = 1, #columns.time do
    prices(checking, i)
    if i > 1 and not checking.runs_back then
      order(checking, i)
      split(checking, i)
      if is_told then filled(checking, i) end
    end
  end
end

-- What reading the file has told already.
local function take_over(checking, told)
  for _, one in ipairs(told or {}) do
    checking.counts[one.kind] = (checking.counts[one.kind] or 0) + 1
    checking.faults[#checking.faults + 1] = one
  end
end

--- Checks bars: their order, prices, steps and ends.
---@param columns etoro.BarColumns gets `width` (seconds) and `interval` ("1d")
---@param now number seconds since 1970: a bar that ends behind it is not over
---@return boolean usable no fault is fatal
---@return etoro.DataFault[] faults the first of each kind
---@return table<string, integer> counts of all, by kind
function M.of(columns, now)
  local checking = setmetatable({ columns = columns, faults = {}, counts = {} },
    check)
  take_over(checking, columns.told)
  local step
  columns.width, columns.interval, step = width_of(columns)
  rows(checking)
  if not columns.width then
    if checking.runs_back then return false, checking.faults, checking.counts end
    checking:fault(#columns.time, "steps", true, #columns.time < 2
      and "one bar alone has no length" or "bars are less than a minute apart")
  elseif step >= 2 * WIDTHS[#WIDTHS] then
    checking:fault(#columns.time, "steps", true, "bars are %d days apart, and none "
      .. "is longer than a week", math.floor(step / times.DAY))
  else
    checking.width = columns.width
    for i = 2, #columns.time do steps(checking, i) end
    if columns.lines then longer_bars(checking) end -- who is asked for hours has sent hours
    learn(checking)
    if not (checking.counts.order or checking.counts.duplicate) then
      for i = 2, #columns.time do gap(checking, i) end
    end
    ends(checking, now)
  end
  return not checking.has_fatal, checking.faults, checking.counts
end

return M
