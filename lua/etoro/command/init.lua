-- The etoro command: what src/command/etoro starts.

local core = require "etoro.core"
local exits = require "etoro.command.exits"

local tostring = core.text -- not up to the locale

local M = {}

-- The file of each command.
local FILES = {
  call = "call", check = "check", close = "positions", history = "history",
  operations = "operations", order = "orders", orders = "orders",
  portfolios = "portfolios", positions = "positions", quote = "market",
  search = "market", tokens = "tokens",
}

-- Tells what went wrong: people on stderr, programs on stdout.
local function complain(is_json, code, message, err)
  local output = require "etoro.command.output"
  io.stderr:write("etoro: ", output.clean(message), "\n")
  if is_json then
    output.new(true):json(exits.shown(code, message, err))
  end
end

local function run_sandbox(args)
  local rest = { table.unpack(args, 2) }
  return require "etoro.sandbox.main"(rest)
end

local function has(args, wanted)
  for _, arg in ipairs(args) do
    if arg == wanted then return true end
  end
  return false
end

local function parse(parser, args)
  local ok, parsed = parser:pparse(args)
  if ok then return parsed end
  io.stderr:write(parser:get_usage(), "\n\n")
  exits.exit(exits.USAGE, parsed)
end

local function run(args)
  if args[1] == "sandbox" and args[2] ~= "--help" and args[2] ~= "-h" then
    return run_sandbox(args)
  end
  if not pcall(require, "argparse") then
    exits.exit(exits.FAILED, "lua-argparse is missing (Debian: lua-argparse;"
      .. " LuaRocks: argparse)")
  end
  local parser = require("etoro.command.parser").new()
  local parsed = parse(parser, args)
  if parsed.command == "completion" then
    io.stdout:write(parser["get_" .. parsed.shell .. "_complete"](parser))
    return exits.OK
  end
  if parsed.command == "sandbox" then
    exits.exit(exits.USAGE, "'sandbox' comes first, then its options: etoro"
      .. " sandbox --port=8080")
  end
  require("etoro.command.terminal").catch_signals()
  local session = require("etoro.command.session").new(parsed)
  local command = require("etoro.command." .. FILES[parsed.command])
  return command[parsed.command](session) or exits.OK
end

-- What went wrong, and the code to end with.
local function failure(problem)
  local code, message, err = exits.caught(problem)
  if code then return code, message, err end
  message = tostring(problem)
  if message:find("interrupted!", 1, true) then
    return exits.SIGINT, "interrupted"
  elseif require("etoro.errors").is(problem) then
    return exits.code_of(problem), message, problem
  end
  return exits.FAILED, message
end

--- Runs the command.
---@param args string[] without the program's name
---@return integer code see exits.lua
function M.main(args)
  if #args == 0 then args = { "--help" } end
  local ok, result = pcall(run, args)
  if ok and not io.stdout:flush() then
    ok, result = false, "the output could not be written"
  end
  if ok then return result end
  local code, message, err = failure(result)
  if message then complain(has(args, "--json"), code, message, err) end
  return code
end

return M
