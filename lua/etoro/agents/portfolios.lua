-- Agent-portfolios: accounts of their own that a strategy trades, copied into
-- the caller's account in proportion to what he invests in them.

local blame = require "etoro.values.blame"
local check = require "etoro.values.fields"
local named = require "etoro.values.named"
local core = require "etoro.core"
local errors = require "etoro.errors"
local operations = require "etoro.operations"
local links = require "etoro.resource.links"
local objects = require "etoro.resource.objects"
local resource = require "etoro.resource"
local creation = require "etoro.agents.creation"
local tokens = require "etoro.agents.tokens"

local V1, V2 = "/api/v1/agent-portfolios", "/api/v2/agent-portfolios"
local OF_TOKENS = "/{agentPortfolioId}/user-tokens"
local CREATE_V1 = operations["POST " .. V1]
local CREATE_V2 = operations["POST " .. V2]
local MINT_V1 = operations["POST " .. V1 .. OF_TOKENS]
local MINT_V2 = operations["POST " .. V2 .. OF_TOKENS]

--- An agent-portfolio. Fields as the API names them.
---@class etoro.Portfolio
---@field agentPortfolioId string UUID
---@field agentPortfolioName string as stored; the API may add to the name
---@field agentPortfolioGcid integer
---@field agentPortfolioVirtualBalance number US dollars of its own, virtual
---@field mirrorId integer the copy trade in the caller's account
---@field userTokens etoro.Token[]
---@field userTokenCreated? boolean false: funded, but without a token yet
---@field createdAt? string ISO 8601
---@field [string] any what else the API tells, in any spelling

---@class etoro.NewToken
---@field userTokenName string
---@field scopeNames? string[] see client.portfolios:scopes
---@field scopeIds? integer[] out of use
---@field ipsWhitelist? string[] IPv4 addresses it may be used from
---@field expiresAt? string|number ISO 8601, or seconds since the epoch

---@class etoro.NewPortfolio: etoro.NewToken
---@field investmentAmountInUsd number|string greater than 0; digits are kept
---@field agentPortfolioName string 6 to 10 characters
---@field agentPortfolioDescription? string

local methods = {}
local kind = objects.kind("portfolio", methods, { "agentPortfolioId" },
  "agent-portfolio no agentPortfolioId")

---@class etoro.Portfolios client.portfolios
local collection, M = resource.define "portfolios"

--- Makes a portfolio of an item in an answer, in place.
---@param item table
---@param client etoro.Client
---@return etoro.Portfolio
function M.wrap(item, client)
  -- what is no object is left as it came
  if type(item) ~= "table" or item[1] ~= nil or kind.is(item) then
    return item
  end
  kind.wrap(item, client)
  if type(item.userTokens) ~= "table" then item.userTokens = {} end
  for _, token in ipairs(item.userTokens) do
    tokens.wrap(token, client, item)
  end
  return item
end

-- v1 takes ids, alone or beside names; v2 names alone.
local function pick(v1, v2, fields)
  named.options(fields, v1.body, "field")
  if type(fields) ~= "table" then
    blame.raise("fields must be a table, got " .. type(fields))
  end
  if fields.scopeIds == nil then return v2 end
  return v1
end

local NO_SECRET = "the answer holds no secret of the token, and none will hold"
  .. " it: revoke that token and mint another with portfolio:create_token"

local function warn_of_token(client, asked, token, lists_ids, response)
  if not core.is_secret(token.userToken) then
    client:warn(response, NO_SECRET)
  end
  local difference = tokens.scope_difference(asked, token, lists_ids)
  if difference then client:warn(response, difference) end
end

local NO_TOKEN = "the agent-portfolio was created and funded, but its user"
  .. " token was not: mint one with portfolio:create_token, and do not create"
  .. " the portfolio again"

local function finish_create(client, body, response, asked)
  if response.status == 207 then body.userTokenCreated = false end
  local item = type(body.userTokens) == "table" and body.userTokens[1]
  item = type(item) == "table" and item or nil
  local lists_ids = item and type(item.scopeIds) == "table"
  local portfolio = M.wrap(body, client)
  if portfolio.userTokenCreated == false then
    client:warn(response, NO_TOKEN)
  elseif item then
    warn_of_token(client, asked, item, lists_ids, response)
  else
    client:warn(response, "the answer holds no user token")
  end
  return portfolio, response
end

-- Whether an answer names a portfolio; one that does not is as good as lost.
local function is_portfolio(body)
  return type(body) == "table" and type(body.agentPortfolioId) == "string"
    and body.agentPortfolioId:find("[^ \t-\r]") ~= nil
end

