-- Whose budget it is, and what a call says that finds no room in it a second
-- time. Under a driven clock.
local core = require "etoro.core"
local etoro = require "etoro"
local scripted = require "spec.support.scripted"

local ME = "GET /api/v1/me"
local LIMIT = { default = 10, window = 60 }

local function left(client) return client:budget().default.left end

local function call(client, times)
  for _ = 1, times do assert(client:call(ME)) end
end

describe("a budget is shared #memory", function()
  local api

  before_each(function()
    api = scripted.new(function() return 200, "{}" end)
  end)

  local function with(options)
    local all = { rate_limit = LIMIT }
    for name, value in pairs(options) do all[name] = value end
    return api:client(all)
  end

  -- Who is one account, each by its name, and the options that tell it.
  local OWNERS = {
    ["user key"] = { { user_key = "first-user-key" },
      { user_key = "second-user-key" } },
    ["user key, whatever the API key,"] = {
      { api_key = "other-api-key", user_key = "first-user-key" },
      { api_key = "other-api-key", user_key = "second-user-key" } },
    bearer = { { access_token = "first-token" },
      { access_token = core.secret "second-token" } },
  }

  for owner, who in pairs(OWNERS) do
    it("by the clients of one " .. owner .. " and no others", function()
      local first, again = with(who[1]), with(who[1])
      local other = with(who[2])
      call(first, 4)
      assert.same({ 6, 6, 10 }, { left(first), left(again), left(other) })
      call(again, 6)
      assert.same({ 0, 0, 10 }, { left(first), left(again), left(other) })
      call(other, 10)
      local began = first._runtime.engine:now()
      assert.equal(0, began)
      call(first, 1)
      assert.equal(60, first._runtime.engine:now())
    end)

    it("with clients of one " .. owner .. " that are gone", function()
      local first = with(who[1])
      local engine = first._runtime.engine
      call(first, 10)
      engine:advance(20)
      first:close()
      first = nil -- luacheck: ignore
      collectgarbage()
      collectgarbage()
      call(with(who[2]), 1) -- which lets go of what is over
      local again = with(who[1])
      assert.equal(0, left(again))
      call(again, 1)
      assert.equal(60, engine:now())
    end)
  end

  it("by nobody where a function gives the token", function()
    local function token() return "first-token", 3600 end
    local first, again = with { access_token = token },
      with { access_token = token }
    call(first, 4)
    assert.same({ 6, 10 }, { left(first), left(again) })
  end)
end)

describe("a call that finds no room for its next attempt #memory", function()
  local DELETE = "DELETE /api/v1/agent-portfolios/{agentPortfolioId}"

  -- The error of a call that is out of time before its second attempt.
  local function fails(fault, name)
    local box = etoro.sandbox.new { limits = false,
      now = function() return 1767225600 end }
    local client = box:client { rate_limit = { default = 1, window = 60 } }
    fault.times = 0
    assert(box.faults:add(fault))
    local result, err = client:call(name or ME, name and {
      agentPortfolioId = "2f1c6f0e-7d62-4d5c-9a3b-0c1d2e3f4a5b" }, {
      deadline = 30, timeout = 10 })
    assert.is_nil(result)
    assert.equal(1, err.attempts)
    assert.equal(1, box.arrivals.count)
    assert.equal(30, client._runtime.engine:now())
    assert.is_nil(err.message:find("nothing was sent", 1, true), err.message)
    return err
  end

  it("says that its first one has got no answer", function()
    for _, fault in ipairs { "lost_reply", "cut_before", "stall" } do
      local err = fails { fault = fault }
      assert.same({ "timeout", "deadline", false, true }, { err.kind,
        err.code, err.may_have_executed, err.retryable })
    end
  end)

  it("says that a write may have been carried out", function()
    local err = fails({ fault = "lost_reply" }, DELETE)
    assert.equal("deadline", err.code)
    assert.is_true(err.may_have_executed)
  end)

  it("gives the answer that its first one has got", function()
    local err = fails { fault = "status", status = 503, body = "" }
    assert.same({ "server", 503 }, { err.kind, err.status })
  end)
end)
