-- etoro quote and etoro search.

local instruments = require "etoro.command.instruments"
local output = require "etoro.command.output"
local shapes = require "etoro.command.shapes"

local M = {}

---@param session etoro.command.Session
function M.quote(session)
  local found, ids = {}, {}
  for i, word in ipairs(session.args.symbol) do
    found[i] = instruments.find(session, word)
    ids[i] = found[i].instrumentID
  end
  local rates = session:must(session:client().market:rates(ids))
  local by_id, quotes, rows = {}, {}, {}
  for _, rate in ipairs(rates) do by_id[rate.instrumentID] = rate end
  for i, one in ipairs(found) do
    local quote = shapes.quote(one, by_id[one.instrumentID])
    quotes[i] = quote
    rows[i] = { quote.symbol, quote.instrumentId, output.number(quote.bid),
      output.number(quote.ask), output.number(quote.lastExecution),
      quote.date, quote.name }
  end
  if session.out.is_json then return session.out:json(quotes, true) end
  session.out:table({ "symbol", ">id", ">bid", ">ask", ">last", "at", "name" },
    rows)
end

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
  if session.out.is_json then return session.out:json(list, true) end
  session.out:table({ "symbol", ">id", "name", "type", "exchange" }, rows)
end

return M