--- Creates an agent-portfolio with its first token. This takes real money out
--- of the caller's account: it raises unless the client's account is "real" or
--- its base URL loopback. scopeNames alone go to v2; scopeIds, alone or beside
--- names, to v1 (portal: Agent Portfolios, Create Agent Portfolio).
---
--- A portfolio without a token (HTTP 207) comes back with userTokenCreated =
--- false and response.warning. After a lost answer the portfolio is looked for
--- in the list, never created twice.
---@param fields etoro.NewPortfolio
---@param options? etoro.RequestOptions
---@return etoro.Portfolio? portfolio
---@return etoro.Response|etoro.Error
function collection:create(fields, options)
  local client = resource.client_of(self, "client.portfolios:create")
  local op = pick(CREATE_V1, CREATE_V2, fields)
  fields = check.copy(fields)
  local started = client:now()
  local own <close> = creation.begin(client, fields.agentPortfolioName)
  local body, response = client:send(op, { body = fields }, options)
  if is_portfolio(body) then
    own:told(body.agentPortfolioId)
    local portfolio = finish_create(client, body, response, fields)
    return portfolio, response
  elseif body ~= nil then
    response = errors.unexpected("the answer to the creation has no"
      .. " agentPortfolioId", response, op)
    response.started, response.ended = started, client:now()
  end
  if response.kind ~= "unknown_outcome" then
    own:refused()
    return nil, response
  end
  local found, answer = own:find(response, options)
  return found, answer
end

local function renew_tokens(portfolio, old, client)
  local known = {}
  for _, token in ipairs(old or {}) do
    local id = type(token) == "table" and token.userTokenId
    if id then known[id] = token end
  end
  for i, item in ipairs(portfolio.userTokens) do
    local token = type(item) == "table" and known[item.userTokenId]
    if token then
      tokens.renew(token, item)
      portfolio.userTokens[i] = token
    else
      tokens.wrap(item, client, portfolio)
    end
  end
end

-- Tokens keep their tables and secrets.
local function renew(self, item, client)
  local old, was_created = self.userTokens, self.userTokenCreated
  links.refill(self, item)
  if type(self.userTokens) ~= "table" then self.userTokens = {} end
  renew_tokens(self, old, client)
  if was_created == false then
    self.userTokenCreated = #self.userTokens > 0
  end
end

--- Mints a token for the portfolio and puts it into userTokens. Its secret is
--- in this answer and never again. scopeNames alone go to v2; scopeIds, alone
--- or beside names, to v1 (portal: Agent Portfolios, Create User Token).
---@param fields etoro.NewToken
---@param options? etoro.RequestOptions
---@return etoro.Token? token
---@return etoro.Response|etoro.Error err code MaxUserTokensExceeded when the
---portfolio has too many
function methods:create_token(fields, options)
  local client, params = kind.alive(self, "portfolio:create_token")
  if not client then return nil, params end
  local op = pick(MINT_V1, MINT_V2, fields)
  params.body = check.copy(fields)
  local item, response = client:send(op, params, options)
  if item == nil then return nil, response end
  if type(item) ~= "table" or type(item.userTokenId) ~= "string" then
    return nil, errors.unexpected("the answer to the creation has no"
      .. " userTokenId; refresh the portfolio to find the token", response, op)
  end
  local lists_ids = type(item.scopeIds) == "table"
  local token = tokens.wrap(item, client, self)
  self.userTokens[#self.userTokens + 1] = token
  if self.userTokenCreated == false then self.userTokenCreated = true end
  warn_of_token(client, params.body, token, lists_ids, response)
  return token, response
end

local function portfolio_id(id)
  return resource.check_id("portfolio", id, "string")
end

resource.rows(collection, "client.portfolios", {
  --- Lists the caller's agent-portfolios (portal: Agent Portfolios, Get Agent
  --- Portfolios). Their tokens carry no secrets.
  ---@param options? etoro.RequestOptions
  ---@return etoro.Portfolio[]? portfolios
  ---@return etoro.Response|etoro.Error
  list = { "GET " .. V1, list = "agentPortfolios", wrap = M.wrap },

  --- Finds one agent-portfolio in the list; the API has no call for one.
  ---@param id string agentPortfolioId
  ---@param options? etoro.RequestOptions
  ---@return etoro.Portfolio? portfolio
  ---@return etoro.Response|etoro.Error err kind not_found when it is not listed
  get = { "GET " .. V1, { "agentPortfolioId", portfolio_id },
    list = "agentPortfolios", find = "agentPortfolioId",
    noun = "agent-portfolio", wrap = M.wrap },

  --- Names the scopes that a token of an agent-portfolio can have now (portal:
  --- Agent Portfolios, Get Allowed Scopes).
  ---@param options? etoro.RequestOptions
  ---@return string[]? names
  ---@return etoro.Response|etoro.Error
  scopes = { "GET " .. V2 .. "/user-tokens/scopes", at = "scopes",
    wrap = function(scopes) return (tokens.read_scopes { scopes = scopes }) end },
})

resource.rows(methods, "portfolio", {
  --- Reads the portfolio again, from the list, into this table. Tokens keep
  --- their tables and secrets.
  ---@param options? etoro.RequestOptions
  ---@return etoro.Portfolio? portfolio the table itself
  ---@return etoro.Response|etoro.Error err kind not_found when it is gone
  refresh = { "GET " .. V1, list = "agentPortfolios",
    find = "agentPortfolioId", noun = "agent-portfolio", fill = renew },

  --- Deletes the portfolio: its tokens are revoked, the copy trade stops and
  --- its money returns to the caller's account (portal: Agent Portfolios,
  --- Delete Agent Portfolio). It raises unless the client's account is "real" or
  --- its base URL loopback. Any further use of the table or its tokens is an
  --- error.
  ---@param options? etoro.RequestOptions
  ---@return true? deleted
  ---@return etoro.Response|etoro.Error
  delete = { "DELETE " .. V1 .. "/{agentPortfolioId}",
    ends = "agent-portfolio" },
}, kind.alive)

return M
