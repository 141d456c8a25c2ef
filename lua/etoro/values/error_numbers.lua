-- The numbers that the API's trading routes refuse by (v1.375.0: the outcome of
-- orders, closes and copies). They come with words of theirs, without any, or with
-- words that tell little.

local core = require "etoro.core"

local M = {}

local WHOLE = "Close the whole position"

-- number = { what it means, what to do about it }
local NUMBERS = {
  [620] = { "it was carried out already", "Look at the account before anything is"
    .. " sent again" },
  [623] = { "the account or its user is blocked from trading", "It was seen where"
    .. " money was missing, too: go by the API's words, and do not just repeat it" },
  [631] = { "the position is closed already", "Read the portfolio anew" },
  [632] = { "the position is being closed already", "Wait for that close" },
  [719] = { "the position is not this account's", "Check the id, and whose key it"
    .. " is" },
  [720] = { "it, or what it leaves, is below the smallest size", "Close the whole"
    .. " position, or ask for more" },
  [741] = { "the position is closed already", "Read the portfolio anew" },
  [776] = { "the position does not close in part or by units", WHOLE },
  [779] = { "the position does not close in part or by units", WHOLE },
  [972] = { "the copy was refused", "Demo accounts were seen to be refused every"
    .. " trader; eligibility asks without copying" },
}

--- What the API's words for a refusal, and its number, come to.
---@param code any its number, as text or not
---@param message? string its words
---@return string? message its words, or ours where it has none
---@return string? hint what the number means, and what to do about it
function M.explain(code, message)
  local number = math.tointeger(core.number(core.text(code)))
  local known = NUMBERS[number]
  if not known then return message end
  if not message then return known[1], known[2] end
  return message, ("%d means that %s. %s"):format(number, known[1], known[2])
end

--- Our words for a number.
---@param code integer
---@return string? words
function M.words(code)
  local known = NUMBERS[code]
  return known and known[1]
end

return M
