-- Ceilings and defaults of a client's options, each at its limit and one past
-- it: lua/etoro/values/limits.lua.
local etoro = require "etoro"
local options = require "etoro.client.options"
local scripted = require "spec.support.scripted"

local function refused(name, value)
  local ok, message = pcall(etoro.client, { api_key = "a", user_key = "u",
    [name] = value })
  assert.is_false(ok)
  assert.matches("bad option '" .. name .. "'", message, 1, true)
end

local function taken(name, value)
  local client = assert(etoro.client { api_key = "a", user_key = "u",
    [name] = value })
  client:close()
end

describe("a client's options", function()
  it("have defaults", function()
    local settled = assert(options.settle({ api_key = "a", user_key = "u" }, 1))
    assert.same({
      default_timeout = 30, default_deadline = 300, default_connect_timeout = 10,
      default_max_retries = 4, default_max_connections = 8,
      default_max_body = 67108864,
    }, {
      default_timeout = settled.timeout, default_deadline = settled.deadline,
      default_connect_timeout = settled.connect_timeout,
      default_max_retries = settled.max_retries,
      default_max_connections = settled.max_connections,
      default_max_body = settled.max_body,
    })
  end)

  it("are in seconds from limits.seconds_min to limits.option_max", function()
    for _, name in ipairs { "timeout", "deadline", "connect_timeout" } do
      taken(name, 0.001)
      refused(name, 0.00099)
      taken(name, 2 ^ 40)
      refused(name, 2 ^ 40 + 1)
    end
    taken("max_body", 2 ^ 40)
    refused("max_body", 2 ^ 40 + 1)
  end)

  it("allow limits.retries_max and limits.connections_max", function()
    for _, name in ipairs { "max_retries", "max_connections" } do
      taken(name, 1000)
      refused(name, 1001)
    end
  end)

  it("allow a pool limits.pool_limit_max requests and seconds", function()
    taken("rate_limit", { default = 1000000, window = 1000000 })
    refused("rate_limit", { default = 1000001 })
    refused("rate_limit", { window = 1000001 })
    taken("rate_limit", { default = { limit = 1, window = 0.001 } })
    refused("rate_limit", { default = { limit = 1, window = 0.00099 } })
  end)

  it("hold for a call as well", function()
    local client = scripted.new(function() return 200, "{}" end):client()
    assert(client:request({ path = "/x" }, { timeout = 2 ^ 40,
      max_retries = 1000, deadline = 2 ^ 40 }))
    for name, value in pairs { timeout = 2 ^ 40 + 1, max_retries = 1001 } do
      assert.is_false((pcall(client.request, client, { path = "/x" },
        { [name] = value })))
    end
  end)
end)
