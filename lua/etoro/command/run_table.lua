-- The table of etoro run: a row for each strategy, as it stands.
local live_table = require "etoro.command.live_table"
local moments = require "etoro.command.moments"
local output = require "etoro.command.output"

local run_limits = require "etoro.values.run_limits"
local terminal = require "etoro.command.terminal"
local times = require "etoro.values.times"
local types = require "etoro.values.types"
local waiting = require "etoro.tasks.waiting"

local M = {}

local LAST = "last decision"
local COLUMNS = {
  titles = { "strategy", "state", "equity", "profit", "held", "holds",
    "orders", "budget", "stream", LAST },
  is_left = { strategy = true, state = true, holds = true, stream = true,
    [LAST] = true },
  dropped = { "holds", "equity", "state", "stream", "budget", "orders", LAST,
    "held" },
  least = { [LAST] = 13 },
}

--- The symbols of positions, each once.
---@param positions etoro.StrategyViewPosition[]
---@return string
function M.holds(positions)
  local symbols = {}
  for _, position in ipairs(positions) do symbols[position.symbol] = true end
  local names = types.sorted_names(symbols)
  return #names > 0 and table.concat(names, " ") or "-"
end

--- How many orders there were, and how many of them have no end yet.
---@param view etoro.StrategyView
---@return string
function M.orders(view)
  local all = 0
  for _, count in pairs(view.orders) do all = all + count end
  return view.under_way > 0 and ("%d, %d open"):format(all, view.under_way)
    or ("%d"):format(all)
end

--- The scarcest budget: calls that are left, and how many there are.
---@param view etoro.StrategyView
---@return string
function M.budget(view)
  local budget = view.budget
  return budget and ("%d/%d"):format(budget.left, budget.limit) or "-"
end

--- How prices come, and how long ago the account answered.
---@param view etoro.StrategyView
---@param now number
---@return string
function M.stream(view, now)
  local read = view.stream.read and now - times.parse(view.stream.read)
  local word = view.stream.state == "none" and "polls" or view.stream.state
  if view.problem then word = "no answer" end
  return read and word .. " " .. live_table.age(read) or word
end

--- The newest decision, with the time of day.
---@param view etoro.StrategyView
---@param is_utc? boolean
---@return string
function M.last(view, is_utc)
  local last = view.last
  return last and moments.clock(last.time, is_utc) .. " " .. last.text or "-"
end

--- The cells of a run, by title.
---@param name string
---@param view? etoro.StrategyView nil: it has not begun
---@param now number
---@param is_utc? boolean
---@return table<string, string>
function M.row(name, view, now, is_utc)
  if not view then
    local row = { strategy = output.clean(name), state = "begins" }
    for _, title in ipairs(COLUMNS.titles) do row[title] = row[title] or "-" end
    return row
  end
  return { strategy = output.clean(name), state = view.state,
    equity = output.usd(view.equity), profit = output.gain(view.profit),
    held = ("%d"):format(#view.positions),
    holds = output.clean(M.holds(view.positions)), orders = M.orders(view),
    budget = M.budget(view), stream = M.stream(view, now),
    [LAST] = output.clean(M.last(view, is_utc)) }
end

--- Draws the table.
---@param rows table<string, string>[] of M.row
---@param width number columns
---@return string[] lines
function M.render(rows, width) return live_table.render(rows, COLUMNS, width) end

---@param runs etoro.command.Runs
function M.draw(runs)
  local files, is_utc = runs.files, runs.session.out.is_utc
  local rows = {}
  for i, file in ipairs(files) do
    local name = file.strategy.name
    if file.portfolio then name = name .. " @" .. file.portfolio end
    rows[i] = M.row(name, file.view, os.time(), is_utc)
  end
  terminal.stand(M.render(rows, (terminal.columns(1) or math.huge) - 1))
  output.flush()
end

--- Keeps the table new until the runs are over.
---@param runs etoro.command.Runs
function M.follow(runs)
  while not runs.is_over do
    M.draw(runs)
    waiting.sleep(run_limits.command_run_tick)
  end
end

return M
