-- The rails of what was lost: of a day's loss, of a drawdown, of the time after either.
local etoro = require "etoro"
local process = require "spec.support.process"
local railed = require "spec.support.railed"
local times = require "etoro.values.times"

local START = railed.START
local order, refused = railed.order, railed.refused

describe("the rails of a client that loses", function()
  local box, dir

  before_each(function() box, dir = railed.new() end)
  after_each(function() process.remove(dir) end)

  local function client_with(rails, more)
    return railed.client(box, rails, more)
  end

  -- Rails that have seen better days.
  local function after_loss(rails, kept)
    local journal = dir .. "/journal"
    local file = assert(io.open(journal .. ".rails", "w"))
    file:write(etoro.encode(kept), "\n")
    file:close()
    return client_with(rails, { journal = journal })
  end

  it("stop entries after a day's loss, until the next day", function()
    local today = START // times.DAY
    local client = after_loss({ max_day_loss_usd = 500 },
      { day = today, first = 100499.99 })
    assert(client.orders:open(order()))
    client:close()
    client = after_loss({ max_day_loss_usd = 500 },
      { day = today, first = 100500.5 })
    local text = refused("max_day_loss_usd", client.orders:open(order()))
    assert.truthy(text:find("USD lost today, at most 500.00 USD", 1, true))
    box:advance(times.DAY)
    assert(client.orders:open(order()))
  end)

  it("hold a day's loss against the day when equity is back", function()
    local kept = { day = START // times.DAY, first = 100600, lowest = 99900 }
    local client = after_loss({ max_day_loss_usd = 701 }, kept)
    assert(client.orders:open(order()))
    client:close()
    client = after_loss({ max_day_loss_usd = 650 }, kept)
    refused("max_day_loss_usd", client.orders:open(order()))
    box:advance(times.DAY)
    assert(client.orders:open(order()))
  end)

  it("begin the day with the first look at what the account is worth", function()
    local journal = dir .. "/journal"
    local client = client_with({ max_day_loss_usd = 500 }, { journal = journal })
    local function first()
      local kept = require("etoro.values.kept").read(journal .. ".rails")
      return kept and kept.first
    end
    assert.is_nil(first())
    local worth = assert(client.account:equity()).equity
    assert.equal(worth, first())
    railed.hold(box, 20000, "TSLA")
    local later
    for _ = 1, 40 do -- until the price has moved
      box:advance(600)
      later = assert(client.account:equity()).equity
      if math.abs(later - worth) > 1 then break end
    end
    assert.is_true(math.abs(later - worth) > 1)
    assert.equal(worth, first())
    box:advance(times.DAY)
    later = assert(client.account:equity()).equity
    assert.equal(later, first())
  end)

  it("stop entries in a drawdown, for the cool-down", function()
    local client = after_loss({ max_drawdown = 0.1, cool_down = 3600 },
      { day = START // times.DAY, highest = 111200 })
    refused("max_drawdown", client.orders:open(order()))
    box:advance(3500)
    refused("max_drawdown", client.orders:open(order()))
    box:advance(200)
    assert(client.orders:open(order()))
    client:close()
    client = after_loss({ max_drawdown = 0.1 },
      { day = START // times.DAY, highest = 111000 })
    assert(client.orders:open(order()))
  end)

  it("stop entries after a day's loss all day, however short the cool-down",
    function()
    local rails = { max_day_loss_usd = 500, max_drawdown = 0.9, cool_down = 3600 }
    local client = after_loss(rails,
      { day = START // times.DAY, first = 100600, highest = 100600 })
    local left = times.DAY - START % times.DAY
    local function try(seconds)
      box:advance(seconds)
      refused("max_day_loss_usd", client.orders:open(order()))
    end
    try(0)
    try(3500)
    try(200) -- the cool-down is over
    client:close()
    client = client_with(rails, { journal = dir .. "/journal" })
    try(200)
    try(left - 3900 - 60)
    box:advance(61) -- and nothing of it is left on the next day
    assert(client.orders:open(order()))
  end)

  it("cool down after a day's loss, into the next day", function()
    local client = after_loss({ max_day_loss_usd = 500, cool_down = times.DAY },
      { day = START // times.DAY, first = 100600 })
    refused("max_day_loss_usd", client.orders:open(order()))
    box:advance(times.DAY - 10)
    local text = refused("cool_down", client.orders:open(order()))
    assert.truthy(text:find "cool_down: %d+ s are left")
    box:advance(20)
    assert(client.orders:open(order()))
  end)

  it("are none where a cool-down follows nothing", function()
    assert.has_error(function() client_with { cool_down = 60 } end,
      "bad rail 'cool_down': it follows max_day_loss_usd or max_drawdown")
  end)
end)
