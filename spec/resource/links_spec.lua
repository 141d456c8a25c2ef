-- Which client a table's methods call through: one link for all rows of a
-- list, until one of them has something of its own to remember.

local links = require "etoro.resource.links"
local scripted = require "spec.support.scripted"

local function position(id)
  return ('{"positionID":%d,"instrumentID":1001,"mirrorID":0,"units":1}')
    :format(id)
end

-- A client whose portfolio has so many positions.
local function start(count)
  local list = {}
  for i = 1, count do list[i] = position(i) end
  local api = scripted.new(function()
    return 200, '{"clientPortfolio":{"positions":['
      .. table.concat(list, ",") .. "]}}"
  end)
  return api:client(), api
end

local function link(item) return links.of(item, "item:method") end

describe("rows of a list", function()
  it("share one link of their client", function()
    local client, other = start(50), start(2)
    local list, again = client.positions:list(), client.positions:list()
    for _, item in ipairs(list) do
      assert.equal(link(again[1]), link(item))
      assert.equal(client, link(item).client)
    end
    local theirs = other.positions:list()
    assert.equal(other, link(theirs[1]).client)
    assert.equal(client, link(list[1]).client)
  end)

  it("share one whatever they are, where they have nothing but a client",
    function()
    local client, other = start(1), start(1)
    local first, second, third = links.link({}, client), links.link({}, client),
      links.link({}, other)
    assert.equal(link(first), link(second))
    assert.not_equal(link(first), link(third))
    links.finish(first, "deleted", "alert")
    assert.is_nil(links.ended(link(second)))
    assert.equal("deleted", links.ended(link(first)).code)
    local child = links.link({}, client, second)
    assert.equal(second, link(child).parent)
    assert.is_nil(link(second).parent)
  end)

  it("call through the client that they came from", function()
    local client, api = start(2)
    local other, apart = start(2)
    local mine, theirs = client.positions:list(), other.positions:list()
    api:clear()
    apart:clear()
    assert(mine[1]:refresh())
    assert.equal(1, #api.lines)
    assert(theirs[2]:refresh())
    assert.equal(1, #apart.lines)
  end)

  it("have a link of their own for what is of one of them", function()
    local client = start(3)
    local list = client.positions:list()
    local shared = link(list[1])
    assert.is_false((pcall(function() shared.is_closed = true end)))
    links.own(list[2], "item:method").is_closed = true
    assert.is_true(list[2]:is_closed())
    assert.is_false(list[1]:is_closed())
    assert.is_false(list[3]:is_closed())
    assert.equal(client, link(list[2]).client)
    assert.equal(links.own(list[2], "item:method"), link(list[2]))
    assert.equal(shared, link(list[1]))
    links.finish(list[3], "deleted", "position")
    assert.equal("closed", links.ended(link(list[3])).kind)
    assert.is_nil(links.ended(link(list[1])))
  end)

  it("hold their client, and only as long as they live", function()
    local seen = setmetatable({}, { __mode = "v" })
    local function list()
      local client = start(3)
      seen.client = client
      return client.positions:list()
    end
    local rows = list()
    collectgarbage()
    collectgarbage()
    assert.equal(seen.client, link(rows[1]).client)
    assert(rows[1]:refresh())
    rows = nil -- luacheck: ignore
    for _ = 1, 4 do collectgarbage() end
    assert.is_nil(seen.client)
  end)

  it("are refused as self where they are none", function()
    local client = start(1)
    local list = client.positions:list()
    for _, wrong in ipairs { {}, setmetatable({}, {}), "positions", 5 } do
      local ok, message = pcall(list[1].is_closed, wrong)
      assert.is_false(ok)
      assert.matches("bad self: call this as position:is_closed", message)
    end
  end)
end)

describe("ids", function()
  local holdings = require "etoro.trading.account.holdings"

  it("are the same as numbers and as digits, and in no other way", function()
    for _, pair in ipairs { { 7, "7" }, { 7.0, "7" }, { 7, 7.0 }, { -7, "-7" },
        { math.maxinteger, "9223372036854775807" }, { 2.0 ^ 53,
        "9007199254740992" }, { "18446744073709551616",
        "18446744073709551616" } } do
      assert.is_true(holdings.is_same(pair[1], pair[2]))
      assert.is_true(holdings.is_same(pair[2], pair[1]))
    end
    for _, pair in ipairs { { 7, "07" }, { 7, "7.0" }, { 7, " 7" },
        { 7, "0x7" }, { 7, "7e0" }, { 7, "+7" }, { 7, 8 }, { 7.5, 7 },
        { 2 ^ 53 | 0, 2 ^ 53 + 1 | 0 | 1 }, { "9007199254740993", 2.0 ^ 53 },
        { "9223372036854775808", math.mininteger } } do
      assert.is_false(holdings.is_same(pair[1], pair[2]))
      assert.is_false(holdings.is_same(pair[2], pair[1]))
    end
  end)

  it("of one position in two lists are one position", function()
    local mirror = { mirrorID = 44, positions = { { positionID = "5" },
      { positionID = 6.0, mirrorID = 9 } } }
    local list = holdings.positions { positions = { { positionID = 5 },
      { positionID = 5.0, a = 1 }, { positionId = 7 }, { b = 1 }, { b = 2 } },
      mirrors = { mirror, { mirrorID = 45, positions = {
        { positionID = 5 }, { positionID = 8 } } } } }
    assert.same({ { positionID = 5, mirrorID = 44 }, { positionId = 7 },
      { b = 1 }, { b = 2 }, { positionID = 6.0, mirrorID = 9 },
      { positionID = 8, mirrorID = 45 } }, list)
  end)
end)
