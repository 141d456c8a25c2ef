-- The terminal, where there is one: colours and passing lines only there, and
-- Ctrl-C as an orderly end.

local columns = require "etoro.command.columns"
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

-- Whether terminals of the kind that TERM names do more than print.
local function has_cursor()
  local kind = os.getenv "TERM" or ""
  return kind ~= "" and kind ~= "dumb"
end

--- Whether to write colours: --color says, else a terminal without NO_COLOR.
---@param choice "auto"|"always"|"never"
---@return boolean
function M.wants_color(choice)
  if choice ~= "auto" then return choice == "always" end
  return M.is_terminal(1) and (os.getenv "NO_COLOR" or "") == ""
    and has_cursor()
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
---@param most? integer how many are taken; the next one ends the program. 1
function M.catch_signals(most)
  if not has_native then return end
  native.open_standard()
  native.catch(most)
end

--- The signal that came last.
---@return "SIGINT"|"SIGTERM"|nil
---@return integer? count of those that came
function M.signal()
  if not has_native then return nil end
  local name, count = native.signal()
  return name, count
end

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

--- Waits for a descriptor, up to so many seconds; a signal ends the command.
---@param fd integer
---@param seconds number
function M.wait_for(fd, seconds)
  native.wait(fd, math.max(0, seconds))
  M.check_signal()
end

--- Waits for a client's loop, or until a descriptor can be read.
---@param loop table
---@param fd integer
function M.wait_input(loop, fd)
  native.wait(loop:pollfd(), loop:timeout(), fd)
end

--- What is there to be read now.
---@param fd integer
---@return string? text "" where there is nothing yet; nil at the end
function M.read_some(fd) return (native.read_some(fd)) end

--- Whether what is typed is shown, from now on.
---@param is_on boolean
---@return boolean done false where stdin is no terminal
function M.echo(is_on) return has_native and native.echo(0, is_on) end

--- Makes an empty file that its owner alone may read; one that exists stays.
---@param path string
---@return boolean? made
---@return string? message
function M.create_private(path)
  local made, message = native.create_private(path)
  return made, message
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
  return M.is_terminal(2) and has_cursor()
end

--- Shows a passing line on stderr, in place of the one before it; nothing when
--- that is no terminal.
---@param text string
function M.show(text)
  if text == shown or not M.is_live() then return end
  local width = native.columns(2)
  -- a line that wraps could not be taken away
  local most = width and width - 1 or #text
  io.stderr:write("\r", text:sub(1, most), "\27[K")
  io.stderr:flush()
  shown = text
end

local standing -- the lines of the block that stands on stdout

-- How many rows they take: where a terminal has become narrower, they are broken.
local function rows_standing()
  local width, rows = M.columns(1) or math.huge, 0
  for _, line in ipairs(standing) do
    rows = rows + math.max(1, math.ceil(columns.text(line:gsub("\27%[[%d;]*m", ""))
      / width))
  end
  return rows
end

--- Whether a table can stay in place on stdout.
---@param out etoro.command.Output
---@return boolean
function M.is_table(out)
  return not out.is_json and M.is_terminal(1) and has_cursor()
end

-- What has gone over the upper edge could not be taken away; the cursor needs a row
-- of its own.
local function fitting(lines)
  local rows = has_native and native.rows(1)
  if not rows or #lines < rows then return lines end
  local some = table.move(lines, 1, math.max(0, rows - 2), 1, {})
  some[#some + 1] = ("(%d more)"):format(#lines - #some)
  return some
end

--- Shows lines on stdout, in place of those that stand there; on a terminal that is
--- too low for them the first ones, and how many more there are. What is printed
--- next takes them away and stands above the next ones.
--- What is buffered is not flushed.
---@param lines string[] none wider than the terminal
function M.stand(lines)
  lines = fitting(lines)
  local up = standing and ("\r\27[%dA"):format(rows_standing()) or ""
  io.stdout:write(up, table.concat(lines, "\27[K\n"), "\27[K\n\27[J")
  standing = lines
end

--- The block that stands stays for good.
function M.leave() standing = nil end

--- Takes the passing line away; a block that stands goes on to stand.
function M.hide()
  if not shown then return end
  shown = nil
  io.stderr:write "\r\27[K"
  io.stderr:flush()
end

--- Takes the passing line away, and the block that stands.
function M.clear()
  M.hide()
  if standing then
    io.stdout:write(("\r\27[%dA\27[J"):format(rows_standing()))
    io.stdout:flush()
    standing = nil
  end
end

--- Writes a line on stderr that stays.
---@param text string
function M.say(text)
  M.clear()
  io.stderr:write(text, "\n")
end

return M
