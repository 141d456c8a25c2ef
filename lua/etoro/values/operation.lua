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
      header = entry.in_header, filters = entry.filters,
    }
    entry.in_path, entry.in_query = nil, nil
    entry.in_header, entry.filters = nil, nil
    part[method .. " " .. path] = entry
  end
end

return M
