-- Names wherever ids are taken: what a word on the command line means.

local core = require "etoro.core"
local exits = require "etoro.command.exits"
local nearest = require "etoro.values.nearest"
local output = require "etoro.command.output"

local tonumber, tostring = core.number, core.text -- not up to the locale

local M = {}

---@class etoro.command.Naming
---@field noun string such as "watchlist"
---@field id string the field of the id
---@field name string the field of the name
---@field is_called? fun(item: table, word: string): boolean other words for it
---@field where? string " of what", where they are another thing's

-- Several of one name are told apart by their ids alone.
local function refuse_several(items, word, naming)
  local ids = {}
  for i, item in ipairs(items) do ids[i] = tostring(item[naming.id]) end
  exits.exit(exits.USAGE, ("%d %ss%s are named '%s': give the id of one, %s")
    :format(#items, naming.noun, naming.where or "", word,
      table.concat(ids, " or ")))
end

--- The item that a word names, by its id or its name. Ends the command where
--- there is none, or several.
---@param items any
---@param word string
---@param naming etoro.command.Naming
---@return table
function M.one(items, word, naming)
  local found, names = {}, {}
  for _, item in ipairs(output.objects(items)) do
    local id, name = item[naming.id], item[naming.name]
    if core.lower(tostring(id)) == core.lower(word) then return item end
    local is_called = naming.is_called and naming.is_called(item, word)
    if name == word or is_called then found[#found + 1] = item end
    if type(name) == "string" then names[name] = true end
  end
  if #found > 1 then refuse_several(found, word, naming) end
  if found[1] then return found[1] end
  exits.exit(exits.NOT_FOUND, ("there is no %s '%s'%s%s"):format(naming.noun,
    word, naming.where or "", nearest.hint(word, names)))
end

local function list_own_positions(session)
  local own = {}
  for _, position in ipairs(session:must(session:client().positions:list())) do
    if (position.mirrorID or 0) == 0 then own[#own + 1] = position end
  end
  return own
end

local function list_orders(session)
  return session:must(session:client().orders:list())
end

local function describe(item, id)
  local text = output.number(item[id])
  if item.isBuy ~= nil then text = text .. (item.isBuy and " long" or " short") end
  return text .. (type(item.amount) == "number"
    and (" of %s USD"):format(output.usd(item.amount)) or "")
end

-- The one item of a symbol. It is not guessed which of several is meant.
local function of_symbol(items, word, noun, id)
  local found, symbols = {}, {}
  for _, item in ipairs(items) do
    local symbol = item.symbol
    if type(symbol) == "string" then
      symbols[symbol] = true
      if core.upper(symbol) == word then found[#found + 1] = item end
    end
  end
  if #found == 1 then return found[1][id] end
  if #found == 0 then
    exits.exit(exits.NOT_FOUND, ("there is no %s of %s%s"):format(noun, word,
      nearest.hint(word, symbols)))
  end
  for i, item in ipairs(found) do found[i] = describe(item, id) end
  exits.exit(exits.USAGE, ("there are %d %ss of %s: give the id of one, %s"):format(
    #found, noun, word, table.concat(found, " or ")))
end

-- Digits are an id. A symbol is taken in capitals alone: where money moves, no
-- other word is tried as one.
local function id_of(session, word, noun, id, list_of)
  local number = word:find "^[0-9]+$" and math.tointeger(tonumber(word))
  if number then return number end
  if word:find "[^A-Z0-9._-]" or not word:find "[A-Z]" then
    exits.exit(exits.USAGE, ("'%s' is no %s, nor a symbol in capitals"):format(
      word, id))
  end
  return of_symbol(list_of(session), word, noun, id)
end

--- The id of a position that a word means: its id, or the symbol of one position
--- of the account's own. Ends the command where that is none, or several.
---@param session etoro.command.Session
---@param word string
---@return integer
function M.position_id(session, word)
  return id_of(session, word, "position", "positionID", list_own_positions)
end

--- The same for an order that waits.
---@param session etoro.command.Session
---@param word string
---@return integer
function M.order_id(session, word)
  return id_of(session, word, "waiting order", "orderId", list_orders)
end

local PORTFOLIO = { noun = "agent-portfolio", id = "agentPortfolioId",
  name = "agentPortfolioName" }

--- An agent-portfolio by its name or id.
---@param session etoro.command.Session
---@param word string
---@return etoro.Portfolio
function M.portfolio(session, word)
  local list = session:must(session:client().portfolios:list())
  return M.one(list, word, PORTFOLIO)
end

--- A token of an agent-portfolio, by its name or id.
---@param portfolio etoro.Portfolio
---@param word string
---@return etoro.Token
function M.token(portfolio, word)
  return M.one(portfolio.userTokens, word, { noun = "token", id = "userTokenId",
    name = "userTokenName", where = " of agent-portfolio "
      .. output.clean(portfolio.agentPortfolioName) })
end

return M
