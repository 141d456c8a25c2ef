-- What the command prints: aligned tables for people, JSON for programs.

local command_columns = require "etoro.command.columns"
local core = require "etoro.core"
local errors = require "etoro.errors"
local exits = require "etoro.command.exits"
local json = require "etoro.values.json"
local terminal = require "etoro.command.terminal"

local tostring = core.text -- not up to the locale

---@class etoro.command.Output
local methods = {}
local mt = { __name = "etoro.command.output", __index = methods }
local M = {}

--- Makes the output of one run.
---@param is_json boolean
---@param color "auto"|"always"|"never"
---@return etoro.command.Output
function M.new(is_json, color)
  return setmetatable({
    is_json = is_json, has_color = not is_json and terminal.wants_color(color),
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

--- Dollars and cents of a profit, with its sign.
---@param value number
---@return string
function M.signed(value)
  return (value >= 0 and "+" or "") .. core.fixed(value, 2)
end

--- Dollars and cents.
---@param value any
---@return string
function M.usd(value)
  return M.number(value, 2)
end

--- A profit with its sign, and the colour of it.
---@param value any
---@return string
---@return string? color
function M.profit(value)
  if type(value) ~= "number" or value ~= value then return "-" end
  return M.signed(value), value < 0 and "red" or "green"
end

--- A value as text for a terminal: one line, whatever a server sends, and a
--- dash for what is not there.
---@param value any
---@return string
function M.clean(value)
  if value == nil or value == core.null then return "-" end
  local text = type(value) == "table" and "?" or tostring(value)
  return errors.one_line(json.readable(text))
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

--- Writes a line for people; nothing in JSON mode.
function methods:line(text, color)
  if not self.is_json then
    write(self:paint(clean(text), color), "\n")
  end
end

--- Writes a line that begins with a word in a colour of its own.
function methods:marked(word, color, text)
  if not self.is_json then
    write(self:paint(word, color), "  ", clean(text), "\n")
  end
end

-- The same JSON without the characters that terminals act upon; these can
-- only stand in texts.
local function harmless(text)
  text = text:gsub("\127", "\\u007f")
  return (text:gsub("\194([\128-\159])", function(second)
    return ("\\u%04x"):format(second:byte())
  end))
end

--- Writes a value as JSON. A list that is empty has to be told.
---@param value any
---@param is_list? boolean
function methods:json(value, is_list) -- luacheck: no self
  local is_empty = is_list and type(value) == "table" and next(value) == nil
  write(is_empty and "[]" or harmless(json.show(value)), "\n")
end

local width = command_columns.text

local function measure(columns, rows)
  local widths = {}
  for i, column in ipairs(columns) do widths[i] = width(column.title) end
  for _, row in ipairs(rows) do
    for i in ipairs(columns) do
      row[i] = clean(row[i])
      widths[i] = math.max(widths[i], width(row[i]))
    end
  end
  return widths
end

local function pad(text, size, is_right)
  local space = (" "):rep(size - width(text))
  return is_right and space .. text or text .. space
end

local function join(cells)
  return (table.concat(cells, "  "):gsub("[ \t-\r]+$", ""))
end

--- Writes rows under titles. A title that begins with ">" stands over a
--- column that is aligned to the right; row.color paints a row.
---@param titles string[]
---@param rows table[] lists of values
function methods:table(titles, rows)
  local columns = {}
  for i, title in ipairs(titles) do
    columns[i] = { title = (title:gsub("^>", "")),
      is_right = title:sub(1, 1) == ">" }
  end
  local widths = measure(columns, rows)
  local heads = {}
  for i, column in ipairs(columns) do
    heads[i] = pad(column.title, widths[i], column.is_right)
  end
  self:line(join(heads), "bold")
  for _, row in ipairs(rows) do
    local cells = {}
    for i, column in ipairs(columns) do
      cells[i] = pad(row[i], widths[i], column.is_right)
    end
    self:line(join(cells), row.color)
  end
end

--- Writes names and values below each other.
---@param pairs_of table[] { name, value }
---@param least? integer columns that the names take at least
function methods:fields(pairs_of, least)
  local most = least or 0
  for _, pair in ipairs(pairs_of) do
    pair[1] = clean(pair[1])
    most = math.max(most, width(pair[1]))
  end
  for _, pair in ipairs(pairs_of) do
    self:marked(pad(pair[1], most), "dim", pair[2])
  end
end

return M
