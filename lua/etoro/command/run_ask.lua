-- What a person is shown before etoro run drives real money: what the account is
-- worth and holds, what runs with which settings, and which rails hold.

local core = require "etoro.core"
local etoro = require "etoro"
local instruments = require "etoro.command.instruments"
local output = require "etoro.command.output"
local run_limits = require "etoro.values.run_limits"
local run_show = require "etoro.command.run_show"
local shapes = require "etoro.command.shapes"
local types = require "etoro.values.types"

local tostring = core.text -- not up to the locale

local M = {}

local function position_text(shape)
  local name = shape.symbol ~= core.null and shape.symbol or shape.instrumentId
  return ("%s %s %s USD x%s"):format(output.clean(name), output.clean(shape.side),
    output.usd(shape.amount), output.number(shape.leverage))
end

-- What the account holds, whoever has opened it.
local function held_by(session, client)
  local list = session:must(client.positions:list())
  if #list == 0 then return "holds nothing" end
  local symbols, words = instruments.symbols(session, list), {}
  for i = 1, math.min(#list, run_limits.command_ask_positions) do
    words[i] = position_text(shapes.position(list[i], symbols))
  end
  if #list > #words then
    words[#words + 1] = ("%d more"):format(#list - #words)
  end
  return ("holds %d: %s"):format(#list, table.concat(words, ", "))
end

-- Names and values in the order of the names, each as JSON has it.
local function values_text(values)
  local plain = {}
  for name, value in pairs(values) do plain[name] = value end
  local words = {}
  for i, name in ipairs(types.sorted_names(plain)) do
    words[i] = ("%s %s"):format(name, etoro.encode(plain[name]))
  end
  return #words > 0 and table.concat(words, ", ") or "none"
end

local function add_account(session, file, lines)
  local worth = session:must(file.client.account:equity())
  lines[#lines + 1] = ("%s: equity %s USD, cash %s USD"):format(
    run_show.account("real", file.portfolio), output.usd(worth.equity),
    output.usd(worth.available_cash))
  lines[#lines + 1] = "  " .. held_by(session, file.client)
end

--- The lines of the question.
---@param session etoro.command.Session
---@param files etoro.command.RunFile[]
---@return string[]
function M.lines(session, files)
  local lines, told = {}, {}
  for _, file in ipairs(files) do
    local account = file.portfolio or ""
    if not told[account] then add_account(session, file, lines) end
    told[account] = true
  end
  for _, file in ipairs(files) do
    lines[#lines + 1] = ("runs %s (%s) on %s"):format(file.path,
      tostring(file.strategy.name), run_show.account("real", file.portfolio))
    lines[#lines + 1] = "  settings: " .. values_text(file.strategy.settings)
    lines[#lines + 1] = ("  rails%s: %s"):format(file.has_own_rails
      and " of our own" or "", values_text(file.rails))
  end
  return lines
end

return M
