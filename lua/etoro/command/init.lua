-- The etoro command: what src/command/etoro starts.

local core = require "etoro.core"
local errors = require "etoro.errors"
local exits = require "etoro.command.exits"
local output = require "etoro.command.output"
local terminal = require "etoro.command.terminal"
local words = require "etoro.command.words"

local tostring = core.text -- not up to the locale

local M = {}

-- The file of each command.
local FILES = {
  account = "account", alerts = "alerts", cancel = "manage", candles = "candles", edit = "manage",
  backtest = "backtest", call = "call", check = "check", close = "close",
  copy = "copy", data = "data", history = "history", login = "login",
  man = "man", operations = "operations", order = "orders", orders = "orders",
  portfolios = "portfolios", positions = "positions", quote = "market",
  halt = "running", recover = "recover", resume = "running", run = "run",
  search = "market", serve = "serve",
  status = "running", tokens = "tokens", transfers = "transfers",
  watch = "watch", watchlists = "watchlists",
}

local function has(args, wanted)
  for _, arg in ipairs(args) do
    if arg == wanted then return true end
  end
  return false
end

-- The sandbox has options of its own, and --json.
local function sandbox(args, is_json)
  local own, speaker = {}, nil
  for _, arg in ipairs(args) do
    if arg ~= "--json" then own[#own + 1] = arg end
  end
  if is_json then speaker = require "etoro.command.sandbox_json" end
  local code = require "etoro.sandbox.main"(own, "etoro sandbox", speaker)
  if has(own, "--help") or has(own, "-h") then
    output.write("\n", require("etoro.command.guide").epilog("sandbox", true), "\n")
  end
  return code
end

-- What is behind the command's own --json, which may stand before the sandbox.
local function of_sandbox(args)
  local at = 1
  while args[at] == "--json" do at = at + 1 end
  return args[at] == "sandbox" and { table.unpack(args, at + 1) } or nil
end

local function show_version(is_json)
  local version = require "etoro.values.version"
  local features = core.features()
  if is_json then
    return output.new(true):json { etoro = version, libcurl = features.libcurl,
      tls = features.tls, lua = _VERSION:match "[0-9.]+" }
  end
  output.write(("etoro %s\nlibcurl %s (%s)\n%s\n"):format(version,
    features.libcurl, features.tls, _VERSION))
end

local function show_help(help, args)
  output.write(help, "\n")
  if has(args, "run") or has(args, "backtest") then
    output.write(require("etoro.command.run_help").text(args))
  end
end

-- What was typed; ends the command where help, the version or a fault is what
-- comes of it.
local function parse(parser, args, run)
  local parsed, stop = require("etoro.command.parser").parse(parser, args)
  if parsed then return parsed end
  run.usage = stop.usage
  if stop.message then exits.exit(exits.USAGE, stop.message) end
  if stop.is_version then show_version(has(args, "--json")) end
  if stop.help then show_help(stop.help, args) end
  exits.exit(stop.is_sandbox and sandbox { "--help" } or exits.OK)
end

-- Runs a command; run.session and run.usage are there as soon as they are known.
local function carry_out(args, run)
  local of_own = of_sandbox(args)
  if of_own then return sandbox(of_own, has(args, "--json")) end
  if args[1] == "--sweep-worker" then -- see sweep_crew.lua
    return require "etoro.command.sweep_worker".main()
  end
  if not pcall(require, "argparse") then
    exits.exit(exits.FAILED, "lua-argparse is missing (Debian: lua-argparse;"
      .. " LuaRocks: argparse)")
  end
  terminal.catch_signals()
  local parser = require("etoro.command.parser").new()
  local parsed = parse(parser, args, run)
  run.usage = require("etoro.command.parser").usage(parser, parsed)
  if parsed.command == "completion" then
    output.write(require("etoro.command.completion_shells").script(parsed.shell,
      parser))
    return exits.OK
  elseif parsed.command == "sandbox" then
    exits.exit(exits.USAGE, require("etoro.command.parser").SANDBOX_FIRST)
  end
  run.session = require("etoro.command.session").new(parsed)
  local command = require("etoro.command." .. FILES[parsed.command])
  return command[parsed.command](run.session) or exits.OK
end

-- What went wrong, and the code to end with.
local function failure(problem)
  local code, message, err = exits.caught(problem)
  if code then return code, message, err end
  message = tostring(problem)
  if message:find("interrupted!", 1, true) then
    return exits.SIGINT, "interrupted"
  elseif errors.is(problem) then
    return exits.code_of(problem), message, problem
  end
  local of_option = words.of_option(message)
  if of_option then return exits.USAGE, of_option end
  return exits.FAILED, message
end

-- The JSON of a failure: what was carried out all the same, and the error.
local function shown(done, code, message, err)
  local all = {}
  local shape = done and done.shape
  if type(shape) == "function" then shape = shape() end
  for name, value in pairs(shape or {}) do all[name] = value end
  all.order = require("etoro.command.shapes").placed(all)
  all.error = exits.shown(code, message, err)
  return all
end

-- Tells what went wrong: people on stderr, programs on stdout as well.
local function complain(run, is_json, problem)
  local code, message, err = failure(problem)
  local session = run.session
  local args, done = session and session.args or {}, session and session.done
  run.code = done and message and (done.code or exits.DONE) or code
  if not message then return end
  if errors.is(err) then
    message = tostring(words.turn(err, args))
  else
    message = words.shell(message, args)
  end
  if run.code == exits.USAGE and run.usage and not exits.is_of_file(err) then
    terminal.say(run.usage)
  end
  terminal.say("etoro: " .. output.clean(message))
  if done then terminal.say("etoro: " .. output.clean(done.text)) end
  run.told = message
  if is_json then
    output.new(true):json(shown(done, code, message, err))
  end
end

-- All that was printed has to be written.
local function see_it_written(run)
  local ok, message = output.flush()
  if ok then return end
  terminal.say("etoro: the output could not be written: " .. message)
  if run.code == exits.OK then
    run.code = run.session.done.code or exits.DONE
  end
end

-- Calls a step of the end, which fails where stdout takes nothing.
local function try(run, step, ...)
  local ok, problem = pcall(step, run, ...)
  if ok then return end
  local code, message = failure(problem)
  if message and message ~= run.told then
    terminal.say("etoro: " .. output.clean(message))
  end
  if run.code == exits.OK then run.code = code end
end

--- Runs the command.
---@param args string[] without the program's name
---@return integer code see exits.lua
function M.main(args)
  if #args == 0 then args = { "--help" } end
  local run = { code = exits.OK }
  local ok, result = pcall(carry_out, args, run)
  terminal.clear()
  if ok then
    run.code = result
  else
    try(run, complain, has(args, "--json"), result)
  end
  try(run, see_it_written)
  return run.code
end

return M
