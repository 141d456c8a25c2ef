-- The terminal, where there is one: colours and passing lines only there, and
-- Ctrl-C as an orderly end.

local exits = require "etoro.command.exits"

local M = {}

local has_native, native = pcall(require, "etoro.terminal")

local CODES = { bold = "1", dim = "2", red = "31", green = "32",
  yellow = "33" }

--- The number of the error that a write gets where its reader went away.
M.EPIPE = has_native and native.EPIPE

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

--- The signal that came.
---@return "SIGINT"|"SIGTERM"|nil
function M.signal() return has_native and native.signal() or nil end

--- Ends the command if a signal came.
function M.check_signal()
  local name = M.signal()
  if name then exits.exit(exits[name], "interrupted") end
end

--- Waits for a client's loop; a signal ends it.
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

--- Sees to it that what was printed on stdout is written.
---@return boolean? ok
---@return string? message
---@return integer? number
function M.flush_output()
  if has_native then return native.flush_output() end
  return io.stdout:flush()
end

--- How many columns a terminal has.
---@param fd integer
---@return integer?
function M.columns(fd) return has_native and native.columns(fd) or nil end

local shown -- the passing line that stands there

--- Whether stderr is a terminal on which a line can be written over.
---@return boolean
function M.is_live()
  return M.is_terminal(2) and os.getenv "TERM" ~= "dumb"
end

--- Shows a passing line on stderr, in place of the one before it; nothing when
--- that is no terminal.
---@param text string
function M.show(text)
  if text == shown or not M.is_live() then return end
  local columns = native.columns(2)
  -- a line that wraps could not be taken away
  local most = columns and columns - 1 or #text
  io.stderr:write("\r", text:sub(1, most), "\27[K")
  io.stderr:flush()
  shown = text
end

--- Takes the passing line away.
function M.clear()
  if not shown then return end
  shown = nil
  io.stderr:write "\r\27[K"
  io.stderr:flush()
end

--- Writes a line on stderr that stays.
---@param text string
function M.say(text)
  M.clear()
  io.stderr:write(text, "\n")
end

return M
