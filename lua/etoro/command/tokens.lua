-- etoro tokens: list, create, revoke.

local core = require "etoro.core"
local exits = require "etoro.command.exits"
local output = require "etoro.command.output"
local secrets = require "etoro.command.secrets"

local tostring = core.text -- not up to the locale

local M = {}

local actions = {}

local function short(names)
  local out = {}
  for _, name in ipairs(type(names) == "table" and names or {}) do
    if type(name) == "string" then
      out[#out + 1] = name:gsub("^etoro%-public:", "")
    end
  end
  return table.concat(out, " ")
end

local function row_of(portfolio, token)
  local from = short(token.ipsWhitelist)
  return { portfolio.agentPortfolioName, token.userTokenName,
    token.userTokenId, short(token.scopeNames),
    from ~= "" and from or "anywhere", token.expiresAt or "never" }
end

function actions.list(session)
  local list = session:must(session:client().portfolios:list())
  local tokens, rows = {}, {}
  for _, portfolio in ipairs(output.objects(list)) do
    for _, token in ipairs(output.objects(portfolio.userTokens)) do
      tokens[#tokens + 1] = token
      rows[#rows + 1] = row_of(portfolio, token)
    end
  end
  if session.out.is_json then return session.out:json(tokens, true) end
  session.out:table({ "portfolio", "token", "id", "may", "from", "until" },
    rows)
end

function actions.create(session)
  local args = session.args
  local portfolio = session:must(session:client().portfolios:get(
    args.portfolio))
  local file = secrets.reserve(args.secret_file)
  local token, err = file:guard(session.change, session, "the token",
    portfolio.create_token, portfolio, {
    userTokenName = args.name, scopeNames = args.scope,
    ipsWhitelist = #args.ip > 0 and args.ip or nil, expiresAt = args.expires,
  })
  if not token then session:fail(err) end
  file:keep(token.userToken)
  if session.out.is_json then return session.out:json(token) end
  session.out:fields {
    { "token", token.userTokenName }, { "id", token.userTokenId },
    { "may", short(token.scopeNames) },
    { "until", token.expiresAt or "never" },
    { "secret", args.secret_file },
  }
end

function actions.revoke(session)
  local args = session.args
  local portfolio = session:must(session:client().portfolios:get(
    args.portfolio))
  for _, token in ipairs(output.objects(portfolio.userTokens)) do
    if token.userTokenId == args.token then
      session:must(session:change("revoking", token.revoke, token))
      if session.out.is_json then return session.out:json(true) end
      return session.out:line("revoked " .. tostring(token.userTokenName))
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
