-- etoro portfolios: list, create, delete.

local arguments = require "etoro.call.arguments"
local count = require "etoro.values.count"
local lookup = require "etoro.command.lookup"
local operations = require "etoro.operations"
local output = require "etoro.command.output"
local remembered = require "etoro.command.remembered"
local scopes = require "etoro.command.scopes"
local secrets = require "etoro.command.secrets"
local shapes = require "etoro.command.shapes"

local M = {}

local CREATE = operations["POST /api/v2/agent-portfolios"]

M.COLUMNS = { { "name", least = 10 }, { "id", drop = 4 },
  { ">virtual USD", drop = 3 }, { ">mirror", drop = 1 }, { ">tokens", drop = 2 } }

local actions = {}

function actions.list(session)
  local list = session:must(session:client().portfolios:list())
  local all, rows = {}, {}
  for i, one in ipairs(output.objects(list)) do
    local shape = shapes.portfolio(one)
    all[i] = shape
    rows[i] = { shape.agentPortfolioName, shape.agentPortfolioId,
      output.usd(shape.agentPortfolioVirtualBalance), shape.mirrorId,
      #shape.userTokens }
  end
  remembered.keep(session, "portfolios", all, function(one)
    return one.agentPortfolioName, one.agentPortfolioId
  end)
  session.out:list(all, "No agent-portfolios.", M.COLUMNS, rows)
end

function actions.create(session)
  local args = session.args
  local fields = {
    investmentAmountInUsd = args.invest, agentPortfolioName = args.name,
    userTokenName = args.token_name, scopeNames = args.scope,
  }
  session:see(arguments.body, CREATE, fields)
  fields.scopeNames = scopes.resolve(session, args.scope)
  local portfolios = session:client().portfolios
  local file = secrets.reserve(args.secret_file)
  local portfolio, response = file:guard(function()
    session:confirm({ ("%s USD leave your account for the new agent-portfolio"
      .. " %s"):format(args.invest, args.name) }, true)
    return session:change("the agent-portfolio", portfolios.create, portfolios,
      fields)
  end)
  if portfolio == nil then session:fail(response) end
  local token = output.objects(portfolio.userTokens)[1]
  file:tell(session, {
    portfolio = portfolio, token = token, shape = shapes.portfolio(portfolio),
    text = ("agent-portfolio %s (%s) was created; its token's secret is")
      :format(output.clean(portfolio.agentPortfolioName),
        output.clean(portfolio.agentPortfolioId)),
    rows = {
      { "name", portfolio.agentPortfolioName },
      { "id", portfolio.agentPortfolioId },
      { "virtual USD", output.usd(portfolio.agentPortfolioVirtualBalance) },
      { "mirror", portfolio.mirrorId },
    },
    none = "none: mint a token with 'etoro tokens create'",
  })
end

function actions.delete(session)
  local portfolio = lookup.portfolio(session, session.args.id)
  local name, id = output.clean(portfolio.agentPortfolioName),
    portfolio.agentPortfolioId
  session:confirm({ ("agent-portfolio %s (virtual balance %s USD) is deleted:"
    .. " %s, its positions are given up"):format(name,
    output.usd(portfolio.agentPortfolioVirtualBalance),
    count(#portfolio.userTokens, "token ends", "tokens end")) }, true)
  session:must(session:change("deleting", portfolio.delete, portfolio))
  local shape = { agentPortfolioId = id, agentPortfolioName = name,
    deleted = true }
  session:did { text = ("agent-portfolio %s (%s) was deleted"):format(name, id),
    shape = shape, is_quiet = true }
  if session.out.is_json then return session.out:json(shape) end
  session.out:line("deleted " .. name)
end

---@param session etoro.command.Session
function M.portfolios(session)
  actions[session.args.action or "list"](session)
end

return M
