-- etoro tokens: list, create, revoke.

local core = require "etoro.core"
local exits = require "etoro.command.exits"
local output = require "etoro.command.output"
local scopes = require "etoro.command.scopes"
local secrets = require "etoro.command.secrets"
local shapes = require "etoro.command.shapes"

local tostring = core.text -- not up to the locale

local M = {}

local actions = {}

local function short(names)
  local out = {}
  for _, name in ipairs(names) do
    if type(name) == "string" then out[#out + 1] = scopes.short(name) end
  end
  return table.concat(out, " ")
end

local function expiry(shape)
  return shape.expiresAt ~= core.null and shape.expiresAt or "never"
end

local function row_of(shape)
  local from = short(shape.ipsWhitelist)
  return { shape.agentPortfolioName, shape.userTokenName, shape.userTokenId,
    short(shape.scopeNames), from ~= "" and from or "anywhere", expiry(shape) }
end

function actions.list(session)
  local list = session:must(session:client().portfolios:list())
  local tokens, rows = {}, {}
  for _, portfolio in ipairs(output.objects(list)) do
    for _, token in ipairs(output.objects(portfolio.userTokens)) do
      tokens[#tokens + 1] = shapes.token(token, portfolio)
      rows[#rows + 1] = row_of(tokens[#tokens])
    end
  end
  if session.out.is_json then return session.out:json(tokens, true) end
  session.out:table({ "portfolio", "token", "id", "may", "from", "until" },
    rows)
end

function actions.create(session)
  local args = session.args
  local names = scopes.resolve(session, args.scope)
  local portfolio = session:must(session:client().portfolios:get(
    args.portfolio))
  local file = secrets.reserve(args.secret_file)
  local token, err = file:guard(session.change, session, "the token",
    portfolio.create_token, portfolio, {
    userTokenName = args.name, scopeNames = names,
    ipsWhitelist = #args.ip > 0 and args.ip or nil, expiresAt = args.expires,
  })
  if not token then session:fail(err) end
  local shape = shapes.token(token, portfolio)
  file:tell(session, {
    portfolio = portfolio, token = token, shape = shape,
    text = ("token %s (%s) of agent-portfolio %s was minted; its secret is")
      :format(output.clean(token.userTokenName),
        output.clean(token.userTokenId),
        output.clean(portfolio.agentPortfolioId)),
    rows = {
      { "token", shape.userTokenName }, { "id", shape.userTokenId },
      { "may", short(shape.scopeNames) }, { "until", expiry(shape) },
    },
    none = "none: the answer has none",
  })
end

function actions.revoke(session)
  local args = session.args
  local portfolio = session:must(session:client().portfolios:get(
    args.portfolio))
  for _, token in ipairs(output.objects(portfolio.userTokens)) do
    if token.userTokenId == args.token then
      local name = output.clean(token.userTokenName)
      session:must(session:change("revoking", token.revoke, token))
      local shape = { agentPortfolioId = args.portfolio,
        userTokenId = args.token, userTokenName = name, revoked = true }
      session:did { text = ("token %s (%s) was revoked"):format(name,
        args.token), shape = shape, is_quiet = true }
      if session.out.is_json then return session.out:json(shape) end
      return session.out:line("revoked " .. name)
    end
  end
  exits.exit(exits.NOT_FOUND, ("agent-portfolio %s has no token %s"):format(
    tostring(portfolio.agentPortfolioName), args.token))
end

---@param session etoro.command.Session
function M.tokens(session)
  actions[session.args.action or "list"](session)
end

return M
