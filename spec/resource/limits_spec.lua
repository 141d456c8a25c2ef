-- Ceilings of calls that are cut into several, each at its limit and one past
-- it: lua/etoro/values/limits.lua.
local scripted = require "spec.support.scripted"

local function numbers(count)
  local list = {}
  for i = 1, count do list[i] = i end
  return list
end

describe("a call that is cut into several", function()
  local warnings, under_way, most

  local function start()
    warnings, under_way, most = {}, 0, 0
    local api = scripted.new(function()
      return 200, '{"instrumentDisplayDatas":[]}'
    end)
    return api, api:client { max_connections = 100, on_event = function(event)
      if event.kind == "warning" then warnings[#warnings + 1] = event.message
      elseif event.kind == "queued" then
        under_way = under_way + 1
        most = math.max(most, under_way)
      elseif event.kind == "done" then under_way = under_way - 1 end
    end }
  end

  it("has limits.batch_requests_max on their way at a time", function()
    for parts, together in pairs { [8] = 8, [9] = 8, [20] = 8 } do
      local api, client = start()
      assert(client.instruments:many(numbers(50 * parts)))
      assert.equal(parts, #api.lines)
      assert.equal(together, most)
    end
  end)

  it("names limits.missing_told_max of what is missing", function()
    local _, client = start()
    assert(client.instruments:many(numbers(10)))
    assert.matches("for 1, 2, 3, 4, 5, 6, 7, 8, 9, 10$", warnings[1])
    assert(client.instruments:many(numbers(11)))
    assert.matches("9, 10 and 1 more$", warnings[2])
  end)
end)
