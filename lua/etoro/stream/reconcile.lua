-- What an account holds, looked at by REST after private events and gaps, and what
-- has come, gone or changed since the look before. Events tell when to look; what
-- there is, the portfolio tells. It runs some seconds behind: so each time there is
-- a look at once, and another one when it would show.

local core = require "etoro.core"
local chore = require "etoro.stream.chore"
local holdings = require "etoro.trading.account.holdings"
local json = require "etoro.values.json"
local limits = require "etoro.values.limits"
local looks = require "etoro.tasks.looks"
local names = require "etoro.market.names"
local order = require "etoro.trading.order"
local position = require "etoro.trading.position"
local spelling = require "etoro.values.spelling"
local tasks = require "etoro.tasks.task"

---@class etoro.StreamReconcile
---@field stream etoro.Stream
---@field chore etoro.StreamChore
---@field before? table what the account held, as this stream last saw it
---@field after? "start"|"event"|"gap" what the next look is for
---@field last_after? string what the one before was for
---@field began number client's clock, when a look last began
---@field late? number when the last one is due
---@field pause number seconds until a look that failed is made again
---@field retry_at? number when that is
---@field has_failed? boolean which was said
---@field looks integer
---@field is_finishing? boolean the stream is over, and its last look is under way
---@field last? etoro.Reconciled what that said
local reconcile = {}
reconcile.__index = reconcile
reconcile.__name = "etoro.stream.reconcile"

local M = {}

-- What a client's account held when a stream of its last looked: one that follows a
-- stream which is over tells what has become of it meanwhile.
local befores = setmetatable({}, { __mode = "k" })

-- What makes a change, by kind; prices do not.
local FIELDS = {
  orders = { "statusID", "status", "amount", "units", "rate", "stopLossRate",
    "takeProfitRate", "isTslEnabled" },
  positions = { "units", "amount", "leverage", "openRate", "stopLossRate",
    "takeProfitRate", "isTslEnabled", "isNoStopLoss", "isNoTakeProfit",
    "mirrorID" },
  closes = { "statusID", "unitsToDeduct" },
}
local IDS = { orders = "orderID", positions = "positionID", closes = "orderID" }

-- The values that make a change; the item itself may be read anew by its user.
local function marks_of(item, fields)
  local marks = {}
  for i, name in ipairs(fields) do
    local value = spelling.get(item, name)
    if type(value) == "table" then value = json.show(value) end
    marks[i] = value == nil and core.null or value
  end
  return marks
end

local function is_same(left, right)
  for i, value in ipairs(left) do
    if value ~= right[i] then return false end
  end
  return true
end

-- Others have their turn between so many items.
local function breathe(client, count)
  if count % limits.reconcile_turn == 0 then client:pause(0) end
end

-- A list of a portfolio's, by id, in its order.
local function known(client, list, kind)
  local items, keys = {}, {}
  for i, item in ipairs(list) do
    local id = spelling.get(item, IDS[kind])
    local is_id = type(id) == "number" or type(id) == "string"
    local key = is_id and holdings.key(id) or nil
    if key and not items[key] then
      items[key] = { item = item, marks = marks_of(item, FIELDS[kind]) }
      table.insert(keys, key)
    end
    breathe(client, i)
  end
  return { items = items, keys = keys }
end

-- What a portfolio holds, as users have it.
local function state_of(portfolio, client)
  local positions = holdings.positions(portfolio)
  for _, item in ipairs(positions) do position.wrap(item, client) end
  local orders = order.of_portfolio(portfolio, client)
  names.known(client, positions)
  names.known(client, orders)
  return { orders = known(client, orders, "orders"),
    positions = known(client, positions, "positions"),
    closes = known(client, holdings.closes(portfolio), "closes") }
end

---@class etoro.Differences
---@field came table[]
---@field went table[] as they were last seen
---@field changed table[] as they are
---@field count integer that there are now

local NOTHING = { items = {}, keys = {} }

