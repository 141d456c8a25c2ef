-- The instruments of the sandbox. Ids and symbols a user may know from the
-- real service keep their meaning; the companies are otherwise made up.

local json = require "etoro.values.json"

local M = {}

-- id, symbol, name, type, exchange, industry, price source
local FX, METAL, INDEX, STOCK, FUND, COIN = 1, 2, 4, 5, 6, 10
local LIST = {
  { 1, "EURUSD", "EUR/USD", FX, 1, 0, "eToro" },
  { 2, "GBPUSD", "GBP/USD", FX, 1, 0, "eToro" },
  { 3, "NZDUSD", "NZD/USD", FX, 1, 0, "eToro" },
  { 4, "USDCAD", "USD/CAD", FX, 1, 0, "eToro" },
  { 5, "USDJPY", "USD/JPY", FX, 1, 0, "eToro" },
  { 6, "USDCHF", "USD/CHF", FX, 1, 0, "eToro" },
  { 7, "AUDUSD", "AUD/USD", FX, 1, 0, "eToro" },
  { 8, "EURGBP", "EUR/GBP", FX, 1, 0, "eToro" },
  { 17, "OIL", "Crude Oil", METAL, 2, 0, "CME" },
  { 18, "GOLD", "Gold", METAL, 2, 0, "CME" },
  { 19, "SILVER", "Silver", METAL, 2, 0, "CME" },
  { 21, "COPPER", "Copper", METAL, 2, 0, "CME" },
  { 22, "NATGAS", "Natural Gas", METAL, 2, 0, "CME" },
  { 27, "SPX500", "SPX500 Index", INDEX, 3, 0, "CME" },
  { 28, "NSDQ100", "NSDQ100 Index", INDEX, 3, 0, "CME" },
  { 29, "DJ30", "DJ30 Index", INDEX, 3, 0, "CME" },
  { 30, "UK100", "UK100 Index", INDEX, 3, 0, "LSE" },
  { 32, "GER40", "GER40 Index", INDEX, 3, 0, "Xetra" },
  { 1001, "AAPL", "Apple", STOCK, 4, 8, "Nasdaq" },
  { 1002, "GOOG", "Alphabet", STOCK, 4, 8, "Nasdaq" },
  { 1003, "META", "Meta Platforms", STOCK, 4, 8, "Nasdaq" },
  { 1004, "MSFT", "Microsoft", STOCK, 4, 8, "Nasdaq" },
  { 1005, "AMZN", "Amazon", STOCK, 4, 3, "Nasdaq" },
  { 1111, "TSLA", "Tesla", STOCK, 4, 3, "Nasdaq" },
  { 1137, "NVDA", "NVIDIA", STOCK, 4, 8, "Nasdaq" },
  { 2101, "ALDR", "Alder Rail", STOCK, 5, 6, "NYSE" },
  { 2102, "BCHM", "Beechmoor Chemicals", STOCK, 5, 1, "NYSE" },
  { 2103, "CRWN", "Crownwater Utilities", STOCK, 5, 9, "NYSE" },
  { 2104, "DUNE", "Dune Solar", STOCK, 4, 9, "Nasdaq" },
  { 2105, "ELMH", "Elmhurst Bank", STOCK, 5, 4, "NYSE" },
  { 2106, "FJRD", "Fjord Shipping", STOCK, 5, 6, "NYSE" },
  { 2107, "GLDE", "Glade Foods", STOCK, 5, 3, "NYSE" },
  { 2108, "HRTH", "Hearth Homes", STOCK, 5, 3, "NYSE" },
  { 2109, "IRIS", "Iris Optics", STOCK, 4, 8, "Nasdaq" },
  { 2110, "JUNP", "Juniper Vale Health", STOCK, 4, 5, "Nasdaq" },
  { 2111, "KELP", "Kelp Bioworks", STOCK, 4, 5, "Nasdaq" },
  { 2112, "LNTN", "Lantern Media", STOCK, 4, 7, "Nasdaq" },
  { 2113, "MOSS", "Mossgrove Paper", STOCK, 5, 1, "NYSE" },
  { 2114, "NRTH", "Northgate Freight", STOCK, 33, 6, "NYSE" },
  { 2115, "ORCH", "Orchard Lane Stores", STOCK, 19, 3, "OTC" },
  { 2116, "PYRE", "Pyre Energy", STOCK, 5, 2, "NYSE" },
  { 2117, "QUAY.L", "Quayside Insurance", STOCK, 7, 4, "LSE" },
  { 2118, "RIVR.L", "Rivermouth Water", STOCK, 7, 9, "LSE" },
  { 2119, "STRL.L", "Sterling Loom", STOCK, 7, 3, "LSE" },
  { 2120, "TRAM.DE", "Trambau", STOCK, 6, 6, "Xetra" },
  { 2121, "UHRW.DE", "Uhrwerk Technik", STOCK, 6, 6, "Xetra" },
  { 3001, "ALLW", "All World Shares", FUND, 5, 0, "NYSE" },
  { 3002, "BOND7", "Seven Year Bonds", FUND, 5, 0, "NYSE" },
  { 3003, "SMLC", "Small Companies", FUND, 5, 0, "NYSE" },
  { 3004, "GREN", "Green Grid", FUND, 4, 0, "Nasdaq" },
  { 3005, "DIVI.L", "Steady Dividends", FUND, 7, 0, "LSE" },
  { 100000, "BTC", "Bitcoin", COIN, 8, 0, "eToro" },
  { 100001, "ETH", "Ethereum", COIN, 8, 0, "eToro" },
  { 100003, "XRP", "XRP", COIN, 8, 0, "eToro" },
  { 100005, "LTC", "Litecoin", COIN, 8, 0, "eToro" },
  { 100017, "ADA", "Cardano", COIN, 8, 0, "eToro" },
  { 100063, "SOL", "Solana", COIN, 8, 0, "eToro" },
  { 100901, "PEBL", "Pebble", COIN, 8, 0, "eToro" },
  { 100902, "TIDE", "Tidecoin", COIN, 8, 0, "eToro" },
  { 100903, "EMBR", "Ember", COIN, 8, 0, "eToro" },
}

