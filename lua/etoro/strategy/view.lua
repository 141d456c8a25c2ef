-- A run as its owner sees it: what it holds, what that is worth, what is under
-- way, and what it decided on last.

local core = require "etoro.core"
local halt = require "etoro.strategy.halt"
local json = require "etoro.values.json"
local routes = require "etoro.trading.routes"
local run_limits = require "etoro.values.run_limits"
local times = require "etoro.values.times"
local waiting = require "etoro.tasks.waiting"

local tostring, tonumber = core.text, core.number -- not up to the locale

local M = {}

-- What cannot be read by the next look need not be read.
local PATIENCE = { deadline = run_limits.strategy_view_look }

---@class etoro.StrategyView
---@field strategy string
---@field time string ISO 8601, when it was looked at
---@field state "warming up"|"running"|"halted"|"dry run"|"stopping"|"failed"|"over"
---@field equity? number USD, of the whole account
---@field cash? number USD, of the whole account
---@field profit? number USD, of its open positions
---@field positions etoro.StrategyViewPosition[] its own
---@field orders table<string, integer> by state
---@field under_way integer orders without an end yet
---@field bars integer that it has seen
---@field budget? { pool: string, left: integer, limit: integer } the scarcest
---@field stream etoro.StrategyViewStream
---@field last? { time: string, text: string } the newest decision
---@field problem? string why the account could not be read

---@class etoro.StrategyViewStream
---@field state "none"|"connected"|"stale" none: prices are asked for; stale: cut, or silent
---@field doubt? string why prices are none to go by
---@field read? string ISO 8601, when the account was last read

---@class etoro.StrategyViewPosition
---@field positionID integer
---@field symbol string
---@field isBuy? boolean
---@field amount? number USD
---@field profit? number USD

local function state_of(run)
  if run.is_over then return run.failure and "failed" or "over" end
  if run.failure then return "failed" end
  if run.is_warming then return "warming up" end
  if run.is_stopping then return "stopping" end
  if halt.text(run) then return "halted" end
  return run.options.dry_run and "dry run" or "running"
end

-- Its own positions with their profits. The API tells of these apart.
local function read_positions(run)
  if next(run.book.owned) == nil then return json.list() end
  local portfolio, err = run.client.account:pnl(PATIENCE)
  if not portfolio then return nil, err end
  local list = json.list()
  for i, one in ipairs(run.book:of(portfolio.positions or {})) do
    list[i] = { positionID = one.positionID, symbol = one.symbol,
      isBuy = one.isBuy, amount = tonumber(one.amount), profit = tonumber(one.profit) }
  end
  return list
end

-- Whether a look takes nothing from decisions: runs of one key share its budget, and what
-- is shown may be as old as some minutes.
local function is_free(run)
  local seen, pool = run.seen, routes.op(run.client, "pnl").pool
  local budget = run.client:budget()[pool]
  return not budget or budget.left >= budget.limit * run_limits.strategy_view_spare
    or run.client:now() - (seen.looked or run.began) >= run_limits.strategy_view_longest
end

--- Asks the account anew.
---@param run etoro.StrategyRun
function M.read(run)
  local worth, err = run.client.account:equity(PATIENCE)
  local positions = worth and read_positions(run)
  if not positions then
    run.seen.problem = tostring(err or "its positions could not be read")
    run.seen.looked = run.client:now()
    return
  end
  run.seen = { at = run.client:unix(), looked = run.client:now(), equity = worth.equity,
    cash = worth.available_cash, positions = positions }
end

-- The pool that is nearest to its end.
local function scarcest(run)
  local found, least
  for pool, budget in pairs(run.client:budget()) do
    local part = budget.limit > 0 and budget.left / budget.limit
    if part and (not least or part < least
        or part == least and pool < found.pool) then
      least = part
      found = { pool = pool, left = budget.left, limit = budget.limit }
    end
  end
  return found
end

-- A sum that is unknown where a part of it is.
local function profit_in_all(positions)
  local sum = 0
  for _, one in ipairs(positions) do
    if not one.profit then return nil end
    sum = sum + one.profit
  end
  return sum
end

local function counts_of(run)
  local counts, under_way = {}, 0
  for _, record in ipairs(run.book.orders) do
    counts[record.state] = (counts[record.state] or 0) + 1
  end
  for _ in pairs(run.book.under_way) do under_way = under_way + 1 end
  return counts, under_way
end

local function stream_of(run)
  local _, doubt = next(run.doubts)
  local state = run.has_stream and (doubt and "stale" or "connected") or "none"
  return { state = state, doubt = doubt,
    read = run.seen.at and times.format(run.seen.at) }
end

--- The run as it stands, without asking anybody.
---@param run etoro.StrategyRun
---@return etoro.StrategyView
function M.of(run)
  local seen, counts, under_way = run.seen, counts_of(run)
  local last = run.last_deal
  return { strategy = run.strategy.name, time = times.format(run.client:unix()),
    state = state_of(run), equity = seen.equity, cash = seen.cash,
    profit = seen.positions and profit_in_all(seen.positions),
    positions = seen.positions or json.list(), orders = counts, under_way = under_way,
    bars = run.bars, budget = scarcest(run), stream = stream_of(run),
    last = last and { time = times.format(last.time), text = last.text },
    problem = seen.problem }
end

--- Shows the run to who watches it.
---@param run etoro.StrategyRun
function M.tell(run)
  if run.options.on_view then run.options.on_view(M.of(run)) end
end

--- Whether anybody looks: a box's time is over in a moment.
---@param run etoro.StrategyRun
---@return boolean
function M.is_wanted(run)
  local options = run.options
  return not options.box and (options.state or options.on_view) ~= nil
end

-- Until it is time to look again: soon after a decision.
local function rest(run)
  local last, left = run.last_deal, run_limits.strategy_view_look
  while left > 0 and not run.is_over and run.last_deal == last do
    waiting.sleep(run_limits.strategy_stop_look)
    left = left - run_limits.strategy_stop_look
  end
end

--- Keeps what is seen of a run new, until it is over.
---@param run etoro.StrategyRun
function M.follow(run)
  run.began = run.client:now()
  while not run.is_over do
    if is_free(run) then M.read(run) end
    run:keep_view()
    M.tell(run)
    rest(run)
  end
end

return M
