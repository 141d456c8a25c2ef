-- The list of instruments, and the same as the older API shows it.

local ceilings = require "etoro.sandbox.ceilings"
local core = require "etoro.core"
local json = require "etoro.values.json"
local refusals = require "etoro.sandbox.http.refusals"
local reply = require "etoro.sandbox.http.reply"
local times = require "etoro.values.times"
local types = require "etoro.values.types"
local universe = require "etoro.sandbox.market.universe"

local tonumber = core.number -- not up to the locale

local handlers = {}
local M = { handlers = handlers, refuse = refusals.plain, reads_itself = true }

local FILTERS = {
  instrumentIds = "instrumentID", exchangeIds = "exchangeID",
  stocksIndustryIds = "stocksIndustryId",
  instrumentTypeIds = "instrumentTypeID",
}

-- The documents list market-data:read alone. A key that may trade has to
-- know what it trades, so the sandbox lets the trading scopes in as well.
M.readers = {}
for _, kind in ipairs { "real", "demo", "trade.real", "trade.demo" } do
  M.readers[#M.readers + 1] = ("etoro-public:%s:read"):format(kind)
  M.readers[#M.readers + 1] = ("etoro-public:%s:write"):format(kind)
end

--- The numbers of a comma list, in order and each once, and a set of them. It
--- has nothing else in it, such as an escaped comma.
function M.ids(text)
  local list, seen = {}, {}
  for item in (text .. ","):gmatch("([^,]*),") do
    local id = tonumber(item:match("^[ \t-\r]*(%-?%d+)[ \t-\r]*$"))
    if not id then reply.invalid(("'%s' is not a number"):format(item)) end
    if not seen[id] then
      seen[id] = true
      list[#list + 1] = id
    end
  end
  return list, seen
end

-- The set of numbers that a parameter filters by; nil where it filters
-- nothing. Escaped commas reach some servers of
-- the real service as part of the text, which then filters nothing: so here.
local function filter(ctx, name)
  local text = ctx.query[name]
  if not text or text == "" or text:find("%2C", 1, true) then return nil end
  local list, seen = M.ids(text)
  if #list > ceilings.box_instruments_of_request then reply.refuse(414) end
  return seen
end

local function is_chosen(instrument, filters)
  for field, set in pairs(filters) do
    if not set[instrument[field]] then return false end
  end
  return true
end

local function choose(ctx)
  local filters, out = {}, json.list()
  for name, field in pairs(FILTERS) do
    filters[field] = filter(ctx, name)
  end
  for _, instrument in ipairs(ctx.box.instruments) do
    if is_chosen(instrument, filters) then
      out[#out + 1] = instrument.shown
    end
  end
  return out
end

handlers["GET /api/v1/market-data/instruments"] = function(ctx)
  return reply.new(200, { instrumentDisplayDatas = choose(ctx) })
end

--- The route of the older API, which no operation describes.
M.older = { method = "GET", path = "/api/sor/v3/instruments", pool = "older",
  older = true, handler = function(ctx)
    return reply.new(200, { data = { instruments = choose(ctx) },
      meta = { requestId = ctx.box.rng:uuid(),
        timestamp = times.format(ctx.box:now()) } })
  end }

local function listing(name, parameter, list_name, id_name, text_name, texts)
  local order = types.sorted_names(texts)
  handlers["GET /api/v1/market-data/" .. name] = function(ctx)
    local wanted = filter(ctx, parameter)
    local out = json.list()
    for _, id in ipairs(order) do
      if not wanted or wanted[id] then
        out[#out + 1] = { [id_name] = id, [text_name] = texts[id] }
      end
    end
    return reply.new(200, { [list_name] = out })
  end
end

listing("exchanges", "exchangeIds", "exchangeInfo", "exchangeID",
  "exchangeDescription", universe.EXCHANGES)
listing("instrument-types", "instrumentTypeIds", "instrumentTypes",
  "instrumentTypeID", "instrumentTypeDescription", universe.TYPES)
listing("stocks-industries", "stocksIndustryIds", "stocksIndustries",
  "industryID", "industryName", universe.INDUSTRIES)

return M
