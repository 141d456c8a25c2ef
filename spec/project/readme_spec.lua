-- Every program in README.md and doc/ runs against a sandbox, each on its own and from
-- a new state. The commands are in commands_spec.lua.
local docs = require "spec.support.docs"
local server = require "spec.support.server"

local PAGES = { "README.md", table.unpack(docs.pages "doc") }

describe("the blocks of #lua", function()
  local sandbox

  setup(function()
    sandbox = server.start { limits = false }
  end)

  teardown(function()
    sandbox:stop()
  end)

  for _, page in ipairs(PAGES) do
    describe(page, function()
      for number, block in ipairs(docs.blocks(page)) do
        local name = ("%d, line %d"):format(number, block.line)
        local reason = docs.lacks(block)
        if reason then
          pending(("%s: %s"):format(name, reason))
        elseif block.language ~= "sh" then
          it(name, function() docs.check(block, sandbox) end)
        end
      end
    end)
  end

  it("a page that promises what it does not print", function()
    local block = { language = "lua", line = 1, page = "none",
      text = "print(1) --> 2\n" }
    assert.has_error(function() docs.check(block, sandbox) end,
      "none, block at line 1: did not print '2' but\n1\n")
  end)

  it("a page that complains on stderr", function()
    local block = { language = "lua", line = 1, page = "none",
      text = "io.stderr:write 'oh'" }
    assert.has_error(function() docs.check(block, sandbox) end,
      "none, block at line 1: on stderr: oh")
  end)
end)
