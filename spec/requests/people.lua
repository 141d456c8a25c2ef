-- People and their statistics, the club: see spec/call/requests_spec.lua.
return {
  { op = "GET /api/v1/user-info/people",
    call = function(client)
      return client.people:list { usernames = { "ann", "b.ob" } }
    end,
    method = "GET", target = "/api/v1/user-info/people?usernames=ann,b.ob",
    answer = '{"users":[{"gcid":1,"realCID":32612044,"username":"ann"}]}',
    check = function(users) return users[1].username == "ann" end },
  { op = "GET /api/v1/user-info/people", note = "by cids",
    call = function(client)
      return client.people:list { cidList = { 32612044, 5 } }
    end,
    method = "GET", target = "/api/v1/user-info/people?cidList=32612044,5",
    answer = '{"users":[]}',
    check = function(users) return #users == 0 end },
  { op = "GET /api/v1/user-info/people", note = "one of them",
    call = function(client) return client.people:get "ann" end,
    method = "GET", target = "/api/v1/user-info/people?usernames=ann",
    answer = '{"users":[{"gcid":1,"realCID":32612044,"username":"ann"}]}',
    check = function(user) return user.realCID == 32612044 end },
  { op = "GET /api/v1/user-info/people/search",
    call = function(client)
      return client.people:search { period = "LastYear", page = 1,
        pageSize = 10, sort = "-copiers", popularInvestor = true,
        instrumentId = -5, gainMax = 100 }
    end,
    method = "GET", target = "/api/v1/user-info/people/search?gainMax=100"
      .. "&instrumentId=-5&page=1&pageSize=10&period=LastYear"
      .. "&popularInvestor=true&sort=-copiers",
    answer = '{"totalItems":1,"items":[{"customerId":5,"userName":"ann"}]}',
    check = function(items, response)
      return items[1].userName == "ann"
        and response.meta.totalItems == 1
    end },
  { op = "GET /api/v1/user-info/people/search", note = "person by person",
    call = function(client)
      return client.people:each { period = "CurrMonth" }()
    end,
    method = "GET",
    target = "/api/v1/user-info/people/search?period=CurrMonth",
    answer = '{"totalItems":1,"items":[{"customerId":5,"userName":"ann"}]}',
    check = function(item) return item.userName == "ann" end },
  { op = "GET /api/v1/user-info/people/{username}/gain",
    call = function(client) return client.people:gain "a b" end,
    method = "GET", target = "/api/v1/user-info/people/a%20b/gain",
    answer = '{"monthly":[{"timestamp":"2026-01-01T00:00:00Z","gain":1.5}],'
      .. '"yearly":[]}',
    check = function(gain) return gain.monthly[1].gain == 1.5 end },
  { op = "GET /api/v1/user-info/people/{username}/daily-gain",
    call = function(client)
      return client.people:daily_gain("ann", { minDate = "2026-01-01",
        maxDate = "2026-01-31", type = "Daily" })
    end,
    method = "GET", target = "/api/v1/user-info/people/ann/daily-gain"
      .. "?maxDate=2026-01-31&minDate=2026-01-01&type=Daily",
    answer = '[{"timestamp":"2026-01-01T00:00:00Z","gain":-0.25}]',
    check = function(days) return days[1].gain == -0.25 end },
  { op = "GET /api/v1/user-info/people/{username}/daily-gain",
    note = "for the period",
    call = function(client)
      return client.people:daily_gain("ann", { minDate = 1767225600,
        maxDate = 1767225600, type = "Period" })
    end,
    method = "GET", target = "/api/v1/user-info/people/ann/daily-gain"
      .. "?maxDate=2026-01-01&minDate=2026-01-01&type=Period",
    answer = '{"gain":2.5}',
    check = function(gain) return gain.gain == 2.5 end },
  { op = "GET /api/v1/user-info/people/{username}/portfolio/live",
    call = function(client) return client.people:portfolio "ann" end,
    method = "GET", target = "/api/v1/user-info/people/ann/portfolio/live",
    answer = '{"realizedCreditPct":10.5,'
      .. '"positions":[{"positionId":3614853889}],'
      .. '"socialTrades":[]}',
    check = function(portfolio)
      return portfolio.positions[1].positionId == 3614853889
    end },
  { op = "GET /api/v1/user-info/people/{username}/tradeinfo",
    call = function(client)
      return client.people:tradeinfo("ann", "LastTwoYears")
    end,
    method = "GET",
    target = "/api/v1/user-info/people/ann/tradeinfo?period=LastTwoYears",
    answer = '{"userName":"ann","riskScore":4}',
    check = function(info) return info.riskScore == 4 end },
  { op = "GET /api/v2/portfolios/{username}/assets/history",
    call = function(client)
      return client.people:assets_history("ann", { period = "LastYear",
        count = 0 })
    end,
    method = "GET",
    target = "/api/v2/portfolios/ann/assets/history?count=0&period=LastYear",
    answer = '{"userName":"ann",'
      .. '"results":[{"date":"2026-01-01","assets":[]}]}',
    check = function(history)
      return history.results[1].date == "2026-01-01"
    end },
  { op = "GET /api/v2/portfolios/{username}/exposure/history",
    call = function(client)
      return client.people:exposure_history("ann", {
        minDate = "2026-01-01", maxDate = "2026-02-01" })
    end,
    method = "GET", target = "/api/v2/portfolios/ann/exposure/history"
      .. "?maxDate=2026-02-01&minDate=2026-01-01",
    answer = '{"userName":"ann","results":[]}',
    check = function(history) return history.userName == "ann" end },
  { op = "GET /api/v2/portfolios/{username}/gain/{granularity}",
    call = function(client)
      return client.people:gain_history("ann", "monthly", { count = 12 })
    end,
    method = "GET", target = "/api/v2/portfolios/ann/gain/monthly?count=12",
    answer = '{"username":"ann","granularity":"monthly","totalGain":null,'
      .. '"gains":[{"date":"2026-01-01","gain":0.06}]}',
    check = function(history)
      return history.gains[1].gain == 0.06
        and history.totalGain == nil
    end },
  { op = "GET /api/v2/portfolios/{username}/copiers",
    call = function(client) return client.people:copiers "ann" end,
    method = "GET", target = "/api/v2/portfolios/ann/copiers",
    answer = '{"copiers":1234,"aumTier":5,"aumTierDesc":null}',
    check = function(copiers) return copiers.copiers == 1234 end },
  { op = "GET /api/v1/pi-data/copiers",
    call = function(client) return client.pi_data:copiers() end,
    method = "GET", target = "/api/v1/pi-data/copiers",
    answer = '{"copiers":[{"Country":"Spain","AmountCategory":">5000"}]}',
    check = function(copiers) return copiers[1].Country == "Spain" end },
  { op = "GET /api/v1/pi-data/copiers", note = "of which there are none",
    call = function(client) return client.pi_data:copiers() end,
    method = "GET", target = "/api/v1/pi-data/copiers",
    answer = '{"copiers":null}',
    check = function(copiers) return #copiers == 0 end },
  { op = "GET /api/v1/clubs",
    call = function(client) return client.clubs:get() end,
    method = "GET", target = "/api/v1/clubs",
    answer = '{"clubs":[{"name":"Gold","rank":3}],"webinars":'
      .. '{"upcomingWebinars":[{"id":83618564462}]}}',
    check = function(dashboard)
      return dashboard.clubs[1].name == "Gold"
        and dashboard.webinars.upcomingWebinars[1].id == 83618564462
    end },

  { op = "GET /api/v2/portfolios/rankings",
    call = function(client)
      return client.people:rankings { period = "AbsOneYear", sort = "-gain",
        gainMin = 0.1, page = 2, pageSize = 5 }
    end, method = "GET", target = "/api/v2/portfolios/rankings?gainMin=0.1"
      .. "&page=2&pageSize=5&period=AbsOneYear&sort=-gain",
    answer = '{"results":[{"username":"ann"}],"pagination":{"page":2,'
      .. '"pageSize":5,"hasNext":false}}',
    check = function(list) return list[1].username == "ann" end },
  { op = "GET /api/v2/portfolios/rankings", note = "one by one",
    call = function(client)
      return client.people:each_ranked { period = "CurrYear" }()
    end, method = "GET", target = "/api/v2/portfolios/rankings?period=CurrYear",
    answer = '{"results":[{"username":"ann"}],"pagination":{"hasNext":false}}',
    check = function(one) return one.username == "ann" end },
  { op = "GET /api/v2/portfolios/{username}/rankings",
    call = function(client) return client.people:ranking("ann", "CurrYear") end,
    method = "GET", target = "/api/v2/portfolios/ann/rankings?period=CurrYear",
    answer = '{"data":{"username":"ann","gain":0.12}}',
    check = function(one) return one.gain == 0.12 end },
  { op = "POST /api/v2/portfolios/rankings/multiple",
    call = function(client)
      return client.people:rankings_of({ "ann", "b.ob" }, "CurrYear")
    end, method = "POST",
    target = "/api/v2/portfolios/rankings/multiple?period=CurrYear",
    body = '{"usernames":["ann","b.ob"]}',
    answer = '{"results":[{"username":"ann","value":{"gain":0.5}}]}',
    check = function(list) return list[1].value.gain == 0.5 end },
  { op = "GET /api/v2/portfolios/rankings/presets",
    call = function(client) return client.people:presets() end,
    method = "GET", target = "/api/v2/portfolios/rankings/presets",
    answer = '{"results":[{"name":"a"}]}',
    check = function(list) return list[1].name == "a" end },
  { op = "GET /api/v2/portfolios/rankings/presets/{type}",
    call = function(client)
      return client.people:preset("most copied", { pageSize = 5 })
    end, method = "GET",
    target = "/api/v2/portfolios/rankings/presets/most%20copied?pageSize=5",
    answer = '{"results":[{"username":"ann"}],"pagination":{"hasNext":false}}',
    check = function(list) return list[1].username == "ann" end },
  { op = "GET /api/v2/portfolios/rankings/tags",
    call = function(client)
      return client.people:ranking_tags { type = "sectors" }
    end, method = "GET", target = "/api/v2/portfolios/rankings/tags?type=sectors",
    answer = '{"results":[{"id":1,"name":"a","type":"sector"}]}',
    check = function(list) return list[1].id == 1 end },
  { op = "GET /api/v2/portfolios/rankings/summary",
    call = function(client) return client.people:ranking_summary "industries" end,
    method = "GET",
    target = "/api/v2/portfolios/rankings/summary?summary=industries",
    answer = '{"uniquePortfolios":3,"items":[]}',
    check = function(one) return one.uniquePortfolios == 3 end },
  { op = "GET /api/v1/portfolios/search",
    call = function(client)
      return client.people:find { type = "trader", query = "a b", limit = 3 }
    end, method = "GET",
    target = "/api/v1/portfolios/search?limit=3&query=a%20b&type=trader",
    answer = '{"results":[{"username":"ann"}]}',
    check = function(list) return list[1].username == "ann" end },
  { op = "GET /api/v1/data/positions/closed-events/history",
    call = function(client) return client.account:closed_events() end,
    method = "GET", target = "/api/v1/data/positions/closed-events/history",
    answer = '[{"closeYear":2025,"closedPositionEvents":4}]',
    check = function(list) return list[1].closeYear == 2025 end },
  { op = "GET /api/v1/data/stockback/promo-status",
    call = function(client) return client.account:stockback() end,
    method = "GET", target = "/api/v1/data/stockback/promo-status",
    answer = '{"isOptedIn":true}',
    check = function(one) return one.isOptedIn end },
  { op = "GET /api/v1/keydata/{application}",
    call = function(client) return client.account:key_data "a b" end,
    method = "GET", target = "/api/v1/keydata/a%20b",
    answer = '{"application":"a b","data":{"x":1}}',
    check = function(one) return one.data.x == 1 end },
  { op = "GET /api/v1/impressions/topassets/user/{gcid}",
    call = function(client) return client.feeds:top_assets(41000101) end,
    method = "GET", target = "/api/v1/impressions/topassets/user/41000101",
    answer = '[{"id":1001,"score":0.5,"targetType":1}]',
    check = function(list) return list[1].id == 1001 end },
  { op = "GET /api/v2/market-data/instruments",
    call = function(client)
      return client.market:listed { symbols = { "AAPL", "BTC" }, pageSize = 5 }
    end, method = "GET",
    target = "/api/v2/market-data/instruments?pageSize=5&symbols=AAPL,BTC",
    answer = '{"results":[{"instrumentId":1001}],"pagination":{"hasNext":false}}',
    check = function(list) return list[1].instrumentID == 1001 end },
  { op = "GET /api/v2/market-data/instruments", note = "one by one",
    call = function(client) return client.market:each_listed { type = "ETF" }() end,
    method = "GET", target = "/api/v2/market-data/instruments?type=ETF",
    answer = '{"results":[{"instrumentId":7}],"pagination":{"hasNext":false}}',
    check = function(one) return one.instrumentId == 7 end },
  { op = "GET /api/v2/market-data/instruments/search",
    call = function(client)
      return client.market:search_words { query = "apple inc", limit = 2 }
    end, method = "GET",
    target = "/api/v2/market-data/instruments/search?limit=2&query=apple%20inc",
    answer = '{"results":[{"symbol":"AAPL"}]}',
    check = function(list) return list[1].symbol == "AAPL" end },
  { op = "GET /api/v2/market-data/rates",
    call = function(client) return client.market:many_rates { 1001, 5 } end,
    method = "GET", target = "/api/v2/market-data/rates?instrumentIds=1001,5",
    status = 206, answer = '{"results":[{"instrumentId":1001,"bid":null}]}',
    check = function(list, response)
      return list[1].bid == nil and response.status == 206
    end },
  { op = "GET /api/v1/data/instruments/{instrumentId}/identity",
    call = function(client) return client.market:identity(1001) end,
    method = "GET", target = "/api/v1/data/instruments/1001/identity",
    answer = '{"instrumentId":1001,"symbol":"AAPL","instrumentDisplayName":"A"}',
    check = function(one) return one.symbol == "AAPL" end },
}
