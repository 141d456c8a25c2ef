-- What became of a portfolio's creation whose answer was lost: found out by
-- reading, never by doing it again.

local core = require "etoro.core"
local count = require "etoro.values.count"
local limits = require "etoro.values.limits"
local looks = require "etoro.tasks.looks"
local server_clock = require "etoro.call.server_clock"
local times = require "etoro.values.times"

local tostring = core.text -- not up to the locale

local M = {}

-- The API may add a suffix to the name, so the name is a beginning.
local function is_match(item, name, since)
  if type(item) ~= "table" or type(item.agentPortfolioId) ~= "string"
      or type(item.agentPortfolioName) ~= "string"
      or item.agentPortfolioName:sub(1, #name) ~= name then
    return false
  end
  local created = type(item.createdAt) == "string"
    and times.parse(item.createdAt)
  return created ~= nil and created ~= false and created >= since
end

-- Whether one of several requests made a portfolio, as far as their names tell:
-- "own", "other", or "unclear" where that of another name may have, too.
local function whose(item, name, others)
  local has, answer = item.agentPortfolioName, "own"
  for _, other in ipairs(others) do
    if other == name then
      answer = "unclear"
    elseif has ~= name and other == has then
      return "other"
    elseif has ~= name and has:sub(1, #other) == other then
      answer = "unclear"
    end
  end
  return answer
end

-- Creations under way, by runtime and origin; and by client, when portfolios were told
-- to who had asked for them.
local boards = setmetatable({}, { __mode = "k" })
local told = setmetatable({}, { __mode = "k" })

---@class etoro.Creation one that is under way
---@field client etoro.Client
---@field name string as it was asked for
---@field state "open"|"refused"|"told" open too where nothing is known of it
---@field id? string of what was told
---@field rivals etoro.Creation[] that were under way at the same time
---@field list etoro.Creation[] all that are under way
local under_way = {}
local under_way_mt = { __name = "etoro.creation", __index = under_way }

local function list_of(client)
  local origins = boards[client:runtime()] or {}
  boards[client:runtime()] = origins
  origins[client:origin()] = origins[client:origin()] or {}
  return origins[client:origin()]
end

-- What a client was told of late: no creation takes what was made before it.
local function told_of(client)
  local ids, now = told[client] or {}, client:now()
  told[client] = ids
  for id, at in pairs(ids) do
    if now - at > limits.clock_trusted then ids[id] = nil end
  end
  return ids
end

--- A creation is about to be sent. To be closed when it is over.
---@param client etoro.Client
---@param name any as it is asked for
---@return etoro.Creation
function M.begin(client, name)
  local list = list_of(client)
  local self = setmetatable({ client = client, name = tostring(name), state = "open",
    rivals = table.move(list, 1, #list, 1, {}), list = list }, under_way_mt)
  for _, other in ipairs(list) do table.insert(other.rivals, self) end
  table.insert(list, self)
  return self
end

--- Its portfolio is known.
---@param id string
function under_way:told(id)
  self.state, self.id = "told", id
  told_of(self.client)[id] = self.client:now()
end

--- It was refused.
function under_way:refused() self.state = "refused" end

function under_way_mt:__close()
  for i, one in ipairs(self.list) do
    if one == self then return table.remove(self.list, i) end
  end
end

-- Names of those at the same time of which nobody knows what they made.
local function open_names(self)
  local names = {}
  for _, other in ipairs(self.rivals) do
    if other.state == "open" then names[#names + 1] = other.name end
  end
  return names
end

--- The portfolios of a list that a creation may have made.
---@param client etoro.Client
---@param portfolios table[]
---@param response etoro.Response the list's
---@param name string as it was asked for
---@param started number client's clock, when the creation began
---@param others string[] names of other creations that nobody knows the outcome of
---@return table[] found
---@return boolean is_clear false where one of these may have made them
function M.matches(client, portfolios, response, name, started, others)
  local since = server_clock.at(client, response, started)
  local found, is_clear = {}, true
  for _, item in ipairs(since and portfolios or {}) do
    local whom = is_match(item, name, since) and whose(item, name, others)
    if whom == "own" or whom == "unclear" then
      found[#found + 1] = item
      is_clear = is_clear and whom == "own"
    end
  end
  return found, is_clear
end

-- Those of a list that a creation under way may have made: others were told theirs.
local function made_by(self, portfolios, response, err)
  local others, left = {}, {}
  for id in pairs(told_of(self.client)) do others[id] = true end
  for _, other in ipairs(self.rivals) do
    if other.id then others[other.id] = true end
  end
  for _, item in ipairs(portfolios) do
    local id = type(item) == "table" and item.agentPortfolioId
    if not (id and others[id]) then left[#left + 1] = item end
  end
  return M.matches(self.client, left, response, self.name, err.started,
    open_names(self))
end

local function warning_for(portfolio)
  local token = portfolio.userTokens[1]
  local text = "the answer to the creation was lost; the agent-portfolio was"
    .. " found again in the list"
  if not token then
    portfolio.userTokenCreated = false
    return text .. ", without a token: mint one with portfolio:create_token"
  end
  return ("%s. The secret of its token '%s' (userTokenId %s) is"
    .. " lost for good: revoke that token and mint another with"
    .. " portfolio:create_token"):format(text, tostring(token.userTokenName),
    tostring(token.userTokenId))
end

local function give_up(err, seen, round)
  err.looks, err.seen = round, seen
  if #seen > 1 then
    err.message = err.message .. ("; %d agent-portfolios that"
      .. " were made meanwhile fit the name"):format(#seen)
  elseif #seen == 1 then
    err.message = err.message .. "; the agent-portfolio that fits the name may be"
      .. " another call's"
  else
    err.message = err.message .. "; the list did not show it in "
      .. count(round, "look")
  end
  err.hint = "Look at client.portfolios:list() before creating it again"
  return nil, err
end

--- Finds out whether a portfolio whose creation got no usable answer exists:
--- by its name and by when it was made, on the server's clock. One match is
--- it; several are an unknown outcome, and so is none once the lost attempt
--- cannot be under way any more.
---@param err etoro.Error kind unknown_outcome, with started and ended
---@param options? etoro.RequestOptions
---@return etoro.Portfolio? portfolio
---@return etoro.Response|etoro.Error
function under_way:find(err, options)
  local client = self.client
  local round = looks.lost(client, err.started, options)
  local count_read, seen = 0, {}
  while round:next() do
    local portfolios, response = client.portfolios:list {
      deadline = round:options().deadline, timeout = options and options.timeout,
    }
    if portfolios then
      count_read = count_read + 1
      local is_clear
      seen, is_clear = made_by(self, portfolios, response, err)
      if #seen == 1 and is_clear then
        self:told(seen[1].agentPortfolioId)
        client:warn(response, warning_for(seen[1]))
        client:settle(err.request_id, { state = "done",
          agentPortfolioId = seen[1].agentPortfolioId })
        return seen[1], response
      elseif #seen > 1 then
        break
      end
    elseif response.kind == "closed" or response.kind == "cancelled"
        or response.kind == "auth" or response.kind == "scope" then
      break
    end
  end
  return give_up(err, seen, count_read)
end

return M
