-- Before the first decision: what an earlier run has left, against what the
-- account says. Nothing is guessed, all of it is told.

local closes = require "etoro.strategy.closes"
local core = require "etoro.core"
local dealing = require "etoro.strategy.dealing"
local errors = require "etoro.errors"
local order_lookup = require "etoro.strategy.order_lookup"
local owned = require "etoro.strategy.owned"

local tonumber, tostring = core.number, core.text -- not up to the locale

local M = {}

-- An order that was sent, or was about to be. What nobody can tell is taken up as
-- one that is under way: it is no order that never was.
local function resume_order(run, id, kept)
  local record = { time = kept.time, side = kept.side, amount = kept.amount,
    symbol = run.book:name_of(kept.instrumentId, kept.symbol),
    instrumentId = kept.instrumentId, units = kept.units, ahead = kept.ahead,
    request_id = id }
  local state, order = order_lookup.find(run, record)
  local name = ("order %s of %s"):format(id, record.symbol)
  if state == "not_landed" then
    run:note("note", name .. " never reached the server")
    return true
  end
  record = run.book:add(record)
  if state == "unknown" then
    dealing.doubt(run, record, order)
    run:note("note", ("what became of %s nobody knows: %s"):format(name, order))
    return true
  end
  dealing.resume(run, record, order)
  run:note("note", ("%s is %s"):format(name, record.state))
  return true
end

local function resume_close(run, id, kept)
  local record = run.book:add { time = kept.time, side = "close", units = kept.units,
    symbol = run.book:name_of(kept.instrumentId, kept.symbol),
    instrumentId = kept.instrumentId, positionID = kept.positionID,
    held = kept.held, request_id = id, state = "unknown" }
  closes.resume(run, record)
  return true
end

-- Positions that the account shows and nobody of this name opened.
local function strangers(run, all)
  local list = {}
  local by_id = {}
  for symbol, item in pairs(run.items) do by_id[item.id] = symbol end
  for _, position in ipairs(all) do
    local symbol = by_id[tonumber(position.instrumentID)]
    if symbol and not run.book.owned[tostring(position.positionID)]
        and (tonumber(position.mirrorID) or 0) == 0 then
      position.symbol = symbol
      list[#list + 1] = position
    end
  end
  return list
end

local POLICIES = {}

function POLICIES.leave(run, list)
  for _, position in ipairs(list) do
    run:note("note", ("position %s of %s is not this strategy's and is left "
      .. "alone"):format(tostring(position.positionID), position.symbol))
  end
  return true
end

function POLICIES.adopt(run, list)
  for _, position in ipairs(list) do
    run.book:own({ symbol = position.symbol }, { position }, run.client:unix())
    run:note("note", ("position %s of %s is adopted"):format(
      tostring(position.positionID), position.symbol))
  end
  return true
end

function POLICIES.refuse(_, list)
  if #list == 0 then return true end
  return nil, errors.new { kind = "conflict", code = "strangers",
    message = ("the account holds %d positions of the strategy's symbols that "
      .. "are not its own, position %s of %s among them"):format(#list,
      tostring(list[1].positionID), list[1].symbol) }
end

function POLICIES.flatten(run, list)
  for _, position in ipairs(list) do
    local closed, err = position:close()
    if not closed then return nil, err end
    run:note("note", ("position %s of %s is closed"):format(
      tostring(position.positionID), position.symbol))
  end
  return true
end

M.POLICIES = POLICIES

-- What becomes of strangers. Those of a run beside this one have their owner.
local function settle(run, list)
  local policy = run.options.adopt and "adopt" or run.options.strangers or "leave"
  local is_others = run.options.is_others
  if policy ~= "adopt" and policy ~= "flatten" or not is_others then
    return POLICIES[policy](run, list)
  end
  local free, others = {}, {}
  for _, position in ipairs(list) do
    local to = is_others(position.positionID) and others or free
    to[#to + 1] = position
  end
  POLICIES.leave(run, others)
  return POLICIES[policy](run, free)
end

--- Brings the run's book and the account together.
---@param run etoro.StrategyRun
---@return true? done
---@return etoro.Error? err why it must not begin
function M.run(run)
  local kept = run.kept or {}
  run.book:take_over(kept.owned or {})
  local ids = {}
  for id in pairs(kept.orders or {}) do ids[#ids + 1] = id end
  table.sort(ids, core.before)
  for _, id in ipairs(ids) do
    local resume = kept.orders[id].side == "close" and resume_close
      or resume_order
    local ok, err = resume(run, id, kept.orders[id])
    if not ok then return nil, err end
  end
  local own, gone, all = owned.read(run)
  if not own then return nil, gone end
  for _, one in ipairs(gone) do
    if not closes.account_for(run, one) then
      run:note("note", ("position %s of %s was closed meanwhile"):format(
        tostring(one.positionID), one.symbol))
      run:tell("on_position", one, "gone")
    end
  end
  for _, position in ipairs(own) do
    run:note("note", ("position %s of %s is this strategy's"):format(
      tostring(position.positionID), position.symbol))
  end
  local done, err = settle(run, strangers(run, all))
  return done, err
end

return M
