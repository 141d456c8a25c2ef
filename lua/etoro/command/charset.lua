-- Which characters the terminal can show, as the environment says. Where it says
-- nothing they are those of UTF-8.

local core = require "etoro.core"

local M = {}

-- The character set that is named, as in ru_RU.KOI8-R.
local function named()
  for _, variable in ipairs { "LC_ALL", "LC_CTYPE", "LANG" } do
    local value = os.getenv(variable)
    if value and value ~= "" then
      local plain = value:match "^[^@]+" or ""
      if plain == "C" or plain == "POSIX" then return "ASCII" end
      return plain:match "%.(.+)$" or "UTF-8"
    end
  end
  return "UTF-8"
end

--- Whether all characters can be shown.
---@return boolean
function M.is_utf8()
  local name = core.upper(named())
  return name == "UTF-8" or name == "UTF8"
end

--- A text as it can be shown: with a question mark for each character that is
--- none of ASCII where that is all there is.
---@param text string UTF-8
---@return string
function M.shown(text)
  if M.is_utf8() or not text:find "[\128-\255]" then return text end
  return (text:gsub("[\192-\255][\128-\191]*", "?"):gsub("[\128-\191]", "?"))
end

--- What stands at the end of a text that was cut, one column wide.
---@return string
function M.cut_mark() return M.is_utf8() and "…" or "~" end

return M
