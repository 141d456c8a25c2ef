-- Guard rails: what a client never does, whoever calls and however: resources,
-- client:call and client:request alike. They refuse what opens something; they
-- never refuse a cancel, a close, or a stop that is moved.

local core = require "etoro.core"
local counts = require "etoro.trading.rails.counts"
local decimals = require "etoro.values.decimals"
local eligibility = require "etoro.trading.precheck.eligibility"
local errors = require "etoro.errors"
local holdings = require "etoro.trading.account.holdings"
local kinds = require "etoro.trading.journal.kinds"
local limits = require "etoro.values.limits"
local rails_entry = require "etoro.trading.rails.entry"
local rails_options = require "etoro.trading.rails.options"
local spelling = require "etoro.values.spelling"

-- not up to the locale
local tonumber, tostring = core.number, core.text

---@class etoro.Rails
---@field options etoro.RailOptions
---@field client etoro.Client
---@field counts etoro.RailCounts
---@field reserved table<etoro.Entry, true> what has left and does not show yet
local rails = {}
rails.__index = rails
rails.__name = "etoro.rails"

local M = {}

local EXITS = { close = true, cancel = true, edit = true, leave = true }

local function refusal(rule, message, ...)
  return errors.new { kind = "rejected", code = "rail", rule = rule,
    message = ("the rail %s: "):format(rule) .. message:format(...)
      .. "; nothing was sent" }
end

local function money(value) return decimals.money(value) .. " USD" end

local function number(item, name) return tonumber(spelling.get(item, name)) end

---@class etoro.ShownItem what a portfolio shows: a position, or an order that waits
---@field order string the order's id
---@field id? integer of the instrument
---@field exposure? number USD; nil where its amount is missing
---@field is_waiting boolean
---@field is_own boolean no copy's

local function shown_item(item, is_waiting)
  local amount = number(item, "amount")
  return { order = tostring(spelling.get(item, "orderID")),
    id = math.tointeger(number(item, "instrumentID")),
    exposure = amount and amount * (number(item, "leverage") or 1),
    is_waiting = is_waiting, is_own = (number(item, "mirrorID") or 0) == 0 }
end

