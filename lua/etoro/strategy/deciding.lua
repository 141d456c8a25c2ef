-- What a callback sees of the account: read once, and then the same until it has ended,
-- less what it has spent. These are methods of a run.

local closes = require "etoro.strategy.closes"
local core = require "etoro.core"
local dealing = require "etoro.strategy.dealing"
local errors = require "etoro.errors"
local owned = require "etoro.strategy.owned"

local tostring = core.text -- not up to the locale

---@class etoro.StrategyDeciding
local account = {}

--- What a callback sees of the account is read once, and then is the same until
--- it has ended; what main sees, until it sleeps.
---@param time? number the start of the newest bars that it sees; all
---@return table decision
function account:begin_decision(time)
  local thread = coroutine.running()
  local decision = self.decisions[thread]
  if not decision or decision.is_looked_at then
    self.decided = (self.decided or 0) + 1
    decision = { number = self.decided }
    self.decisions[thread] = decision
  end
  decision.time = time
  return decision
end

--- What is seen of the account until this decision is over.
---@return table decision
function account:deciding()
  if not self.decisions[coroutine.running()] then self:begin_decision() end
  local decision = self.decisions[coroutine.running()]
  decision.is_looked_at = true
  return decision
end

function account:forget_account()
  for _, decision in pairs(self.decisions) do decision.positions = nil end
end

-- Reads what the account is worth and has in cash, at one moment.
local function read_account(self)
  local worth, err = self.client.account:equity()
  if not worth then return nil, err end
  if not (worth.equity and worth.available_cash) then
    return nil, errors.new { kind = "protocol", code = "equity",
      message = "what the account is worth cannot be told: the answer lacks "
        .. table.concat(worth.missing or {}, ", ") }
  end
  local decision = self:deciding()
  decision.equity, decision.cash = worth.equity, worth.available_cash
  return true
end

local function worth(self, name)
  if not self:deciding()[name] then
    local ok, err = read_account(self)
    if not ok then return nil, err end
  end
  return self:deciding()[name]
end

function account:equity() return worth(self, "equity") end

function account:cash() return worth(self, "cash") end

--- Counts off what an order takes; cash that has not been read yet will show it.
---@param dollars number
function account:spend(dollars)
  local decision = self:deciding()
  decision.cash = decision.cash and decision.cash - dollars
end

--- Counts in what a close has brought.
---@param dollars number
function account:earn(dollars) self:spend(-dollars) end

function account:rate(symbol)
  local item = self.items[symbol]
  if not item then
    return nil, errors.new { kind = "invalid", code = "unknown_symbol",
      message = ("'%s' is none of the strategy's symbols"):format(tostring(symbol)) }
  end
  local decision = self:deciding()
  local rates, answers = decision.rates or {}, decision.answers or {}
  decision.rates, decision.answers = rates, answers
  if not rates[symbol] then
    local rate, answer = self.client.market:rate(item.id)
    if not rate then return nil, answer end
    rates[symbol], answers[symbol] = rate, answer
  end
  return rates[symbol]
end

--- What the price of a symbol came with, where this decision has read it.
---@param symbol string
---@return etoro.Response?
function account:rate_response(symbol)
  local answers = self:deciding().answers
  return answers and answers[symbol]
end

function account:positions(symbol)
  local decision = self:deciding()
  if not decision.positions then
    dealing.await_shown(self)
    local own, gone = owned.read(self)
    if not own then return nil, gone end
    for _, one in ipairs(gone) do
      if not closes.account_for(self, one) then
        self:note("note", ("position %s of %s is closed, not by this run: by its "
          .. "stop or target, or by hand"):format(
          tostring(one.positionID), one.symbol))
        self:tell("on_position", one, "gone")
      end
    end
    self:call_queued()
    decision.positions = own
  end
  if not symbol then return decision.positions end
  local own = {}
  for _, position in ipairs(decision.positions) do
    if position.symbol == symbol then own[#own + 1] = position end
  end
  return own
end

return account
