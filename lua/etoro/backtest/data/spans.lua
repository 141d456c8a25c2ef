-- Stretches of time of which all bars that there are have been read: lists of
-- { from, to } in seconds, ascending, apart from each other; `to` is not in them.

local M = {}

--- Adds a stretch.
---@param list number[][]
---@param from number
---@param to number
---@return number[][] list a new one
function M.add(list, from, to)
  if from >= to then return list end
  local out, is_in = {}, false
  for _, one in ipairs(list) do
    if one[2] < from then
      out[#out + 1] = one
    elseif one[1] > to then
      if not is_in then out[#out + 1], is_in = { from, to }, true end
      out[#out + 1] = one
    else
      from, to = math.min(from, one[1]), math.max(to, one[2])
    end
  end
  if not is_in then out[#out + 1] = { from, to } end
  return out
end

--- What a list lacks of a stretch.
---@param list number[][]
---@param from number
---@param to number
---@return number[][] missing
function M.missing(list, from, to)
  local out = {}
  for _, one in ipairs(list) do
    if one[2] > from and one[1] < to then
      if one[1] > from then out[#out + 1] = { from, one[1] } end
      from = one[2]
    end
  end
  if from < to then out[#out + 1] = { from, to } end
  return out
end

return M
