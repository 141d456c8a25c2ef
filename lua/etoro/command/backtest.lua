-- etoro backtest: a strategy's file over bars of the past.

local backtest_merge = require "etoro.command.backtest_merge"
local backtest_options = require "etoro.command.backtest_options"
local backtest_parity = require "etoro.command.backtest_parity"
local backtest_show = require "etoro.command.backtest_show"
local backtest_sweep = require "etoro.command.backtest_sweep"
local backtest_walk = require "etoro.command.backtest_walk"
local errors = require "etoro.errors"
local etoro = require "etoro"
local exits = require "etoro.command.exits"
local output = require "etoro.command.output"
local terminal = require "etoro.command.terminal"

local M = {}

-- The options of a run that a signal ends.
local function options_of(session)
  local options = backtest_options.of(session)
  options.on_time = terminal.check_signal
  return options
end

local function check(session, name, what)
  local proof = session:must(etoro.backtest[name](options_of(session)))
  if session.out.is_json then
    backtest_show.proof_json(session, name, proof)
  else
    backtest_show.proof(session, what, proof)
  end
  return proof.is_ok and exits.OK or exits.FAILED
end

local function fail(session, err)
  if not session.out.is_json then
    terminal.say("etoro: " .. output.clean(err.message))
    for line in (err.traceback or ""):gmatch "[^\n]+" do
      terminal.say("  " .. output.clean(line))
    end
  end
  return errors.is(err) and err.code == "callback" and exits.RUN
    or exits.code_of(err)
end

-- The words of all --sweep that are given; nil without one.
local function sweep_of(args)
  local words = {}
  for _, some in ipairs(args.sweep or {}) do
    table.move(some, 1, #some, #words + 1, words)
  end
  return words[1] and words
end

-- `merge FILE...` puts parts of a sweep together; else there is one file.
local function take_file(args)
  local files = args.file
  if files[1] == "merge" then return table.move(files, 2, #files, 1, {}) end
  if #files > 1 then
    exits.exit(exits.USAGE, ("one file at a time, and not '%s' as well"):format(
      files[2]))
  end
  args.file, args.sweep = files[1], sweep_of(args)
  for _, name in ipairs { "shard", "walk_forward", "workers" } do
    if args[name] and not args.sweep then
      exits.exit(exits.USAGE, ("--%s goes with --sweep"):format(
        (name:gsub("_", "-"))))
    end
  end
end

---@param session etoro.command.Session
function M.backtest(session)
  local args = session.args
  local parts = take_file(args)
  if parts then return backtest_merge.run(session, parts) end
  if args.walk_forward then return backtest_walk.run(session) end
  if args.sweep then return backtest_sweep.run(session) end
  if args.report and (args.causality or args.warmup_check or args.parity) then
    exits.exit(exits.USAGE, "--report goes without --causality, --warmup-check and "
      .. "--parity")
  end
  if args.causality then
    return check(session, "causality", "of the future")
  elseif args.warmup_check then
    return check(session, "warmup_check", "of where the bars begin")
  end
  local options = options_of(session)
  if args.parity then
    backtest_parity.run(session, options)
    return exits.OK
  end
  options.both_fills = true
  local result = session:must(etoro.backtest.run(options))
  if args.report then
    local ok, message = result:report(args.report)
    if not ok then exits.exit(exits.FAILED, "--report: " .. message) end
  end
  if session.out.is_json then
    session.out:json(backtest_show.shape(result))
  else
    backtest_show.result(session, result)
  end
  return result.err and fail(session, result.err) or exits.OK
end

return M
