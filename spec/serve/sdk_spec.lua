-- What the protocol's own client says, and whether it takes what it is answered.
-- sdk.jsonl is what npm's @modelcontextprotocol/sdk 1.32.2 said in the steps of
-- sdk.mjs. With MCP_SDK, a folder of node_modules, that client runs;
-- `make check-mcp`.
local etoro = require "etoro"
local json = require "etoro.values.json"
local process = require "spec.support.process"
local support_server = require "spec.support.server"

local MODULES = os.getenv "MCP_SDK"

describe("the protocol's own client", function()
  it("is answered, line by line", function()
    local box = etoro.sandbox.new { now = function() return 1772800000 end,
      limits = false }
    local answers, prepared = {}, nil
    local server = etoro.serve.new { writes = true,
      client = assert(box:client { rails = {}, on_event = function() end }),
      write = function(line)
        local answer = json.decode(line)
        answers[answer.id] = answer
        local content = answer.result and answer.result.content
        prepared = prepared or content
          and json.decode(content[1].text).prepared
      end }
    box:run(function()
      for line in io.lines "spec/serve/sdk.jsonl" do
        server:line((line:gsub("PREPARED", prepared or "PREPARED")))
        local is_awaited = not line:find '"name":"equity"'
        while is_awaited and server:busy() > 0 do etoro.sleep(0.05) end
      end
      while server:busy() > 0 do etoro.sleep(0.05) end
    end)
    assert.equal("2025-11-25", answers[0].result.protocolVersion)
    assert.same({}, answers[1].result)
    assert.is_true(#answers[2].result.tools > 70)
    for id = 3, 9 do assert.equal(id == 5, answers[id].result.isError, id) end
    assert.same(json.decode(answers[7].result.content[1].text).order.orderId,
      json.decode(answers[8].result.content[1].text).order.orderId)
    assert.equal(-32602, answers[10].error.code)
    assert.is_nil(answers[11]) -- it was given up
    assert.same({}, answers[12].result)
  end)

  if MODULES then
    it("takes what it is answered", function()
      local server, dir = support_server.start { limits = false }, process.scratch()
      finally(function()
        server:stop()
        process.remove(dir)
      end)
      local rails = dir .. "/rails.json"
      local file = assert(io.open(rails, "w"))
      file:write '{"max_order_usd":500}'
      file:close()
      local done = process.run { "node", "spec/serve/sdk.mjs", MODULES,
        "sh", "spec/support/lua.sh", "src/command/etoro", "serve", "--stdio",
        "--rails", rails, "--audit", dir .. "/audit.jsonl",
        env = { ETORO_BASE_URL = server.url, ETORO_API_KEY = "sandbox-api-key",
          ETORO_USER_KEY = "sandbox-user-key" } }
      assert.equal(0, done.code, done.stdout .. done.stderr)
      assert.truthy(done.stdout:find "%d+ tools")
    end)
  end
end)
