-- The fields of an order, before anything is sent: what is left out and has a
-- default, what contradicts itself.

local arguments = require "etoro.call.arguments"
local blame = require "etoro.values.blame"
local check = require "etoro.values.fields"
local types = require "etoro.values.types"
local core = require "etoro.core"
local errors = require "etoro.errors"
local limits = require "etoro.values.limits"
local routes = require "etoro.trading.routes"
local rules = require "etoro.values.rules"
local symbol_text = require "etoro.values.symbol_text"

-- not up to the locale
local tonumber, tostring = core.number, core.text

local M = {}

---@class etoro.NewOrder
---@field action? "open"|"close" default "open"; "close" only for costs
---@field transaction "buy"|"sellShort" buy is long, sellShort short
---@field symbol? string either this or instrumentId
---@field instrumentId? integer
---@field settlementType? "cfd"|"real"|"realFutures"|"marginTrade"|string left out:
---real for a buy at leverage 1 where that is offered, else cfd; none of a mit
---order by v3
---@field orderType? "mkt"|"mit"|"limitIOC" default mkt; mit waits for triggerRate;
---limitIOC is filled at limitRate or better at once, or is cancelled
---@field triggerRate? number|string
---@field limitRate? number|string of limitIOC: within 10 % of the market
---@field leverage? integer default 1
---@field amount? number|string exactly one of amount, units and contracts; a
---text keeps its digits
---@field units? number|string
---@field contracts? number|string
---@field orderCurrency? string of amount; default usd
---@field stopLossRate? number|string
---@field takeProfitRate? number|string
---@field stopLossType? "fixed"|"trailing"
---@field additionalMargin? number|string
---@field positionIds? integer[] for costs of a close

--- An order that cannot be placed as it is.
---@param code string
---@param field string
---@param message string
---@return etoro.Error
function M.refusal(code, field, message)
  return errors.new {
    kind = "invalid", code = code, field = field, message = message,
    hint = "Nothing was sent",
  }
end

--- A number for a message, with the digits that it was given with.
---@param value number|string
---@return string
function M.figure(value)
  return type(value) == "string" and value or core.figure(value)
end

local DEFAULTS = {
  action = "open", orderType = "mkt", leverage = 1, orderCurrency = "usd",
}
local DEFAULTED = { "orderType", "leverage", "orderCurrency" } -- of an opening

--- Whether an order goes out without its settlement: v3 takes none of one that
--- waits for its rate.
---@param op etoro.Operation
---@param body table
---@return boolean
function M.omits_settlement(op, body)
  return body.orderType == "mit" and routes.is_queued(op)
end

-- What the defaults and the settlement go by, in any letters.
local SPELT = { "action", "orderType", "transaction" }

-- Whether an order's settlement is still to be found out, and its operation has
-- a rule that asks for one.
local function lacks_settlement(op, body)
  return body.settlementType == nil and body.action == "open"
    and body.orderType ~= "mit" and routes.is_queued(op)
end

-- null says no more than leaving out does, which every server takes
local function without_null(fields)
  return check.copy(fields, { action = nil, orderType = nil, leverage = nil,
    orderCurrency = nil, settlementType = nil }, core.null) -- room for eight
end

local function checked(op, body)
  local copy, err = arguments.body(op, body)
  if copy and copy.symbol then err = symbol_text.fault(copy.symbol) end
  return not err and copy or nil, err
end

--- Settles the fields of an order. Raises for names and types; what data can
--- cause comes back as an error.
---@param op etoro.Operation
---@param fields etoro.NewOrder
---@return table? body
---@return etoro.Error? err kind invalid
function M.settle(op, fields)
  if type(fields) ~= "table" then
    blame.raise("fields must be a table, got " .. type(fields))
  end
  local body = without_null(fields)
  for i = 1, #SPELT do
    local name = SPELT[i]
    local given = body[name]
    if given ~= nil then
      body[name] = types.documented(op.body[name].enum, given) or given
    end
  end
  body.action = body.action or DEFAULTS.action
  if body.action == "open" then
    for i = 1, #DEFAULTED do
      local name = DEFAULTED[i]
      if body[name] == nil then body[name] = DEFAULTS[name] end
    end
  end
  if not lacks_settlement(op, body) then return checked(op, body) end
  body.settlementType = M.settlement(body) -- until the account's is known
  local copy, err = checked(op, body)
  if copy then copy.settlementType = nil end
  return copy, err
end

--- Completes a body that was settled, and whose settlement is known by now.
---@param op etoro.Operation
---@param body table changed
---@return etoro.Error? err kind invalid
function M.complete(op, body)
  if not routes.is_queued(op) then return nil end
  if M.omits_settlement(op, body) then body.settlementType = nil end
  local message = rules.broken(op, body)
  return message and errors.invalid(nil, message)
end

local DIRECTIONS = {
  buy = "LONG", sellShort = "SHORT", sell = "LONG", buyToCover = "SHORT",
}

--- The direction of a position that an order opens or closes.
---@param body table
---@return "LONG"|"SHORT"
function M.direction(body)
  return DIRECTIONS[body.transaction]
end

-- The names are those of enums, and few; what a server makes up is not kept
-- without end.
local plains, kept = {}, 0

--- Makes names of the two families of spellings comparable: realFutures and
--- REAL_FUTURES.
---@param name any
---@return string
function M.plain(name)
  local plain = plains[name]
  if plain then return plain end
  plain = core.lower(tostring(name)):gsub("[^A-Za-z%d]", "")
  if type(name) == "string" and kept < limits.spellings_max then
    plains[name], kept = plain, kept + 1
  end
  return plain
end

local SETTLEMENTS = routes.of("demo", "open").body
  .settlementType.enum

local read = setmetatable({}, { __mode = "k" }) -- by configurations

-- The settlement types offered for each direction.
local function by_direction(configs)
  local all = read[configs]
  if not all then
    all = {}
    for _, config in ipairs(configs) do
      local name = types.documented(SETTLEMENTS, config.settlementType)
      local direction = M.plain(config.direction)
      local found = all[direction] or {}
      if name then found[name], found[#found + 1] = true, name end
      all[direction] = found
    end
    read[configs] = all
  end
  return all
end

-- The settlement types offered for a direction; nil when nothing is known.
local function offered(body, eligibility)
  local configs = eligibility and eligibility.leverageConfigs
  if type(configs) ~= "table" then return nil end
  local found = by_direction(configs)[M.plain(M.direction(body))]
  return found and #found > 0 and found or nil
end

--- The settlement type of an order that names none: real for a buy at
--- leverage 1, else cfd; where that is not offered, what is.
---@param body table
---@param eligibility? table the instrument's, where it is known
---@return string
function M.settlement(body, eligibility)
  local wanted = "cfd"
  if body.contracts then
    wanted = "realFutures"
  elseif body.transaction == "buy" and tonumber(body.leverage) == 1 then
    wanted = "real"
  end
  local choice = offered(body, eligibility)
  if not choice or choice[wanted] then return wanted end
  return choice.cfd and "cfd" or choice[1]
end

return M
