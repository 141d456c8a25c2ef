local raises = require "spec.support.raises"
local sandbox = require "etoro.sandbox"
local scripted = require "spec.support.scripted"

local KINDS = { "following", "for_you", "news", "saved", "market",
  "instrument", "users", "user", "pinned" }
local OF_KIND = { market = { marketId = 1001 },
  instrument = { marketId = "1" }, users = { userId = 7890 },
  user = { userId = "7890" }, pinned = { userId = 7890 } }

local function params_of(kind, more)
  local params = more or {}
  for name, value in pairs(OF_KIND[kind] or {}) do params[name] = value end
  return params
end

describe("client.feeds", function()
  local api, client, answer
  before_each(function()
    answer = '{"discussions":[{"id":"p1","post":{"id":"p1"}}],"paging":{},'
      .. '"metadata":{"streamType":"x"}}'
    api = scripted.new(function() return 200, answer end)
    client = api:client { max_retries = 0 }
  end)
  after_each(function() client:close() end)

  it("reads each kind four ways, all alike", function()
    for _, kind in ipairs(KINDS) do
      api:clear()
      local posts, response = client.feeds:page(params_of(kind,
        { kind = kind }))
      assert.equal("p1", posts[1].id)
      assert.equal("x", response.meta.metadata.streamType)
      assert.equal("p1", client.feeds[kind](client.feeds,
        params_of(kind))[1].id)
      assert.equal("p1", client.feeds:each(params_of(kind,
        { kind = kind }))().id)
      assert.equal("p1", client.feeds["each_" .. kind](client.feeds,
        params_of(kind))().id)
      assert.equal(4, #api.lines)
      for i = 2, 4 do assert.equal(api.lines[1], api.lines[i]) end
    end
  end)

  it("knows the kind by what is given", function()
    for line, params in pairs { ["for-you"] = {},
      ["markets/1001"] = { marketId = 1001 }, ["users/5"] = { userId = 5 } }
    do
      api:clear()
      client.feeds:each(params)()
      assert.same({ "GET /api/v1/feeds/" .. line }, api.lines)
    end
    api:clear()
    client.feeds:each()()
    assert.same({ "GET /api/v1/feeds/for-you" }, api.lines)
  end)

  it("gives posts that can be acted on", function()
    local post = client.feeds:each { kind = "news" }()
    answer = ""
    local result, err = post:like()
    assert.is_nil(result)
    assert.matches("postId is 'p1', which is not a UUID", err.message)
  end)

  it("takes ids that are numbers, and no others", function()
    local function refused(message, params)
      local result, err = client.feeds:page(params)
      assert.is_nil(result)
      assert.equal("invalid", err.kind)
      assert.equal(message, err.message)
      local ok
      ok, err = pcall(function() client.feeds:each(params)() end)
      assert.is_false(ok)
      assert.equal(message, err.message)
      assert.same({}, api.lines)
    end
    for id, message in pairs { [0] = "must be at least 1, got 0",
      [-1] = "must be at least 1, got -1",
      ["0"] = "must be at least 1, got 0",
      [1.5] = "is '1.5', which is not a whole number",
      ["9223372036854775808"] =
        "is 9223372036854775808, which has more than 64 bits" }
    do
      refused("userId " .. message, { kind = "users", userId = id })
      refused("userId " .. message, { kind = "pinned", userId = id })
      refused("marketId " .. message, { kind = "market", marketId = id })
    end
    refused("userId is 'sandy', which is not a whole number",
      { userId = "sandy" })
    refused("marketId is '..', which is no id", { marketId = ".." })
    refused("take must be from 1 to 100, got 0", { take = 0 })
    refused("offset must be at least 0, got -1", { offset = -1 })
    client.feeds:page { marketId = "9223372036854775807" }
    client.feeds:page { marketId = "BRK.B" }
    assert.same({ "GET /api/v1/feeds/markets/9223372036854775807",
      "GET /api/v1/feeds/markets/BRK.B" }, api.lines)
  end)

  it("raises for what a program got wrong", function()
    raises(function() client.feeds:each { kind = "newz" } end,
      "unknown feed 'newz' (did you mean 'news'?)")
    raises(function() client.feeds:page { kind = 5 } end, "unknown feed '5'")
    raises(function() client.feeds:each { kind = "users" } end,
      "missing parameter 'userId'")
    raises(function() client.feeds:market() end,
      "missing parameter 'marketId'")
    raises(function() client.feeds:news { userId = 5 } end,
      "unknown parameter 'userId'")
    raises(function() client.feeds:page { limit = 5 } end,
      "unknown parameter 'limit'")
    raises(function() client.feeds:each "news" end,
      "parameters must be a table, got string")
    raises(function() client.feeds.each { kind = "news" } end,
      "bad self: call this as client.feeds:each(...), with a colon")
    assert.same({}, api.lines)
  end)

  it("goes through the sandbox's news, page by page", function()
    local box = sandbox.new { limits = false,
      now = function() return 1767225600 end }
    local boxed = assert(box:client { rate_limit = false })
    local seen, all = {}, 0
    for post in boxed.feeds:each { kind = "news", take = 3 } do
      assert.is_nil(seen[post.id])
      assert.equal("string", type(post.post.message.text))
      seen[post.id], all = true, all + 1
    end
    assert.is_true(all > 3)
    local some = 0
    for _ in boxed.feeds:each { kind = "news", limit = 2 } do
      some = some + 1
    end
    assert.equal(2, some)
    boxed:close()
  end)
end)
