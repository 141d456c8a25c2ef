-- What tells of a request to begin a copy or to change its money: its status, and the
-- portfolio's mirrors. That neither shows it is no proof: it may not be finished yet.

local core = require "etoro.core"
local spelling = require "etoro.values.spelling"
local times = require "etoro.values.times"

local M = {}

local get = spelling.get

local function number_of(value) return core.number(core.text(value)) end

local function is_person(value, asked)
  return number_of(value) == number_of(get(asked, "parentCID"))
end

--- Whether two requests are about the same person.
---@param one table a request's body
---@param other table
---@return boolean
function M.is_same_person(one, other)
  return is_person(get(one, "parentCID"), other)
end

--- Whether a status tells an outcome, and of this request: its reference may have
--- been used before, for somebody else.
---@param status table
---@param asked table the request's body
---@return boolean
function M.tells(status, asked)
  local parent = get(status, "parentCID")
  return type(get(status, "isSuccess")) == "boolean"
    and (parent == nil or is_person(parent, asked))
end

--- A portfolio's mirrors; nil where it does not tell them.
---@param portfolio table
---@return table[]? mirrors
function M.mirrors(portfolio)
  local mirrors = get(portfolio, "mirrors")
  if type(mirrors) ~= "table" or next(mirrors) ~= nil and mirrors[1] == nil then
    return nil
  end
  return mirrors
end

--- The mirror of an id.
---@param mirrors table[]
---@param id any
---@return table? mirror
function M.mirror(mirrors, id)
  local wanted = number_of(id)
  for _, mirror in ipairs(mirrors) do
    if type(mirror) == "table" and number_of(get(mirror, "mirrorID")) == wanted then
      return mirror
    end
  end
end

--- Whether a copy is on its way out.
---@param mirror table
---@return boolean
function M.is_ending(mirror)
  return get(mirror, "pendingForClosure") == true
    or number_of(get(mirror, "mirrorStatusID")) == 2
end

--- The mirrors of whom a request is about, and which of them it began: one that came
--- into being since, with just its money. Into one that was there before money goes
--- without a trace of its own.
---@param mirrors table[]
---@param asked table the request's body
---@param since? number seconds since 1970, on the server's clock; nil: nobody knows
---@return table[] found
---@return table? begun where there is one alone
function M.of_person(mirrors, asked, since)
  local found = {}
  for _, mirror in ipairs(mirrors) do
    if type(mirror) == "table" and is_person(get(mirror, "parentCID"), asked) then
      found[#found + 1] = mirror
    end
  end
  local mirror, amount = found[1], number_of(get(asked, "amount"))
  local started = mirror and get(mirror, "startedCopyDate")
  started = type(started) == "string" and times.parse(started)
  local is_begun = #found == 1 and since and started and started >= since
    and amount ~= nil and number_of(get(mirror, "initialInvestment")) == amount
  return found, is_begun and mirror or nil
end

return M
