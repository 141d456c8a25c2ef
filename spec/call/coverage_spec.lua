local coverage = require "spec.support.coverage"
local operations = require "etoro.operations"

describe("of the documented operations #lua", function()
  local count
  setup(function() count = coverage.count() end)

  it("all are answered by the sandbox", function()
    print("\n" .. coverage.line(count))
    assert.equal(146, count.total)
    assert.same({}, count.unanswered)
    assert.equal(146, #count.modelled + #count.fixture)
  end)

  it("all have a method, save the deprecated ones", function()
    local missing = {}
    for _, name in ipairs(count.call) do
      if not operations[name].deprecated then
        missing[#missing + 1] = name
      end
    end
    assert.same({}, missing)
  end)
end)
