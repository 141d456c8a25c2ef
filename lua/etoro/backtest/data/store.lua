-- Bars that were read from the API, kept in the user's data folder: a file for
-- each instrument and interval, with a digest that tells whether it is whole.

local core = require "etoro.core"
local data_columns = require "etoro.backtest.data.columns"
local errors = require "etoro.errors"
local folders = require "etoro.values.folders"
local json = require "etoro.values.json"
local values_kept = require "etoro.values.kept"

local tonumber, tostring = core.number, core.text -- not up to the locale

local M = {}

local NAMES = data_columns.NAMES
local FORMAT, VERSION = "etoro-bars", 2
local NUMBER = string.packsize "<d"
local DIGEST = #core.fingerprint(core.secret "") -- characters

---@class etoro.KeptBars
---@field symbol string
---@field id integer of the instrument
---@field interval string
---@field count integer
---@field path string
---@field conversion? number dollars for one unit of what its prices are in, where that is not 1
---@field spans number[][] of which all bars have been read, see spans.lua

local function failed(code, message, ...)
  return nil, errors.new { code = code, field = "data",
    kind = code == "absent" and "not_found" or "invalid",
    message = message:format(...) }
end

--- The folder of bars, in XDG_DATA_HOME or ~/.local/share.
---@return string? folder
---@return etoro.Error? err
function M.folder()
  local folder, message = folders.of "XDG_DATA_HOME"
  if not folder then
    return failed("no_folder", "%s: there is no place for bars", message)
  end
  return folder .. "/bars"
end

-- A symbol as part of a file's name; no two are alike.
local function file_name(symbol)
  return (symbol:gsub("[^A-Za-z0-9_-]", function(one)
    return ("%%%02X"):format(one:byte())
  end))
end

--- The file of a symbol's bars.
---@param symbol string
---@param interval string as strategies name it: "1d"
---@return string? path
---@return etoro.Error? err
function M.path(symbol, interval)
  local folder, err = M.folder()
  if not folder then return nil, err end
  return ("%s/%s.%s.bars"):format(folder, file_name(symbol), interval)
end

local function digest(text) return core.fingerprint(core.secret(text)) end

local function are_spans(list)
  for _, one in ipairs(type(list) == "table" and list or { 0 }) do
    if type(one) ~= "table" or type(one[1]) ~= "number"
      or type(one[2]) ~= "number" then return false end
  end
  return true
end

local function read_head(text)
  local line, at = text:match "^([^\n]*)\n()"
  local head = line and json.decode(line, true)
  if type(head) ~= "table" or head.format ~= FORMAT
      or math.type(head.count) ~= "integer" or head.count < 1
      or not are_spans(head.spans) then
    return nil
  end
  return head, at
end

--- Reads a file of kept bars.
---@param path string
---@return etoro.BarColumns? columns
---@return etoro.KeptBars|etoro.Error about_or_err code "absent", "damaged", ...
function M.read_file(path)
  local file, problem, number = io.open(path, "rb")
  local text = file and file:read "a"
  if file then file:close() end
  if not text then
    return failed(number == 2 and "absent" or "unreadable", -- ENOENT
      "%s", tostring(problem or path .. ": it is no file"))
  end
  local head, from = read_head(text)
  local size = head and head.count * #NAMES * NUMBER
  if not head or head.version ~= VERSION or #text ~= from - 1 + size + DIGEST + 1
      or text:sub(from + size, -2) ~= digest(text:sub(1, from + size - 1)) then
    return failed("damaged", "%s is damaged: remove it and get it again", path)
  end
  head.path = path
  local columns = data_columns.unpack(text, from, math.tointeger(head.count))
  columns.file, columns.ignored = path, {}
  columns.conversion_kept = tonumber(head.conversion)
  columns.type = math.tointeger(tonumber(head.type))
  return columns, head
end

