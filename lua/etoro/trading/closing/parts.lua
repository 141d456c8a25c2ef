-- Parts of positions that this program closes, side by side or one soon after
-- the other: what shows of one must not be taken for what another has done.

local holdings = require "etoro.trading.account.holdings"
local same = require "etoro.trading.closing.same"
local limits = require "etoro.values.limits"

local M = {}

---@class etoro.Part
---@field units number
---@field began number engine clock

-- By client and position: sets of parts.
local clients = setmetatable({}, { __mode = "k" })

-- The parts of a position, without those that are too old to matter.
local function parts_of(client, id)
  local of_client = clients[client]
  local parts = of_client and of_client[holdings.key(id)]
  if not parts then return {} end
  local now = client:now()
  for part in pairs(parts) do
    if now - part.began > limits.part_window then parts[part] = nil end
  end
  return parts
end

--- A part is about to be sent.
---@param closing etoro.Closing
function M.join(closing)
  local client, id = closing.client, closing.id
  local of_client = clients[client] or {}
  clients[client] = of_client
  for key, parts in pairs(of_client) do
    if next(parts) == nil then of_client[key] = nil end
  end
  closing.part = { units = closing.units, began = client:now() }
  local parts = parts_of(client, id)
  parts[closing.part], of_client[holdings.key(id)] = true, parts
end

--- A part came to nothing.
---@param closing etoro.Closing
function M.forget(closing)
  if not closing.part then return end
  parts_of(closing.client, closing.id)[closing.part] = nil
end

--- How many other parts of a position may show, and how many of these are as
--- large; since when the first one of that size may have been sold.
---@param closing etoro.Closing
---@return integer others
---@return integer twins
---@return number began engine clock
function M.others(closing)
  local others, twins, began = 0, 0, closing.started
  for other in pairs(parts_of(closing.client, closing.id)) do
    if other ~= closing.part then
      others = others + 1
      if same.units(other.units, closing.units, closing.units) then
        twins, began = twins + 1, math.min(began, other.began)
      end
    end
  end
  return others, twins, began
end

return M
