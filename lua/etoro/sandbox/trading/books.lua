-- The books: accounts, their orders and positions, and what is due to happen
-- to them. Nothing happens by itself: each request first lets the books catch
-- up with the clock.

local ceilings = require "etoro.sandbox.ceilings"
local heap = require "etoro.tasks.heap"
local market_prices = require "etoro.sandbox.market.prices"
local rng = require "etoro.sandbox.rng"
local times = require "etoro.values.times"

local floor = math.floor

local methods = {}
local mt = { __name = "etoro.sandbox.books", __index = methods }
local M = {}

--- To the cent.
function M.cents(amount)
  return floor(amount * 100 + 0.5) / 100
end

--- Units, to the sixth place, never more than the money pays for.
function M.units(number)
  return floor(number * 1e6 + 1e-4) / 1e6
end

local function new(box)
  return setmetatable({
    box = box, market = market_prices.of(box), rng = rng.new(box.options.seed + 77),
    accounts = {}, by_holder = {}, queue = {}, due = {}, fates = {},
    close_fates = {}, stopped = {}, waiting = {}, watched = {},
    watch_count = 0,
    last_watch = box:now(), last_order = 981000000 + box.options.seed % 1000,
    last_position = 3614000000,
  }, mt)
end

--- The box's books.
function M.of(box)
  if not box.areas.books then box.areas.books = new(box) end
  return box.areas.books
end

function methods:next_order()
  self.last_order = self.last_order + 1
  return self.last_order
end

function methods:next_position()
  self.last_position = self.last_position + 1
  return self.last_position
end

function methods:uuid()
  local r = self.rng
  local draw = r.next
  local first = draw(r) % 65536 << 16 | draw(r) % 65536
  return ("%08x-%04x-4%03x-8%03x-%012x"):format(first, draw(r) % 65536,
    draw(r) % 4096, draw(r) % 4096, draw(r) % 65536 << 32 | draw(r))
end

--- The time as the trading routes write it, with seven fractional digits.
function methods.date(_, unix)
  local micro = floor(unix * 1e6 + 0.5)
  local whole = floor(micro / 1e6)
  return ("%s.%06d0Z"):format(times.format(whole):sub(1, -2),
    micro - whole * 1e6)
end

local function new_account(self, holder, kind, purse, start)
  local account = {
    holder = holder, kind = kind, purse = purse, gcid = holder.gcid,
    cid = kind == "demo" and holder.demo_cid or holder.real_cid,
    start = start, reserved = 0, realized = 0, fees = 0,
    orders = {}, order_list = {}, by_reference = {}, closes = {},
    close_list = {}, positions = {}, shown = {}, pending = {},
    closing = {}, history = {}, later = {},
  }
  self.accounts[#self.accounts + 1] = account
  return account
end

local function account_of(self, holder, kind, virtual)
  local pair = self.by_holder[holder] or {}
  self.by_holder[holder] = pair
  if not pair[kind] then
    local options = self.box.options
    local start = virtual or options.demo_credit
    local purse = { credit = start }
    if kind == "real" and not virtual then
      -- the owner's own money, which agent-portfolios are paid from as well
      start, purse = options.credit, holder
    end
    pair[kind] = new_account(self, holder, kind, purse, start)
  end
  return pair[kind]
end

--- The owner's own account; kind is "real" or "demo".
function methods:owners(owner, kind)
  return account_of(self, owner, kind)
end

--- The account of an agent-portfolio; what happens to the real one happens
--- to its copy in the owner's account as well.
function methods:agents(portfolio, kind)
  local account = account_of(self, portfolio, kind, portfolio.virtual_balance)
  account.portfolio = kind == "real" and portfolio or nil
  return account
end

--- The account that a request is about.
function methods:account(ctx, kind)
  local caller = ctx.caller
  if caller.portfolio then return self:agents(caller.portfolio, kind) end
  return self:owners(caller.owner, kind)
end

--- Money in or out of an account's credit at a time; what the views show
--- follows later.
function M.pay(account, amount, at)
  if amount == 0 then return end
  local purse = account.purse
  purse.credit = M.cents(purse.credit + amount)
  local later = account.later
  later[#later + 1] = { at = at, amount = amount }
end

--- What an order takes, one that opens as one that closes.
---@param instrument table
---@param worth number USD of what it trades
---@return number USD
function methods:fee(instrument, worth) -- luacheck: no unused args
  return self.box.options.order_fee
end

--- Of an exposure, what a night takes: of what is borrowed alone.
---@param position table
---@return number part
function methods:night_rate(position)
  local is_borrowed = position.leverage > 1 or not position.is_buy
  return is_borrowed and self.box.options.overnight or 0
end

--- Takes a fee or a night's cost of a position.
---@param position table
---@param amount number USD
---@param at number
---@return number taken USD
function M.charge(position, amount, at)
  local account = position.account
  amount = M.cents(amount)
  if amount == 0 then return 0 end
  position.fee = M.cents(position.fee + amount)
  position.text = nil
  account.fees = M.cents(account.fees + amount)
  M.pay(account, -amount, at)
  return amount
end

--- What could still be spent.
function M.available(account)
  return M.cents(account.purse.credit - account.reserved)
end

function M.reserve(account, amount)
  account.reserved = M.cents(account.reserved + amount)
end

--- Tells whoever hears an account's private events of one; make gives what it
--- says.
function methods:tell(account, name, make)
  local streams = self.box.streams
  if streams then streams:tell(account, name, make) end
end

--- When something is due to happen, prices that are waited for among it; nil for
--- never. What waits for a market waits for no time.
---@return number? at seconds since 1970
function methods:next_at()
  local at = self.queue[1] and self.queue[1].at
  if self.watch_count == 0 or self.has_own_looks then return at end
  local look = self.last_watch + ceilings.box_look_step
  return at and math.min(at, look) or look
end

--- Has act(books, subject, at) called once the clock is there; first come,
--- first served.
function methods:schedule(at, act, subject)
  local batch = self.due[at]
  if not batch then
    batch = { at = at, count = 0 }
    self.due[at] = batch
    heap.add(self.queue, batch)
  end
  batch.count = batch.count + 1
  batch[batch.count] = { act = act, subject = subject }
end

local function do_batch(self, batch)
  local i = 1
  while i <= batch.count do -- more may be added meanwhile
    batch[i].act(self, batch[i].subject, batch.at)
    i = i + 1
  end
  self.due[batch.at] = nil
  heap.remove(self.queue, batch)
end

--- Catches up with the clock.
function methods:run()
  local now, queue = self.box:now(), self.queue
  repeat
    local next_at = math.min(now, queue[1] and queue[1].at or now)
    -- a price that was touched on the way may bring something due earlier
    if self.watch then self.watch(self, next_at) end
    local batch = queue[1]
    local is_due = batch and batch.at <= next_at
    if is_due then do_batch(self, batch) end
  until not is_due
  if next(self.waiting) then self:wake(now) end
end

--- What waited for a market that is open now goes on.
function methods:wake(now)
  local left
  for i, one in ipairs(self.waiting) do
    if market_prices.is_open(self.box, one.instrument.instrumentID) then
      self:schedule(now + one.delay, one.act, one.subject)
    else
      left = left or {}
      left[#left + 1] = self.waiting[i]
    end
  end
  self.waiting = left or {}
end

--- Lets act wait for the instrument's market, then `delay` seconds more.
function methods:await_market(instrument, delay, act, subject)
  self.waiting[#self.waiting + 1] = { instrument = instrument, delay = delay,
    act = act, subject = subject }
end

return M
