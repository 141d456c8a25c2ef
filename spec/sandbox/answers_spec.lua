-- What the sandbox makes up where it has no model: by the document, under its
-- seed, and with its own people and instruments in it.
local box = require "spec.support.box"
local process = require "spec.support.process"

local PEOPLE = "/api/v1/user-info/people"
local CASH = "/api/v1/money/accounts/cash"
local PATHS = { "/api/v1/clubs", "/api/v1/curated-lists",
  "/api/v1/pi-data/copiers", CASH, CASH .. "/eligibility",
  PEOPLE .. "?usernames=tidewatcher", PEOPLE .. "/tidewatcher/tradeinfo"
    .. "?period=CurrYear", PEOPLE .. "/search?period=CurrYear" }

local function get(b, path)
  local status, body, _, answer = b:ask("GET", path)
  assert.equal(200, status)
  return body, answer.body
end

local function texts_of(b, paths)
  local texts = {}
  for i, path in ipairs(paths) do
    texts[i] = select(2, get(b, path))
  end
  return texts
end

describe("what the sandbox makes up", function()
  it("is the same each time, whatever was asked between", function()
    local b = box.new { limits = false }
    local first = texts_of(b, PATHS)
    assert.same(first, texts_of(b, PATHS))
    b = box.new { limits = false }
    for i = #PATHS, 1, -1 do
      assert.equal(first[i], select(2, get(b, PATHS[i])))
    end
  end)

  it("is another world under another seed", function()
    local one = texts_of(box.new { limits = false }, PATHS)
    for _, seed in ipairs { 2, 0, -7, 2 ^ 53, -2 ^ 53, 1.0 } do
      local other = texts_of(box.new { limits = false, seed = seed }, PATHS)
      for i, path in ipairs(PATHS) do
        assert.equal(seed == 1, one[i] == other[i], path)
      end
    end
  end)

  it("holds instruments that there are", function()
    local b = box.new { limits = false }
    for _, list in ipairs(get(b, "/api/v1/curated-lists").curatedLists) do
      assert.matches("^%x+%-%x+%-4%x+%-%x+%-%x+$", list.uuid)
      for _, item in ipairs(list.items) do
        local found = get(b, ("/api/v1/market-data/instruments"
          .. "?instrumentIds=%d"):format(item.instrumentId))
        assert.equal(1, #found.instrumentDisplayDatas)
      end
    end
  end)

  it("tells the same of a person on every page and in every answer", function()
    local b = box.new { limits = false }
    local search = PEOPLE .. "/search?period=CurrYear"
    for i, person in ipairs(get(b, search).items) do
      local alone = get(b, ("%s&pageSize=1&page=%d"):format(search, i))
      assert.same(person, alone.items[1])
      local info = get(b, ("%s/%s/tradeinfo?period=CurrYear"):format(PEOPLE,
        person.userName))
      for name, value in pairs(info) do
        assert.equal(person[name], value, name)
      end
    end
    local together = get(b, PEOPLE .. "?usernames=harborlight,tidewatcher").users
    assert.same(together[2],
      get(b, PEOPLE .. "?usernames=tidewatcher").users[1])
  end)

  it("pays with cards that the account has", function()
    local b = box.new { limits = false }
    local account = get(b, CASH).accounts[1]
    local cards, sums = 0, {}
    assert.is_true(account.cards[1].expirationDate > "2027")
    for _, one in ipairs(get(b, ("%s/%s/transactions"):format(CASH,
      account.id)).results)
    do
      assert.is_nil(sums[one.amount])
      sums[one.amount] = true
      if one.transactionType == "card" then
        cards = cards + 1
        assert.equal(account.cards[1].id, one.cardTransactionDetails.cardId)
      else
        assert.equal(box.null, one.cardTransactionDetails)
      end
    end
    assert.is_true(cards > 0)
  end)

  it("is loaded when it is asked for", function()
    local done = process.run { os.getenv "LUA" or "lua5.4", "-e", [[
      local sandbox = require "etoro.sandbox"
      local box = sandbox.new()
      local name = "etoro.sandbox.answers.specs"
      local before = package.loaded[name]
      box:handle { method = "GET", path = "/api/v1/clubs", headers = {
        ["x-api-key"] = "sandbox-api-key", ["x-user-key"] = "sandbox-user-key",
        ["x-request-id"] = "0b9f5b04-1fc4-492a-a2c2-02731caf3ce4" } }
      io.write(tostring(before == nil), " ", type(package.loaded[name]))]] }
    assert.equal("true table", done.stdout)
  end)
end)