---@return etoro.ShownItem[]
local function shown_in(portfolio)
  local list = {}
  for _, position in ipairs(holdings.positions(portfolio)) do
    list[#list + 1] = shown_item(position, false)
  end
  local orders, resting = holdings.orders(portfolio)
  for _, some in ipairs { orders, resting } do
    for _, order in ipairs(some) do list[#list + 1] = shown_item(order, true) end
  end
  return list
end

-- What was sent and a portfolio does not show: it is counted beside it. Of two that
-- are read at once the first one that was asked for may come last, and lack what the
-- other has shown; what a later one lacks is gone. An order that waits may be shown
-- with less than it will come to, or nothing: the rest is counted, too.
local function missed_by(self, list, asked)
  local shown, waits = {}, {}
  for _, item in ipairs(list) do
    local order = item.order
    shown[order] = (shown[order] or 0) + (item.exposure or 0)
    waits[order] = waits[order] or item.is_waiting
  end
  local missed = {}
  for entry in pairs(self.reserved) do
    local has = entry.order and shown[entry.order]
    if entry.done and asked - entry.done > limits.rails_shown_within
        and not (has and waits[entry.order]) then
      self.reserved[entry] = nil
    elseif has then
      entry.shown = math.max(entry.shown or asked, asked)
      local rest = (entry.exposure or 0) - has
      if waits[entry.order] and rest > 0 then
        missed[#missed + 1] = { id = entry.id, exposure = rest, count = 0 }
      end
    elseif not entry.shown or asked <= entry.shown then
      missed[#missed + 1] = { id = entry.id, exposure = entry.exposure or 0, count = 1 }
    end
  end
  return missed
end

-- Exposures by instrument, in all, and how many positions there are or may be.
local function exposures(self)
  local asked = self.client:now()
  local portfolio, err = holdings.read(self.client)
  if not portfolio then return nil, err end
  local list = shown_in(portfolio)
  local missed = missed_by(self, list, asked)
  local found = { all = 0, count = 0, of = {} }
  local function add(id, exposure, count)
    found.count, found.all = found.count + count, found.all + exposure
    if id then found.of[id] = (found.of[id] or 0) + exposure end
  end
  for _, item in ipairs(list) do
    if item.is_own then
      found.is_unknown = found.is_unknown or not item.exposure
      add(item.id, item.exposure or 0, 1)
    end
  end
  for _, one in ipairs(missed) do add(one.id, one.exposure, one.count) end
  return found
end

local function check_instrument(self, entry)
  local allow, deny = self.options.allow, self.options.deny
  if not allow and not deny then return nil end
  if not entry.id then
    return refusal(allow and "allow" or "deny", "which instrument it is cannot "
      .. "be known")
  end
  local function holds(list)
    local unknown
    for _, one in ipairs(list) do
      local id = type(one) == "string" and self.ids[one] or one
      if type(one) == "string" and not self.ids[one] then
        local found, err = self.client.instruments:find(one)
        id = found and found.instrumentID
        self.ids[one] = id
        unknown = unknown or not id and ("'%s': %s"):format(one, tostring(err))
      end
      if id == entry.id then return true end
    end
    return false, unknown
  end
  local is_denied, unknown = holds(deny or {})
  if is_denied then
    return refusal("deny", "instrument %d is denied", entry.id)
  elseif unknown then -- what was meant might be this one
    return refusal("deny", "whether instrument %d is denied cannot be known: %s",
      entry.id, unknown)
  elseif allow and not holds(allow) then
    return refusal("allow", "instrument %d is not allowed", entry.id)
  end
end

local function check_size(self, entry)
  local o = self.options
  if o.max_leverage and entry.leverage > o.max_leverage then
    return refusal("max_leverage", "leverage %s, at most %s",
      tostring(entry.leverage), tostring(o.max_leverage))
  end
  local needs = not entry.margin and o.max_order_usd and "max_order_usd"
    or not entry.exposure and (o.max_position_usd and "max_position_usd"
      or o.max_exposure_usd and "max_exposure_usd")
  if needs then
    return refusal(needs, "what it takes cannot be known: %s",
      entry.why or "no figure")
  elseif o.max_order_usd and entry.margin > o.max_order_usd then
    return refusal("max_order_usd", "it takes %s, at most %s",
      money(entry.margin), money(o.max_order_usd))
  end
end

local function check_market(self, entry)
  local o = self.options
  if o.market_hours and o.market_hours ~= "ignore" then
    local is_open = entry.id and eligibility.is_open(self.client, entry.id)
    if entry.id and is_open == false then
      return refusal("market_hours", "the market is closed")
    elseif not is_open and o.market_hours == "require" then
      return refusal("market_hours", "whether the market is open cannot be known")
    end
  end
  if not o.max_price_age then return nil end
  local rate = entry.id and eligibility.rate(self.client, entry.id, 0)
  local age = rate and eligibility.age(self.client, rate)
  if not age then
    return refusal("max_price_age", "how old the price is cannot be known")
  elseif age > o.max_price_age then
    return refusal("max_price_age", "the price is %s s old, at most %s",
      core.fixed(age, 1), tostring(o.max_price_age))
  end
end

-- After a loss entries wait: for the next day, or for the cool-down.
local function check_loss(self)
  local o, seen = self.options, self.counts
  if not o.max_day_loss_usd and not o.max_drawdown then return nil end
  local worth, err = self.client.account:equity()
  if not worth then return err end
  if not worth.equity then
    return refusal(o.max_day_loss_usd and "max_day_loss_usd" or "max_drawdown",
      "what the account is worth cannot be known")
  end
  local now = self.client:unix()
  local lost, drawdown = seen:worth(now, worth.equity)
  if seen.stopped and o.cool_down and now - seen.stopped >= o.cool_down then
    seen:anew(worth.equity) -- but the day's loss stays the day's
    drawdown = 0
  end
  local rule, text
  if o.max_day_loss_usd and lost >= o.max_day_loss_usd then
    rule, text = "max_day_loss_usd", ("%s lost today, at most %s"):format(
      money(lost), money(o.max_day_loss_usd))
  elseif o.max_drawdown and drawdown >= o.max_drawdown then
    rule, text = "max_drawdown", ("equity is %s %% below its highest, at most "
      .. "%s %%"):format(core.fixed(100 * drawdown, 2),
      core.fixed(100 * o.max_drawdown, 2))
  elseif seen.stopped and o.cool_down then
    rule, text = "cool_down", ("%s s are left"):format(
      core.fixed(o.cool_down - (now - seen.stopped), 0))
  end
  if rule == "max_day_loss_usd" then seen:stop_for_day(now)
  elseif rule then seen:stop(now) end
  local ok
  ok, err = seen:save()
  if not ok then return err end
  return rule and refusal(rule, "%s", text)
end

-- Last, and without a wait between the looking and the reserving: ten orders at
-- once count together.
local function check_sums(self, entry)
  local o = self.options
  if not (o.max_position_usd or o.max_exposure_usd or o.max_positions) then
    return nil
  end
  local found, err = exposures(self)
  if not found then return err end
  if found.is_unknown and (o.max_position_usd or o.max_exposure_usd) then
    return refusal(o.max_position_usd and "max_position_usd"
      or "max_exposure_usd", "what is held cannot be known: the portfolio lacks "
      .. "an amount")
  end
  local exposure = entry.exposure or 0
  local own = (entry.id and found.of[entry.id] or 0) + exposure
  local all = found.all + exposure
  if o.max_position_usd and own > o.max_position_usd then
    return refusal("max_position_usd", "instrument %s would come to %s, at most "
      .. "%s", tostring(entry.id), money(own), money(o.max_position_usd))
  elseif o.max_exposure_usd and all > o.max_exposure_usd then
    return refusal("max_exposure_usd", "all would come to %s, at most %s",
      money(all), money(o.max_exposure_usd))
  elseif o.max_positions and found.count >= o.max_positions then
    return refusal("max_positions", "there are %d, at most %d", found.count,
      o.max_positions)
  end
end

local function is_halted(self)
  local path = self.options.halt_file
  if not path then return nil end
  local file, _, code = io.open(path)
  if file then file:close() end
  if not file and code == 2 then return nil end -- ENOENT
  return refusal("halt_file", "%s is there", path)
end

local function check_writes(self)
  local o, minute, day = self.options, self.counts:seen(self.client:unix())
  if o.writes_per_minute and minute >= o.writes_per_minute then
    return refusal("writes_per_minute", "%d in the last minute, at most %d",
      minute, o.writes_per_minute)
  elseif o.writes_per_day and day >= o.writes_per_day then
    return refusal("writes_per_day", "%d today, at most %d", day,
      o.writes_per_day)
  end
end

local function check_entry(self, entry)
  return is_halted(self) or check_instrument(self, entry)
    or check_size(self, entry) or check_market(self, entry)
    or check_loss(self) or check_sums(self, entry)
end

-- Money into a copy opens what somebody else chooses; a copy has no trade of its own.
local function check_copy(self, op, body, text)
  if kinds.of(op) ~= "copy" then return nil end
  local entry = rails_entry.of_copy(body, text)
  if entry.margin and entry.margin <= 0 then return nil end -- out of it
  return check_entry(self, entry)
end

-- Whether the table of operations knows what a request is.
local function is_known(op) return op.params ~= nil or op.template ~= nil end

--- Looks at a write before it leaves.
---@param op etoro.Operation
---@param body any decoded
---@param text? string the body as it goes out
---@return etoro.Entry? entry to be handed to `after`
---@return etoro.Error? err
function rails:before(op, body, text)
  if not is_known(op) then
    return nil, refusal("known_writes", "%s %s is no documented operation, and "
      .. "what it does cannot be known", op.method, op.path)
  end
  local entry, err = {}, nil
  if not EXITS[op.trade] then
    if op.trade == "open" then
      entry = rails_entry.of(self.client, body, text)
      err = check_entry(self, entry)
    elseif op.moves_money then
      err = is_halted(self) or check_copy(self, op, body, text)
    end
    -- the others may have come while this one looked
    err = err or check_writes(self)
  end
  if err then return nil, err end
  if op.trade == "open" then self.reserved[entry] = true end
  local ok
  ok, err = self.counts:add(self.client:unix())
  if ok or EXITS[op.trade] then return entry end
  self.reserved[entry] = nil
  return nil, err
end

--- What would refuse an order now.
---@param body table
---@return etoro.Error? err
function rails:refusal(body)
  return check_entry(self, rails_entry.of(self.client, body)) or check_writes(self)
end

-- Of a call that ended without a word, as that of a cancelled task does, nobody knows
-- what it has opened: it counts for as long as that may take to show.
local held_mt = { __close = function(held)
  local self, entry = held.rails, held.entry
  if self.reserved[entry] and not entry.done then entry.done = self.client:now() end
end }

--- Holds what is about to leave, in a to-be-closed variable.
---@param entry etoro.Entry
---@return table? held nil where it opens nothing
function rails:hold(entry)
  return self.reserved[entry] and setmetatable({ rails = self, entry = entry }, held_mt)
    or nil
end

--- Says what became of a write.
---@param entry etoro.Entry
---@param result any nil where it failed
---@param response etoro.Response|etoro.Error
function rails:after(entry, result, response)
  if not self.reserved[entry] then return end
  if result == nil and not response.may_have_executed then
    self.reserved[entry] = nil
    return
  end
  local order = type(result) == "table" and spelling.get(result, "orderId")
  entry.order = order and tostring(order)
  entry.done = self.client:now()
end

--- Hears what the account is worth, whoever has asked: a day begins with the first
--- look at it.
---@param equity number
---@return true? done
---@return etoro.Error? err
function rails:worth(equity)
  local o = self.options
  if not o.max_day_loss_usd and not o.max_drawdown then return true end
  local seen = self.counts
  local first, lowest, highest = seen.first, seen.lowest, seen.highest
  seen:worth(self.client:unix(), equity)
  if seen.first == first and seen.lowest == lowest and seen.highest == highest then
    return true
  end
  local ok, err = seen:save()
  return ok, err
end

--- Puts up rails for a client.
---@param client etoro.Client
---@param options etoro.RailOptions checked
---@param journal? string path of the client's journal
---@return etoro.Rails? rails
---@return etoro.Error? err
function M.open(client, options, journal)
  local seen, err = counts.open(journal and journal .. ".rails")
  if not seen then return nil, err end
  return setmetatable({ options = options, client = client, counts = seen,
    reserved = {}, ids = {} }, rails)
end

M.check = rails_options.check

return M