local function absent(symbol, interval)
  for _, one in ipairs(M.list()) do
    if one.interval == interval and core.lower(one.symbol) == core.lower(symbol) then
      return failed("absent", "no bars of %s, %s, are kept, but of %s", symbol, interval,
        one.symbol)
    end
  end
  return failed("absent", "no bars of %s, %s, are kept: etoro data get %s "
    .. "--interval %s", symbol, interval, symbol, interval)
end

--- Reads the bars of a symbol.
---@param symbol string
---@param interval string
---@return etoro.BarColumns? columns
---@return etoro.KeptBars|etoro.Error about_or_err code "absent", "damaged", ...
function M.read(symbol, interval)
  local path, err = M.path(symbol, interval)
  if not path then return nil, err end
  local columns, head = M.read_file(path)
  if not columns then
    if head.code == "absent" then return absent(symbol, interval) end
    return nil, head
  elseif head.symbol ~= symbol or head.interval ~= interval then
    return failed("damaged", "%s holds something else than its name says", path)
  end
  return columns, head
end

local function make_folders(path)
  local made, message = folders.make(path)
  if made then return true end
  return failed("unwritable", "there is no folder for bars: %s", tostring(message))
end

-- A line for each file that was ever written, for M.list.
local function enter(folder, symbol, interval)
  for _, one in ipairs(M.list()) do
    if one.symbol == symbol and one.interval == interval then return end
  end
  local file = io.open(folder .. "/names", "ab")
  if not file then return end
  file:write(interval, " ", symbol, "\n")
  file:close()
end

--- Keeps others from a symbol's bars until the file that it gives is closed.
---@param symbol string
---@param interval string
---@return file*? lock
---@return etoro.Error? err code "busy" where another program has it
function M.lock(symbol, interval)
  local path, err = M.path(symbol, interval)
  if not path then return nil, err end
  local ok
  ok, err = make_folders(path:match "^(.*)/")
  if not ok then return nil, err end
  local lock, reason = core.append_file(path .. ".lock")
  if lock then return lock end
  return failed("busy", "the bars of %s, %s, are being got by another program, or "
    .. "cannot be kept: %s.lock: %s", symbol, interval, path, tostring(reason))
end

---@class etoro.BarsToKeep
---@field symbol string
---@field id integer
---@field interval string
---@field spans number[][]
---@field conversion? number
---@field type? integer instrumentTypeID

--- Writes the bars of a symbol, whole and at once.
---@param about etoro.BarsToKeep
---@param columns etoro.BarColumns
---@return etoro.KeptBars? about
---@return etoro.Error? err
function M.write(about, columns)
  local path, err = M.path(about.symbol, about.interval)
  if not path then return nil, err end
  local folder = path:match "^(.*)/"
  local made
  made, err = make_folders(folder)
  if not made then return nil, err end
  local kept = { format = FORMAT, version = VERSION, symbol = about.symbol,
    id = about.id, interval = about.interval, count = #columns.time,
    spans = json.list(about.spans), conversion = about.conversion,
    type = about.type }
  local text = json.encode(kept) .. "\n" .. data_columns.pack(columns)
  local ok, message = values_kept.write(path, text .. digest(text))
  if not ok then
    return failed("unwritable", "the bars could not be kept: %s", tostring(message))
  end
  enter(folder, about.symbol, about.interval)
  kept.path = path
  return kept
end

--- All that are kept, by symbol and interval.
---@return { symbol: string, interval: string }[]
function M.list()
  local folder = M.folder()
  local file = folder and io.open(folder .. "/names", "rb")
  local seen, list = {}, {}
  if not file then return list end
  for line in file:lines() do
    local interval, symbol = line:match "^([^ ]+) (.+)$"
    if symbol and not seen[line] then
      seen[line] = true
      list[#list + 1] = { symbol = symbol, interval = interval }
    end
  end
  file:close()
  table.sort(list, function(a, b)
    if a.symbol ~= b.symbol then return core.before(a.symbol, b.symbol) end
    return core.before(a.interval, b.interval)
  end)
  return list
end

return M
