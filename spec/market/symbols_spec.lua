local scripted = require "spec.support.scripted"

local SEARCH = "GET /api/v1/market-data/search?fields=instrumentId,"
  .. "internalInstrumentId,internalSymbolFull,symbol,displayname,"
  .. "internalInstrumentDisplayName"

local function item(id, symbol, name)
  return ('{"instrumentId":%d,"internalSymbolFull":"%s","displayname":"%s"}')
    :format(id, symbol, name or symbol)
end

-- Items whose symbol or name contains what was asked for, as the API does it.
local CATALOGUE = {
  { 1001, "AAPL", "Apple" }, { 1, "AAPL.24-7", "Apple 24/7" },
  { 2, "AAPL.EUR", "Apple in EUR" }, { 3, "TWO", "Two" }, { 4, "TWO", "Too" },
  { 5, "VOLb.ST", "Volvo B" }, { 6, "VOLB.ST", "Vol Bond" }, { 7, "B", "Bee" },
  { -100000, "AAPL", "Pseudo" }, { 0, "ZERO", "Zero" },
}

local function answer(line)
  local symbol = line:match "internalSymbolFull=([^&]*)"
  local text = line:match "searchText=([^&]*)"
  local items = {}
  for _, one in ipairs(CATALOGUE) do
    if symbol and one[2]:find(scripted.unescape(symbol), 1, true)
        or text
        and one[3]:lower():find(scripted.unescape(text):lower(), 1, true) then
      items[#items + 1] = item(one[1], one[2], one[3])
    end
  end
  return 200, ('{"page":1,"pageSize":1000,"totalItems":%d,"items":[%s]}')
    :format(#items, table.concat(items, ","))
end

local function start(fn, options)
  local api = scripted.new(fn or answer)
  return api, api:client(options)
end

-- One answer with these items.
local function fixed(...)
  local text = '{"totalItems":9,"pageSize":1000,"items":['
    .. table.concat({ ... }, ",") .. "]}"
  return function() return 200, text end
end

describe("etoro.instruments find", function()
  it("takes the exact symbol alone, in any case", function()
    local api, client = start()
    local found = assert(client.instruments:find "AAPL")
    assert.same({ instrumentID = 1001, symbolFull = "AAPL",
      instrumentDisplayName = "Apple" }, found)
    assert.equal(1001, found.instrumentId)
    assert.same({ SEARCH .. "&internalSymbolFull=AAPL&pageSize=1000" },
      api.lines)
    assert.equal(2, assert(client.instruments:find "aapl.eur").instrumentID)
    -- as written, which this API does not find, then in upper case
    assert.equal(3, #api.lines)
  end)

  it("prefers the very spelling where symbols differ in case", function()
    local _, client = start()
    assert.equal(5, assert(client.instruments:find "VOLb.ST").instrumentID)
    assert.equal(6, assert(client.instruments:find "VOLB.ST").instrumentID)
    local _, other = start(fixed(item(5, "VOLb.ST"), item(6, "VOLB.ST")))
    local none, err = other.instruments:find "volb.st"
    assert.is_nil(none)
    assert.equal("ambiguous", err.code)
  end)

  it("takes names where only prices are read, whole ones that one alone has",
    function()
      local api, client = start()
      local apple = assert(client.instruments:find_named "aPPle")
      assert.same({ 1001, "AAPL", "Apple" }, { apple.instrumentID, apple.symbolFull,
        apple.instrumentDisplayName })
      local asked = #api.lines
      assert(client.instruments:find_named "aPPle")
      assert.equal(asked, #api.lines) -- it is remembered
      -- a symbol goes before a name, and what is a part of one is none
      assert.equal(7, assert(client.instruments:find_named "B").instrumentID)
      local none, err = client.instruments:find_named "Appl"
      assert.is_nil(none)
      assert.equal("unknown_symbol", err.code)
      assert.equal("no instrument has the symbol or name 'Appl'; near it are AAPL"
        .. " (Apple, 1001), AAPL.EUR (Apple in EUR, 2), AAPL.24-7 (Apple 24/7, 1)",
        err.message)
      -- what is called so is no symbol for an order
      none, err = client.instruments:find "aPPle"
      assert.is_nil(none)
      assert.equal("unknown_symbol", err.code)
      assert.equal(1001, err.near[1].instrumentID)
    end)

  it("guesses nothing where several have one name", function()
    local _, client = start(fixed(item(11, "GLD", "Gold"), item(12, "XAU", "GOLD")))
    local none, err = client.instruments:find_named "gold"
    assert.is_nil(none)
    assert.equal("ambiguous", err.code)
    assert.equal("more than one instrument is called 'gold': GLD (Gold, 11), XAU (GOLD,"
      .. " 12); name the one you mean by its id", err.message)
    assert.equal(12, assert(client.instruments:find_named "GOLD").instrumentID)
  end)

  it("reads all that a name may be among", function()
    local function pages(line)
      local page = tonumber(line:match "[?&]page=(%d+)") or 1
      local size = tonumber(line:match "pageSize=(%d+)")
      local items = {}
      if line:find "searchText" then
        for i = (page - 1) * size + 1, math.min(page * size, 1500) do
          items[#items + 1] = item(i, "S" .. i, i == 1 and "Gold" or i == 1500
            and "gold" or "Gold fund " .. i)
        end
      end
      return 200, ('{"page":%d,"pageSize":%d,"totalItems":%d,"items":[%s]}'):format(
        page, size, line:find "searchText" and 1500 or 0, table.concat(items, ","))
    end
    local _, client = start(pages)
    local none, err = client.instruments:find_named "GOLD"
    assert.is_nil(none)
    assert.equal("ambiguous", err.code)
    assert.equal(1500, assert(client.instruments:find_named "gold").instrumentID)
  end)

  it("lists the near ones of an unknown symbol", function()
    local api, client = start()
    local none, err = client.instruments:find "AAP"
    assert.is_nil(none)
    assert.equal("not_found", err.kind)
    assert.equal("unknown_symbol", err.code)
    assert.same({ "AAPL", "AAPL.EUR", "AAPL.24-7" }, { err.near[1].symbolFull,
      err.near[2].symbolFull, err.near[3].symbolFull })
    assert.equal(3, #err.near)
    assert.matches("near it are AAPL (Apple, 1001)", err.message, 1, true)
    assert.equal(SEARCH .. "&pageSize=100&searchText=AAP", api.lines[2])
    none, err = client.instruments:find "apple"
    assert.is_nil(none)
    assert.equal("AAPL", err.near[1].symbolFull)
    none, err = client.instruments:find "QQQQQQ"
    assert.is_nil(none)
    assert.same({}, err.near)
    assert.matches("no instrument has the symbol 'QQQQQQ'", tostring(err), 1,
      true)
  end)

  it("refuses a symbol of two instruments, and names them", function()
    local _, client = start()
    local none, err = client.instruments:find "TWO"
    assert.is_nil(none)
    assert.equal("invalid", err.kind)
    assert.equal("ambiguous", err.code)
    assert.equal(2, #err.near)
    assert.matches("TWO (Two, 3), TWO (Too, 4)", err.message, 1, true)
  end)

  it("has no pseudo instruments", function()
    local _, client = start()
    local none, err = client.instruments:find "ZERO"
    assert.is_nil(none)
    assert.equal("unknown_symbol", err.code)
  end)

  it("reads items that have keys twice, or one id of two", function()
    local _, client = start(fixed(
      '{"instrumentId":5,"instrumentId":5,"internalSymbolFull":"X"}',
      '{"instrumentId":5,"internalSymbolFull":"X","displayname":"again"}'))
    assert.equal(5, assert(client.instruments:find "X").instrumentID)
    _, client = start(fixed('{"internalInstrumentId":6,"symbol":"Y"}',
      '{"instrumentId":null,"internalInstrumentId":6,"symbol":"Y"}'))
    local found = assert(client.instruments:find "Y")
    assert.equal(6, found.instrumentID)
    assert.is_nil(found.instrumentDisplayName)
  end)

  it("reads past items that are none", function()
    local _, client = start(fixed("null", "5", '"X"', "[]",
      '{"instrumentId":{},"internalSymbolFull":"X"}',
      '{"instrumentId":"junk","internalSymbolFull":"X"}',
      '{"instrumentId":3,"internalSymbolFull":7}',
      '{"instrumentId":"12","internalSymbolFull":"X","displayname":[]}'))
    assert.equal(12, assert(client.instruments:find "X").instrumentID)
  end)

  it("reads on where the one is on a later page", function()
    local api, client = start(function(line)
      local page = tonumber(line:match "[?&]page=(%d+)" or 1)
      local items = {}
      for i = 1, 3 do
        local number = page * 3 + i - 3
        items[i] = item(number, number == 8 and "A" or "A" .. number)
      end
      return 200, ('{"page":%d,"pageSize":3,"totalItems":9,"items":[%s]}')
        :format(page, table.concat(items, ","))
    end)
    assert.equal(8, assert(client.instruments:find "A").instrumentID)
    assert.equal(3, #api.lines)
  end)

  it("reads all pages of a server that gives less than it is asked for",
    function()
      for _, way in ipairs { '"pageSize":1000,"totalItems":100,',
        '"totalItems":100,', "" }
      do
        local api, client = start(function(line)
          local page = tonumber(line:match "[?&]page=(%d+)" or 1)
          local asked = tonumber(line:match "pageSize=(%d+)")
          local items, first = {}, (page - 1) * asked
          for number = first + 1, math.min(first + 30, 100) do
            items[#items + 1] = item(number, number == 77 and "A"
              or "A" .. number)
          end
          return 200, "{" .. way .. '"items":[' .. table.concat(items, ",")
            .. "]}"
        end)
        assert.equal(77, assert(client.instruments:find "A").instrumentID)
        assert.equal(4, #api.lines)
      end
    end)

  it("ends where pages never do", function()
    local number = 0
    local api, client = start(function()
      number = number + 1
      return 200, '{"pageSize":1,"totalItems":99999,"items":['
        .. item(number, "A" .. number) .. "]}"
    end)
    local none, err = client.instruments:find "A"
    assert.is_nil(none)
    assert.equal("protocol", err.kind)
    assert.equal(50, #api.lines)
    api, client = start(function()
      return 200, '{"pageSize":1,"totalItems":99,"items":['
        .. item(1, "A1") .. "]}"
    end)
    none, err = client.instruments:find "A"
    assert.is_nil(none)
    assert.equal("protocol", err.kind)
    assert.equal(2, #api.lines)
  end)

  it("gives the errors of the call, and remembers none of them", function()
    local status = 403
    local api, client = start(function(line)
      if status then return status, "{}" end
      return answer(line)
    end)
    for given, kind in pairs { [403] = "scope", [404] = "not_found" } do
      status = given
      local none, err = client.instruments:find "AAPL"
      assert.is_nil(none)
      assert.equal(kind, err.kind)
      assert.is_nil(err.near)
    end
    status = nil
    assert(client.instruments:find "AAPL")
    for _, body in ipairs { "{}", "[]", "5", '{"items":5}' } do
      api.answer = function() return 200, body end
      local none, err = client.instruments:find "OTHER"
      assert.is_nil(none)
      assert.equal("protocol", err.kind)
    end
  end)

  it("refuses what is no symbol", function()
    local api, client = start()
    for _, bad in ipairs { "", "  ", "A\nB", "A\0", "\255", ("A"):rep(101) } do
      local none, err = client.instruments:find(bad)
      assert.is_nil(none)
      assert.equal("invalid", err.kind)
      assert.equal("symbol", err.field)
    end
    assert.has_error(function() client.instruments:find(5) end,
      "symbol: string expected, got number")
    assert.has_error(function() client.instruments:find() end)
    assert.equal(0, #api.lines)
  end)

  it("sends a symbol escaped", function()
    local api, client = start()
    client.instruments:find "A&b=1/#%"
    assert.matches("internalSymbolFull=A%26b%3D1%2F%23%25&pageSize",
      api.lines[1], 1, true)
  end)

  it("looks into the older API's list, which has no search", function()
    local api, client = start(function()
      return 200, '{"data":{"instruments":[{"instrumentID":1001,'
        .. '"symbolFull":"AAPL"},{"instrumentID":3,"symbolFull":"AAPL.X"}]}}'
    end, { api = "sor-v3", access_token = "token" })
    assert.equal(1001, assert(client.instruments:find "aapl").instrumentID)
    assert.same({ "GET /instruments" }, api.lines)
  end)
end)
