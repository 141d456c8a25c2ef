-- What a run keeps of its own past: bounded, for it may go on for months.

local run_limits = require "etoro.values.run_limits"

local M = {}

--- Adds the newest; the oldest of too many goes.
---@param list any[]
---@param item any
function M.newest(list, item)
  if #list >= run_limits.strategy_notes_kept then table.remove(list, 1) end
  list[#list + 1] = item
end

--- Adds a point of a course; of too many every other one stays, the first among them.
---@param list any[]
---@param point any
function M.course(list, point)
  if #list >= run_limits.strategy_notes_kept then
    local count = 0
    for i = 1, #list, 2 do
      count = count + 1
      list[count] = list[i]
    end
    for i = #list, count + 1, -1 do list[i] = nil end
  end
  list[#list + 1] = point
end

return M
