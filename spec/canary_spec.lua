local process = require "spec.support.process"
local server = require "spec.support.server"

local API_KEY = "canary-api-7f3a9c51e0"
local USER_KEY = "canary-user-b2d84e6f19"

describe("keys and tokens", function()
  local sandbox

  setup(function()
    sandbox = server.start { limits = false, api_key = API_KEY,
      user_key = USER_KEY }
  end)

  teardown(function() sandbox:stop() end)

  before_each(function() sandbox:clear() end)

  -- Runs a Lua program and looks for each secret in all that it wrote.
  local function search(argv)
    argv.env = { ETORO_BASE_URL = sandbox.url, ETORO_API_KEY = API_KEY,
      ETORO_USER_KEY = USER_KEY }
    local done = process.run(argv)
    local output = done.stdout .. done.stderr
    local secrets = { [API_KEY] = true, [USER_KEY] = true }
    for _, request in ipairs(sandbox:arrivals()) do
      local sent = request.headers["x-user-key"]
      if sent then secrets[sent] = true end
    end
    local count = 0
    for secret in pairs(secrets) do
      count = count + 1
      assert(not output:find(secret, 1, true), "a secret was shown: " .. secret)
    end
    return done, count
  end

  it("never appear in values, errors, events or messages", function()
    local refused = "http://127.0.0.1:" .. process.free_port()
    local done, count = search { os.getenv "LUA" or "lua5.4",
      "spec/support/canary.lua", sandbox.url, refused }
    assert(done.code == 0, done.stderr)
    assert.truthy(done.stdout:find("etoro.secret(****)", 1, true))
    assert.is_true(count >= 3, "an agent's token was used")
  end)

  for _, name in ipairs { "agent_portfolio", "events" } do
    it("never appear in the output of examples/" .. name .. ".lua", function()
      local done = search { os.getenv "LUA" or "lua5.4",
        "examples/" .. name .. ".lua" }
      assert(done.code == 0, done.stderr)
      assert.truthy(done.stdout:find "%w")
    end)
  end
end)
