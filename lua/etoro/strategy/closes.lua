-- The closes of a run, each followed until it is known what became of it: where nobody
-- told, by what the account shows, in this run or at the start of the next one. Until
-- then no part of that position is closed, for it might be sold twice.

local core = require "etoro.core"
local errors = require "etoro.errors"
local holdings = require "etoro.trading.account.holdings"
local limits = require "etoro.values.limits"
local proof = require "etoro.trading.closing.proof"
local routes = require "etoro.trading.routes"
local run_limits = require "etoro.values.run_limits"
local server_clock = require "etoro.call.server_clock"
local spans = require "etoro.strategy.spans"
local waiting = require "etoro.tasks.waiting"

local tonumber, tostring = core.number, core.text -- not up to the locale

local M = {}

--- A close in words.
---@param record etoro.StrategyOrder
---@return string
function M.words(record)
  return ("the close of %s position %s of %s is %s"):format(record.units
    and core.figure(tonumber(record.units)) .. " units of" or "all of",
    tostring(record.positionID), record.symbol, record.state)
end

local function closing_of(client, record)
  local closing = proof.new(client, record.positionID, nil, record.units)
  closing.held = tonumber(record.held)
  closing.started = spans.began(client, record)
  return closing
end

-- Reads of the history, as proofs ask for them.
local function reader_of(client)
  return { read = function(_, purpose, params)
    return client:send(routes.op(client, purpose), params, {})
  end }
end

-- One look at the account; what was done would show in it from a moment on.
local function look(client, closing, shown_from)
  local portfolio, response = holdings.read(client)
  if not portfolio then
    proof.forget_absence(closing)
    return nil
  end
  if not server_clock.is_off(client, response) then
    closing.since = server_clock.at(client, response, closing.started)
  end
  return (proof.judge(closing, { portfolio = portfolio, now = client:now(),
    is_shown = client:now() >= shown_from,
    history = function()
      return (proof.read_history(closing, reader_of(client), response))
    end }))
end

local STATES = { closed = "filled", gone = "filled", open = "rejected" }

local function why(record, verdict)
  if verdict == "gone" then return "the position is closed, whole" end
  if verdict == "closed" then return nil end -- no longer that nobody knows
  return record.state == "resting" and "it was taken back or refused"
    or "it never reached the server"
end

-- Whether a verdict may stand. An account may show for a moment neither what a
-- close that waited has done nor the order that waited.
local function is_firm(record, closing, verdict, now)
  if verdict ~= "open" or record.state ~= "resting" then
    closing.open_since = nil
    return true
  end
  closing.open_since = closing.open_since or now
  return now - closing.open_since >= limits.portfolio_lag
end

-- What closed a position, whole: nothing of it is the strategy's any more.
local function let_go(run, record, position)
  if not run.book.owned[tostring(record.positionID)] then return end
  position = position or { positionID = record.positionID, symbol = record.symbol }
  run.book:disown(position)
  run:tell("on_position", position, "closed")
  run:call_queued()
end

local function conclude(run, record, verdict, position)
  record.why = why(record, verdict)
  run.book:finish(record, STATES[verdict])
  run:note("note", M.words(record) .. (record.why and ": " .. record.why or ""))
  if STATES[verdict] == "filled" then record.fill_time = run.client:unix() end
  if verdict == "gone" or verdict == "closed" and not record.units then
    let_go(run, record, position)
  end
  run:forget_account()
end

--- Takes a position that the account has no more for closed by a close of the
--- run's own, where one is under way.
---@param run etoro.StrategyRun
---@param gone { positionID: integer, symbol: string }
---@return boolean is_own
function M.account_for(run, gone)
  for _, record in pairs(run.book.under_way) do
    if record.side == "close" and holdings.is_same(record.positionID,
        gone.positionID) then
      conclude(run, record, record.units and "gone" or "closed")
      return true
    end
  end
  return false
end

-- One look; gives whether anything is known now. A close that waits for its market
-- is known to do so, and followed on.
local function judge(run, record, closing, shown_from, position)
  local verdict = look(run.client, closing, shown_from)
  if not run.book.under_way[record.request_id] then return true end
  if verdict and not is_firm(record, closing, verdict, run.client:now()) then
    return false
  elseif verdict == "closing" then
    record.state, record.why = "resting", nil
    return false
  elseif verdict then
    conclude(run, record, verdict, position)
  end
  return verdict ~= nil
end

