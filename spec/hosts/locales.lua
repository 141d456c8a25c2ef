-- For locale_spec: a program whose locale changes while it works. Writes what
-- it saw; that must not depend on the locales, which are the arguments behind
-- the journal and the folder of the cache: the one before anything is loaded,
-- and those that are set in turn, one at each event and each answer.
local journal, cache = arg[1], arg[2]
assert(os.setlocale(arg[3]), arg[3])
local etoro = require "etoro"
local core = require "etoro.core"
local cjson = require "cjson"
local json = require "etoro.values.json"

local turn = 3
local function change()
  turn = turn < #arg and turn + 1 or 3
  assert(os.setlocale(arg[turn]), arg[turn])
  -- another part of the host may load or use lua-cjson at any time
  if turn % 2 == 0 then cjson.new() end
end

local function tell(what, value, err)
  local text = value == nil and tostring(err) or json.show(value)
  io.write(what, " ", (text:gsub("%x+%-%x+%-%x+%-%x+%-%x+", "<id>")), "\n")
end

local function raised(fn, ...)
  local ok, message = pcall(fn, ...)
  assert(not ok, "nothing was raised")
  tell("raised", (tostring(message):gsub("^[^ ]-:%d+: ", "")))
end

local box = etoro.sandbox.new { now = function() return 1767225600.25 end,
  limits = false, fill_delay = 1.5 }
local handle = box.handle
function box.handle(self, request)
  change()
  local answer = handle(self, request)
  change()
  return answer
end

local client = assert(box:client { account = "real", rate_limit = false,
  journal = journal, instrument_cache = { path = cache },
  on_event = change })

local TEXT = [[{"a":[3.25,3,25,0.1,1e3,-7,1.5e-7,100000.01,2e300],
  "b":9007199254740993,"c":123456789012345678901,"d":"\u0000d1,5",
  "e":[],"I":"\u0130\u0131","f":null,"userToken":1.5}]]

local function texts()
  for _ = 1, 4 do
    change()
    local value = assert(json.decode(TEXT))
    tell("decoded", value)
    for _, number in ipairs(value.a) do
      io.write(math.type(number), " ", ("%q "):format(number):gsub(",", "."))
    end
    assert(value.a[1] * 4 == 13 and #value.a == 9 and value.d == "\0d1,5")
    assert(core.is_secret(value.userToken))
    for _, wrong in ipairs { "[1,5.]x", "[1.2.3]", "[-]", "[01]", "[1e]",
      "[+1]", "[.5]", "[0x10]", "[1\194\160]" }
    do
      assert(json.decode(wrong) == nil, wrong)
    end
  end
  tell("in order", { a = 1, B = 2, _c = 3, ["a-b"] = 4, ab = 5, ["\195\169"] = 6 })
  tell("numbers", { 1.5, 0.1, 1e15, 2 ^ 60, 2 ^ 70, 123456.789 })
end

local function wrong_use()
  raised(client.request, client, { path = "/x",
    headers = { ["X-API-KEY"] = "1" } })
  raised(client.request, client, { path = "/x",
    headers = { ["X-HTTP-METHOD-OVERRIDE"] = "DELETE" } })
  raised(client.request, client, { path = "/x", query = { a = 0 / 1.5 } },
    { timeout = 0.00015 })
  raised(client.market.rate, client.market, "AAPL", { TIMEOUT = 1 })
  raised(etoro.client, { api_key = "a", user_key = "b",
    rate_limit = { ["execution-demo"] = 0.5 } })
  tell("path", client:request { method = "DELETE",
    path = "/API/V1/AGENT-PORTFOLIOS/I" })
end

local function market()
  for _, name in ipairs { "oil", "OIL", "Oil", "aapl", "MICROSOFT", "bitcoin",
    "Silver", "ıI" }
  do
    tell("find " .. name, client.instruments:find(name))
  end
  tell("rate", client.market:rate "aapl")
  tell("rates", client.market:rates { "MSFT", 1001 })
  tell("candles", client.market:candles { symbol = "AAPL",
    interval = "1h", count = 3 })
end

local function trade()
  local fields = { symbol = "aapl", transaction = "buy", amount = 100.25,
    leverage = 1 }
  local order, response = client.orders:open(fields)
  tell("order", order, response)
  tell("attempts", response.attempts)
  tell("state", order:wait())
  local position = assert(order:positions())[1]
  tell("position", position)
  tell("too many", position:close { units = "1000.5" })
  tell("part", position:close { units = 0.05 })
  for _, wrong in ipairs { { "amount", 0.01 }, { "leverage", 17 } } do
    local other = {}
    for key, given in pairs(fields) do other[key] = given end
    other[wrong[1]] = wrong[2]
    tell("refused " .. wrong[1], client.orders:open(other))
  end
  fields.stopLossRate = 1.25
  tell("stop", client.orders:open(fields))
  tell("costs", client.orders:costs { symbol = "AAPL", transaction = "BUY",
    amount = "100.10", leverage = 1, settlementType = "real" })
  tell("equity", client.account:equity())
  box.faults:add { route = "POST /api/v2/trading/execution/orders",
    fault = "lost_reply" }
  fields.stopLossRate = nil
  tell("found again", client.orders:open(fields))
end

local function agents()
  local portfolio = assert(client.portfolios:create {
    investmentAmountInUsd = 2000.5, agentPortfolioName = "ISTANBUL",
    userTokenName = "bIt", scopeNames = { "etoro-public:trade.real:read" } })
  tell("portfolio", portfolio)
  tell("token", portfolio:create_token { userTokenName = "two",
    scopeNames = { "etoro-public:TRADE.REAL:READ" } })
  local list = assert(client.watchlists:create { name = "IIi" })
  tell("added", list:add_items { 1001 })
  tell("list", list)
end

texts()
wrong_use()
market()
trade()
agents()
client:close()
