-- What the words of etoro backtest mean for the library.

local exits = require "etoro.command.exits"
local run_files = require "etoro.command.run_files"
local settings = require "etoro.strategy.settings"

local M = {}

local function settings_of(args)
  local values = args.settings and run_files.read_object(args.settings,
    "settings") or {}
  for _, text in ipairs(args.set or {}) do
    local name, value = text:match "^([A-Za-z_][A-Za-z0-9_]*)=(.*)$"
    if not name then
      exits.exit(exits.USAGE, ("--set takes NAME=VALUE, not '%s'"):format(text))
    end
    values[name] = settings.word(value)
  end
  return next(values) and values or nil
end

--- The options of a run.
---@param session etoro.command.Session
---@return etoro.BacktestOptions
function M.of(session)
  local args = session.args
  return { file = args.file, data = args.data, cash = args.cash,
    settings = settings_of(args), costs = args.costs, fill = args.fill,
    from = args.from, to = args.to, seed = args.seed,
    print = function(text) session:note(text) end }
end

return M
