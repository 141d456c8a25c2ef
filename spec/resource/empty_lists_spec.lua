-- What is a list is one in JSON as well, where there is nothing in it.
local etoro = require "etoro"

describe("an empty list of a resource #lua", function()
  local client
  before_each(function() client = assert(etoro.sandbox.new():client()) end)

  for name, read in pairs {
    positions = function() return client.positions:list() end,
    ["results of closes"] = function() return client.positions:close_all() end,
    orders = function() return client.orders:list() end,
    copies = function() return client.copying:list() end,
    ["agent-portfolios"] = function() return client.portfolios:list() end,
    ["figures that are missing"] = function()
      return assert(client.account:equity()).missing
    end,
    ["figures that differ"] = function()
      return assert(client.account:equity()).differences
    end,
    ["rates that are missing"] = function()
      return assert(client.market:rates { "AAPL" }).missing
    end,
  } do
    it("is one of " .. name, function()
      assert.equal("[]", etoro.encode(assert(read())))
    end)
  end
end)
