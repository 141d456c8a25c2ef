-- What the parts of the generator share.

local M = {}

-- In a path: reading, making, changing, removing.
local RANK = { GET = 1, POST = 2, PUT = 3, PATCH = 4, DELETE = 5 }

--- A spec that is given as a type alone, as a table.
---@param spec string|table
---@return table
function M.long(spec)
  return type(spec) == "string" and { type = spec } or spec
end

--- Whether a body is one spec, and not fields by their names.
---@param body table
---@return boolean
function M.is_spec(body) return type(body.type) == "string" end

---@param t table? nil is like an empty one
---@return any[] keys in order
function M.sorted_keys(t)
  local keys = {}
  for key in pairs(t or {}) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

--- Names of operations ("METHOD /path") by path, and there by method.
---@param operations table<string, any>
---@return string[]
function M.by_path(operations)
  local names = M.sorted_keys(operations)
  table.sort(names, function(a, b)
    local left, right = a:match " (.*)", b:match " (.*)"
    if left ~= right then return left < right end
    return RANK[a:match "%u+"] < RANK[b:match "%u+"]
  end)
  return names
end

return M
