-- Agent-portfolios: the operations on whole portfolios.

local books = require "etoro.sandbox.trading.books"
local positions = require "etoro.sandbox.trading.positions"
local refusals = require "etoro.sandbox.http.refusals"
local reply = require "etoro.sandbox.http.reply"
local times = require "etoro.values.times"
local tokens = require "etoro.sandbox.agents.tokens"

local handlers = {}
local M = { handlers = handlers, refuse = refusals.plain, bar = tokens.bar,
  optional = tokens.optional,
  readers = { "etoro-public:real:read", "etoro-public:real:write" } }

local invalid = reply.invalid

local function is_taken(owner, name)
  for _, portfolio in ipairs(owner.portfolios) do
    if portfolio.username == name then return true end
  end
  return false
end

-- The name the portfolio gets: the wanted one, or that with a suffix when
-- this box hands those out.
local function settle_name(ctx, name)
  local box, owner = ctx.box, ctx.caller.owner
  local policy = box.options.name_suffix
  local effect = ctx.effects.suffix
  if effect then return name .. (effect.suffix or "_2") end
  local taken = is_taken(owner, name)
  if policy == "always" or (policy == "collision" and taken) then
    local given
    repeat
      given = ("%s_%04d"):format(name, box.rng:range(0, 9999))
    until not is_taken(owner, given)
    return given
  end
  if taken then invalid("An agent-portfolio of this name exists") end
  return name
end

local function check(ctx)
  local amount = ctx.body.investmentAmountInUsd
  if amount < ctx.box.options.minimum_investment then
    invalid("Investment amount is below the minimum threshold")
  elseif amount > ctx.caller.owner.credit then
    invalid("The account's credit does not cover the investment")
  end
end

local function summary(portfolio)
  return {
    agentPortfolioId = portfolio.id,
    agentPortfolioName = portfolio.username,
    agentPortfolioGcid = portfolio.gcid,
    agentPortfolioVirtualBalance = portfolio.virtual_balance,
    mirrorId = portfolio.mirror_id,
  }
end

local function add(ctx, name)
  local box, owner = ctx.box, ctx.caller.owner
  local portfolio = {
    owner = owner, id = box.rng:uuid(), username = name,
    gcid = box:next_gcid(), real_cid = box:next_cid(),
    demo_cid = box:next_cid(), mirror_id = box:next_mirror(),
    virtual_balance = 10000, investment = ctx.body.investmentAmountInUsd,
    created = box:now(), tokens = {},
  }
  owner.credit = owner.credit - portfolio.investment
  owner.portfolios[#owner.portfolios + 1] = portfolio
  return portfolio
end

local function create(ctx, version)
  check(ctx)
  local wanted = tokens.read_create(ctx, version, "portfolio")
  local portfolio = add(ctx, settle_name(ctx, ctx.body.agentPortfolioName))
  local out = summary(portfolio)
  if ctx.effects.token_failed then
    out.userTokenCreated = false
    return reply.new(207, out)
  end
  local token = tokens.add(ctx, portfolio, wanted)
  out.userTokens = { tokens.created_with_portfolio(token, version) }
  return reply.new(201, out)
end

for version = 1, 2 do
  handlers[("POST /api/v%d/agent-portfolios"):format(version)] =
    function(ctx) return create(ctx, version) end
end

handlers["GET /api/v1/agent-portfolios"] = function(ctx)
  local function show(portfolio)
    local out = summary(portfolio)
    out.createdAt = times.format(portfolio.created):gsub("Z", "+00:00")
    out.userTokens = reply.each(portfolio.tokens, tokens.listed)
    return out
  end
  return reply.new(200, {
    agentPortfolios = reply.each(ctx.caller.owner.portfolios, show) })
end

handlers["DELETE /api/v1/agent-portfolios/{agentPortfolioId}"] = function(ctx)
  local portfolio = tokens.portfolio(ctx)
  local owner = ctx.caller.owner
  local worth = positions.stop_copying(books.of(ctx.box), portfolio)
  for i = #portfolio.tokens, 1, -1 do tokens.remove(ctx, portfolio, i) end
  for i, other in ipairs(owner.portfolios) do
    if other == portfolio then table.remove(owner.portfolios, i) break end
  end
  owner.credit = owner.credit + worth
  return reply.new(204)
end

handlers["GET /api/v2/agent-portfolios/user-tokens/scopes"] = function(ctx)
  return reply.new(200, {
    scopes = reply.each(ctx.box.options.scopes, tokens.named) })
end

return M
