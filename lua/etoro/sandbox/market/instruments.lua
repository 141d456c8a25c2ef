-- GET /api/v1/market-data/instruments, and the same list as the older API
-- shows it.

local core = require "etoro.core"
local json = require "etoro.sandbox.json"
local reply = require "etoro.sandbox.http.reply"
local times = require "etoro.sandbox.times"

local tonumber = core.number -- not up to the locale

local M = {}

local FILTERS = {
  { "instrumentIds", "instrumentID" },
  { "exchangeIds", "exchangeID" },
  { "stocksIndustryIds", "stocksIndustryId" },
  { "instrumentTypeIds", "instrumentTypeID" },
}

-- The documents list market-data:read alone. A key that may trade has to
-- know what it trades, so the sandbox lets the trading scopes in as well.
local SCOPES = { "etoro-public:market-data:read" }
for _, kind in ipairs { "real", "demo", "trade.real", "trade.demo" } do
  SCOPES[#SCOPES + 1] = ("etoro-public:%s:read"):format(kind)
  SCOPES[#SCOPES + 1] = ("etoro-public:%s:write"):format(kind)
end

M.SCOPES = SCOPES

local MAX_IDS = 100

-- The set of numbers in a comma list; nil and the refusal when it has
-- something else in it. Escaped commas reach some servers of the real service
-- as part of the text, which then filters nothing: so here.
local function ids(text)
  if text:find("%2C", 1, true) then return nil end
  local set, count = {}, 0
  for item in (text .. ","):gmatch("([^,]*),") do
    local id = item:match("^[ \t-\r]*(%-?%d+)[ \t-\r]*$")
    if not id then
      return nil, reply.fail(400, "ValidationFailed",
        ("'%s' is not a number"):format(item))
    end
    set[tonumber(id)] = true
    count = count + 1
  end
  if count > MAX_IDS then return nil, reply.new(414) end
  return set
end

local function chosen(instrument, filters)
  for field, set in pairs(filters) do
    if not set[instrument[field]] then return false end
  end
  return true
end

local function select_texts(ctx)
  local filters = {}
  for _, filter in ipairs(FILTERS) do
    local text = ctx.query[filter[1]]
    if text and text ~= "" then
      local set, refusal = ids(text)
      if refusal then return nil, refusal end
      filters[filter[2]] = set
    end
  end
  local out = {}
  for _, instrument in ipairs(ctx.box.instruments) do
    if chosen(instrument, filters) then out[#out + 1] = instrument.text end
  end
  return json.raw("[" .. table.concat(out, ",") .. "]")
end

local function list(ctx)
  local found, refusal = select_texts(ctx)
  if not found then return refusal end
  return reply.new(200, { instrumentDisplayDatas = found })
end

local function list_older(ctx)
  local found, refusal = select_texts(ctx)
  if not found then return refusal end
  return reply.new(200, {
    data = { instruments = found },
    meta = { requestId = ctx.box.rng:uuid(),
      timestamp = times.iso(ctx.box:now()) },
  })
end

function M.routes(router)
  router:add { method = "GET", path = "/api/v1/market-data/instruments",
    pool = "market-data", scopes = SCOPES, handler = list }
  router:add { method = "GET", path = "/api/sor/v3/instruments",
    pool = "older", handler = list_older, older = true }
end

return M
