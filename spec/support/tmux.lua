-- A program in a real terminal: tmux, with a server, a socket and settings of its
-- own, which ends with the spec.
local files = require "spec.support.files"
local process = require "spec.support.process"

local methods = {}
local mt = { __name = "spec.tmux", __index = methods }
local M = {}

-- tmux knows no user's file, and no session around it.
local function run(socket, words, env)
  local argv = { "tmux", "-u", "-f", "/dev/null", "-S", socket,
    table.unpack(words) }
  argv.env = { TMUX = false, TMUX_PANE = false, TERM = "xterm", LC_ALL = "C.UTF-8" }
  for name, value in pairs(env or {}) do argv.env[name] = value end
  return process.run(argv)
end

local function quoted(words)
  local list = {}
  for i, word in ipairs(words) do list[i] = "'" .. word:gsub("'", "'\\''") .. "'" end
  return table.concat(list, " ")
end

-- tmux does not always hear which code a program has ended with.
local NOTED = 'trap : INT; "$@"; echo $? >"$0"'

--- Starts a program in a pane of a size.
---@param argv table program and arguments; env
---@param columns integer
---@param rows integer
function M.start(argv, columns, rows)
  local self = setmetatable({ dir = process.scratch() }, mt)
  self.socket, self.ended = self.dir .. "/tmux", self.dir .. "/ended"
  local done = run(self.socket, { "start-server", ";", "set-option", "-g", "status",
    "off", ";", "set-option", "-g", "remain-on-exit", "on", ";", "set-option", "-g",
    "scroll-on-clear", "off", ";", "new-session",
    "-d", "-x", tostring(columns), "-y", tostring(rows),
    quoted { "sh", "-c", NOTED, self.ended, table.unpack(argv) } }, argv.env)
  assert(done.code == 0, done.stderr)
  return self
end

local function asked(self, ...)
  local done = run(self.socket, { ... })
  assert(done.code == 0, done.stderr)
  return done.stdout
end

--- What stands on its screen, or in all that it has shown; without empty lines at
--- the end, and tmux's own that the program is over.
---@param is_whole? boolean what has gone over the upper edge as well
---@return string[]
function methods:lines(is_whole)
  local text = is_whole and asked(self, "capture-pane", "-p", "-S", "-")
    or asked(self, "capture-pane", "-p")
  local list = {}
  for line in text:gmatch "([^\n]*)\n" do list[#list + 1] = (line:gsub(" +$", "")) end
  if (list[#list] or ""):find "^Pane is dead" then list[#list] = nil end
  while list[#list] == "" do list[#list] = nil end
  return list
end

--- Presses a key, such as "C-c" or "Enter".
function methods:press(...) asked(self, "send-keys", ...) end

--- Makes the pane another size.
function methods:resize(columns, rows)
  asked(self, "resize-window", "-x", tostring(columns), "-y", tostring(rows))
end

--- Waits for the program's end.
---@return integer code that it has ended with
function methods:wait()
  return process.eventually(function()
    local text = files.read(self.ended) or ""
    return math.tointeger(tonumber(text:match "^(%d+)\n"))
  end, "its end")
end

function methods:stop()
  run(self.socket, { "kill-server" })
  process.remove(self.dir)
end

return M
