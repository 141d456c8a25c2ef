-- What the library says, in the words of whoever does not write Lua.

local M = {}

local function replace(text, from, to)
  local at = text:find(from, 1, true)
  while at do
    text = text:sub(1, at - 1) .. to .. text:sub(at + #from)
    at = text:find(from, at + #to, true)
  end
  return text
end

--- Puts other phrases in the place of some.
---@param text string
---@param phrases { [1]: string, [2]: string }[] from and to, the longer ones before
---those that they hold
---@return string
function M.replace(text, phrases)
  for _, phrase in ipairs(phrases) do text = replace(text, phrase[1], phrase[2]) end
  return text
end

return M
