-- Numbers as a row of blocks. Where the environment names a character set that
-- has none, of letters.

local charset = require "etoro.command.charset"

local M = {}

local BLOCKS = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" }
local LETTERS = { "_", ".", "-", "~", "=", "+", "*", "#" }

local function levels() return charset.is_utf8() and BLOCKS or LETTERS end

--- The signs of a map, from the least to the most.
---@return string[]
function M.shades()
  if charset.is_utf8() then return { "·", "░", "▒", "▓", "█" } end
  return { ".", ":", "+", "*", "#" }
end

--- The signs that bars are drawn with.
---@return { rise: string, fall: string, wick: string }
function M.candles()
  if charset.is_utf8() then return { rise = "█", fall = "░", wick = "│" } end
  return { rise = "#", fall = ".", wick = "|" }
end

--- Draws numbers between the lowest and the highest of them.
---@param values number[]
---@param width? integer columns at most; one for each unless given
---@return string
function M.line(values, width)
  local count, cells, signs = #values, {}, levels()
  local least, most = math.huge, -math.huge
  for _, value in ipairs(values) do
    least, most = math.min(least, value), math.max(most, value)
  end
  width = math.min(width or count, count)
  for i = 1, width do
    local k = width == 1 and count
      or 1 + math.floor((i - 1) * (count - 1) / (width - 1) + 0.5)
    local height = most > least and (values[k] - least) / (most - least) or 0
    cells[i] = signs[1 + math.floor(height * (#signs - 1) + 0.5)]
  end
  return table.concat(cells)
end

return M
