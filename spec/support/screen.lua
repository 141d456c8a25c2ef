-- What stands on a terminal of some size after a program has written to it: the
-- few sequences that the etoro command uses; others are an error.
local M = {}

-- The characters of a text; sequences as a whole.
local function pieces(text)
  local list, at = {}, 1
  while at <= #text do
    local first, last = text:find("^\27%[[%d;]*%a", at)
    if not first then first, last = text:find("^[%z\1-\127\194-\244][\128-\191]*", at) end
    assert(first, "no UTF-8 at " .. at)
    list[#list + 1] = text:sub(first, last)
    at = last + 1
  end
  return list
end

local function erase(screen, from_line)
  for line = from_line, #screen.lines do screen.lines[line] = {} end
end

local function cut(screen)
  local line = screen.lines[screen.line]
  for column = screen.column, #line do line[column] = nil end
end

local function down(screen)
  screen.line = screen.line + 1
  screen.lines[screen.line] = screen.lines[screen.line] or {}
end

local COMMANDS = {
  A = function(screen, count)
    screen.line = math.max(screen.top, screen.line - count)
  end,
  K = cut,
  J = function(screen)
    cut(screen)
    erase(screen, screen.line + 1)
  end,
  m = function() end,
}

local function put(screen, piece)
  if screen.column > screen.columns then
    screen.column = 1
    down(screen)
  end
  local line = screen.lines[screen.line]
  for column = #line + 1, screen.column - 1 do line[column] = " " end
  line[screen.column] = piece
  screen.column = screen.column + 1
end

local function step(screen, piece)
  local numbers, letter = piece:match "^\27%[([%d;]*)(%a)$"
  if letter then
    local command = assert(COMMANDS[letter], "a sequence: " .. piece:sub(2))
    command(screen, math.tointeger(numbers) or 1)
  elseif piece == "\r" then
    screen.column = 1
  elseif piece == "\n" then
    down(screen)
  else
    assert(not piece:find "%c", "a control character")
    put(screen, piece)
  end
  -- what has gone over the upper edge cannot be written to any more
  screen.top = math.max(screen.top, screen.line - screen.rows + 1)
end

--- The lines that a text leaves, from the first one on.
---@param text string what was written to the terminal
---@param columns integer
---@param rows integer
---@return string[]
function M.lines(text, columns, rows)
  local screen = { lines = { {} }, line = 1, column = 1, top = 1,
    columns = columns, rows = rows }
  -- a sequence that has not come as a whole yet
  text = text:gsub("\27%[?[%d;]*$", "")
  for _, piece in ipairs(pieces(text)) do step(screen, piece) end
  local list = {}
  for i, line in ipairs(screen.lines) do
    list[i] = table.concat(line):gsub(" +$", "")
  end
  while list[#list] == "" do list[#list] = nil end
  return list
end

-- What changes from run to run of etoro run.
local function plain(line)
  return (line:gsub("^%d+%-%d%d%-%d%d %d%d:%d%d", "2026-03-02 10:00")
    :gsub("  %d%d:%d%d", "  10:00"):gsub("[+-]%d%.%d%d", "+0.00")
    :gsub("%d%d%d%d%d%d%.%d%d", "500000.00")
    :gsub("%d%d/60", "50/60"):gsub("polls %ds", "polls 1s"))
end

local function split(lines)
  local notes, rest = {}, {}
  for _, line in ipairs(lines) do
    line = plain(line)
    local list = line:find "^2026" and notes or rest
    list[#list + 1] = line
  end
  table.sort(notes) -- those of two strategies come in any order
  return notes, rest
end

--- A screen of etoro run with its table, as spec/fixtures/screens has it.
---@param lines string[]
---@return string
function M.settled(lines)
  local notes, rest = split(lines)
  return table.concat(notes, "\n") .. "\n" .. table.concat(rest, "\n") .. "\n"
end

--- What stands there once its runs are over: their results, in any order too.
---@param lines string[]
---@return string
function M.settled_end(lines)
  local notes, rest = split(lines)
  local text = table.concat(rest, "\n"):gsub("%d+%-%d%d%-%d%d %d%d:%d%d:%d%d UTC",
    "2026-03-02 10:00:00 UTC")
  local blocks = {}
  for block in (text .. "\n\n"):gmatch "\n*(.-\n)\n" do
    blocks[#blocks + 1] = block
  end
  table.sort(blocks)
  return table.concat(notes, "\n") .. "\n\n" .. table.concat(blocks, "\n")
end

--- The question before real money.
---@param lines string[]
---@param folder string where the strategies lie
---@return string
function M.settled_question(lines, folder)
  local all = {}
  for i, line in ipairs(lines) do
    all[i] = plain(line):gsub(folder:gsub("%p", "%%%0"), "/home/me")
      :gsub("%d+%.%d%d USD", "1000.00 USD")
  end
  return table.concat(all, "\n") .. "\n"
end

return M
