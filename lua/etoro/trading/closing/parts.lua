-- Parts of positions that this program closes, side by side or one soon after
-- the other: which of them has shrunk a position nobody can tell, so that each
-- is done when all are.

local holdings = require "etoro.trading.account.holdings"
local same = require "etoro.trading.closing.same"

local M = {}

local WINDOW = 300 -- seconds for which a part may be under way, or show still

---@class etoro.Part
---@field units number
---@field began number engine clock
---@field left? number units that remain after this part and all others under
---way
---@field is_over? boolean what became of it is known; it may show still

-- By client and position: sets of parts.
local clients = setmetatable({}, { __mode = "k" })

local function now_of(client) return client:now() end

-- The parts of a position, without those that are too old to matter: one whose
-- task was cancelled does not leave by itself.
local function parts_of(client, id)
  local of_client = clients[client]
  local parts = of_client and of_client[holdings.key(id)]
  if not parts then return {} end
  local now = now_of(client)
  for part in pairs(parts) do
    if now - part.began > WINDOW then parts[part] = nil end
  end
  return parts
end

local function add(client, id, part)
  local of_client = clients[client] or {}
  clients[client] = of_client
  for key, parts in pairs(of_client) do
    if next(parts) == nil then of_client[key] = nil end
  end
  local parts = parts_of(client, id)
  parts[part], of_client[holdings.key(id)] = true, parts
end

--- A part is about to be sent.
---@param closing etoro.Closing
function M.join(closing)
  local units, least = closing.units, closing.held
  for other in pairs(parts_of(closing.client, closing.id)) do
    if not other.is_over and other.left then
      least = least and math.min(least, other.left)
      other.left = other.left - units
    end
  end
  closing.part = {
    units = units, began = now_of(closing.client),
    left = least and least - units,
  }
  add(closing.client, closing.id, closing.part)
end

--- A part is over. One that came to nothing is forgotten.
---@param closing etoro.Closing
---@param is_undone boolean
function M.leave(closing, is_undone)
  local part = closing.part
  local parts = parts_of(closing.client, closing.id)
  if not part or part.is_over then return end
  part.is_over = true
  if not is_undone then return end
  parts[part] = nil
  for other in pairs(parts) do
    if other.left then other.left = other.left + part.units end
  end
end

--- How many other parts of a position may show, and how many of these are as
--- large.
---@param closing etoro.Closing
---@return integer others
---@return integer twins
function M.others(closing)
  local others, twins = 0, 0
  for other in pairs(parts_of(closing.client, closing.id)) do
    if other ~= closing.part then
      others = others + 1
      if same.units(other.units, closing.units, closing.units) then
        twins = twins + 1
      end
    end
  end
  return others, twins
end

return M
