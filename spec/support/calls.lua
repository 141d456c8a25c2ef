-- Calls that read more than one answer, or do not stand in spec/requests: for
-- spec/call/answers_spec.lua. A line: what, call, answer (of the requests that
-- `to` is a part of, or of all), others = { part of a path = answer }.
local trading_order = require "etoro.trading.order"
local trading_position = require "etoro.trading.position"

local FOUND = '{"totalItems":1,"items":[{"instrumentId":1001,'
  .. '"internalSymbolFull":"AAPL","displayname":"Apple"}]}'
local LISTED = '{"instrumentDisplayDatas":[{"instrumentID":1001,'
  .. '"symbolFull":"AAPL","instrumentDisplayName":"Apple"}]}'
local RATES = '{"rates":[{"instrumentID":1001,"bid":190.1,"ask":190.2}]}'
local HOLDS = '{"clientPortfolio":{"credit":100,"positions":['
  .. '{"positionID":3614853889,"instrumentID":1001,"mirrorID":0,"units":2.5,'
  .. '"amount":50,"unrealizedPnL":{"pnL":2.5}}],"mirrors":[{"mirrorID":7,'
  .. '"availableAmount":5,"closedPositionsNetProfit":1,"positions":['
  .. '{"positionID":5,"mirrorID":7,"amount":2,"unrealizedPnL":{"pnL":1}}]}],'
  .. '"orders":[{"orderId":9,"amount":3}],"ordersForOpen":[{"orderId":8,'
  .. '"mirrorID":0,"amount":4,"totalExternalCosts":0.5}]}}'
local TOTALS = '{"cid":5,"accountTotals":{"accountTotalValue":153,'
  .. '"accountAvailableCash":93,"accountTotalUsedMargin":63,'
  .. '"accountCurrentPnl":4.5}}'
local LOOKUP = '{"orderId":981286176,"status":{"id":3,"name":"Filled",'
  .. '"errorCode":0},"positionExecutions":[{"positionId":3614853889,'
  .. '"state":"open","openingData":{"units":2.5,"avgPrice":20}}]}'
local CLOSING = '{"orderForClose":{"positionID":3614853889,"orderID":77}}'
local OUTCOME = '{"orderID":77,"errorCode":0,"positions":[{"positionID":'
  .. '3614853889,"occurred":"2026-01-01T00:00:00Z"}]}'
local PERSON = '{"users":[{"gcid":1,"realCID":5,"username":"ann"}]}'
local LIST = '{"watchlists":[{"watchlistId":"w1","name":"a","items":[]}]}'
local POST = '{"id":"10000000-0000-4000-8000-000000000001","post":{"id":"x",'
  .. '"metadata":{"poll":{"id":7,"options":[{"id":70}]}}}}'
local ALERTS = '{"results":[{"alertId":"a1","targetPrice":5}]}'
local PORTFOLIOS = '{"agentPortfolios":[{"agentPortfolioId":"p1",'
  .. '"userTokens":[{"userTokenId":"t1","scopeNames":["etoro-public:'
  .. 'trade.demo:read"]}]}]}'

local function position(client)
  return trading_position.wrap({ positionID = 3614853889, instrumentID = 1001,
    mirrorID = 0, units = 2.5 }, client)
end

local function order(client)
  return trading_order.wrap({ orderId = 981286176 }, client)
end

local SHORT, FOLLOWED = { timeout = 1 }, { wait = 1 }

