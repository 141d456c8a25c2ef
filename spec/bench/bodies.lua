-- What the server of `make bench` serves: the same bytes on every run.

local sandbox_rng = require "etoro.sandbox.rng"

local M = {}

local function portfolio(rng, name, tokens)
  local list = {}
  for i = 1, tokens do
    list[i] = ('{"userTokenId":"%s","userTokenName":"%s-%d",'
      .. '"clientId":"%s","ipsWhitelist":["192.0.2.%d","198.51.100.%d"],'
      .. '"scopeIds":[202,%d],"expiresAt":"2031-05-0%dT10:00:00Z",'
      .. '"createdAt":"2026-05-0%dT10:00:00.123Z"}'):format(rng:uuid(), name,
      i, rng:uuid(), rng:range(1, 254), rng:range(1, 254),
      rng:range(203, 209), i, i)
  end
  return ('{"agentPortfolioId":"%s","agentPortfolioName":"%s",'
    .. '"agentPortfolioGcid":%d,"agentPortfolioVirtualBalance":%d.%02d,'
    .. '"mirrorId":%d,"userTokens":[%s]}'):format(rng:uuid(), name,
    rng:range(10000000, 99999999), rng:range(1000, 99999), rng:range(1, 99),
    rng:range(1000000, 9999999), table.concat(list, ","))
end

--- Two agent-portfolios with three tokens between them, about 1.2 KB.
---@return string json
function M.small()
  local rng = sandbox_rng.new(1)
  return '{"agentPortfolios":[' .. portfolio(rng, "Bench-One", 2) .. ","
    .. portfolio(rng, "Bench-Two", 1) .. "]}"
end

local WORDS = { "Alder", "Beech", "Cedar", "Dune", "Elm", "Fjord", "Glade",
  "Harbour", "Iris", "Juniper", "Kelp", "Lantern", "Moss", "North", "Orchard" }
local KINDS = { "Holdings", "Technologies", "Foods", "Energy", "Group plc",
  "Biotech", "Logistics", "Insurance", "Mining", "Software" }
local SIZES = { 150, 50, 35 }

local function image(rng, id, size)
  return ('{"instrumentID":%d,"width":%d,"height":%d,'
    .. '"uri":"https://example.org/images/market/%d_%06X_%dx%d.svg",'
    .. '"backgroundColor":"#%06X","textColor":"#FFFFFF"}'):format(id, size,
    size, id, rng:range(0, 0xFFFFFF), size, size, rng:range(0, 0xFFFFFF))
end