M.TYPES = { "Forex", "Commodity", "CFD", "Indices", "Stocks", "ETF", "Bonds",
  "TrustFunds", "Options", "Crypto" }

-- By id; the numbers have gaps.
M.EXCHANGES = { "FX", "Commodity", "CFD", "Nasdaq", "NYSE", "FRA", "LSE",
  "Digital Currency", "Euronext Paris", "Bolsa De Madrid", "Borsa Italiana",
  "SIX", [14] = "Oslo", [15] = "Stockholm", [16] = "Copenhagen",
  [17] = "Helsinki", [19] = "OTC Markets", [20] = "CME",
  [21] = "Hong Kong", [22] = "Euronext Lisbon", [23] = "Euronext Brussels",
  [24] = "Tadawul", [30] = "Euronext Amsterdam", [31] = "Sydney",
  [32] = "Vienna", [33] = "Regular Trading Hours" }

M.INDUSTRIES = { "Basic Materials", "Conglomerates", "Consumer Goods",
  "Financial", "Healthcare", "Industrial Goods", "Services", "Technology",
  "Utilities" }

local SIZES = { 150, 35, 50 } -- the real service does not sort them either

-- Pictures; one that is drawn has no size, and none in the document.
local function images(id, is_strict)
  local out, base = json.list(), "https://example.org/instruments/%d/%s"
  for i, size in ipairs(SIZES) do
    out[i] = { instrumentID = id, width = size, height = size,
      uri = base:format(id, ("%dx%d.png"):format(size, size)),
      backgroundColor = "#1F1F1F", textColor = "#FFFFFF" }
  end
  if not is_strict then
    table.insert(out, 1, { instrumentID = id, backgroundColor = "#1F1F1F",
      textColor = "#FFFFFF", uri = base:format(id, "logo.svg") })
  end
  return out
end

local function instrument(row, is_strict)
  return {
    instrumentID = row[1], symbolFull = row[2],
    instrumentDisplayName = row[3], instrumentTypeID = row[4],
    exchangeID = row[5], stocksIndustryId = row[6], priceSource = row[7],
    hasExpirationDate = false, isInternalInstrument = false,
    images = images(row[1], is_strict),
  }
end

-- The service has its own spelling of one name.
local function shown(one, is_strict)
  local out = {}
  for name, value in pairs(one) do out[name] = value end
  if not is_strict then
    out.stocksIndustryID, out.stocksIndustryId = one.stocksIndustryId, nil
  end
  return out
end

--- The instruments, in order of id; `count` above their number adds
--- made-up ones.
function M.build(count, is_strict)
  local out = {}
  for i, row in ipairs(LIST) do out[i] = instrument(row, is_strict) end
  for i = #out + 1, count or 0 do
    out[i] = instrument({ 200000 + i, ("SBX%d"):format(i),
      ("Sandbox Company %d"):format(i), STOCK, 5, i % 9 + 1, "NYSE" },
      is_strict)
  end
  for _, one in ipairs(out) do
    one.shown = json.written(shown(one, is_strict)) -- as the list shows it
  end
  return out
end

return M
