-- What a sweep says: its best runs, what lies around the best one, how much of it
-- is luck, and a map of two settings.

local backtest_costs = require "etoro.backtest.costs"
local core = require "etoro.core"
local count = require "etoro.values.count"
local output = require "etoro.command.output"
local run_limits = require "etoro.values.run_limits"
local spark = require "etoro.command.spark"
local sweep_words = require "etoro.backtest.sweep_words"
local terminal = require "etoro.command.terminal"

local tostring = core.text -- not up to the locale

local M = {}

local shown = sweep_words.value

local function best_table(session, ranks)
  local titles, rows, axes = { ">" }, {}, ranks.grid.axes
  for k, axis in ipairs(axes) do titles[k + 1] = ">" .. axis.name end
  local names = sweep_words.measures(ranks.by)
  for k, name in ipairs(names) do -- what ranks the runs stays
    titles[#titles + 1] = { ">" .. name:gsub("_", " "),
      drop = name ~= ranks.by and #names - k or nil }
  end
  for i, one in ipairs(ranks.best) do
    local row = { i }
    for _, axis in ipairs(axes) do row[#row + 1] = tostring(one.settings[axis.name]) end
    for _, name in ipairs(names) do
      row[#row + 1] = shown(name, one.measures[name])
    end
    rows[i] = row
  end
  session.out:table(titles, rows)
end

-- The best are the darkest.
local function cell(map, value, shades)
  if not value then return " " end
  local room = map.best - map.worst
  local part = room ~= 0 and (value - map.worst) / room or 1
  return shades[1 + math.floor(part * (#shades - 1) + 0.5)]
end

local function label(value, width)
  local text = tostring(value)
  return (" "):rep(width - #text) .. text
end

local function map_line(map, row, columns, width, shades)
  local cells = {}
  for i = 1, columns do
    cells[i] = cell(map, map.cells[row] and map.cells[row][i], shades):rep(2)
  end
  return label(map.rows.at(row), width) .. " " .. table.concat(cells)
end

-- A map of as many rows and columns as can be looked at.
local function heat_map(session, ranks)
  local map = ranks:map()
  if not map or not map.most then return end
  local rows = math.min(map.rows.count, run_limits.sweep_map)
  local columns = math.min(map.columns.count, run_limits.sweep_map)
  local width = 0
  for i = 1, rows do width = math.max(width, #tostring(map.rows.at(i))) end
  session.out:line(("%s by %s (down, %s to %s) and %s (across, %s to %s)%s"):format(
    ranks.by, map.rows.name, tostring(map.rows.at(1)), tostring(map.rows.at(rows)),
    map.columns.name, tostring(map.columns.at(1)), tostring(map.columns.at(columns)),
    #map.others > 0 and ", the best of " .. table.concat(map.others, ", ") or ""))
  local shades = spark.shades()
  map.worst, map.best = map.least, map.most
  if ranks:is_less_more() then map.worst, map.best = map.most, map.least end
  for i = 1, rows do session.out:line(map_line(map, i, columns, width, shades)) end
  session.out:line(("%s %s to %s %s%s"):format(shades[1], shown(ranks.by, map.worst),
    shades[#shades], shown(ranks.by, map.best),
    (rows < map.rows.count or columns < map.columns.count)
      and "; the rest of it is in --json" or ""))
end

local function failures(session, ranks)
  for _, one in ipairs(ranks.failed) do
    terminal.say(("etoro: run %d (%s): %s"):format(one.run, ranks.grid:words(one.run),
      output.clean(one.error)))
  end
  if ranks.failures > #ranks.failed then
    terminal.say(("etoro: and %d more that failed"):format(
      ranks.failures - #ranks.failed))
  end
  if ranks.failures == 0 or session.out.is_json then return end
  session.out:line(count(ranks.failures, "run") .. " failed", "red")
end

M.failures = failures

-- What a sweep came to, for programs.
local function summary(about)
  local ranks, best = about.ranks, {}
  for i, one in ipairs(ranks.best) do best[i] = one.run end
  return { summary = { by = ranks.by, runs = about.runs, done = ranks.done,
    failed = ranks.failures, best = best, around = ranks:around(),
    luck = ranks:luck(), replay = about.replay } }
end

local function replayed(about)
  local replay = about.replay
  if not replay then return nil end
  return { "by the wire", replay.text }
end

--- Writes what a sweep came to.
---@param session etoro.command.Session
---@param about table ranks, runs, base, shard, replay
function M.all(session, about)
  local ranks = about.ranks
  if session.out.is_json then
    session.out:json(summary(about))
    return failures(session, ranks)
  end
  if ranks.best[1] then
    best_table(session, ranks)
    output.write "\n"
    local fields = { { "runs", ("%d of %d"):format(ranks.done, about.runs) },
      { "the best", ranks.grid:words(ranks.best[1].run) },
      { "around it", sweep_words.around(ranks) },
      { "luck", sweep_words.luck(ranks) } }
    fields[#fields + 1] = replayed(about)
    if about.base and about.base.is_free then
      fields[#fields + 1] = { "costs", backtest_costs.FREE }
    end
    fields[#fields + 1] = about.base and { "hash", about.base.hash }
    session.out:fields(fields)
    output.write "\n"
    heat_map(session, ranks)
  else
    session.out:line(("none of %d runs has a %s"):format(ranks.done, ranks.by))
  end
  failures(session, ranks)
end

return M
