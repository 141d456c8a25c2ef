-- The terminal, where there is one: colours and progress only there, and
-- Ctrl-C as an orderly end.

local exits = require "etoro.command.exits"

local M = {}

local has_native, native = pcall(require, "etoro.terminal")

local CODES = { bold = "1", dim = "2", red = "31", green = "32",
  yellow = "33" }

--- Whether a stream is a terminal.
---@param fd integer 0 stdin, 1 stdout, 2 stderr
---@return boolean
function M.is_terminal(fd)
  return has_native and native.is_terminal(fd) or false
end

--- Whether to write colours: --color says, else a terminal without NO_COLOR.
---@param choice "auto"|"always"|"never"
---@return boolean
function M.wants_color(choice)
  if choice ~= "auto" then return choice == "always" end
  return M.is_terminal(1) and (os.getenv "NO_COLOR" or "") == ""
    and os.getenv "TERM" ~= "dumb"
end

--- Puts a text into a colour.
---@param text string
---@param color? string
---@return string
function M.paint(text, color)
  local code = CODES[color]
  return code and ("\27[%sm%s\27[0m"):format(code, text) or text
end

--- Takes SIGINT and SIGTERM over: a call under way ends, and says what became
--- of it.
function M.catch_signals()
  if not has_native then return end
  native.open_standard()
  native.catch()
end

--- Ends the command if a signal came.
function M.check_signal()
  local name = has_native and native.signal()
  if name then exits.exit(exits[name], "interrupted") end
end

--- The `wait` of the command's client: a signal ends it.
---@param loop table
function M.wait(loop)
  native.wait(loop:pollfd(), loop:timeout())
  M.check_signal()
end

--- Whether waiting can be left to M.wait.
---@return boolean
function M.can_wait()
  return has_native
end

local BAR = 24

--- A line on stderr that says how far a longer work is; nothing when that is
--- no terminal. done() takes it away.
---@param what string
---@return { step: fun(count: integer, total?: integer), done: fun() }
function M.progress(what)
  if not M.is_terminal(2) then
    return { step = function() end, done = function() end }
  end
  local function step(count, total)
    local text = ("%s %d"):format(what, count)
    if total and total > 0 then
      local filled = math.floor(BAR * math.min(1, count / total))
      text = ("%s [%s%s] %d/%d"):format(what, ("#"):rep(filled),
        ("-"):rep(BAR - filled), count, total)
    end
    io.stderr:write("\r", text, "\27[K")
    io.stderr:flush()
  end
  return { step = step, done = function() io.stderr:write("\r\27[K") end }
end

return M
