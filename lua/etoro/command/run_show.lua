-- What etoro run says: notes as they come, and what became of a run at its end.

local json = require "etoro.values.json"
local merged = require "etoro.values.merged"
local output = require "etoro.command.output"
local terminal = require "etoro.command.terminal"
local times = require "etoro.values.times"
local types = require "etoro.values.types"

local M = {}

local COLORS = { deal = "bold", error = "red", notify = "yellow",
  warning = "yellow", note = "dim" }

--- A note as programs read it.
---@param note table
---@return table
function M.note_shape(note)
  return { time = times.format(note.time), kind = note.kind, text = note.text,
    strategy = note.strategy, portfolio = note.portfolio }
end

-- A note as people read it.
local function note_line(session, note, is_named)
  local time = session.out:moment(times.format(note.time), true)
  local name = is_named and note.strategy
  if name and note.portfolio then name = name .. " @" .. note.portfolio end
  return ("%s  %s%s"):format(time, name and name .. ": " or "", note.text)
end

---@param session etoro.command.Session
---@param note table
---@param is_named? boolean
function M.note(session, note, is_named)
  if session.out.is_json then
    session.out:json(M.note_shape(note))
  else
    session.out:line(note_line(session, note, is_named), COLORS[note.kind])
  end
  output.flush()
end

--- How a run stands, for programs.
---@param session etoro.command.Session
---@param file etoro.command.RunFile
---@param view etoro.StrategyView
function M.view(session, file, view)
  local shape = { kind = "status", portfolio = file.portfolio }
  for name, value in pairs(view) do shape[name] = value end
  shape.positions = json.list(shape.positions)
  session.out:json(shape)
  output.flush()
end

local function profit_line(result)
  local points = result.equity
  local first, last = points[1], points[#points]
  if not first then return nil end
  local text = ("%s USD, from %s"):format(output.usd(last.equity),
    output.usd(first.equity))
  if first.equity > 0 then
    text = ("%s (%s %%)"):format(text,
      output.signed(100 * (last.equity / first.equity - 1)))
  end
  return text
end

--- How many orders are in which state, in words.
---@param orders { state: string }[]
---@return string
function M.counts_of(orders)
  local counts, words = {}, {}
  for _, order in ipairs(orders) do
    counts[order.state] = (counts[order.state] or 0) + 1
  end
  for _, state in ipairs(types.sorted_names(counts)) do
    words[#words + 1] = ("%d %s"):format(counts[state], state)
  end
  return #words > 0 and table.concat(words, ", ") or "none"
end

--- Positions in a few words, those of one symbol together.
---@param positions table[]
---@return string
function M.held(positions)
  local words, counts, sums = {}, {}, {}
  for _, position in ipairs(positions) do
    local symbol = position.symbol
    if not counts[symbol] then
      words[#words + 1], counts[symbol], sums[symbol] = symbol, 0, 0
    end
    counts[symbol] = counts[symbol] + 1
    sums[symbol] = position.amount and sums[symbol] and sums[symbol] + position.amount
  end
  for i, symbol in ipairs(words) do
    local count = counts[symbol]
    words[i] = ("%s %s%s"):format(symbol, output.usd(sums[symbol]),
      count > 1 and (" (%d positions)"):format(count) or "")
  end
  return #words > 0 and table.concat(words, ", ") or "none"
end

--- An account in words.
---@param place "sandbox"|"demo"|"real"
---@param portfolio? string
---@return string
function M.account(place, portfolio)
  local text = place == "sandbox" and "a sandbox" or "the " .. place .. " account"
  return portfolio and ("%s of %s"):format(text, portfolio) or text
end

local function dated(list)
  local out = json.list()
  for i, one in ipairs(list) do
    out[i] = merged(one, { time = times.format(one.time),
      fill_time = one.fill_time and times.format(one.fill_time) })
  end
  return out
end

local function shape_of(place, file, result)
  return { kind = "result", strategy = result.name, account = place,
    portfolio = file.portfolio,
    settings = result.settings, started = times.format(result.started),
    ended = times.format(result.ended), bars = result.bars,
    orders = dated(result.orders), positions = json.list(result.positions),
    equity = dated(result.equity), error = result.err and
      { message = result.err.message, traceback = result.err.traceback } }
end

--- What became of a run that had begun.
---@param session etoro.command.Session
---@param place "sandbox"|"demo"|"real"
---@param file etoro.command.RunFile
---@param result etoro.StrategyResult
function M.result(session, place, file, result)
  if session.out.is_json then
    session.out:json(shape_of(place, file, result))
    return output.flush()
  end
  output.write "\n"
  session.out:fields {
    { "strategy", result.name .. " on " .. M.account(place, file.portfolio) },
    { "from", session.out:moment(times.format(result.started)) },
    { "to", session.out:moment(times.format(result.ended)) },
    { "bars", result.bars },
    { "orders", M.counts_of(result.orders) },
    { "holds", M.held(result.positions) },
    { "equity", profit_line(result) },
  }
  output.flush()
  if result.err then
    terminal.say("etoro: " .. output.clean(result.err.message))
    for line in (result.err.traceback or ""):gmatch "[^\n]+" do
      terminal.say("  " .. output.clean(line))
    end
  end
end

return M
