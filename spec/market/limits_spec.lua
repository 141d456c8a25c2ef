-- Ceilings and defaults of the market, each at its limit and one past it:
-- lua/etoro/values/limits.lua.
local limits = require "etoro.values.limits"
local process = require "spec.support.process"
local scripted = require "spec.support.scripted"

local function numbers(count)
  local list = {}
  for i = 1, count do list[i] = i end
  return list
end

local function count_of(lines, pattern)
  local count = 0
  for _, line in ipairs(lines) do
    if line:find(pattern) then count = count + 1 end
  end
  return count
end

-- Items of so many ids, each by a form that takes the id as often as it wants.
local function items(ids, form)
  local list = {}
  for id in ids:gmatch "%d+" do
    list[#list + 1] = (form:gsub("@", id))
  end
  return table.concat(list, ",")
end

local function answer(line)
  local ids = scripted.unescape(line:match "instrumentIds=([^&]*)" or "")
  if line:find "/rates" then
    return 200, '{"rates":['
      .. items(ids, '{"instrumentID":@,"bid":1,"ask":2}') .. "]}"
  elseif line:find "/history/candles" then
    return 200, '{"candles":[]}'
  elseif line:find "/search" then
    return 200, '{"page":1,"pageSize":1000,"totalItems":0,"items":[]}'
  end
  return 200, '{"instrumentDisplayDatas":['
    .. items(ids, '{"instrumentID":@,"symbolFull":"S@"}') .. "]}"
end

local function quiet() end

local function start(fn, options)
  local api = scripted.new(fn or answer)
  options = options or {}
  options.on_event = options.on_event or quiet
  return api, api:client(options)
end

describe("the market's ceilings:", function()
  it("limits.instruments_batch ids of one request", function()
    local api, client = start()
    assert(client.instruments:many(numbers(50)))
    assert.equal(1, #api.lines)
    assert.equal(51, #assert(client.instruments:many(numbers(51))))
    assert.equal(3, #api.lines)
  end)

  it("limits.rates_batch ids of one request", function()
    local api, client = start()
    assert(client.market:rates(numbers(100)))
    assert.equal(1, #api.lines)
    assert.equal(101, #assert(client.market:rates(numbers(101))))
    assert.equal(3, #api.lines)
  end)

  it("limits.bars_between_max of a call with from", function()
    local api, client = start()
    local to = 1767225600
    local function read(count)
      return select(2, client.market:candles { instrumentId = 5, to = to,
        interval = "1min", from = to - 60 * count })
    end
    assert.is_not.equal("invalid", read(limits.bars_between_max).kind)
    local asked = #api.lines
    assert.is_true(asked > 0)
    local err = read(limits.bars_between_max + 1)
    assert.equal("invalid", err.kind)
    assert.matches("asks for 20001 bars", err.message)
    assert.equal(asked, #api.lines)
  end)

  it("limits.bars_max of one request, limits.default_bars unless asked",
    function()
      local api, client = start()
      client.market:candles { instrumentId = 5, count = 1000 }
      client.market:candles { instrumentId = 5 }
      assert.matches("/1000%f[^%d]", api.lines[1])
      assert.matches("/100%f[^%d]", api.lines[2])
      local _, err = client.market:candles { instrumentId = 5, count = 1001 }
      assert.equal("invalid", err.kind)
      assert.matches("must be at most 1000, got 1001", err.message)
      assert.equal(2, #api.lines)
    end)

  it("limits.symbol_max characters of a symbol", function()
    local api, client = start()
    local _, err = client.instruments:find(("Ä"):rep(100))
    assert.equal("unknown_symbol", err.code)
    api:clear()
    _, err = client.instruments:find(("Ä"):rep(101))
    assert.equal("invalid", err.kind)
    assert.matches("has 101 characters", err.message)
    for _, ask in ipairs { client.orders.open, client.orders.costs } do
      local _, refused = ask(client.orders, { symbol = ("x"):rep(101), transaction = "buy",
        amount = 5 })
      assert.matches("has 101 characters", refused.message)
    end
    assert.equal(0, #api.lines)
  end)

  it("limits.symbols_searched_max symbols, each searched for by itself",
    function()
      local api, client = start()
      local list = {}
      for i = 1, 20 do list[i] = "S" .. i end
      client.market:rates(list)
      assert.equal(0, count_of(api.lines, "/instruments%f[%s?\0]"))
      assert.is_true(count_of(api.lines, "/search") >= 20)
      list[21] = "S21"
      api, client = start()
      assert.equal(0, #assert(client.market:rates(list)))
      assert.is_true(#api.lines > 0)
      assert.is_true(count_of(api.lines, "/search") < 20)
    end)

  -- Of a search that finds nothing by the symbol, and so many by the text.
  local function near(count)
    local api, client = start(function(line)
      local list = {}
      for id = 1, line:find "searchText" and count or 0 do
        list[id] = ('{"instrumentId":%d,"internalSymbolFull":"N%02d"}')
          :format(id, id)
      end
      return 200, ('{"page":1,"pageSize":1000,"totalItems":%d,"items":[%s]}')
        :format(#list, table.concat(list, ","))
    end)
    return select(2, client.instruments:find "N"), api
  end

  it("limits.near_max of an unknown symbol, half of them named", function()
    assert.equal(10, #near(10).near)
    local err, api = near(11)
    assert.equal(10, #err.near)
    assert.equal(5, select(2, err.message:gsub("N%d%d", "")))
    -- limits.symbols_page, then limits.near_page
    assert.equal(1, count_of(api.lines, "internalSymbolFull=N&pageSize=1000$"))
    assert.equal(1, count_of(api.lines, "pageSize=100&searchText=N$"))
  end)

  it("limits.symbols_pages_max of a search without an end", function()
    local id = 0
    local api, client = start(function()
      local list = {}
      for i = 1, 20 do -- as many as limits.symbols_page_min
        id = id + 1
        list[i] = ('{"instrumentId":%d,"internalSymbolFull":"N%d"}')
          :format(id, id)
      end
      return 200, '{"items":[' .. table.concat(list, ",") .. "]}"
    end)
    local _, err = client.instruments:find "X"
    assert.matches("the search has no end", err.message)
    assert.equal(50, #api.lines)
  end)

  it("limits.symbols_page_min items of a page: fewer are the last", function()
    local api, client = start(function(line)
      local list = {}
      for id = 1, line:find "page=2" and 0 or 19 do
        list[id] = ('{"instrumentId":%d,"internalSymbolFull":"N%d"}')
          :format(id, id)
      end
      return 200, '{"items":[' .. table.concat(list, ",") .. "]}"
    end)
    assert(client.instruments:find "N7")
    assert.equal(1, #api.lines)
  end)

  it("limits.symbols_explained_max of one warning each", function()
    for count = 3, 4 do
      local warnings, list = 0, { 1001 }
      local _, client = start(nil, { on_event = function(event)
        if event.kind == "warning"
            and event.message:find "no instrument has the symbol" then
          warnings = warnings + 1
        end
      end })
      for i = 1, count do list[1 + i] = "S" .. i end
      assert(client.market:rates(list))
      assert.equal(3, warnings)
    end
  end)
end)

describe("the cache's ceilings:", function()
  local FOUND = '{"page":1,"pageSize":1000,"totalItems":1,"items":['
    .. '{"instrumentId":1001,"internalSymbolFull":"AAPL"}]}'

  it("limits.cache_lifetime of an instrument", function()
    local api, client = start(function() return 200, FOUND end)
    assert(client.instruments:find "AAPL")
    assert.equal(1, #api.lines)
    api:advance(86399)
    assert(client.instruments:find "AAPL")
    assert.equal(1, #api.lines)
    api:advance(1)
    assert(client.instruments:find "AAPL")
    assert.equal(2, #api.lines)
  end)

  it("limits.cache_missing_lifetime of an unknown symbol", function()
    local api, client = start()
    client.instruments:find "NONE"
    local count = #api.lines
    api:advance(299)
    client.instruments:find "NONE"
    assert.equal(count, #api.lines)
    api:advance(1)
    client.instruments:find "NONE"
    assert.equal(2 * count, #api.lines)
  end)

  it("limits.cache_file_max of its file", function()
    local folder = process.scratch()
    local api, client = start(function() return 200, FOUND end,
      { instrument_cache = { path = folder } })
    assert(client.instruments:find "AAPL")
    client:close()
    local path = process.run({ "find", folder, "-type", "f" }).stdout:match "[^\n]+"
    local file = assert(io.open(path, "rb"))
    local text = file:read "a"
    file:close()
    for extra = 0, 1 do
      file = assert(io.open(path, "wb"))
      file:write((" "):rep(2 ^ 24 + extra - #text), text)
      file:close()
      api:clear()
      client = api:client { instrument_cache = { path = folder } }
      assert(client.instruments:find "AAPL")
      assert.equal(extra, #api.lines)
      client:close()
    end
    process.remove(folder)
  end)
end)

describe("the eligibility of orders", function()
  it("takes limits.eligibility_max instruments", function()
    local api, client = start(function() return 200, '{"eligibilities":[]}' end)
    client.orders:eligibility { instrumentIds = numbers(100) }
    assert.equal(1, #api.lines)
    local _, err = client.orders:eligibility { instrumentIds = numbers(101) }
    assert.equal("invalid", err.kind)
    assert.matches("must together be 1 to 100, got 101", err.message)
    assert.equal(1, #api.lines)
  end)
end)
