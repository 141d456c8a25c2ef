local shape_check = require "spec.support.shape_check"
local operations = require "etoro.operations"
local walk = require "spec.support.walk"

-- Where the sandbox leaves the letter of the document for what is told there
-- in prose, or shown in examples.
local ODD = {
  ["CommentEntity.isDeleted"] = "b",
  -- a token without an end or a whitelist
  ["AgentPortfolioUserTokenItem.expiresAt"] = "s?",
  ["CreateAgentPortfolioUserTokenItem.expiresAt"] = "s?",
  ["CreateAgentPortfolioV2UserTokenItem.expiresAt"] = "s?",
  ["CreateUserTokenResponse.ipsWhitelist"] = "[s]?",
  ["OrderForOpenInfoResponse.errorMessage"] = "s?",
  -- newer documents tell of them where GET has its own answer
  ["AggregatedPortfolioAccountTotals.dailyGainAccountCurrency"] = "n",
  ["AggregatedPortfolioAccountTotals.dailyGainAccountCurrencyPercent"] = "n",
  ["AggregatedPortfolioAccountTotals.yesterdayTotalValue"] = "n",
  ["AggregatedPortfolioInstrumentAggregate.dailyGainAccountCurrency"] = "n",
  ["AggregatedPortfolioInstrumentAggregate.dailyGainAssetCurrency"] = "n",
  ["AggregatedPortfolioMirrorTotals.mirrorDailyGainAccountCurrency"] = "n",
  ["MeResponse.avatarUrl"] = "s",
  -- money is no integer
  ["PostMarketOpenOrdersByUnitsOrderForOpen.amount"] = "n",
}

local function contains(list, value)
  for _, one in ipairs(list) do
    if one == value then return true end
  end
  return false
end

describe("the sandbox answers as documented: #lua", function()
  for _, name in ipairs(walk.names()) do
    local op = operations[name]
    it(name, function()
      local status, text, request = walk.ask(name)
      assert.is_true(contains(op.success, status), ("%s %s: %d %s"):format(
        request.target, request.body or "", status, text))
      assert.is_nil(shape_check.problem(name, status, text, ODD))
    end)
  end
end)
