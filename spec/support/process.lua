-- Child processes with arguments as a list, pipes and deadlines (luv). While
-- a spec does not call into this module, nothing is read from the pipes.
local chance = require "spec.support.chance"
local patience = require "spec.support.patience"
local uv = require "luv"

local methods = {}
local mt = { __name = "spec.process", __index = methods }
local M = {}

local alive = {} -- [pid] = true

-- Children end with the Lua state, and on Linux with the process as well.
local guard = setmetatable({}, { __gc = function()
  for pid in pairs(alive) do uv.kill(pid, "sigkill") end
end })

local function executable(name)
  if name:find "/" then return uv.fs_access(name, "X") and name or nil end
  for dir in (os.getenv "PATH" or "/usr/bin:/bin"):gmatch "[^:]+" do
    if uv.fs_access(dir .. "/" .. name, "X") then return dir .. "/" .. name end
  end
end

-- Steps libuv's loop until check() gives something or the time is over.
local function step_until(check, seconds)
  local is_over = seconds <= 0
  local timer = uv.new_timer()
  uv.update_time()
  timer:start(math.max(0, math.ceil(seconds * 1000)), 0, function()
    is_over = true
    uv.stop() -- a timer that fires before the loop polls must not let it
  end)
  while not check() and not is_over do uv.run "once" end
  timer:stop()
  timer:close()
  uv.run "nowait"
  return check()
end

