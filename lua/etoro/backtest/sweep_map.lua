-- The map of a sweep's page: the value of two settings in a grid of shades, with
-- the settings beside it and, where there is room, the values in it.

local core = require "etoro.core"
local page = require "etoro.backtest.page"
local run_limits = require "etoro.values.run_limits"
local sweep_words = require "etoro.backtest.sweep_words"

local tostring = core.text -- not up to the locale

local M = {}

-- Pixels: a letter of a text, a line, a cell as high as it may be, the whole map,
-- and how wide it is at least, on a telephone and elsewhere.
local SIZE = { letter = 7.2, line = 18, cell = 32, tall = 520, narrow = 260, wide = 500,
  shades = 7 }

local function clip(value)
  local text = tostring(value)
  if #text <= run_limits.report_letters then return text end
  return text:sub(1, run_limits.report_letters - 2) .. ".."
end
M.clip = clip

-- The shade of a value, 1 to the last; the best has the last.
local function shade(map, value, is_less_more)
  local room = map.most - map.least
  if not (room > 0) then return SIZE.shades end
  local part = (value - map.least) / room
  if is_less_more then part = 1 - part end
  if part ~= part then return 1 end
  return 1 + math.floor(part * (SIZE.shades - 1) + 0.5)
end

-- The settings of a cell: one, or from one to another.
local function span(axis, k, step)
  local first = (k - 1) * step + 1
  local last = math.min(first + step - 1, axis.count)
  local text = axis.name .. "=" .. tostring(axis.at(first))
  return last > first and text .. " to " .. tostring(axis.at(last)) or text
end

local function cells_of(ranks, map)
  local rects, texts, widest = {}, {}, 0
  local wide, high = 1000 / map.width, 100 / map.height
  local is_less_more = ranks:is_less_more()
  for row = 1, map.height do
    for column = 1, map.width do
      local value = map.cells[row] and map.cells[row][column]
      if value then
        local class = shade(map, value, is_less_more)
        local text = sweep_words.value(ranks.by, value)
        rects[#rects + 1] = ('<rect class="h%d" x="%s" y="%s" width="%s" height="%s">'
          .. "<title>%s %s: %s</title></rect>"):format(class,
          core.fixed((column - 1) * wide, 2), core.fixed((row - 1) * high, 3),
          core.fixed(wide, 2), core.fixed(high, 3),
          page.escape(span(map.rows, row, map.row_step)),
          page.escape(span(map.columns, column, map.column_step)), page.escape(text))
        widest = math.max(widest, #text)
        texts[#texts + 1] = ('<span class="h%d" style="left:%s%%;top:%s%%">%s</span>')
          :format(class, core.fixed((column - 0.5) * wide / 10, 2),
          core.fixed((row - 0.5) * high, 2), page.escape(text))
      end
    end
  end
  return table.concat(rects), table.concat(texts), widest
end

-- The values in the cells, where they have room; "few" where they have it on wide
-- screens alone.
local function texts_of(map, tall, texts, letters)
  local needed = map.width * (letters * SIZE.letter + 8)
  if map.height * SIZE.line > tall or needed > SIZE.wide then return "" end
  return ('<div class="%s">%s</div>'):format(needed > SIZE.narrow and "few" or "all",
    texts)
end

-- A frame around the cell of the best run.
local function mark_of(ranks, map)
  local best = ranks.best[1]
  if not best then return "" end
  local places = ranks.grid:places(best.run)
  local wide, high, x, y = 1000 / map.width, 100 / map.height, 0, 0
  for k, axis in ipairs(ranks.grid.axes) do
    if axis == map.rows then y = (places[k] - 1) // map.row_step * high end
    if axis == map.columns then x = (places[k] - 1) // map.column_step * wide end
  end
  return ('<path class="mark" d="M%s %sH%sV%sH%sZ"/>'):format(core.fixed(x, 2),
    core.fixed(y, 3), core.fixed(x + wide, 2), core.fixed(y + high, 3),
    core.fixed(x, 2))
end

-- The labels of rows: so many that each has its line.
local function side_of(map, tall)
  local parts, widest = {}, 3
  local step = math.ceil(map.height * SIZE.line / tall)
  for row = 1, map.height, step do
    local text = clip(map.rows.at((row - 1) * map.row_step + 1))
    widest = math.max(widest, #text)
    parts[#parts + 1] = ('<span style="top:%s%%">%s</span>'):format(
      core.fixed(100 * (row - 0.5) / map.height, 2), page.escape(text))
  end
  return '<div class="side">' .. table.concat(parts) .. "</div>", widest
end

-- The labels of columns: so many that none comes near another where it is narrow.
local function foot_of(map)
  local widest, parts = 0, {}
  for column = 1, map.width do
    widest = math.max(widest, #clip(map.columns.at((column - 1) * map.column_step + 1)))
  end
  local pixels = widest * SIZE.letter
  local step = math.ceil(map.width * (1.5 * pixels + 8) / SIZE.narrow)
  for column = 1, map.width, step do
    local x = (column - 0.5) / map.width
    local class = x * SIZE.narrow < pixels / 2 and "first"
      or (1 - x) * SIZE.narrow < pixels / 2 and "last" or ""
    parts[#parts + 1] = ('<span class="%s" style="left:%s%%">%s</span>'):format(class,
      core.fixed(100 * x, 2),
      page.escape(clip(map.columns.at((column - 1) * map.column_step + 1))))
  end
  return '<div class="foot">' .. table.concat(parts) .. "</div>"
end

local function key_of(ranks, map)
  local least, most = map.least, map.most
  if ranks:is_less_more() then least, most = most, least end
  local shades = {}
  for i = 1, SIZE.shades do shades[i] = ('<i class="h%d"></i>'):format(i) end
  local text = ("%s, by %s (down) and %s (across)%s%s"):format(
    (ranks.by:gsub("_", " ")), map.rows.name, map.columns.name,
    #map.others > 0 and ", the best of " .. table.concat(map.others, ", ") or "",
    (map.row_step > 1 or map.column_step > 1) and (": a cell is the best of %d")
      :format(map.row_step * map.column_step) or "")
  return ('<figcaption><span class="key"><span class="shades">%s %s %s</span>'
    .. '<span><i class="frame"></i>the best</span></span>%s</figcaption>'):format(
    page.escape(sweep_words.value(ranks.by, least)), table.concat(shades),
    page.escape(sweep_words.value(ranks.by, most)), page.escape(text))
end

--- The map of a sweep's first two settings.
---@param ranks etoro.SweepRanks
---@return string? html nil where there is none
function M.html(ranks)
  local map = ranks:map(run_limits.report_map)
  if not (map and map.most) then return nil end
  local tall = math.min(map.height * SIZE.cell, SIZE.tall)
  local rects, texts, letters = cells_of(ranks, map)
  local side, widest = side_of(map, tall)
  return ('<figure class="heat"><div class="plot" style="--side:%dch;--tall:%dpx">'
    .. '<div class="cells"><svg viewBox="0 0 1000 100" preserveAspectRatio="none" '
    .. 'role="img" aria-label="%s">%s%s</svg>%s</div>%s%s</div>%s</figure>'):format(
    widest + 1, tall, page.escape(("%s by %s and %s"):format(ranks.by, map.rows.name,
    map.columns.name)), rects, mark_of(ranks, map),
    texts_of(map, tall, texts, letters), side, foot_of(map), key_of(ranks, map))
end

return M
