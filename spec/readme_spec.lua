local process = require "spec.support.process"
local server = require "spec.support.server"

-- Fenced blocks of README.md: { language =, text =, line = }.
local function read_blocks()
  local blocks, open = {}, nil
  local number = 0
  for line in io.lines "README.md" do
    number = number + 1
    local fence = line:match "^ *```(.*)$"
    if fence and open then
      blocks[#blocks + 1] = open
      open = nil
    elseif fence then
      open = { language = fence, line = number, text = "" }
    elseif open then
      open.text = open.text .. line .. "\n"
    end
  end
  return blocks
end

describe("README.md", function()
  local sandbox, scratch

  setup(function()
    sandbox = server.start { limits = false }
    scratch = process.scratch()
  end)

  teardown(function()
    sandbox:stop()
    process.remove(scratch)
  end)

  before_each(function() sandbox:reset() end)

  local function run_lua(block)
    local path = scratch .. "/block.lua"
    local file = assert(io.open(path, "w"))
    -- so that line numbers in messages are those of README.md
    file:write(("\n"):rep(block.line), block.text)
    file:close()
    local done = process.run { os.getenv "LUA" or "lua5.4", path, timeout = 60,
      input = "n\n",
      env = { ETORO_BASE_URL = sandbox.url, ETORO_ACCESS_TOKEN = false,
        ETORO_API_KEY = "sandbox-api-key",
        ETORO_USER_KEY = "sandbox-user-key" } }
    assert(done.code == 0, done.stdout .. done.stderr)
  end

  -- Commands are for the reader's machine: they are parsed, not run, and the
  -- targets of make have to exist.
  local function check_sh(block)
    local done = process.run { "sh", "-n", input = block.text }
    assert(done.code == 0, done.stderr)
    for line in block.text:gmatch "[^\n]+" do
      local rest = line:match "^%s*make%f[%s\n\0](.*)$"
        or line:match "&& make%f[%s\n\0](.*)$"
      if rest then
        local words = { "make", "-n", "BUILD=" .. scratch .. "/build" }
        for word in rest:gsub("#.*", ""):gmatch "%S+" do
          words[#words + 1] = word
        end
        done = process.run(words)
        assert(done.code == 0, line .. ": " .. done.stderr)
      end
    end
  end

  for number, block in ipairs(read_blocks()) do
    it(("block %d, line %d"):format(number, block.line), function()
      if block.language == "lua" then
        run_lua(block)
      elseif block.language == "sh" then
        check_sh(block)
      else
        assert.is_true(block.language == "text", "language of the block")
      end
    end)
  end
end)
