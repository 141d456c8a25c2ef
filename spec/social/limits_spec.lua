-- Ceilings of people's data, at their limit and one past it:
-- lua/etoro/values/limits.lua.
local scripted = require "spec.support.scripted"

describe("a list of people", function()
  it("is asked for by limits.people_batch users a request", function()
    local api = scripted.new(function() return 200, '{"users":[]}' end)
    local client = api:client { on_event = function() end }
    for count, requests in pairs { [50] = 1, [51] = 2, [100] = 2, [101] = 3 } do
      local cids = {}
      for i = 1, count do cids[i] = i end
      api:clear()
      assert(client.people:list { cidList = cids })
      assert.equal(requests, #api.lines)
    end
  end)
end)
