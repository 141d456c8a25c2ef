-- etoro tokens: list, create, rotate, update, revoke.

local core = require "etoro.core"
local exits = require "etoro.command.exits"
local lookup = require "etoro.command.lookup"
local output = require "etoro.command.output"
local remembered = require "etoro.command.remembered"
local scopes = require "etoro.command.scopes"
local secrets = require "etoro.command.secrets"
local shapes = require "etoro.command.shapes"

local tostring = core.text -- not up to the locale

local M = {}

M.COLUMNS = { { "portfolio", least = 8, drop = 4 }, { "token", least = 8 },
  { "id", drop = 5 }, { "may", drop = 2, least = 20 },
  { "from", drop = 1, least = 15 }, { "until", drop = 3 } }

local actions = {}

local function short(names)
  local out = {}
  for _, name in ipairs(names) do
    if type(name) == "string" then out[#out + 1] = scopes.short(name) end
  end
  return table.concat(out, " ")
end

local function expiry(session, shape)
  return shape.expiresAt ~= core.null and session.out:moment(shape.expiresAt)
    or "never"
end

local function row_of(session, shape)
  local from = short(shape.ipsWhitelist)
  return { shape.agentPortfolioName, shape.userTokenName, shape.userTokenId,
    short(shape.scopeNames), from ~= "" and from or "anywhere", expiry(session, shape) }
end

function actions.list(session)
  local list = session:must(session:client().portfolios:list())
  local tokens, rows = {}, {}
  for _, portfolio in ipairs(output.objects(list)) do
    for _, token in ipairs(output.objects(portfolio.userTokens)) do
      tokens[#tokens + 1] = shapes.token(token, portfolio)
      rows[#rows + 1] = row_of(session, tokens[#tokens])
    end
  end
  remembered.keep(session, "tokens", tokens, function(one)
    return one.userTokenName, one.agentPortfolioName
  end)
  session.out:list(tokens, "No tokens.", M.COLUMNS, rows)
end

function actions.create(session)
  local args = session.args
  local names = scopes.resolve(session, args.scope)
  local portfolio = lookup.portfolio(session, args.portfolio)
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
      { "may", short(shape.scopeNames) }, { "until", expiry(session, shape) },
    },
    none = "none: the answer has none",
  })
end

-- The token's name with the next number behind it, of those that are free.
local function next_name(portfolio, name)
  local taken = {}
  for _, token in ipairs(output.objects(portfolio.userTokens)) do
    taken[tostring(token.userTokenName)] = true
  end
  local stem, number = tostring(name):match "^(.-)%-(%d+)$"
  if not stem then stem, number = tostring(name), "1" end
  local next_one = math.tointeger(core.number(number)) or 1
  repeat
    next_one = next_one + 1
    local new = ("%s-%d"):format(stem, next_one)
  until not taken[new]
  return ("%s-%d"):format(stem, next_one)
end

-- What a token needs to be like another.
local function like(token, args, portfolio)
  local from, ids = token.ipsWhitelist, token.scopeIds
  return { userTokenName = args.name or next_name(portfolio, token.userTokenName),
    scopeNames = token.scopeNames,
    scopeIds = type(ids) == "table" and #ids > 0 and ids or nil,
    ipsWhitelist = type(from) == "table" and #from > 0 and from or nil,
    expiresAt = args.expires
      or token.expiresAt ~= core.null and token.expiresAt or nil }
end

local function secret_place(args)
  if args.secret_file then return secrets.reserve(args.secret_file, true) end
  return secrets.printed()
end

local function end_old(session, token, shape)
  local name, id = output.clean(token.userTokenName), tostring(token.userTokenId)
  local done, err = session:change("revoking the old one", token.revoke, token)
  if not done then
    err.message = ("the old token %s (%s) could not be revoked, and still works:"
      .. " %s"):format(name, id, err.message)
    session:fail(err)
  end
  shape.revokedTokenId = id
  if session.out.is_json then return session.out:json(shape) end
  session.out:line("revoked " .. name)
end

