-- Whose line an error of a wrong call names: that of the program which uses
-- the package, however deep inside of it the mistake was found.
--
-- It is looked for when the error is made, so that a call without a mistake
-- pays nothing. Frames of C functions and of this package's own files are
-- passed over. A line that a tail call has taken off the stack is not there to
-- be found: the next one further out is named.

local M = {}

-- What the sources of this package's files begin with: "@/usr/share/lua/5.4/
-- etoro/" when they were loaded from there, "=etoro." for chunks that are
-- called by their modules' names. Stripped of its source, or in one chunk with
-- all else, none of the code can be told from another: then no line is named.
local own = debug.getinfo(1, "S").source
own = own:match "^(.*)values[/\\.]blame" or own

-- The `etoro` command is a program that stands on the package: what it calls
-- wrongly is its own mistake.
local PROGRAM = "^command[/\\.]"

--- Whether a function stands in this package, by what debug.getinfo says of it.
---@param source string
---@return boolean
function M.is_inside(source)
  return source:sub(1, #own) == own and not source:find(PROGRAM, #own + 1)
end

-- "file:line: " as Lua's own errors begin, or "". A coroutine has a stack of
-- its own: where a method is all that it runs, nobody's line is on it.
local function place()
  local depth = 1
  local info = debug.getinfo(depth, "Sl")
  while info and (info.what == "C" or M.is_inside(info.source)) do
    depth = depth + 1
    info = debug.getinfo(depth, "Sl")
  end
  if not info or info.currentline < 1 then return "" end
  return ("%s:%d: "):format(info.short_src, info.currentline)
end

--- Raises what is wrong in a call, with the caller's place in front: the first
--- line up the stack that is not in this package. Does not return.
---@param message string
function M.raise(message)
  error(place() .. message, 0)
end

return M
