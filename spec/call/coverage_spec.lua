local coverage = require "spec.support.coverage"
local operations = require "etoro.operations"

-- The same as client.copying:stop sends as a POST.
local DONE_BY_ANOTHER = { ["DELETE /api/v2/trading/copy"] = true,
  ["DELETE /api/v2/trading/copy/demo"] = true }

describe("of the operations of all documents #lua", function()
  local count
  setup(function() count = coverage.count() end)

  it("all are answered by the sandbox", function()
    print("\n" .. coverage.line(count))
    assert.equal(146 + 61, count.total)
    assert.same({}, count.unanswered)
    assert.equal(count.total, #count.modelled + #count.fixture)
  end)

  it("all have a literal request line", function()
    assert.same({}, count.unwritten)
  end)

  it("all have a method, save the deprecated ones", function()
    local missing = {}
    for _, name in ipairs(count.call) do
      if not operations[name].deprecated and not DONE_BY_ANOTHER[name] then
        missing[#missing + 1] = name
      end
    end
    assert.same({}, missing)
  end)
end)
