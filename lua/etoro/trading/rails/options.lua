-- What rails may say.

local blame = require "etoro.values.blame"
local core = require "etoro.core"
local nearest = require "etoro.values.nearest"

local tostring = core.text -- not up to the locale

local M = {}

---@class etoro.RailOptions
---@field max_order_usd? number margin of one order
---@field max_leverage? number
---@field max_position_usd? number exposure in one instrument, leverage counted in
---@field max_exposure_usd? number exposure in all
---@field max_positions? integer open ones and orders that open more
---@field writes_per_minute? integer of all writes; exits count, and are never refused
---@field writes_per_day? integer the same, of a day of UTC
---@field max_day_loss_usd? number of equity since the day (UTC) was first seen
---@field max_drawdown? number of equity below its highest, a fraction
---@field cool_down? number seconds without entries after a loss; then the drawdown counts anew
---@field allow? (string|integer)[] the only instruments, by symbol or id
---@field deny? (string|integer)[] none of these
---@field market_hours? "require"|"allow_unknown"|"ignore" whether the market has to be open
---@field max_price_age? number seconds that the instrument's price may be old
---@field halt_file? string while this file is there nothing is opened

local function positive(value)
  if type(value) ~= "number" or not (value > 0) or value == math.huge then
    return "a number above 0"
  end
end

local function count(value)
  if math.type(value) ~= "integer" or value < 0 then
    return "a whole number, 0 or more"
  end
end

local function fraction(value)
  if positive(value) or value >= 1 then return "a fraction above 0 and below 1" end
end

-- A list without holes: what stands behind one, or at a name, would not be looked at.
local function instruments(value)
  if type(value) ~= "table" then return "a list of symbols and ids" end
  local seen = 0
  for key, one in pairs(value) do
    seen = seen + 1
    if math.type(key) ~= "integer" or value[seen] == nil
        or type(one) ~= "string" and math.type(one) ~= "integer" then
      return "a list of symbols and ids"
    end
  end
end

local function hours(value)
  if value ~= "require" and value ~= "allow_unknown" and value ~= "ignore" then
    return "\"require\", \"allow_unknown\" or \"ignore\""
  end
end

local function text(value)
  if type(value) ~= "string" or value == "" then return "a text" end
end

local KNOWN = { max_order_usd = positive, max_leverage = positive,
  max_position_usd = positive, max_exposure_usd = positive,
  max_positions = count, writes_per_minute = count, writes_per_day = count,
  max_day_loss_usd = positive, max_drawdown = fraction, cool_down = positive,
  allow = instruments, deny = instruments, market_hours = hours,
  max_price_age = positive, halt_file = text }

-- What was given, so that a text is told from a number.
local function shown(value)
  if value == core.null then return "null" end
  if type(value) == "string" then return ("the text '%s'"):format(value) end
  return type(value) == "table" and "another" or tostring(value)
end

--- Checks rails; raises.
---@param options etoro.RailOptions
function M.check(options)
  if type(options) ~= "table" then
    blame.raise("bad option 'rails': table expected, got " .. type(options))
  end
  for name, value in pairs(options) do
    if not KNOWN[name] then
      blame.raise(("unknown rail '%s'%s"):format(tostring(name),
        nearest.hint(tostring(name), KNOWN)))
    end
    local expected = KNOWN[name](value)
    if expected then
      blame.raise(("bad rail '%s': %s expected, got %s"):format(name, expected,
        shown(value)))
    end
  end
  if options.cool_down and not options.max_day_loss_usd
      and not options.max_drawdown then
    blame.raise "bad rail 'cool_down': it follows max_day_loss_usd or max_drawdown"
  end
end

return M
