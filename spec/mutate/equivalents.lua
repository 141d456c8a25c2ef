-- Faults that make no difference to anybody, each with the reason: they are
-- not planted. A fault is known by the lines it changes, as `make mutate`
-- shows them, without its place.

local M = {}

local KNOWN = {
}

local function body_of(diff)
  return (diff:gsub("^[^\n]*:%d+: ", ""))
end

--- Why a fault makes no difference; nil where it may.
---@param diff string as shown: path:line: rule, then the changed lines
---@return string? reason
function M.reason(diff)
  local path = diff:match "^([^:]+):"
  for _, known in ipairs(KNOWN) do
    if known.path == path and known.diff == body_of(diff) then
      return known.reason
    end
  end
end

return M
