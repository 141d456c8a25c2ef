-- Bars in columns: a list of numbers for each of a bar's fields.

local M = {}

--- In the order in which they are kept.
M.NAMES = { "time", "open", "high", "low", "close", "volume" }
local PRICES = { "open", "high", "low", "close" }

--- Columns without a bar.
---@return etoro.BarColumns
function M.new()
  return { time = {}, open = {}, high = {}, low = {}, close = {}, volume = {} }
end

--- Adds a bar at the end.
---@param columns etoro.BarColumns
---@param bar table with the names of the columns
function M.add(columns, bar)
  local i = #columns.time + 1
  for _, name in ipairs(M.NAMES) do columns[name][i] = bar[name] end
end

--- The line of a bar: in its file, or its number where it came from no lines.
---@param columns etoro.BarColumns
---@param i integer
---@return integer
function M.line(columns, i) return columns.lines and columns.lines[i] or i end

local function differ(a, i, b, k)
  for _, name in ipairs(PRICES) do
    if a[name][i] ~= b[name][k] then return true end
  end
  return false
end

-- Where each bar of the sum comes from: from[i] is 1 for a, 2 for b; at[i] which.
local function order(a, b)
  local from, at, differing = {}, {}, 0
  local i, k, n = 1, 1, 0
  local x, y = a.time, b.time
  while x[i] or y[k] do
    n = n + 1
    if y[k] and (not x[i] or y[k] < x[i]) then
      from[n], at[n], k = b, k, k + 1
    else
      if y[k] == x[i] then
        if differ(a, i, b, k) then differing = differing + 1 end
        k = k + 1
      end
      from[n], at[n], i = a, i, i + 1
    end
  end
  return from, at, differing
end

--- The bars of both, each time once; both are in order.
---@param a etoro.BarColumns whose bars are taken where both have one
---@param b etoro.BarColumns
---@return etoro.BarColumns sum
---@return integer differing bars that both have, with other prices
function M.merge(a, b)
  local from, at, differing = order(a, b)
  local sum = M.new()
  for _, name in ipairs(M.NAMES) do
    local column = sum[name]
    for n = 1, #from do column[n] = from[n][name][at[n]] end
  end
  return sum, differing
end

local MANY_TEXT = "<" .. ("d"):rep(200) -- so many are packed at once
local MANY = #MANY_TEXT - 1
local NUMBER = string.packsize "<d"

local function format_of(count)
  return count == MANY and MANY_TEXT or "<" .. ("d"):rep(count)
end

local function pack(parts, column)
  for i = 1, #column, MANY do
    local size = math.min(MANY, #column - i + 1)
    parts[#parts + 1] = string.pack(format_of(size),
      table.unpack(column, i, i + size - 1))
  end
end

--- Bars as bytes, column by column.
---@param columns etoro.BarColumns
---@return string
function M.pack(columns)
  local parts = {}
  for _, name in ipairs(M.NAMES) do pack(parts, columns[name]) end
  pack(parts, columns.conversion or {})
  return table.concat(parts)
end

--- Bars of such bytes.
---@param text string
---@param at integer where they begin in it
---@param count integer
---@return etoro.BarColumns
function M.unpack(text, at, count)
  local columns = M.new()
  for _, name in ipairs(M.NAMES) do
    local column = columns[name]
    for i = 1, count, MANY do
      local size = math.min(MANY, count - i + 1)
      local values = { string.unpack(format_of(size), text, at) }
      table.move(values, 1, size, i, column)
      at = at + size * NUMBER
    end
  end
  return columns
end

return M
