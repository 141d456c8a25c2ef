-- What a strategy says of its orders and closes: numbers, names and symbols, and the
-- refusals that it is told.

local core = require "etoro.core"
local errors = require "etoro.errors"
local nearest = require "etoro.values.nearest"

local tonumber, tostring = core.number, core.text -- not up to the locale

local M = {}

--- A refusal, which nothing was sent for.
---@param code string
---@param field string
---@param message string a format
---@param ... any
---@return etoro.Error
function M.refusal(code, field, message, ...)
  return errors.new { kind = "rejected", code = code, field = field,
    message = message:format(...) }
end

--- The refusal of an order for what has one under way: what that will come to nobody knows.
---@param record etoro.StrategyOrder
---@return etoro.Error
function M.under_way(record)
  return M.refusal("under_way", "symbol", "%s for %s is %s: no other one before it has "
    .. "ended", record.side == "close" and "a close" or "an order", record.symbol,
    record.state)
end

--- What was given, as it is told.
---@param value any
---@return string
function M.figure(value)
  if math.type(value) ~= "float" then return tostring(value) end
  return value ~= value and "nan" or core.figure(value) -- of nan some systems tell a sign
end

--- A number in a table of words.
---@param what table
---@param name string
---@param above number
---@param below? number
---@return number? number nil where it is not given
---@return etoro.Error? err
function M.number_in(what, name, above, below)
  local value = what[name]
  if value == nil then return nil end
  local number = tonumber(value)
  if not number or not (number > above) or number == math.huge
      or below and number >= below then
    return nil, M.refusal("invalid", name, "'%s' is a number above %s%s, got %s",
      name, tostring(above), below and " and below " .. tostring(below) or "",
      M.figure(value))
  end
  return number
end

--- Looks for words that are not known, and for values that none can have.
---@param what table
---@param words table<string, boolean>
---@return etoro.Error?
function M.check(what, words)
  for name, value in pairs(what) do
    if type(name) == "number" then
      return M.refusal("invalid", tostring(name), "%s has no name%s", tostring(value),
        words.amount and ": write { amount = USD }, { units = } or { weight = }" or "")
    elseif not words[name] then
      return M.refusal("invalid", tostring(name), "'%s' is not known here%s",
        tostring(name), nearest.hint(tostring(name), words))
    end
  end
  if what.trailing ~= nil and type(what.trailing) ~= "boolean" then
    return M.refusal("invalid", "trailing", "'trailing' is true or false, got %s",
      tostring(what.trailing))
  end
  local _, err = M.number_in(what, "leverage", 0)
  return err
end

--- A value as text that is the same in each run: what has no text of its own is told
--- by its type, not by where it lies in memory.
---@param value any
---@return string
function M.text(value)
  local text = tostring(value)
  return type(value) == "string" and text or (text:gsub("^(.*): 0x%x+$", "<%1>"))
end

--- Dollars in whole cents, never more than asked for.
---@param value number
---@return number
function M.cents(value) return math.floor(value * 100 + 1e-6) / 100 end

--- What a run knows of a symbol.
---@param run etoro.StrategyRun
---@param symbol any
---@return etoro.StrategyItem? item
---@return etoro.Error? err
function M.find_item(run, symbol)
  local item = run.items[symbol]
  if item then return item end
  return nil, M.refusal("unknown_symbol", "symbol",
    "'%s' is none of the strategy's symbols%s", tostring(symbol),
    nearest.hint(tostring(symbol), run.items))
end

return M
