-- Lua code in a process of its own, with the modules under test.
local process = require "spec.support.process"

local M = {}

local BUILD = os.getenv "BUILD" or "build"

M.EMBED = BUILD .. "/spec/hosts/embed"
M.WIPES = BUILD .. "/spec/hosts/wipes"
M.SLOW_NAMES = BUILD .. "/spec/hosts/slow_getaddrinfo.so"
M.SLOW_DISK = BUILD .. "/spec/hosts/slow_disk.so"
M.WATCH_SIGPIPE = BUILD .. "/spec/hosts/watch_sigpipe.so"

-- What every piece of code starts with.
local HEAD = [[
local core = require "etoro.core"
local etoro, patience = require "etoro", require "spec.support.patience"
local function client(url, options)
  local all = { base_url = url, api_key = "test-api-key-0123456789",
    user_key = "test-user-key-0123456789", connect_timeout = patience }
  for name, value in pairs(options or {}) do all[name] = value end
  all.rate_limit = all.rate_limit or false -- specs make more calls a minute
  return assert(etoro.client(all))
end
]]

--- The arguments for process.run and process.spawn: the plain interpreter.
--- The code finds client(url, options), core, etoro, patience and its arguments in arg.
---@param code string
function M.lua(code, ...)
  return { os.getenv "LUA" or "lua5.4", "-e", HEAD .. code, "/dev/null", ... }
end

--- The same for spec/hosts/embed.c; the arguments are the code's "...".
---@param options string[] before the code
function M.embed(options, code, ...)
  local argv = { M.EMBED }
  for _, option in ipairs(options) do argv[#argv + 1] = option end
  argv[#argv + 1] = HEAD .. code
  for _, argument in ipairs { ... } do argv[#argv + 1] = argument end
  return argv
end

--- The same for spec/hosts/wipes.c. All symbols are bound first: whoever binds
--- one late saves on the stack what the registers hold.
function M.wipes(code, ...)
  local argv = { M.WIPES, HEAD .. code, ... }
  argv.env = { LD_BIND_NOW = "1" }
  return argv
end

--- Runs it and gives what it wrote to stderr; fails unless it ended well and
--- wrote nothing to stdout.
function M.passes(argv)
  local done = process.run(argv)
  assert(done.code == 0 and done.signal == 0, ("code %s, signal %s\n%s"):format(
    done.code, done.signal, done.stderr))
  assert(done.stdout == "", "on stdout: " .. done.stdout)
  return done.stderr
end

return M
