-- Reads that several tasks want at once: one of them reads, the others wait
-- for it and take what it got.

local limits = require "etoro.values.limits"
local tasks = require "etoro.tasks"

local M = {}

---@class etoro.Shared
---@field value any what was read last
---@field at? number engine clock
---@field busy_until? number while somebody reads
---@field reader? thread who

-- One whose task was cancelled meanwhile will not come to an end.
local function is_read(entry)
  return entry.busy_until ~= nil and coroutine.status(entry.reader) ~= "dead"
end

-- Only tasks of the shared scheduler run while this one pauses.
local function await_reader(client, entry)
  if not client:is_shared() then return end
  while is_read(entry) and client:now() < entry.busy_until
    and tasks.parkable()
  do
    client:pause(limits.shared_tick)
  end
end

--- Gives an entry's value if it is young enough, else what `read` gives. What
--- could not be read is not kept.
---@param client etoro.Client
---@param entry etoro.Shared
---@param age number seconds
---@param read fun(): any, any
---@return any value
---@return any second what read gave beside it; nil for a kept value
function M.get(client, entry, age, read)
  await_reader(client, entry)
  if entry.at and client:now() - entry.at < age then return entry.value end
  entry.busy_until = client:now() + limits.reader_patience
  entry.reader = coroutine.running()
  local value, second = read()
  entry.busy_until = nil
  if value == nil then return nil, second end
  entry.value, entry.at = value, client:now()
  return value, second
end

return M
