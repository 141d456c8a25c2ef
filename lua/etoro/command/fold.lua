-- Long lines on a terminal, broken where words end.

local columns_of = require("etoro.command.columns").text

local M = {}

-- The place of the last blank before which a text takes no more than so many
-- columns; nil where its first word is longer than that.
local function break_of(text, width)
  local found
  for at in text:gmatch "() +" do
    if at > 1 and columns_of(text:sub(1, at - 1)) > width then break end
    if at > 1 then found = at end
  end
  return found
end

--- Breaks a text into lines. A word that is too long for one stays whole.
---@param text string
---@param width number columns of a line
---@param first? number columns of the first one
---@return string[] lines
function M.lines(text, width, first)
  local lines, rest = {}, width
  width = first or width
  while columns_of(text) > width do
    local at = break_of(text, width) or text:find(" ", 2, true)
    if not at then break end
    lines[#lines + 1] = text:sub(1, at - 1)
    text, width = text:sub(at):gsub("^ +", ""), rest
  end
  lines[#lines + 1] = text
  return lines
end

return M
