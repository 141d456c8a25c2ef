-- What the command prints: aligned tables for people, JSON for programs.

local charset = require "etoro.command.charset"
local command_columns = require "etoro.command.columns"
local core = require "etoro.core"
local errors = require "etoro.errors"
local exits = require "etoro.command.exits"
local fold = require "etoro.command.fold"
local json = require "etoro.values.json"
local moments = require "etoro.command.moments"
local tables = require "etoro.command.tables"
local terminal = require "etoro.command.terminal"

local tostring = core.text -- not up to the locale

---@class etoro.command.Output
local methods = {}
local mt = { __name = "etoro.command.output", __index = methods }
local M = {}

--- Makes the output of one run.
---@param is_json boolean
---@param color? "auto"|"always"|"never"
---@param is_utc? boolean times are shown by UTC, not by the zone of the place
---@return etoro.command.Output
function M.new(is_json, color, is_utc)
  return setmetatable({
    is_json = is_json, is_utc = is_utc or false,
    has_color = not is_json and terminal.wants_color(color or "auto"),
  }, mt)
end

-- What was printed since the last flush is kept where something was carried
-- out: it goes to stderr when stdout does not take it.
local sink = { kept = nil, failure = nil }

local function cannot_write(message, number)
  if not sink.kept then
    if number == terminal.EPIPE then exits.exit(exits.SIGPIPE) end
    exits.exit(exits.FAILED, "the output could not be written: "
      .. tostring(message))
  end
  sink.failure = tostring(message)
  io.stderr:write(table.concat(sink.kept))
  sink.kept = {}
end