local function collector(list)
  local pipe = uv.new_pipe(false)
  local take = chance.in_turn(function(data)
    if data then
      list[#list + 1] = data
    else
      list.is_done = true
      if not pipe:is_closing() then pipe:close() end
    end
  end)
  return pipe, function()
    pipe:read_start(function(_, data) take(data) end)
  end
end

local function environment(changes, is_lua)
  local all = uv.os_environ()
  for name, value in pairs(changes or {}) do all[name] = value or nil end
  -- A sanitizer must stay in front of Lua, and out of other programs.
  local sanitizer = os.getenv "SPEC_PRELOAD"
  if is_lua and sanitizer then
    local more = all.LD_PRELOAD
    all.LD_PRELOAD = more and sanitizer .. ":" .. more or sanitizer
  end
  local list = {}
  for name, value in pairs(all) do list[#list + 1] = name .. "=" .. value end
  table.sort(list)
  return list
end

--- Starts argv[1] with the rest as arguments.
---@param argv table list; fields: env (false removes a name), cwd, input
---  (text for stdin; stdin is empty without), is_bare (no wrapper in front),
---  is_told (stdin stays open, for self:tell and self:hush)
function M.spawn(argv)
  local program = executable(argv[1])
  if not program then error("no such program: " .. argv[1], 2) end
  local args = { table.unpack(argv, 2) }
  local is_lua = program == executable(os.getenv "LUA" or "lua5.4")
  local setpriv = not argv.is_bare and executable "setpriv"
  if setpriv then
    args = { "--pdeathsig", "KILL", program, table.unpack(argv, 2) }
    program = setpriv
  end
  local self = setmetatable({ out = {}, err = {} }, mt)
  local stdin = uv.new_pipe(false)
  local stdout, read_stdout = collector(self.out)
  local stderr, read_stderr = collector(self.err)
  local handle, pid
  handle, pid = uv.spawn(program, {
    args = args, stdio = { stdin, stdout, stderr }, cwd = argv.cwd,
    env = environment(argv.env, is_lua),
  }, function(code, signal)
    alive[self.pid] = nil
    self.code, self.signal = code, signal
    handle:close()
  end)
  if not handle then error(argv[1] .. ": " .. tostring(pid), 2) end
  self.handle, self.pid = handle, pid
  alive[pid] = true
  read_stdout()
  read_stderr()
  if argv.input then stdin:write(argv.input) end
  self.stdin = stdin
  if not argv.is_told then self:hush() end
  return self
end

--- Writes to its stdin.
function methods:tell(text) self.stdin:write(text) end

--- Its stdin ends.
function methods:hush()
  local stdin = self.stdin
  stdin:shutdown(function() stdin:close() end)
end

--- Runs a program to its end.
---@return table process with code, signal, stdout, stderr as text
function M.run(argv)
  local self = M.spawn(argv)
  local seconds = argv.timeout or patience
  if not self:wait(seconds) then
    self:kill "sigkill"
    self:wait()
    error(("%s did not end within %g s\n%s"):format(argv[1], seconds,
      self:stderr()), 2)
  end
  return { code = self.code, signal = self.signal, stdout = self:stdout(),
    stderr = self:stderr() }
end

-- What a user may have set for every bash.
local BASH = { BASH_ENV = false, SHELLOPTS = false, BASHOPTS = false,
  POSIXLY_CORRECT = false, CDPATH = false, LC_ALL = "C" }

--- What a text for M.bash begins with so that 7 is a pipe whose reader has gone.
--- Behind "| true" it may not have yet.
M.UNREAD = 'unread=$(mktemp -u); mkfifo "$unread"; exec 8<>"$unread" 7>"$unread"'
  .. ' 8<&-; rm "$unread"; '

--- Runs a text with bash, as M.run does, and with nothing of the user's: no
--- file that it starts with (it reads one where stdin is a socket), no options,
--- and a locale that every system has, as of others it warns.
---@param argv table list: the text, $0 and what follows; fields of M.spawn
function M.bash(argv)
  local env = {}
  for name, value in pairs(BASH) do env[name] = value end
  for name, value in pairs(argv.env or {}) do env[name] = value end
  return M.run { env = env, cwd = argv.cwd, input = argv.input,
    timeout = argv.timeout, "bash", "--noprofile", "--norc", "-c",
    table.unpack(argv) }
end

--- Waits for the end, and for all that was written.
---@return integer? code nil when the time is over
---@return integer? signal
function methods:wait(seconds)
  local done = step_until(function()
    return self.code and self.out.is_done and self.err.is_done
  end, seconds or patience)
  if not done then return nil end
  return self.code, self.signal
end

function methods:is_running()
  uv.run "nowait"
  return self.code == nil
end

function methods:kill(signal)
  if self.code == nil then uv.kill(self.pid, signal or "sigterm") end
end

--- Ends it whatever it does.
function methods:stop()
  self:kill "sigterm"
  if not step_until(function() return self.code end, 2) then
    self:kill "sigkill"
    step_until(function() return self.code end, patience)
  end
end

function methods:stdout() return table.concat(self.out) end
function methods:stderr() return table.concat(self.err) end

--- The text that the pattern captures from stdout, as soon as it is there.
function methods:expect(pattern, seconds)
  step_until(function()
    return self.code or self:stdout():match(pattern)
  end, seconds or patience)
  local found = self:stdout():match(pattern)
  if not found then
    error(("process did not print %q\n%s%s"):format(pattern, self:stdout(),
      self:stderr()), 2)
  end
  return found
end

--- Lets pipes be read and children be noticed.
function M.sleep(seconds)
  step_until(function() end, seconds)
end

--- What check() gives once that is true; looks again and again meanwhile.
---@param check fun(): any
---@param what? string for the message
---@param seconds? number patience by default
function M.eventually(check, what, seconds)
  local ends = uv.hrtime() + (seconds or patience) * 1e9
  local found = check()
  while not found do
    if uv.hrtime() > ends then
      error((what or "it") .. " did not come about", 2)
    end
    M.sleep(0.01)
    found = check()
  end
  return found
end

--- Where a program lies; /usr/sbin is looked at too.
function M.find(name)
  return executable(name) or executable("/usr/sbin/" .. name)
    or executable("/usr/local/sbin/" .. name)
end

--- A new directory of our own; M.remove(path) takes it away.
function M.scratch()
  return assert(uv.fs_mkdtemp((os.getenv "TMPDIR" or "/tmp")
    .. "/etoro-spec-XXXXXX"))
end

function M.remove(path)
  if path and path:find "etoro%-spec%-" then
    M.run { "rm", "-rf", path }
  end
end

local ports = {} -- bound, and not listened on, as long as this process is there

--- A port of 127.0.0.1 on which nobody listens, and which is given to nobody
--- else, as a listener's or as a connection's own; a server that sets
--- SO_REUSEADDR, as servers do, may have it.
function M.free_port()
  local holder = uv.new_tcp()
  assert(holder:bind("127.0.0.1", 0))
  ports[#ports + 1] = holder
  return holder:getsockname().port
end

local held = {} -- sockets with a port each, until this process ends

--- A port of 127.0.0.1 at which nobody listens, nor can meanwhile.
function M.closed_port()
  local socket = require "socket"
  local s = assert(socket.tcp())
  assert(s:bind("127.0.0.1", 0)) -- has the port, and does not listen
  held[#held + 1] = s
  local _, port = s:getsockname()
  return tonumber(port)
end

M.guard = guard

return M
