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

local function announce(options, url)
  local api_key = options.api_key or "sandbox-api-key"
  local user_key = options.user_key or "sandbox-user-key"
  write("sandbox ", url, "\n", "api key  ", api_key, "\n", "user key ",
    user_key, "\n",
    ("export ETORO_BASE_URL=%s ETORO_API_KEY=%s ETORO_USER_KEY=%s\n")
      :format(url, api_key, user_key), "Ctrl-C ends it.\n")
end

-- Does what was asked for; nil and a message where that fails.
local function carry_out(options, program)
  if options.help then
    write(arguments.help(program))
    return true
  end
  options.on_ready = function(url) announce(options, url) end
  local done, err = sandbox.serve(options)
  return done, err and err.message
end

-- A message for whoever typed the options: a line of Lua is no help there.
local function without_place(message)
  return (message:gsub("^[^\n]-:%d+: (option ')", "%1"))
end

---@param args string[]
---@param program? string for the help
---@return integer code
local function main(args, program)
  program = program or "sandbox"
  local options, message = arguments.parse(args)
  if not options then
    io.stderr:write("sandbox: ", message, "\n'", program,
      " --help' lists the options\n")
    return 2
  end
  local ok, result
  ok, result, message = pcall(carry_out, options, program)
  if not ok and tostring(result):find("interrupted!", 1, true) then
    return 0 -- Ctrl-C in the stand-alone interpreter
  elseif not ok or not result then
    message = tostring(ok and message or result)
    io.stderr:write("sandbox: ", without_place(message), "\n")
    return 1
  end
  return 0
end

if ... ~= "etoro.sandbox.main" then -- not required: run as a script
  os.exit(main { ... }, true)
end

return main