local function instrument(rng, id)
  local images = {}
  for i, size in ipairs(SIZES) do images[i] = image(rng, id, size) end
  local name = WORDS[rng:range(1, #WORDS)] .. " " .. WORDS[rng:range(1, #WORDS)]
    .. " " .. KINDS[rng:range(1, #KINDS)]
  return ('{"instrumentID":%d,"instrumentDisplayName":"%s",'
    .. '"instrumentTypeID":%d,"exchangeID":%d,"symbolFull":"%s%d",'
    .. '"stocksIndustryId":%d,"priceSource":"Nasdaq",'
    .. '"hasExpirationDate":%s,"isInternalInstrument":%s,"images":[%s]}')
    :format(id, name, rng:range(1, 10), rng:range(1, 40),
      name:sub(1, 3):upper(), id, rng:range(1, 12),
      tostring(rng:range(1, 50) == 1), tostring(rng:range(1, 99) == 1),
      table.concat(images, ","))
end

--- The list of 12,000 instruments with all documented fields, 8.6 MB.
---@return string json
function M.instruments()
  local rng = sandbox_rng.new(2)
  local list = {}
  for i = 1, 12000 do list[i] = instrument(rng, 1000 + i) end
  return '{"instrumentDisplayDatas":[' .. table.concat(list, ",") .. "]}"
end

--- The instruments of those positions, which are looked up once.
---@return string json
function M.held()
  local rng, list = sandbox_rng.new(2), {}
  for id in M.positions():gmatch '"instrumentID":(%d+)' do
    list[#list + 1] = instrument(rng, tonumber(id))
  end
  return '{"instrumentDisplayDatas":[' .. table.concat(list, ",") .. "]}"
end

local function position(rng, id)
  local units = ("%d.%06d"):format(rng:range(1, 900), rng:range(1, 999999))
  local amount = ("%d.%02d"):format(rng:range(50, 9000), rng:range(1, 99))
  return ('{"positionID":%d,"CID":12345678,"openDateTime":'
    .. '"2026-%02d-%02dT10:11:12.%03dZ","openRate":%d.%04d,"instrumentID":%d,'
    .. '"isBuy":true,"takeProfitRate":%d.5,"stopLossRate":%d.0001,'
    .. '"mirrorID":0,"parentPositionID":0,"amount":%s,"leverage":1,'
    .. '"orderID":%d,"orderType":17,"units":%s,"totalFees":0.0,'
    .. '"initialAmountInDollars":%s,"isTslEnabled":false,'
    .. '"stopLossVersion":1,"isSettled":true,"redeemStatusID":0,'
    .. '"initialUnits":%s,"isPartiallyAltered":false,'
    .. '"unitsBaseValueDollars":%s,"isDiscounted":true,'
    .. '"openPositionActionType":0,"settlementTypeID":1,"isDetached":false,'
    .. '"openConversionRate":1.0,"pnlVersion":1,"totalExternalFees":0.0,'
    .. '"totalExternalTaxes":0.0,"isNoTakeProfit":true,"isNoStopLoss":true,'
    .. '"lotCount":%s}'):format(id, rng:range(1, 12), rng:range(1, 28),
      rng:range(0, 999), rng:range(5, 500), rng:range(1, 9999),
      rng:range(1001, 9999), rng:range(600, 900), rng:range(0, 4), amount,
      rng:range(330000000, 339999999), units, amount, units, amount, units)
end

--- A portfolio of 200 positions with all documented fields, 147 KB.
---@return string json
function M.positions()
  local rng = sandbox_rng.new(4)
  local list = {}
  for i = 1, 200 do list[i] = position(rng, 3100000000 + 17 * i) end
  return '{"clientPortfolio":{"positions":[' .. table.concat(list, ",")
    .. '],"credit":1000.5,"mirrors":[],"orders":[],"ordersForOpen":[],'
    .. '"ordersForClose":[],"bonusCredit":0.0}}'
end

local function bar(rng, hour)
  local low = rng:range(100, 200)
  return ('{"instrumentID":1001,"fromDate":"2026-%02d-%02dT%02d:00:00Z",'
    .. '"open":%d.%03d,"high":%d.%03d,"low":%d.%03d,"close":%d.%03d,'
    .. '"volume":%d.0}'):format(hour // 672 + 1, hour // 24 % 28 + 1,
      hour % 24, low + 1, rng:range(0, 999), low + 3, rng:range(0, 999), low,
      rng:range(0, 999), low + 2, rng:range(0, 999), rng:range(1000, 999999))
end

--- 1,000 bars, 140 KB.
---@return string json
function M.candles()
  local rng = sandbox_rng.new(5)
  local list = {}
  for i = 1, 1000 do list[i] = bar(rng, i) end
  return '{"interval":"OneHour","candles":[{"instrumentId":1001,"candles":['
    .. table.concat(list, ",") .. '],"rangeOpen":101.0,"rangeClose":202.0,'
    .. '"rangeHigh":203.5,"rangeLow":100.25,"volume":10000.0}]}'
end

--- An answer of just under so many bytes.
---@param bytes integer
---@return string json
function M.portfolios(bytes)
  local rng = sandbox_rng.new(3)
  local list, size = {}, 0
  while true do
    local text = portfolio(rng, "Bench-" .. #list, 2)
    if size + #text + 24 > bytes then break end
    list[#list + 1], size = text, size + #text + 1
  end
  return '{"agentPortfolios":[' .. table.concat(list, ",") .. "]}"
end

return M