function actions.rotate(session)
  local args = session.args
  if not args.secret_file and not args.show then
    exits.exit(exits.USAGE, "say where the new secret goes: --out FILE, or --show,"
      .. " which prints it")
  end
  local portfolio = lookup.portfolio(session, args.portfolio)
  local token = lookup.token(portfolio, args.token)
  local fields = like(token, args, portfolio)
  local owner = output.clean(portfolio.agentPortfolioName)
  local file = secret_place(args)
  local new, err = file:guard(function()
    session:confirm { ("token %s of agent-portfolio %s is minted, which may %s")
      :format(output.clean(fields.userTokenName), owner, short(token.scopeNames)),
      ("token %s is revoked: whoever uses it is locked out"):format(
        output.clean(token.userTokenName)) }
    return session:change("the token", portfolio.create_token, portfolio, fields)
  end)
  if not new then session:fail(err) end
  local shape = shapes.token(new, portfolio)
  file:keep(session, { portfolio = portfolio, token = new, shape = shape,
    text = ("token %s (%s) of agent-portfolio %s was minted; its secret is")
      :format(output.clean(new.userTokenName), output.clean(new.userTokenId),
        owner),
    rows = { { "token", shape.userTokenName }, { "id", shape.userTokenId },
      { "may", short(shape.scopeNames) }, { "until", expiry(session, shape) } },
    none = "none: the answer has none" })
  if not new.userToken then
    exits.exit(exits.DONE, "the answer has no secret, so the old token was not"
      .. " revoked")
  end
  end_old(session, token, shape)
end

local function changes_of(session)
  local args, changes = session.args, {}
  if #args.scope > 0 then
    changes.scopeNames = scopes.resolve(session, args.scope)
  end
  if args.any_ip and #args.ip > 0 then
    exits.exit(exits.USAGE, "give either --ip or --any-ip")
  elseif args.any_ip then
    changes.ipsWhitelist = core.null
  elseif #args.ip > 0 then
    changes.ipsWhitelist = args.ip
  end
  changes.expiresAt = args.expires
  if args.expires == "never" then changes.expiresAt = core.null end
  if next(changes) == nil then
    exits.exit(exits.USAGE, "say what changes: --scope, --ip, --any-ip or"
      .. " --expires")
  end
  return changes
end

function actions.update(session)
  local args = session.args
  local changes = changes_of(session)
  local portfolio = lookup.portfolio(session, args.portfolio)
  local token = lookup.token(portfolio, args.token)
  local before = row_of(session, shapes.token(token, portfolio))
  local name = output.clean(token.userTokenName)
  session:confirm { ("token %s of agent-portfolio %s, which may %s from %s until"
    .. " %s, gets other terms"):format(name, before[1], before[4], before[5],
    before[6]) }
  session:must(session:change("the update", token.update, token, changes))
  local shape = shapes.token(token, portfolio)
  session:did { text = ("token %s (%s) was updated"):format(name,
    output.clean(token.userTokenId)), shape = shape, is_quiet = true }
  if session.out.is_json then return session.out:json(shape) end
  local after = row_of(session, shape)
  session.out:fields { { "token", after[2] }, { "id", after[3] },
    { "may", after[4] }, { "from", after[5] }, { "until", after[6] } }
end

function actions.revoke(session)
  local args = session.args
  local portfolio = lookup.portfolio(session, args.portfolio)
  local token = lookup.token(portfolio, args.token)
  local name, id = output.clean(token.userTokenName), token.userTokenId
  session:must(session:change("revoking", token.revoke, token))
  local shape = { agentPortfolioId = portfolio.agentPortfolioId,
    userTokenId = id, userTokenName = name, revoked = true }
  session:did { text = ("token %s (%s) was revoked"):format(name,
    output.clean(id)), shape = shape, is_quiet = true }
  if session.out.is_json then return session.out:json(shape) end
  session.out:line("revoked " .. name)
end

---@param session etoro.command.Session
function M.tokens(session)
  actions[session.args.action or "list"](session)
end

return M
