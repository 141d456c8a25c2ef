-- etoro portfolios: list, create, delete.

local core = require "etoro.core"
local output = require "etoro.command.output"
local secrets = require "etoro.command.secrets"

local tostring = core.text -- not up to the locale

local M = {}

local actions = {}

function actions.list(session)
  local list = session:must(session:client().portfolios:list())
  if session.out.is_json then return session.out:json(list, true) end
  local rows = {}
  for i, one in ipairs(output.objects(list)) do
    rows[i] = { one.agentPortfolioName, one.agentPortfolioId,
      output.usd(one.agentPortfolioVirtualBalance), one.mirrorId,
      #one.userTokens }
  end
  session.out:table({ "name", "id", ">virtual USD", ">mirror", ">tokens" },
    rows)
end

function actions.create(session)
  local args = session.args
  session:confirm { ("%s USD leave your account for the new agent-portfolio"
    .. " %s"):format(args.invest, args.name) }
  local portfolios = session:client().portfolios
  local file = secrets.reserve(args.secret_file)
  local portfolio, response = file:guard(session.change, session,
    "the agent-portfolio", portfolios.create, portfolios, {
    investmentAmountInUsd = args.invest, agentPortfolioName = args.name,
    userTokenName = args.token_name, scopeNames = args.scope,
  })
  if portfolio == nil then session:fail(response) end
  local token = output.objects(portfolio.userTokens)[1]
  file:keep(token and token.userToken)
  if session.out.is_json then return session.out:json(portfolio) end
  session.out:fields {
    { "name", portfolio.agentPortfolioName },
    { "id", portfolio.agentPortfolioId },
    { "virtual USD", output.usd(portfolio.agentPortfolioVirtualBalance) },
    { "mirror", portfolio.mirrorId },
    { "secret", token and token.userToken and args.secret_file
      or "none: mint a token with 'etoro tokens create'" },
  }
end

function actions.delete(session)
  local portfolio = session:must(session:client().portfolios:get(
    session.args.id))
  session:confirm { ("agent-portfolio %s (virtual balance %s USD) is deleted:"
    .. " its %d tokens end, its positions are given up"):format(
    portfolio.agentPortfolioName,
    output.usd(portfolio.agentPortfolioVirtualBalance),
    #portfolio.userTokens) }
  session:must(session:change("deleting", portfolio.delete, portfolio))
  if session.out.is_json then return session.out:json(true) end
  session.out:line("deleted " .. tostring(portfolio.agentPortfolioName))
end

---@param session etoro.command.Session
function M.portfolios(session)
  actions[session.args.action or "list"](session)
end

return M