return {
  { what = "instruments:find", answer = FOUND, call = function(client)
      return client.instruments:find "AAPL"
    end },
  { what = "instruments:get", answer = LISTED, call = function(client)
      return client.instruments:get(1001)
    end },
  { what = "instruments:many", answer = LISTED, call = function(client)
      return client.instruments:many { 1001 }
    end },
  { what = "market:rate", answer = RATES, call = function(client)
      return client.market:rate(1001)
    end },
  { what = "market:rates", to = "search", answer = FOUND,
    others = { rates = RATES }, call = function(client)
      return client.market:rates { "AAPL", 1001 }
    end },
  { what = "account:equity, pnl", to = "pnl", answer = HOLDS,
    others = { aggregate = TOTALS }, call = function(client)
      return client.account:equity()
    end },
  { what = "account:equity, aggregate", to = "aggregate", answer = TOTALS,
    others = { pnl = HOLDS }, call = function(client)
      return client.account:equity()
    end },
  { what = "account:equity without pnl", to = "aggregate", answer = TOTALS,
    others = { pnl = 404 }, call = function(client)
      return client.account:equity()
    end },
  { what = "account:pnl without pnl", to = "aggregate", answer = TOTALS,
    others = { pnl = 404 }, call = function(client)
      return client.account:pnl()
    end },
  { what = "account:available_cash", answer = HOLDS, call = function(client)
      return client.account:available_cash()
    end },
  { what = "orders:list", answer = HOLDS, call = function(client)
      return client.orders:list()
    end },
  { what = "orders:open with its checks", to = "eligibility",
    answer = '{"currency":"USD","eligibilities":[{"instrumentId":1001,'
      .. '"symbol":"AAPL","allowOpenPosition":true,"leverageConfigs":[{'
      .. '"settlementType":"REAL","direction":"LONG","leverageValues":[1,2],'
      .. '"minPositionAmount":50,"minStopLossPercentage":5,'
      .. '"maxStopLossPercentage":50,"allowStopLossTakeProfit":true}],'
      .. '"minPositionExposure":50,"maxUnitsPerOrder":10000,'
      .. '"unitsQuantityType":"FractionalUnits",'
      .. '"allowedOrderQuantityType":"Both"}]}',
    others = { ["execution/"] = '{"orderId":5}', [""] = RATES },
    call = function(client)
      return client.orders:open { instrumentId = 1001, transaction = "buy",
        amount = 100, stopLossRate = 180 }
    end },
  { what = "orders:open, the order's own answer", to = "execution/",
    answer = '{"token":"x","orderId":981286176,"referenceId":"y"}',
    others = { [""] = LOOKUP }, call = function(client)
      local one, response = client.orders:open({ instrumentId = 1001,
        transaction = "buy", amount = 100 }, { precheck = false })
      if one then one:wait(SHORT) end
      return one, response
    end },
  { what = "order:wait", answer = LOOKUP, call = function(client)
      return order(client):wait(SHORT)
    end },
  { what = "order:positions", to = "lookup", answer = LOOKUP,
    others = { [""] = HOLDS }, call = function(client)
      local one, err = order(client):wait(SHORT)
      if not one then return nil, err end
      return one:positions(SHORT)
    end },
  { what = "order:positions, the portfolio", answer = HOLDS,
    call = function(client)
      local one = trading_order.wrap({ orderId = 1, positionExecutions = {
        { positionId = 3614853889 } } }, client)
      return one:positions(SHORT)
    end },
  { what = "positions:get", answer = HOLDS, call = function(client)
      return client.positions:get(3614853889)
    end },
  { what = "positions:close_all", to = "portfolio", answer = HOLDS,
    others = { [""] = CLOSING, ["close-orders/"] = OUTCOME },
    call = function(client) return client.positions:close_all(FOLLOWED) end },
  { what = "position:close", to = "market-close", answer = CLOSING,
    others = { portfolio = HOLDS, ["/close-orders/"] = OUTCOME },
    call = function(client) return position(client):close(nil, FOLLOWED) end },
  { what = "position:close, its outcome", to = "/close-orders/",
    answer = OUTCOME, others = { portfolio = HOLDS, [""] = CLOSING },
    call = function(client) return position(client):close(nil, FOLLOWED) end },
  { what = "position:close, the portfolio", to = "portfolio", answer = HOLDS,
    others = { ["market-close"] = CLOSING, ["/close-orders/"] = 404,
      history = "[]" },
    call = function(client) return position(client):close(nil, FOLLOWED) end },
  { what = "position:close, the history", to = "history",
    answer = '[{"positionId":3614853889}]',
    others = { ["market-close"] = CLOSING, ["/close-orders/"] = 404,
      portfolio = '{"clientPortfolio":{"positions":[]}}' },
    call = function(client) return position(client):close(nil, FOLLOWED) end },
  { what = "position:edit", to = "portfolio", answer = HOLDS,
    others = { [""] = "" }, call = function(client)
      return position(client):edit({ stopLossRate = 5 }, SHORT)
    end },
  { what = "position:refresh, then close", answer = HOLDS,
    call = function(client)
      local one, err = position(client):refresh()
      if not one then return nil, err end
      return one:close(nil, FOLLOWED)
    end },
  { what = "people:get", answer = PERSON, call = function(client)
      return client.people:get "ann"
    end },
  { what = "watchlists:get", answer = LIST, call = function(client)
      return client.watchlists:get "w1"
    end },
  { what = "watchlists:list, and their methods", answer = LIST,
    call = function(client)
      local lists, err = client.watchlists:list()
      for _, one in ipairs(lists or {}) do
        if type(one) == "table" then one:rename "b" end
      end
      return lists, err
    end },
  { what = "alerts:get, and its methods", answer = ALERTS,
    call = function(client)
      local one, err = client.alerts:get "a1"
      if not one then return nil, err end
      one:update(5)
      one:refresh()
      one:delete()
      return one
    end },
  { what = "posts:get, and its methods", answer = POST,
    call = function(client)
      local one, err = client.posts:get(
        "10000000-0000-4000-8000-000000000001")
      if not one then return nil, err end
      one:vote(70)
      one:update "new"
      one:refresh()
      one:comment "hm"
      one:like()
      one:page_of_comments()
      return one
    end },
  { what = "post:comment, and its methods",
    answer = '{"entity":{"id":"c1"}}', call = function(client)
      local post = client.posts:by_id "10000000-0000-4000-8000-000000000001"
      local one, err = post:comment "hm"
      if not one then return nil, err end
      one:like()
      one:update "new"
      local reply = one:reply "so"
      if reply then reply:delete() end
      one:page_of_replies()
      return one
    end },
  { what = "portfolios:get, and its methods", answer = PORTFOLIOS,
    call = function(client)
      local one, err = client.portfolios:get "p1"
      if not one then return nil, err end
      one:refresh()
      local token = one.userTokens[1]
      if type(token) == "table" then
        token:client()
        token:update { expiresAt = 5 }
        token:revoke()
      end
      one:delete()
      return one
    end },
}
