-- etoro quote and etoro search.

local instruments = require "etoro.command.instruments"
local output = require "etoro.command.output"

local M = {}

---@param session etoro.command.Session
function M.quote(session)
  local found, ids = {}, {}
  for i, word in ipairs(session.args.symbol) do
    found[i] = instruments.find(session, word)
    ids[i] = found[i].instrumentID
  end
  local rates = session:must(session:client().market:rates(ids))
  if session.out.is_json then return session.out:json(rates, true) end
  local by_id, rows = {}, {}
  for _, rate in ipairs(rates) do by_id[rate.instrumentID] = rate end
  for i, one in ipairs(found) do
    local rate = by_id[one.instrumentID] or {}
    rows[i] = { one.symbolFull, one.instrumentID, output.number(rate.bid),
      output.number(rate.ask), output.number(rate.lastExecution),
      rate.date, one.instrumentDisplayName }
  end
  session.out:table({ "symbol", ">id", ">bid", ">ask", ">last", "at", "name" },
    rows)
end

---@param session etoro.command.Session
function M.search(session)
  local list, rows = {}, {}
  for item in session:client().market:search {
    searchText = session.args.text, limit = session.args.limit,
  } do
    list[#list + 1] = item
    rows[#rows + 1] = {
      item.internalSymbolFull, item.instrumentId or item.internalInstrumentId,
      item.internalInstrumentDisplayName or item.displayname,
      item.instrumentType, item.internalExchangeName,
    }
  end
  if session.out.is_json then return session.out:json(list, true) end
  session.out:table({ "symbol", ">id", "name", "type", "exchange" }, rows)
end

return M
