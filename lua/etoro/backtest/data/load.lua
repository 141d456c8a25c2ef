-- The bars of a backtest's symbols: which file is whose, and whether it can be
-- used.

local checks = require "etoro.backtest.data.checks"
local csv = require "etoro.backtest.data.csv"
local errors = require "etoro.errors"
local finer = require "etoro.backtest.data.finer"
local store = require "etoro.backtest.data.store"

local M = {}

local function wrong(message, ...)
  return nil, errors.new { kind = "invalid", code = "data", field = "data",
    message = message:format(...) }
end

local function is_file(path)
  local file = io.open(path, "rb")
  local is_there = file and file:read(0) ~= nil -- a folder can be opened
  if file then file:close() end
  return is_there
end

-- One file stands for the only symbol there is; several are in a folder.
local function path_of(data, symbol, count)
  if type(data) == "table" then return data[symbol] end
  if data:find "%.[Cc][Ss][Vv]$" or is_file(data) then
    local is_own = data:match "([^/]*)%.[^./]*$" == symbol
    return (count == 1 or is_own) and data or nil
  end
  return data:gsub("/+$", "") .. "/" .. symbol .. ".csv"
end

--- Tells which files a strategy may not read: those that its bars come from.
---@param data? string|table<string, string>
---@return fun(path: string): boolean
function M.hides(data)
  local names = {}
  local function base(path) return path:match "([^/]*)$" end
  if data == nil then
    return function(path) return path:find "%.bars$" ~= nil end
  end
  if type(data) == "table" then
    for _, path in pairs(data) do names[base(path)] = true end
  elseif is_file(data) then
    names[base(data)] = true
  end
  return function(path)
    local name = base(path)
    for own in pairs(names) do
      if name == own or finer.is_beside(name, own) then return true end
    end
    return type(data) == "string" and not is_file(data)
      and is_file(data:gsub("/+$", "") .. "/" .. base(path))
  end
end

local function first_fatal(faults)
  for _, fault in ipairs(faults) do
    if fault.is_fatal then
      return ("%s:%d: %s"):format(fault.file, fault.line, fault.message)
    end
  end
end

-- Those that are kept: see store.lua.
local function read_kept(symbol, interval, now)
  if not interval then
    return wrong("give the bars: the strategy names no interval")
  end
  local columns, err = store.read(symbol, interval)
  if not columns then return nil, err end
  local is_usable, found = checks.of(columns, now)
  if not is_usable then return wrong("%s", first_fatal(found)) end
  columns.faults, columns.interval = found, interval
  return columns
end

-- Reads one file; nil with an error that names file and line.
local function read(path, now)
  local columns, faults = csv.read(path)
  if not columns then
    return wrong("%s", type(faults) == "string" and faults
      or first_fatal(faults))
  end
  local is_usable, found = checks.of(columns, now)
  if not is_usable then return wrong("%s", first_fatal(found)) end
  columns.faults, columns.source = found, path
  return columns
end

-- Of one symbol, from wherever they are.
local function read_symbol(data, symbol, count, interval, now)
  if data == nil then return read_kept(symbol, interval, now) end
  local path = path_of(data, symbol, count)
  if not path then
    return wrong("there are no bars of '%s': give a folder with %s.csv", symbol,
      symbol)
  end
  return read(path, now)
end

--- Reads the bars of symbols.
---@param data? string|table<string, string> a file, a folder, files by symbol; else kept ones
---@param symbols string[]
---@param interval? string that all must have
---@param now number seconds since 1970
---@return table<string, etoro.BarColumns>? by_symbol
---@return etoro.Error? err
---@return integer? seconds of a bar
function M.read(data, symbols, interval, now)
  local by_symbol, width, name = {}, nil, interval
  for _, symbol in ipairs(symbols) do
    local columns, err = read_symbol(data, symbol, #symbols, interval, now)
    if not columns then return nil, err end
    name = name or columns.interval
    if columns.interval ~= name then
      return wrong("%s has bars of %s, and %s is needed", columns.file, columns.interval,
        name)
    end
    width = columns.width
    by_symbol[symbol] = columns
  end
  return by_symbol, nil, width
end

return M