--- Finds out what becomes of a close: one whose answer nobody saw, or one that
--- waits for its market.
---@param run etoro.StrategyRun
---@param record etoro.StrategyOrder
---@param shown_from number when what was done would show, on the engine's clock
---@param ends? number when to give up; none: with the run
---@param position? etoro.Position what on_position is told of
---@return boolean is_known
local function find_out(run, record, shown_from, ends, position)
  local client, closing = run.client, closing_of(run.client, record)
  while run.book.under_way[record.request_id] and not run.is_over do
    if judge(run, record, closing, shown_from, position) then return true end
    if ends and (record.state == "resting" or client:now() >= ends) then
      return false
    end
    waiting.sleep((closing.open_since or closing.absent_since
      or client:now() < shown_from + 2 * limits.portfolio_lag)
      and run_limits.strategy_end_look or run_limits.strategy_order_look)
  end
  return true
end

--- Takes up a close that an earlier run sent and did not see the end of: looks for
--- as long as a sure sign may take, then goes on looking beside the run.
---@param run etoro.StrategyRun
---@param record etoro.StrategyOrder
function M.resume(run, record)
  local shown_from = run.client:now() + limits.default_settle
  if find_out(run, record, shown_from, shown_from + limits.portfolio_lag
      + run_limits.strategy_end_look) then
    return
  end
  run:note("note", M.words(record) .. (record.state == "resting"
    and ": it waits for its market"
    or ": no part of it is closed before that is known"))
  run:spawn(find_out, run, record, shown_from)
end

-- A close of the same position that has no end yet, and in the way of another one:
-- of a part any, for what is left nobody knows; of all of it one that was taken, for
-- it does the same.
local function in_the_way(run, position, units)
  for _, record in pairs(run.book:closes_of(position.positionID)) do
    if (units or not record.units and record.state ~= "unknown") then
      return record
    end
  end
end

local function refused(record)
  return errors.new { kind = "rejected", code = "under_way", field = "position",
    message = M.words(record) .. (record.units and ": no other part of it is "
      .. "closed before that is known; all of it can be"
      or record.state == "unknown" and ": no part of it is closed before that is "
        .. "known"
      or ": it is not sent twice") }
end

local function enter(run, position, units)
  local record = run.book:add { time = run.client:unix(), symbol = position.symbol,
    instrumentId = math.tointeger(tonumber(position.instrumentID)),
    side = "close", units = units, positionID = position.positionID,
    began = run.client:now(),
    held = tonumber(position.units) }
  local ok, err = run:save() -- what may be sent stands on the disk before
  if ok then return record end
  if not units then -- done twice it does no harm: no reason to hold what is to go
    run:note("error", ("%s is closed, though it cannot be kept: %s"):format(
      position.symbol, err.message))
    return record
  end
  run.book:finish(record, "rejected", err.message)
  return nil, err
end

local function failed(run, record, err, position)
  if err.kind ~= "unknown_outcome" then
    return run.book:finish(record, "rejected", err.message)
  end
  record.state, record.why = "unknown", err.message
  run:spawn(find_out, run, record, run.client:now() + limits.default_settle, nil,
    position)
end

-- What the API has taken, done or not.
local function taken(run, record, position)
  if not run.book.under_way[record.request_id] then return end -- somebody saw it
  local is_done = position:is_closed() or run:has_closed_part(position)
  if is_done then
    run.book:finish(record, "filled")
    record.fill_time = run.client:unix()
  else
    record.state = "resting"
    run:spawn(find_out, run, record, run.client:now() + limits.default_settle,
      nil, position)
  end
  if position:is_closed() then let_go(run, record, position) end
end

--- Closes a position of the strategy's own, or a part of it.
---@param run etoro.StrategyRun
---@param position etoro.Position
---@param units? number
---@return etoro.Position? closed
---@return etoro.Error? err
---@return string? state of what was sent: "resting" where it waits for the market
function M.one(run, position, units)
  if units and tonumber(units) == tonumber(position.units) then units = nil end
  local doubt = in_the_way(run, position, units)
  if doubt then return nil, refused(doubt) end
  local _ <close> = run:deals()
  local symbol = position.symbol -- what is read again is the API's alone
  local record, err = enter(run, position, units)
  if not record then return nil, err end
  local closed
  closed, err = position:close(units and { units = units } or {},
    { wait = run_limits.strategy_close_wait, request_id = record.request_id })
  position.symbol = symbol
  if not closed then
    failed(run, record, err, position)
    return nil, err
  end
  taken(run, record, position)
  run:forget_account()
  return closed, nil, record.state
end

return M
