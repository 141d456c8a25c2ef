-- The sandbox as a command:
--   lua5.4 lua/etoro/sandbox/main.lua [--port 8080] [--seed 1] ...
-- (or require("etoro.sandbox.main")(arg) from anywhere)

local arguments = require "etoro.sandbox.arguments"
local core = require "etoro.core"
local sandbox = require "etoro.sandbox"

local tostring = core.text -- not up to the locale

-- Writes on stdout; raises where that cannot be done.
local function write(...)
  local ok, message = io.stdout:write(...)
  if ok then ok, message = io.stdout:flush() end
  if not ok then
    error("the output could not be written: " .. tostring(message), 0)
  end
end

---@class etoro.sandbox.Speaker how a sandbox that was started says what it says
---@field ready fun(url: string, api_key: string, user_key: string): string what is
---written when it serves
---@field complain fun(message: string, is_usage: boolean)

-- In words.
local function speaker_of(program)
  return {
    ready = function(url, api_key, user_key)
      return ("sandbox %s\napi key  %s\nuser key %s\n%s"):format(url, api_key,
        user_key, ("export ETORO_BASE_URL=%s ETORO_API_KEY=%s ETORO_USER_KEY=%s\n"
        .. "Ctrl-C ends it.\n"):format(url, api_key, user_key))
    end,
    complain = function(message, is_usage)
      io.stderr:write("sandbox: ", message, "\n")
      if not is_usage then return end
      io.stderr:write("'", program, " --help' lists the options\n")
    end,
  }
end

-- Does what was asked for; nil and a message where that fails.
local function carry_out(options, program, speaker)
  if options.help then
    write(arguments.help(program))
    return true
  end
  options.on_ready = function(url)
    write(speaker.ready(url, options.api_key or "sandbox-api-key",
      options.user_key or "sandbox-user-key"))
  end
  local done, err = sandbox.serve(options)
  return done, err and err.message
end

-- A message for whoever typed the options, where a line of Lua is no help; and
-- whether it is about one of them.
local function read_message(message)
  local text, count = message:gsub("^[^\n]-:%d+: (option ')", "%1")
  return text, count > 0
end

---@param args string[]
---@param program? string for the help
---@param speaker? etoro.sandbox.Speaker in words unless given
---@return integer code
local function main(args, program, speaker)
  program = program or "sandbox"
  speaker = speaker or speaker_of(program)
  local options, message = arguments.parse(args)
  if not options then
    speaker.complain(message, true)
    return 2
  end
  local ok, result
  ok, result, message = pcall(carry_out, options, program, speaker)
  if not ok and tostring(result):find("interrupted!", 1, true) then
    return 0 -- Ctrl-C in the stand-alone interpreter
  elseif not ok or not result then
    local text, is_usage = read_message(tostring(ok and message or result))
    speaker.complain(text, is_usage)
    return is_usage and 2 or 1
  end
  return 0
end

if ... ~= "etoro.sandbox.main" then -- not required: run as a script
  os.exit(main { ... }, true)
end

return main
