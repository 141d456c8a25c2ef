-- Tables as lines: which columns a width has, and what stands where. A table that
-- is too wide first cuts the texts that may be cut, down to their least widths,
-- then goes without columns, one after the other in the order that was declared
-- with them; none of its lines is wider than the width.

local charset = require "etoro.command.charset"
local columns_of = require("etoro.command.columns").text

local M = {}

---@class etoro.command.Column
---@field title string
---@field align "left"|"right"|"point" point: numbers stand with their points below each other
---@field drop? integer a narrow terminal goes without the column of the lowest first; nil: it stays
---@field least? integer its texts may be cut down to so many columns, or to its title

---@class etoro.command.Cell
---@field text string
---@field color? string

---@alias etoro.command.ColumnSpec string|{ [1]: string, drop?: integer, least?: integer }

--- Reads columns. A title that begins with ">" stands over numbers.
---@param specs etoro.command.ColumnSpec[]
---@return etoro.command.Column[]
function M.columns(specs)
  local list = {}
  for i, spec in ipairs(specs) do
    if type(spec) == "string" then spec = { spec } end
    local title = spec[1]
    local is_number = title:sub(1, 1) == ">"
    list[i] = { title = is_number and title:sub(2) or title,
      align = is_number and "point" or "left", drop = spec.drop,
      least = spec.least }
  end
  return list
end

--- Cuts a text to a width, by whole characters.
---@param text string
---@param width number columns
---@param mark? string stands at the end of what was cut; a column wide
---@return string
local function cut(text, width, mark)
  if columns_of(text) <= width then return text end
  local most = width - (mark and 1 or 0)
  while text ~= "" and columns_of(text) > most do
    text = text:sub(1, (utf8.offset(text, -1) or #text) - 1)
  end
  return width > 0 and text .. (mark or "") or ""
end

-- A number before its point, and the rest of it.
local function halves(text)
  local whole, rest = text:match "^([+-]?%d+)(%.?.*)$"
  if whole then return whole, rest end
  return text, ""
end

-- The columns that all cells of a column take, and those behind the points.
local function measure(column, i, rows)
  local left, right, most = 0, 0, columns_of(column.title)
  for _, row in ipairs(rows) do
    local text = row[i].text
    if column.align == "point" then
      local whole, rest = halves(text)
      left = math.max(left, columns_of(whole))
      right = math.max(right, columns_of(rest))
    else
      most = math.max(most, columns_of(text))
    end
  end
  return { column = column, i = i, width = math.max(most, left + right),
    right = right }
end

-- A title is not cut before its column's texts.
local function needed(one)
  local least = one.column.least or one.width
  return math.min(one.width, math.max(least, columns_of(one.column.title)))
end

local function total(list, size_of)
  local sum = -2
  for _, one in ipairs(list) do sum = sum + 2 + size_of(one) end
  return sum
end

-- The place in a list of the column that is dropped next.
local function next_dropped(list)
  local found
  for k, one in ipairs(list) do
    local drop = one.column.drop
    if drop and (not found or drop < list[found].column.drop) then found = k end
  end
  return found
end

local function width_of(one) return one.width end

-- Cuts and drops until the columns fit.
local function fit(list, width)
  local dropped = next_dropped(list)
  while dropped and total(list, needed) > width do
    table.remove(list, dropped)
    dropped = next_dropped(list)
  end
  local excess = total(list, width_of) - width
  for k = #list, 1, -1 do
    local one = list[k]
    if excess <= 0 then return end
    local less = math.min(excess, one.width - needed(one))
    one.width, excess = one.width - less, excess - less
  end
  -- what has to stay is too wide all the same
  local left = width
  for _, one in ipairs(list) do
    one.width = math.max(0, math.min(one.width, left))
    left = left - one.width - 2
  end
end

local function pad(one, text)
  local column = one.column
  local space = one.width - columns_of(text)
  if column.align == "left" then return "", (" "):rep(space) end
  local _, rest = halves(text)
  local behind = column.align == "point"
    and math.min(space, one.right - columns_of(rest)) or 0
  return (" "):rep(space - behind), (" "):rep(behind)
end

-- A line; space at its end is left out.
local function line_of(list, row, paint, mark, is_head)
  local parts, space = {}, ""
  for k, one in ipairs(list) do
    local cell = row[one.i]
    local text = cut(cell.text, one.width, mark)
    local before, behind = pad(one, text)
    if is_head and one.column.align == "point" then
      before, behind = before .. behind, ""
    end
    if one.width > 0 and text ~= "" then
      parts[#parts + 1] = space .. (k > 1 and "  " or "") .. before
        .. paint(text, cell.color)
      space = behind
    else
      space = space .. (k > 1 and one.width > 0 and "  " or "") .. before .. behind
    end
  end
  return table.concat(parts)
end

---@class etoro.command.TableOptions
---@field width? number columns of the terminal; nil: as wide as it is
---@field paint? fun(text: string, color?: string): string
---@field mark? string|false what ends a text that was cut

--- Draws a table: its head, and a line for each row.
---@param columns etoro.command.Column[]
---@param rows etoro.command.Cell[][] one for each column
---@param options? etoro.command.TableOptions
---@return string[] lines
function M.render(columns, rows, options)
  options = options or {}
  local list, heads = {}, {}
  for i, column in ipairs(columns) do
    list[i] = measure(column, i, rows)
    heads[i] = { text = column.title, color = "bold" }
  end
  local width = options.width
  if width and total(list, width_of) > width then fit(list, width) end
  local paint = options.paint or function(text) return text end
  local mark = options.mark
  if mark == nil then mark = charset.cut_mark() end
  local lines = { line_of(list, heads, paint, mark or nil, true) }
  for _, row in ipairs(rows) do
    lines[#lines + 1] = line_of(list, row, paint, mark or nil)
  end
  return lines
end

return M
