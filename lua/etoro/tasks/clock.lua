-- The clocks that tasks wait by: the world's, or a box's, which moves only when
-- nobody who goes by it can go on.

local core = require "etoro.core"

local M = {}

---@class etoro.Clock
---@field now fun(): number seconds that nobody sets back, for spans
---@field unix fun(): number seconds since 1970; the world's may be set
---@field may_be_set? boolean unix may go back, or ahead, at any moment
---@field sleepers table a heap of { at, task }
---@field runtime? etoro.Runtime whose engine drives it; nil: the world's

--- The world's, which all tasks go by unless they run in a box. Spans are the
--- monotonic clock's: somebody who sets the time of day wakes nobody.
---@type etoro.Clock
M.world = { now = core.monotonic, unix = core.now, may_be_set = true,
  sleepers = {} }

--- The clock of an engine that is driven.
---@param runtime etoro.Runtime
---@return etoro.Clock
function M.of(runtime)
  local engine = runtime.engine
  return { now = function() return engine:now() end,
    unix = function() return engine:unix() end, sleepers = {},
    runtime = runtime }
end

return M
