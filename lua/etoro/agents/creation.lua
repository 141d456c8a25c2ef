-- What became of a portfolio's creation whose answer was lost: found out by
-- reading, never by doing it again.

local core = require "etoro.core"
local count = require "etoro.values.count"
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

--- The portfolios of a list that a creation may have made.
---@param client etoro.Client
---@param portfolios table[]
---@param response etoro.Response the list's
---@param name string as it was asked for
---@param started number client's clock, when the creation began
---@return table[] found
function M.matches(client, portfolios, response, name, started)
  local since = server_clock.at(client, response, started)
  if not since then return {} end
  local found = {}
  for _, item in ipairs(portfolios) do
    if is_match(item, name, since) then found[#found + 1] = item end
  end
  return found
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
---@param client etoro.Client
---@param name string as it was asked for
---@param err etoro.Error kind unknown_outcome, with started and ended
---@param options? etoro.RequestOptions
---@return etoro.Portfolio? portfolio
---@return etoro.Response|etoro.Error
function M.act(client, name, err, options)
  local round = looks.lost(client, err.started, options)
  local count_read, seen = 0, {}
  while round:next() do
    local portfolios, response = client.portfolios:list {
      deadline = round:options().deadline, timeout = options and options.timeout,
    }
    if portfolios then
      count_read = count_read + 1
      seen = M.matches(client, portfolios, response, name, err.started)
      if #seen == 1 then
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
