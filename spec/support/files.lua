-- Files that specs write and read whole.
local M = {}

--- Writes a file anew.
---@param path string
---@param text string
---@return string path
function M.write(path, text)
  local file = assert(io.open(path, "wb"))
  assert(file:write(text))
  assert(file:close())
  return path
end

--- What a file holds.
---@param path string
---@return string? text
---@return string? message why it cannot be read
function M.read(path)
  local file <close>, message = io.open(path, "rb")
  if not file then return nil, message end
  return file:read "a"
end

return M