local function write(...)
  terminal.clear()
  local text = table.concat { ... }
  if sink.failure then
    io.stderr:write(text)
    return
  end
  if sink.kept then sink.kept[#sink.kept + 1] = text end
  local ok, message, number = io.stdout:write(text)
  if not ok then cannot_write(message, number) end
end
M.write = write

--- Sees to it that all that was printed is written. Ends the command where it
--- is not, unless M.keep was called.
---@return boolean ok
---@return string? message
function M.flush()
  if not sink.failure then
    local ok, message, number = terminal.flush_output()
    if not ok then cannot_write(message, number) end
  end
  if sink.kept then sink.kept = {} end
  return not sink.failure, sink.failure
end

--- From now on a failing stdout ends nothing: what it does not take is printed
--- on stderr.
function M.keep()
  sink.kept = sink.kept or {}
end

--- A number as a person reads it: no exponent, so many decimals if given; a
--- dash for what is not there.
---@param value any
---@param decimals? integer
---@return string
function M.number(value, decimals)
  if type(value) == "string" then return value end
  if type(value) ~= "number" or value ~= value then return "-" end
  if decimals then return core.fixed(value, decimals) end
  if math.type(value) == "integer" then return ("%d"):format(value) end
  return core.json_number(value)
end

--- How many decimals a number is written with.
---@param value any
---@return integer
function M.places(value) return #(M.number(value):match "%.(%d+)$" or "") end

--- A profit in dollars and cents, or another change, with its sign.
---@param value number
---@param decimals? integer
---@return string
function M.signed(value, decimals)
  local text = core.fixed(math.abs(value), decimals or 2)
  return (value < 0 and text:find "[1-9]" and "-" or "+") .. text
end

--- Dollars and cents.
---@param value any
---@return string
function M.usd(value)
  return M.number(value, 2)
end

local cell_mt = { __name = "etoro.command.cell" }

--- A cell of a table, in a colour.
---@param text any
---@param color? string
---@return etoro.command.Cell
function M.cell(text, color)
  return setmetatable({ text = text, color = color }, cell_mt)
end

-- Whether a value was made by M.cell.
local function is_cell(value) return getmetatable(value) == cell_mt end

local function color_of(value)
  if value == 0 then return nil end
  return value < 0 and "red" or "green"
end

--- A profit with its sign, in its colour.
---@param value any
---@param decimals? integer 2 unless given
---@return string|etoro.command.Cell
function M.profit(value, decimals)
  if type(value) ~= "number" or value ~= value then return "-" end
  return M.cell(M.signed(value, decimals), color_of(value))
end

--- A profit with its sign, as text.
---@param value any
---@return string
function M.gain(value)
  return type(value) == "number" and value == value and M.signed(value) or "-"
end

--- A change in per cent, with its sign, in its colour.
---@param value any
---@return string|etoro.command.Cell
function M.percent(value)
  if type(value) ~= "number" or value ~= value then return "-" end
  return M.cell(M.signed(value) .. "%", color_of(value))
end

--- How a row names its instrument: by the symbol, by the id where that is not
--- known.
---@param shape table
---@return any
function M.name(shape)
  if shape.symbol == nil or shape.symbol == core.null then
    return shape.instrumentId
  end
  return shape.symbol
end

-- The same with each byte that is no part of UTF-8 as its number.
local function whole(text)
  local parts, at = {}, 1
  local _, bad = utf8.len(text)
  while bad do
    parts[#parts + 1] = text:sub(at, bad - 1)
    parts[#parts + 1] = ("\\x%02x"):format(text:byte(bad))
    at = bad + 1
    _, bad = utf8.len(text, at)
  end
  return table.concat(parts) .. text:sub(at)
end

--- A value as text for a terminal: one line on which each character that could
--- move the cursor, colour something or turn letters around is seen as \u001b is;
--- a dash for what is not there.
---@param value any
---@return string
function M.visible(value)
  if value == nil or value == core.null then return "-" end
  local text = type(value) == "table" and "?" or tostring(value)
  return charset.shown(errors.escaped(whole(text)))
end

--- The same for a sentence, which may have been written on many lines.
---@param value any
---@return string
function M.clean(value)
  if type(value) == "string" then value = value:gsub("[\t-\r]+", " ") end
  return M.visible(value)
end

--- The objects of a list in an answer: rows are made of these alone.
---@param list any
---@return table[]
function M.objects(list)
  local objects = {}
  for _, item in ipairs(type(list) == "table" and list or {}) do
    if type(item) == "table" then objects[#objects + 1] = item end
  end
  return objects
end

local clean = M.clean

function methods:paint(text, color)
  return self.has_color and terminal.paint(text, color) or text
end

local function screen() return terminal.columns(1) or math.huge end

-- Writes a text behind what stands in so many columns of the line already, on as
-- many lines as a terminal needs for it; further ones have an indent.
local function write_folded(self, text, color, before, indent)
  local room = screen() - indent
  local lines = room > 0 and fold.lines(text, room, screen() - before)
    or { text }
  for i, line in ipairs(lines) do
    if i > 1 then write((" "):rep(indent)) end
    write(self:paint(line, color), "\n")
  end
end

--- Writes a line for people; nothing in JSON mode.
---@param text string
---@param color? string
function methods:line(text, color)
  if self.is_json then return end
  local before, rest = clean(text):match "^( *)(.*)$"
  write(before)
  write_folded(self, rest, color, #before, #before)
end

--- Writes a line that begins with a word in a colour of its own.
---@param word string
---@param color string
---@param text any a cell has a colour too
---@param indent? integer where further lines begin; below the text unless given
function methods:marked(word, color, text, indent)
  if self.is_json then return end
  local cell = is_cell(text) and text or { text = text }
  write(self:paint(word, color), "  ")
  local before = command_columns.text(word) + 2
  if indent and indent > screen() // 2 then indent = 2 end
  write_folded(self, clean(cell.text), cell.color, before, indent or before)
end

--- Writes a value as JSON. A list that is empty has to be told.
---@param value any
---@param is_list? boolean
function methods:json(value, is_list) -- luacheck: no self
  local is_empty = is_list and type(value) == "table" and next(value) == nil
  write(is_empty and "[]" or errors.escaped(json.show(value), true), "\n")
end

local width = command_columns.text

local function cell_of(value)
  if is_cell(value) then
    return { text = M.visible(value.text), color = value.color }
  end
  return { text = M.visible(value) }
end

local function cells_of(columns, row)
  local cells = {}
  for i in ipairs(columns) do cells[i] = cell_of(row[i]) end
  return cells
end

--- Writes rows under titles, none wider than the terminal (see tables.lua). A
--- title that begins with ">" stands over numbers.
---@param specs etoro.command.ColumnSpec[]
---@param rows table[] lists of values and cells
---@param totals? table one more row, set off from the others
function methods:table(specs, rows, totals)
  if self.is_json then return end
  local columns, all = tables.columns(specs), {}
  for i, row in ipairs(rows) do all[i] = cells_of(columns, row) end
  if totals then
    all[#all + 1] = cells_of(columns, totals)
    for _, cell in ipairs(all[#all]) do cell.color = cell.color or "bold" end
  end
  local lines = tables.render(columns, all, {
    width = terminal.columns(1),
    paint = function(text, color) return self:paint(text, color) end,
  })
  for _, line in ipairs(lines) do write(line, "\n") end
end

--- Writes a list: as JSON, or as a table, or that there is nothing in it.
---@param list table[] as programs see it
---@param empty string what people are told of an empty one
---@param specs etoro.command.ColumnSpec[]
---@param rows table[] as for `table`
function methods:list(list, empty, specs, rows)
  if self.is_json then return self:json(list, true) end
  if #list == 0 then return self:line(empty) end
  self:table(specs, rows)
end

--- A time of the API's as this run shows it.
---@param value any
---@param is_short? boolean without seconds
---@return any text
function methods:moment(value, is_short)
  return moments.shown(value, self.is_utc, is_short)
end

--- When a bar begins, as this run shows it; those of days with a day alone.
---@param value any
---@param is_daily? boolean
---@return any text
function methods:bar_time(value, is_daily)
  return moments.of_bar(value, is_daily, self.is_utc)
end

--- Writes names and values below each other; on a narrow terminal each value below
--- its name.
---@param pairs_of table[] { name, value }; a value may be a cell
---@param least? integer columns that the names take at least
function methods:fields(pairs_of, least)
  local most = least or 0
  for _, pair in ipairs(pairs_of) do
    pair[1] = clean(pair[1])
    most = math.max(most, width(pair[1]))
  end
  local is_narrow = most + 12 > screen()
  for _, pair in ipairs(pairs_of) do
    local space = (" "):rep(most - width(pair[1]))
    if is_narrow and not self.is_json then
      write_folded(self, pair[1], "dim", 0, 0)
      self:marked("", "dim", pair[2])
    else
      self:marked(pair[1] .. space, "dim", pair[2])
    end
  end
end

return M
