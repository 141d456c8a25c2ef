-- What a run is spoken to by, from outside of it: how it stands, and its halt.

local core = require "etoro.core"
local halt = require "etoro.strategy.halt"
local limits = require "etoro.values.limits"
local view = require "etoro.strategy.view"
local waiting = require "etoro.tasks.waiting"

local tostring = core.text -- not up to the locale

---@class etoro.StrategyControl
local control = {}
control.__index = control
control.__name = "etoro.strategy.control"

local runs = setmetatable({}, { __mode = "k" }) -- by control

local M = {}

---@class etoro.StrategyStanding
---@field strategy string
---@field halted boolean
---@field state table ctx.state
---@field owned table<string, { symbol: string }> its positions, by id
---@field orders table<string, table> that have no end yet, by request id
---@field view etoro.StrategyView

--- How the run stands, without asking anybody.
---@return etoro.StrategyStanding
function control:standing()
  local run = runs[self]
  -- until it has looked through the account the last run's word counts
  local kept = run.is_warming and run.kept or run:kept_now()
  return { strategy = run.strategy.name, halted = halt.text(run) ~= nil,
    state = run.state, owned = kept.owned or {}, orders = kept.orders or {},
    view = view.of(run) }
end

--- Whether a position is the run's own, also before it has looked through its account.
---@param id integer
---@return boolean
function control:holds(id)
  local run, key = runs[self], tostring(id)
  local kept = run.is_warming and run.kept and run.kept.owned or {}
  return (run.book.owned[key] or kept[key]) ~= nil
end

--- Sees now that the file of its halt has come or gone, not a second later; closes
--- nothing.
function control:look() halt.look(runs[self], true) end

--- Closes what the run holds, and tells what became of each position. One that has
--- not looked through its account yet does so before.
---@return etoro.StrategyClosed[]? closed in the order of their ids
---@return etoro.Error? err what it holds could not be read
function control:close_all()
  local run <const> = runs[self]
  while run.is_warming do waiting.sleep(limits.shared_tick) end
  local closed, err = halt.close_all(run)
  return closed, err
end

--- Makes what a run is spoken to by.
---@param run etoro.StrategyRun
---@return etoro.StrategyControl
function M.of(run)
  local self = setmetatable({}, control)
  runs[self] = run
  return self
end

return M
