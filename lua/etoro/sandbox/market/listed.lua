-- The second version of market data: instruments page by page, a search by words,
-- prices of many at once.

local core = require "etoro.core"
local instruments = require "etoro.sandbox.market.instruments"
local json = require "etoro.values.json"
local market_prices = require "etoro.sandbox.market.prices"
local refusals = require "etoro.sandbox.http.refusals"
local reply = require "etoro.sandbox.http.reply"
local times = require "etoro.values.times"

local handlers = {}
local M = { handlers = handlers, refuse = refusals.envelope }

local V2 = "/api/v2/market-data"
local TYPES = { [1] = "Forex", [2] = "Commodity", [3] = "CFD", [4] = "Indices",
  [5] = "Stocks", [6] = "ETF", [7] = "Bonds", [8] = "TrustFunds", [9] = "Options",
  [10] = "Crypto" }

local function show(of)
  return { instrumentId = of.instrumentID, displayName = of.instrumentDisplayName,
    symbol = of.symbolFull, type = TYPES[of.instrumentTypeID] or "Stocks",
    exchangeId = of.exchangeID, multiplier = 1, lastTradingDateTime = json.null,
    expirationDateTime = json.null, image = json.null }
end

local function set_of(text)
  local set = {}
  for item in (text or ""):gmatch "[^,]+" do set[core.lower(item)] = true end
  return next(set) and set
end

local function chosen(ctx)
  local ids, symbols = set_of(ctx.query.instrumentsIds), set_of(ctx.query.symbols)
  local list = {}
  for _, instrument in ipairs(ctx.box.instruments) do
    local one = show(instrument)
    if (not ids or ids[("%d"):format(one.instrumentId)])
        and (not symbols or symbols[core.lower(one.symbol)])
        and (not ctx.args.type or ctx.args.type == one.type)
        and (not ctx.args.exchangeId or ctx.args.exchangeId == one.exchangeId) then
      list[#list + 1] = one
    end
  end
  return list
end

handlers["GET " .. V2 .. "/instruments"] = function(ctx)
  local list, size = chosen(ctx), ctx.args.pageSize or 100
  local token = ctx.args.pageToken
  local start = token and core.number(token:match "^after%-(%d+)$") or 0
  if #list == 0 then
    return M.refuse(ctx, 404, "NOT_FOUND", "No instrument was found")
  end
  local has_next = start + size < #list
  return reply.new(200, { results = reply.page(list, start, size,
    function(one) return one end), pagination = { hasNext = has_next,
      nextPageToken = has_next and ("after-%d"):format(start + size) or json.null,
      pageSize = size } })
end

handlers["GET " .. V2 .. "/instruments/search"] = function(ctx)
  local wanted, list = core.lower(ctx.args.query), {}
  for _, instrument in ipairs(ctx.box.instruments) do
    local one = show(instrument)
    if core.lower(one.symbol .. " " .. one.displayName):find(wanted, 1, true) then
      list[#list + 1] = one
    end
  end
  return reply.new(200, { results = reply.page(list, 0, ctx.args.limit or 10,
    function(one) return one end) })
end

handlers["GET " .. V2 .. "/rates"] = function(ctx)
  local prices, now = market_prices.of(ctx.box), ctx.box:now()
  local list, asked = json.list(), instruments.ids(ctx.query.instrumentIds)
  for _, id in ipairs(asked) do
    if prices:find(id) then
      local bid, ask = prices:quote(id, now)
      list[#list + 1] = { instrumentId = id, bid = bid, ask = ask,
        date = times.format(now), quoteType = "realtime" }
    end
  end
  if #list == 0 then
    return M.refuse(ctx, 404, "NOT_FOUND", "No rate was found")
  end
  return reply.new(#list < #asked and 206 or 200, { results = list })
end

return M