local function differences(client, before, now)
  local found = { came = {}, went = {}, changed = {}, count = #now.keys }
  for i, key in ipairs(now.keys) do
    local old, new = before.items[key], now.items[key]
    if not old then
      table.insert(found.came, new.item)
    elseif not is_same(old.marks, new.marks) then
      table.insert(found.changed, new.item)
    end
    breathe(client, i)
  end
  for _, key in ipairs(before.keys) do
    if not now.items[key] then table.insert(found.went, before.items[key].item) end
  end
  return found
end

---@class etoro.Reconciled
---@field kind "reconciled"
---@field at number seconds since 1970
---@field after "start"|"event"|"gap"|"overflow" what the look was for
---@field is_first? boolean nobody had looked before: all has come
---@field orders etoro.Differences
---@field positions etoro.Differences
---@field closes etoro.Differences

-- What an event says of a look, and whether all is as it was.
local function compare(self, portfolio)
  local client = self.stream.client
  local before, now = self.before or befores[client], state_of(portfolio, client)
  self.before, befores[client] = now, now
  local event = { kind = "reconciled", at = client:unix(),
    is_first = before == nil or nil }
  local has_none = true
  for kind in pairs(IDS) do
    local found = differences(client, before and before[kind] or NOTHING, now[kind])
    event[kind] = found
    has_none = has_none and #found.came + #found.went + #found.changed == 0
  end
  return event, has_none
end

local function warn(client, err)
  client:warn(nil, "the stream could not look at what the account holds: "
    .. err.message)
end

-- A look that failed is made again, unless the account says that it always will.
local function failed(self, err, after)
  local client = self.stream.client
  if looks.is_passing(err) then
    self.after = self.after or after or self.last_after
    self.retry_at = client:now() + self.pause
    self.pause = math.min(self.pause * 2, limits.reconcile_retry_max)
  else
    self.late = nil
  end
  if not self.has_failed then warn(client, err) end
  self.has_failed = true
end

-- One look. The first one of a stream, and what time alone has brought about, are
-- told where they show something new.
local function look(self)
  local client, after = self.stream.client, self.after
  self.began, self.after, self.retry_at = client:now(), nil, nil
  if self.late and self.began >= self.late then self.late = nil end
  self.looks = self.looks + 1
  local portfolio, err = holdings.read(client, { max_retries = 0 })
  if self.stream.is_over then return end
  if not portfolio then return failed(self, err, after) end
  self.pause, self.has_failed = limits.reconcile_pause, false
  self.last_after = after or self.last_after
  local event, has_none = compare(self, portfolio)
  if after == "start" and event.is_first
      or has_none and (not after or after == "start") then
    return
  end
  event.after = self.last_after
  self.stream:push(event)
end

-- When the next look is due: never sooner than some seconds after the one before.
local function due_of(self)
  local due = self.after and self.began or self.late
  if not due then return nil end
  return math.max(due, self.began + limits.reconcile_pause, self.retry_at or due)
end

--- Makes what looks at the account of a stream's client.
---@param stream etoro.Stream
---@return etoro.StreamReconcile
function M.new(stream)
  local self = setmetatable({ stream = stream, began = -math.huge, looks = 0,
    pause = limits.reconcile_pause }, reconcile)
  self.chore = chore.new(stream, function() return due_of(self) end,
    function() look(self) end)
  return self
end

--- Asks for a look.
---@param after "start"|"event"|"gap"
function reconcile:ask(after)
  if self.after ~= "gap" then self.after = after end
  if after ~= "start" then
    self.late = self.stream.client:now() + limits.reconcile_lag
  end
  self.chore:look()
end

-- Looks once more, for events that found no room.
local function look_last(self)
  local client = self.stream.client
  client:pause(self.began + limits.reconcile_pause - client:now())
  self.looks = self.looks + 1
  local portfolio, err = holdings.read(client)
  if portfolio then
    local event = compare(self, portfolio)
    event.after = "overflow"
    return event
  elseif err.kind ~= "closed" then
    warn(client, err)
  end
end

--- The stream is over. Where it could not hold all events, there is a last look, and
--- what that says can still be read.
---@param err? etoro.Error what has ended it
function reconcile:stop(err)
  self.chore:stop()
  local has_begun = self.looks > 0 or self.after ~= nil
  if not has_begun or not err or err.code ~= "overflow" then return end
  self.is_finishing = true
  tasks.spawn_apart(function()
    local ok, event = pcall(look_last, self)
    self.is_finishing, self.last = false, ok and event or nil
    self.stream:notify()
  end, self.stream.client:runtime().clock)
end

--- Takes what the last look says.
---@return etoro.Reconciled? event
function reconcile:take_last()
  local event = self.last
  self.last = nil
  return event
end

return M
