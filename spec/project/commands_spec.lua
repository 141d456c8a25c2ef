-- Every block of commands in README.md and doc/ runs in a checkout against a sandbox,
-- each on its own and from a new state; it has an end. What a page's blocks have kept
-- is there for those behind them, and for no other page's.
local checkout = require "spec.support.checkout"
local docs = require "spec.support.docs"
local server = require "spec.support.server"

local PAGES = { "README.md", table.unpack(docs.pages "doc") }

describe("the commands of #slow", function()
  local sandbox, place

  setup(function()
    sandbox = server.start { limits = false }
    place = checkout.new "checkout"
    place:must { "make", "-s", "install", "PREFIX=" .. place.folder .. "/own" }
  end)

  teardown(function()
    sandbox:stop()
    place:remove()
  end)

  local function run(block)
    local path = place.folder .. "/own/bin:" .. os.getenv "PATH"
    return docs.run_sh(block, sandbox, place, path)
  end

  for _, page in ipairs(PAGES) do
    describe(page, function()
      setup(function() place:move() end)

      for _, block in ipairs(docs.blocks(page)) do
        if block.language == "sh" then
          it(("line %d"):format(block.line), function() run(block) end)
        end
      end
    end)
  end

  it("a page with a command that fails", function()
    local block = { language = "sh", line = 7, page = "none",
      text = "etoro check\netoro call 'GET /api/v1/no'\netoro check\n" }
    assert.error_matches(function() run(block) end,
      "none, block at line 7: code 2\nok .*etoro: ")
  end)
end)
