-- Entries of etoro.operations, from the short form that they are written in.

local M = {}

--- Begins a part of the table.
---@return table<string, etoro.Operation> part filled by:
---@return fun(method: string, path: string, entry: table)
function M.part()
  local part = {}
  return part, function(method, path, entry)
    entry.method, entry.path = method, path
    entry.pool = entry.pool or "default"
    entry.params = {
      path = entry.in_path or {}, query = entry.in_query or {},
      filters = entry.filters,
    }
    entry.in_path, entry.in_query, entry.filters = nil, nil, nil
    part[method .. " " .. path] = entry
  end
end

return M
