-- etoro quote and etoro search.

local core = require "etoro.core"
local instruments = require "etoro.command.instruments"
local output = require "etoro.command.output"
local remembered = require "etoro.command.remembered"
local shapes = require "etoro.command.shapes"

local tostring = core.text -- not up to the locale

local M = {}

-- Yesterday's closes by instrument: closingPrices.daily of the API, else its
-- officialClosingPrice.
local function closes_of(session)
  local list, err = session:client().market:closing_prices()
  if not list then
    session:note("the closing prices could not be read: " .. tostring(err))
  end
  local closes = {}
  for _, item in ipairs(output.objects(list)) do
    local daily = shapes.of(item, "closingPrices")
    daily = type(daily) == "table" and shapes.of(daily, "daily")
    local price = type(daily) == "table" and not daily.is_missing
      and shapes.of(daily, "price")
    if not price and not item.is_missing then
      price = shapes.of(item, "officialClosingPrice")
    end
    local id = shapes.instrument_id(item)
    if id and type(price) == "number" and price > 0 then closes[id] = price end
  end
  return closes
end

M.QUOTE_COLUMNS = { { "symbol", least = 8 }, { ">id", drop = 4 }, ">bid",
  { ">ask", drop = 8 }, { ">spread", drop = 5 }, { ">in %", drop = 6 },
  { ">change", drop = 7 }, { ">%", drop = 9 }, { ">last", drop = 3 },
  { "at", drop = 2 }, { "name", drop = 1, least = 12 } }

local function change_of(quote)
  if quote.change == core.null then return "-" end
  local places = math.max(output.places(quote.bid),
    output.places(quote.previousClose))
  return output.profit(quote.change, places)
end

local function row_of(session, quote)
  local spread = quote.spread ~= core.null and output.number(quote.spread,
    math.max(output.places(quote.bid), output.places(quote.ask))) or "-"
  local share = quote.spreadPercent ~= core.null
    and output.number(quote.spreadPercent, 3) .. "%" or "-"
  return { quote.symbol, quote.instrumentId, output.number(quote.bid),
    output.number(quote.ask), spread, share, change_of(quote),
    output.percent(quote.changePercent), output.number(quote.lastExecution),
    session.out:moment(quote.date), quote.name }
end

---@param session etoro.command.Session
function M.quote(session)
  local found, ids = {}, {}
  for i, word in ipairs(session.args.symbol) do
    found[i] = instruments.find(session, word)
    ids[i] = found[i].instrumentID
  end
  local rates = session:must(session:client().market:rates(ids))
  local by_id, quotes, rows = {}, {}, {}
  local closes = closes_of(session)
  for _, rate in ipairs(rates) do by_id[rate.instrumentID] = rate end
  for i, one in ipairs(found) do
    local id = one.instrumentID
    quotes[i] = shapes.quote(one, by_id[id], closes[id])
    rows[i] = row_of(session, quotes[i])
  end
  if session.out.is_json then return session.out:json(quotes, true) end
  session.out:table(M.QUOTE_COLUMNS, rows)
end

M.SEARCH_COLUMNS = { { "symbol", least = 8 }, { ">id", drop = 3 },
  { "name", least = 12, drop = 4 }, { "type", drop = 2 },
  { "exchange", drop = 1 } }

---@param session etoro.command.Session
function M.search(session)
  local list, rows = {}, {}
  for item in session:client().market:each_found {
    searchText = session.args.text, limit = session.args.limit,
  } do
    local found = shapes.found(item)
    list[#list + 1] = found
    rows[#rows + 1] = { found.symbol, found.instrumentId, found.name,
      found.type, found.exchange }
  end
  remembered.symbols(session, list)
  session.out:list(list, ("No instrument has '%s' in its symbol or name.")
    :format(session.args.text), M.SEARCH_COLUMNS, rows)
end

return M
