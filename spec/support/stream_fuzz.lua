-- What spec/fuzz/fuzz_stream.c asks of a stream's messages: whatever the server
-- says, the stream goes on, and no quote is no number; and a price counts as
-- much in whatever way its JSON is spelled. Gives a function of one input.
local core = require "etoro.core"
local etoro = require "etoro"
local json = require "etoro.values.json"
local scheduler = require "etoro.tasks.scheduler"
local stream = require "etoro.stream"

local PRICES = { "bid", "ask", "last", "conversionRateBid", "conversionRateAsk",
  "dailyClose", "officialClosingPrice", "priced_at", "heard_at" }
local FLAGS = { "isMarketOpen", "isExchangeOpen", "isActive", "allowBuy",
  "allowSell" }

local client = assert(etoro.client { base_url = "http://127.0.0.1:1",
  api_key = "canary-api-key-0123456789", user_key = "canary-user-key-98765",
  rate_limit = false })
local loop = etoro.loop()

-- Merges prices many at a time, as the core's stream does by the same function.
local function take_prices(news, quotes, now, waiting, fresh, most, heard)
  local messages, merged, count = 0, 0, 0
  while messages < most and news[1] and news[1][1] == "text" do
    local quote, is_fresh = core.quote_push(news[1][2], quotes, now, waiting,
      heard)
    if quote == nil then break end
    table.remove(news, 1)
    messages, merged = messages + 1, merged + (quote and 1 or 0)
    if is_fresh then
      count = count + 1
      fresh[count] = quote
    end
  end
  return messages, merged, count
end

-- A stream's way whose server answers what it is asked, and says what it is
-- told to; with the door for many prices, or without.
local function new_way(takes_many)
  local way, news, watcher = {}, {}, nil
  local function tell()
    local id = watcher
    watcher = nil
    if id then scheduler.deliver(id) end
  end
  function way.say(_, text)
    table.insert(news, { "text", text, 0 })
    tell()
  end
  function way.take()
    local one = table.remove(news, 1)
    if one then return one[1], one[2], one[3] end
  end
  if takes_many then
    function way.take_prices(_, ...) return take_prices(news, ...) end
  end
  function way.age() return 0 end
  function way.login(_, id)
    way:say(json.encode { id = id, operation = "Authenticate", success = true })
    return true
  end
  function way.send(_, text)
    local asked = json.decode(text)
    way:say(json.encode { id = asked.id, operation = asked.operation,
      success = true })
    return true
  end
  function way.ping() return true end
  function way.close() return true end
  function way.state() return "open" end
  function way.stats() return { frames = 0, bytes_in = 0, bytes_out = 0 } end
  function way.watch(_, id)
    watcher = id
    if news[1] then tell() end
  end
  news[1] = { "open" }
  return way
end

-- A stream that has been said these texts.
local function heard(texts, topics, takes_many)
  local way = new_way(takes_many)
  local one = stream.open(client, nil, function() return way end)
  assert(one:subscribe(topics))
  for _ = 1, 3 do loop:step() end
  for _, text in ipairs(texts) do way:say(text) end
  for _ = 1, 3 do loop:step() end
  return one
end

local function check_quote(quote)
  for _, name in ipairs(PRICES) do
    local value = quote[name]
    assert(value == nil or math.type(value) and value == value and value > 0
      and value < math.huge, name)
  end
  for _, name in ipairs(FLAGS) do
    assert(quote[name] == nil or type(quote[name]) == "boolean", name)
  end
  assert(quote.date == nil or type(quote.date) == "string")
end

-- Nothing but what a server may end a stream by has ended it.
local function check(one)
  assert(not one.is_over or one.err.kind == "auth" or one.err.code == "overflow",
    tostring(one.err))
  for _ = 1, 10000 do
    local event = one:next(0)
    if not event then break end
    assert(type(event.kind) == "string")
    if event.kind == "quote" then check_quote(event) end
  end
end

-- Each byte of ASCII as JSON's longest spelling of it.
local function spelled_out(text)
  return '"' .. text:gsub("[%z\1-\127]", function(c)
    return ("\\u%04x"):format(c:byte())
  end) .. '"'
end

-- One message as the API writes it, and another text that says the same.
local function twice(content, kind)
  return ('{"messages":[{"topic":"instrument:1001","content":%s,"id":"1",'
      .. '"type":"%s"}]}'):format(json.encode(content), kind),
    (' { "other" : [ ] , "messages" : [ { "type":"%s","id":null, "content":%s,'
      .. '"topic":"instrument:1001" } , 7 ] } '):format(kind,
      spelled_out(content))
end

local function same(a, b)
  for _, names in ipairs { PRICES, FLAGS, { "date", "priceRateID" } } do
    for _, name in ipairs(names) do
      if name ~= "priced_at" and name ~= "heard_at" then
        assert(a[name] == b[name], ("%s: %s and %s"):format(name,
          core.text(a[name]), core.text(b[name])))
      end
    end
  end
  assert((a.priced_at == nil) == (b.priced_at == nil))
end

local BASE = '{"Bid":"1.5","Ask":2,"PriceRateID":"1","IsMarketOpen":"true",'
  .. '"Date":"2026-01-01T00:00:00Z"}'

local function check_spellings(contents)
  local plain, other = {}, {}
  for i, content in ipairs(contents) do
    local kind = i % 3 == 1 and "Snapshot" or "Trading.Instrument.Rate"
    plain[i], other[i] = twice(content, kind)
  end
  local first = heard(plain, { 1001 })
  for _, one in ipairs { heard(other, { 1001 }), heard(plain, { 1001 }, true),
      heard(other, { 1001 }, true) } do
    same(first:quote(1001), one:quote(1001))
    check(one)
    one:close()
  end
  check(first)
  first:close()
end

-- What the rest of an input is, by its first byte.
local kinds = {}

kinds[0] = function(lines)
  for _, takes_many in ipairs { false, true } do
    local one = heard(lines, { 1001, 1002, "private" }, takes_many)
    check(one)
    one:close()
  end
end

kinds[1] = function(lines)
  table.insert(lines, 1, BASE)
  check_spellings(lines)
end

kinds[2] = function(lines)
  local contents = { BASE }
  for i, line in ipairs(lines) do
    contents[i + 1] = ('{"PriceRateID":%d,"Bid":"%s","Ask":%s}'):format(i + 1,
      line, line)
  end
  check_spellings(contents)
end

local count = 0

---@param input string
return function(input)
  local rest = input:sub(2)
  if #input == 0 or not utf8.len(rest) then return end -- no WebSocket's text
  local lines = {}
  for line in rest:gmatch "[^\n]+" do lines[#lines + 1] = line end
  kinds[input:byte() % 3](lines)
  loop:step() -- what ends has its turn
  count = count + 1
  if count % 100 == 0 then collectgarbage() end
end
