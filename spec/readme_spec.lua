-- Every block of README.md and of doc/: programs run against a sandbox, each
-- on its own and from a new state.
local docs = require "spec.support.docs"
local process = require "spec.support.process"
local server = require "spec.support.server"

local PAGES = { "README.md", table.unpack(docs.pages "doc") }

describe("the blocks of #lua", function()
  local sandbox, scratch

  setup(function()
    sandbox = server.start { limits = false }
    scratch = process.scratch()
  end)

  teardown(function()
    sandbox:stop()
    process.remove(scratch)
  end)

  for _, page in ipairs(PAGES) do
    describe(page, function()
      for number, block in ipairs(docs.blocks(page)) do
        it(("%d, line %d"):format(number, block.line), function()
          docs.check(block, sandbox, scratch)
        end)
      end
    end)
  end

  it("a page that promises what it does not print", function()
    local block = { language = "lua", line = 1, page = "none",
      text = "print(1) --> 2\n" }
    assert.has_error(function() docs.check(block, sandbox, scratch) end,
      "none, block at line 1: did not print '2' but\n1\n")
  end)

  it("a page that complains on stderr", function()
    local block = { language = "lua", line = 1, page = "none",
      text = "io.stderr:write 'oh'" }
    assert.has_error(function() docs.check(block, sandbox, scratch) end,
      "none, block at line 1: on stderr: oh")
  end)
end)
