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

local OFFERS = {
  { name = "etoro", code = 'require "etoro"' },
  { name = "client", code = "assert(etoro.client())" },
  { name = "portfolio", code = [[assert(client.portfolios:create {
    investmentAmountInUsd = 2000, agentPortfolioName = "Readme1",
    userTokenName = "readme",
    scopeNames = { "etoro-public:trade.demo:write" } })]] },
  { name = "token", code = "portfolio.userTokens[1]" },
}

local function is_free_name(text, name)
  local word = "%f[%w_]" .. name .. "%f[^%w_]"
  return text:find(word) and not text:find("local [%w_, ]*" .. word)
    and not text:find("for [%w_, ]*" .. word .. "[%w_, ]* in ")
end

-- What a block uses without making it, and what that needs in turn: one
-- line, so that line numbers in messages are those of README.md.
local function prelude(text)
  local most = 0
  for number, offer in ipairs(OFFERS) do
    if is_free_name(text, offer.name) then most = number end
  end
  local parts = {}
  for number = 1, most do
    local offer = OFFERS[number]
    parts[number] = ("local %s = %s "):format(offer.name, offer.code)
  end
  return (table.concat(parts):gsub("%s+", " "))
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
    file:write(("\n"):rep(block.line - 1), prelude(block.text), "\n",
      block.text)
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
