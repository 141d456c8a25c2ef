-- Tables that stay in place on a terminal: which columns a width has, and their
-- lines.

local tables = require "etoro.command.tables"

local M = {}

---@class etoro.command.LiveColumns
---@field titles string[]
---@field is_left table<string, boolean> those that are aligned to the left
---@field is_number? table<string, boolean> those that are aligned on their points
---@field dropped string[] what a narrow terminal goes without, the first one first
---@field least? table<string, integer> of the last one: columns that are enough

--- A time that has passed, in a few letters.
---@param seconds? number
---@return string
function M.age(seconds)
  if not seconds then return "-" end
  seconds = math.max(0, math.floor(seconds))
  if seconds < 120 then return ("%ds"):format(seconds) end
  if seconds < 7200 then return ("%dm"):format(seconds // 60) end
  return ("%dh"):format(seconds // 3600)
end

-- The same as columns of any table.
local function columns_of(columns)
  local list, places = {}, {}
  for i, title in ipairs(columns.dropped) do places[title] = i end
  for i, title in ipairs(columns.titles) do
    list[i] = { title = title, drop = places[title],
      align = columns.is_left[title] and "left"
        or (columns.is_number or {})[title] and "point" or "right",
      least = (columns.least or {})[title] }
  end
  return list
end

--- Draws a table: its head and a line for each row, none wider than a width.
---@param rows table<string, string|etoro.command.Cell>[] cells by title
---@param columns etoro.command.LiveColumns
---@param width number columns of the terminal
---@param paint? fun(text: string, color?: string): string
---@return string[] lines
function M.render(rows, columns, width, paint)
  local list = {}
  for i, row in ipairs(rows) do
    list[i] = {}
    for k, title in ipairs(columns.titles) do
      local cell = row[title]
      list[i][k] = type(cell) == "table" and cell or { text = cell }
    end
  end
  return tables.render(columns_of(columns), list, { width = width, mark = false,
    paint = paint })
end

return M
