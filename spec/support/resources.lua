-- Everything that users call methods of, and the methods, as they are at run
-- time: M.subjects() gives { name =, page =, methods = { name = function },
-- of = a function that gives it for a client }.
local sandbox = require "etoro.sandbox"

local M = {}

local UUID = "10000000-0000-4000-8000-000000000001"

--- The resources of a client, in order.
M.RESOURCES = { "account", "alerts", "applications", "balances", "cash", "clubs",
  "copying", "feeds", "instruments", "lists", "market", "notifications", "orders",
  "people", "pi_data", "portfolios", "positions", "posts", "subaccounts", "transfers",
  "watchlists" }

-- What they give, by the name that pages call it by: the page, and how to
-- come by one.
local OBJECTS = {
  alert = { "alerts", function(client) return client.alerts:by_id(UUID) end },
  comment = { "posts", function(client)
    return client.posts:by_id(UUID):comment_by_id "1"
  end },
  order = { "orders", function(client)
    return require("etoro.trading.order").wrap({ orderId = 1 }, client)
  end },
  portfolio = { "portfolios", function(client)
    return require("etoro.agents.portfolios").wrap({}, client)
  end },
  position = { "positions", function(client)
    return require("etoro.trading.position").wrap({ positionID = 1 }, client)
  end },
  post = { "posts", function(client) return client.posts:by_id(UUID) end },
  reply = { "posts", function(client)
    return client.posts:by_id(UUID):comment_by_id("1"):reply_by_id "2"
  end },
  token = { "portfolios", function(client)
    return require("etoro.agents.tokens").wrap({}, client,
      require("etoro.agents.portfolios").wrap({}, client))
  end },
  watchlist = { "watchlists", function(client)
    return client.watchlists:by_id(UUID)
  end },
}

-- The table of methods behind an object; where a function finds fields under
-- other spellings too, it is an upvalue of that.
local function methods_of(object)
  local index = getmetatable(object).__index
  if type(index) == "table" then return index end
  for number = 1, 255 do
    local name, value = debug.getupvalue(index, number)
    if name == "methods" then return value end
    if not name then error "no table of methods" end
  end
end

local function public(methods)
  local found = {}
  for name, value in pairs(methods) do
    if type(value) == "function" and name:sub(1, 1) ~= "_" then
      found[name] = value
    end
  end
  return found
end

--- All of them, by name: "client.orders", "order", "client"...
function M.subjects()
  local client = assert(sandbox.new():client())
  local found = { client = { name = "client", page = "client",
    methods = public(methods_of(client)), of = function(own) return own end } }
  for _, name in ipairs(M.RESOURCES) do
    local methods = public(methods_of(client[name]))
    found["client." .. name] =
      { name = "client." .. name, page = name, methods = methods,
        of = function(own) return own[name] end }
  end
  for name, object in pairs(OBJECTS) do
    found[name] = { name = name, page = object[1],
      methods = public(methods_of(object[2](client))), of = object[2] }
  end
  client:close()
  return found
end

return M
