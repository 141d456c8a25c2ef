-- The C programs of spec/core, which `make programs` builds, all end with 0.

local function lines_of(command)
  local lines = {}
  local pipe = assert(io.popen(command))
  for line in pipe:lines() do
    lines[#lines + 1] = line
  end
  return lines, pipe:close()
end

describe("the core's test program #memory", function()
  local folder = (os.getenv("BUILD") or "build") .. "/spec/core/"

  for _, source in ipairs(lines_of("ls spec/core/test_*.c")) do
    local name = source:match("test_[%w_]+")
    it(name .. " passes", function()
      local output, ok, how, code = lines_of("'" .. folder .. name .. "' 2>&1")
      local passed = ok and how == "exit" and code == 0
      assert.is_truthy(passed, table.concat(output, "\n"))
    end)
  end
end)
