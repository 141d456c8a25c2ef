-- The time in which what was lost is looked for.
local limits = require "etoro.values.limits"
local looks = require "etoro.tasks.looks"
local scripted = require "spec.support.scripted"

describe("looks at what was lost", function()
  local api, client
  before_each(function()
    api = scripted.new(function() return 200, "{}" end)
    client = api:client { deadline = 60 }
  end)
  after_each(function() client:close() end)

  -- Seconds that they go on, and how many there are.
  local function spent(...)
    local round, count, began = looks.lost(client, ...), 0, client:now()
    while round:next() do count = count + 1 end
    return client:now() - began, count
  end

  it("go on for limits.default_settle seconds, or as long as they are told", function()
    assert.equal(10, limits.default_settle)
    assert.near(10, (spent(client:now())), 0.01)
    assert.near(3, (spent(client:now(), { settle = 3 })), 0.01)
    assert.near(20, (spent(client:now(), { settle = 3 }, 20)), 0.01)
  end)

  it("end with the call's deadline", function()
    local began = client:now()
    api:advance(55)
    assert.near(5, (spent(began)), 0.01)
    assert.near(2, (spent(client:now(), { deadline = 2 }, 20)), 0.01)
  end)

  it("may each be held by a rate limit until the call's deadline", function()
    local round = looks.lost(client, client:now())
    assert(round:next())
    assert.near(60, round:options().deadline, 0.01)
    api:advance(59.9)
    assert.near(0.5, round:options().deadline, 0.01)
    round = looks.new(client, 10)
    assert(round:next())
    assert.near(10, round:options().deadline, 0.01)
  end)

  it("are one at least", function()
    local began = client:now()
    api:advance(100)
    local seconds, count = spent(began)
    assert.same({ 0, 1 }, { seconds, count })
    seconds, count = spent(client:now(), { settle = 0 })
    assert.same({ 0, 1 }, { seconds, count })
  end)
end)
