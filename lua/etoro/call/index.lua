-- Finds the documented operation that a request's path belongs to: a tree of
-- the templates' steps for each method, made when it is first needed.

local core = require "etoro.core"
local operations = require "etoro.operations"

local M = {}

-- A node: the ones behind it by step, the one behind a placeholder, and the
-- operation whose template ends here.
local trees
local money -- by method: the ends of the paths that may move real money

local function is_hole(step) return step:find("^{.*}$") ~= nil end

-- The steps of a template; placeholders as they stand.
local function steps_of(template)
  local steps = {}
  for step in core.lower(template):gmatch("[^/]+") do
    steps[#steps + 1] = step
  end
  return steps
end

local function add(root, op)
  local node = root
  for _, step in ipairs(steps_of(op.path)) do
    local place, key = node.steps, step
    if is_hole(step) then place, key = node, "any" end
    place[key] = place[key] or { steps = {} }
    node = place[key]
  end
  node.op = op
end

-- What stands before the end of a path may be taken away or put there on the
-- way, the version too.
local function add_money(op)
  local list = money[op.method] or {}
  list[#list + 1] = steps_of((op.path:gsub("^/api/v%d+", "")))
  money[op.method] = list
end

local function load()
  trees, money = {}, {}
  for _, op in pairs(operations) do
    trees[op.method] = trees[op.method] or { steps = {} }
    add(trees[op.method], op)
    if op.moves_money then add_money(op) end
  end
end

-- The operation of the steps from one on that has the fewest placeholders.
local function search(node, steps, at, holes)
  for i = at, #steps do
    local next_node = node.steps[steps[i]]
    if next_node and node.any then
      local op, least = search(next_node, steps, i + 1, holes)
      local other, count = search(node.any, steps, i + 1, holes + 1)
      if other and (not op or count < least) then return other, count end
      return op, least
    end
    if not next_node then holes = holes + 1 end
    node = next_node or node.any
    if not node then return nil end
  end
  return node.op, holes
end

--- The documented operation that a path belongs to. Plain text beats a
--- placeholder where both fit.
---@param method string
---@param steps string[] of core.path_steps
---@return etoro.Operation? op
function M.find(method, steps)
  if not trees then load() end
  local root = trees[method]
  return root and (search(root, steps, 1, 0)) or nil
end

local function ends_like(steps, tail)
  local before = #steps - #tail
  if before < 0 then return false end
  for i, step in ipairs(tail) do
    if step ~= steps[before + i] and not is_hole(step) then return false end
  end
  return true
end

--- Whether a request may be one that moves real money: its path ends like that
--- of such an operation.
---@param method string
---@param steps string[] of core.path_steps
---@return boolean
function M.may_move_money(method, steps)
  if not trees then load() end
  for _, tail in ipairs(money[method] or {}) do
    if ends_like(steps, tail) then return true end
  end
  return false
end

local patterns = setmetatable({}, { __mode = "k" }) -- by operation

--- Whether a path is an operation's, with nothing in it that servers read in
--- different ways.
---@param op etoro.Operation
---@param path string without its query
---@return boolean
function M.is_plainly(op, path)
  local pattern = patterns[op]
  if not pattern then
    pattern = "^" .. op.path:gsub("[%-%.]", "%%%0")
      :gsub("{.-}", "[A-Za-z0-9_~-][A-Za-z0-9._~-]*") .. "$"
    patterns[op] = pattern
  end
  return path:find(pattern) ~= nil
end

return M
