-- Agent-portfolios: the operations on whole portfolios.

local json = require "etoro.sandbox.json"
local books = require "etoro.sandbox.trading.books"
local mirrors = require "etoro.sandbox.trading.mirrors"
local reply = require "etoro.sandbox.http.reply"
local times = require "etoro.sandbox.times"
local tokens = require "etoro.sandbox.agents.tokens"

local M = {}

local READ = { "etoro-public:agent-portfolio:read", "etoro-public:real:read",
  "etoro-public:real:write" }
local WRITE = { "etoro-public:agent-portfolio:write" }

local function invalid(message)
  return nil, reply.fail(400, "ValidationFailed", message)
end

local function characters(text)
  local _, count = text:gsub("[^\128-\191]", "")
  return count
end

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
  if taken then return invalid("An agent-portfolio of this name exists") end
  return name
end

local function check(ctx)
  local box, body = ctx.box, ctx.body
  local amount, name = body.investmentAmountInUsd, body.agentPortfolioName
  if type(amount) ~= "number" or amount <= 0 then
    return invalid("The investment amount must be a positive number")
  end
  if amount < box.options.minimum_investment then
    return invalid("Investment amount is below the minimum threshold")
  end
  if amount > ctx.caller.owner.credit then
    return invalid("The account's credit does not cover the investment")
  end
  if type(name) ~= "string" or characters(name) < 6
      or characters(name) > 10 then
    return invalid("Agent-portfolio name must have 6 to 10 characters")
  end
  local description = body.agentPortfolioDescription
  if description ~= nil and description ~= json.null
      and type(description) ~= "string" then
    return invalid("The description must be a text")
  end
  return true
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
  local ok, refusal = check(ctx)
  if not ok then return refusal end
  local wanted
  wanted, refusal = tokens.read_create(ctx, version, "portfolio")
  if not wanted then return refusal end
  local name
  name, refusal = settle_name(ctx, ctx.body.agentPortfolioName)
  if not name then return refusal end
  local portfolio = add(ctx, name)
  local out = summary(portfolio)
  if ctx.effects.token_failed then
    out.userTokenCreated = false
    return reply.new(207, out)
  end
  local token = tokens.add(ctx, portfolio, wanted)
  out.userTokens = { tokens.created_with_portfolio(token, version) }
  return reply.new(201, out)
end

local function list(ctx)
  local out = json.array()
  for i, portfolio in ipairs(ctx.caller.owner.portfolios) do
    local item = summary(portfolio)
    item.createdAt = times.iso(portfolio.created, "+00:00")
    item.userTokens = json.array()
    for j, token in ipairs(portfolio.tokens) do
      item.userTokens[j] = tokens.listed(token)
    end
    out[i] = item
  end
  return reply.new(200, { agentPortfolios = out })
end

local function delete(ctx)
  local portfolio, refusal = tokens.portfolio(ctx,
    "Invalid agent-portfolio ID")
  if not portfolio then return refusal end
  local owner = ctx.caller.owner
  local worth = mirrors.stop(books.of(ctx.box), portfolio)
  for i = #portfolio.tokens, 1, -1 do tokens.remove(ctx, portfolio, i) end
  for i, other in ipairs(owner.portfolios) do
    if other == portfolio then table.remove(owner.portfolios, i) break end
  end
  owner.credit = owner.credit + worth
  return reply.new(204)
end

local function scopes(ctx)
  local out = json.array()
  for i, name in ipairs(ctx.box.options.scopes) do out[i] = { name = name } end
  return reply.new(200, { scopes = out })
end

function M.routes(router)
  local function add_route(method, path, needs, handler)
    router:add { method = method, path = path, pool = "default",
      scopes = needs, handler = handler }
  end
  local v1, v2 = "/api/v1/agent-portfolios", "/api/v2/agent-portfolios"
  add_route("GET", v1, READ, list)
  add_route("POST", v1, WRITE, function(ctx) return create(ctx, 1) end)
  add_route("POST", v2, WRITE, function(ctx) return create(ctx, 2) end)
  add_route("DELETE", v1 .. "/{agentPortfolioId}", WRITE, delete)
  add_route("GET", v2 .. "/user-tokens/scopes", READ, scopes)
  tokens.routes(add_route, WRITE)
end

return M
