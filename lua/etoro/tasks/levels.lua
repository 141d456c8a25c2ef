-- How much an event matters to who reads a log.

local M = {}

---@alias etoro.Level "debug"|"info"|"warning"|"error"

-- What each of them counts.
local RANKS = { debug = 1, info = 2, warning = 3, error = 4 }

local BY_KIND = { queued = "debug", sent = "debug", waited = "info",
  retried = "warning", warning = "warning" }

--- The level of an event: debug for the stages of a call, info for one that was
--- done or had to wait, warning for what is sent again or odd, error for a call
--- without a usable answer, and for a run of a timer that raised.
---@param event table
---@return etoro.Level
function M.of(event)
  if event.error ~= nil then return "error" end
  if event.kind == "done" then
    local has_failed = event.code or (event.status or 0) >= 400
    return has_failed and "error" or "info"
  end
  return BY_KIND[event.kind] or "info"
end

--- The rank of a level, the least first.
---@param name any
---@return integer? rank nil where it is none
function M.rank(name) return RANKS[name] end

return M
