-- For loading_spec: a box in this process, and a door that closes when the
-- first write arrives. From then on nothing can be loaded: the folder is
-- another, the paths lead nowhere, and whoever looks for a module is told of.
--   sealed.lua calls NAME...    operations of the table, by call and request
--   sealed.lua flow NAME        one of the flows below
local etoro = require "etoro"
local samples = require "spec.support.samples"
local uv = require "luv"

local late = {}
local is_sealed = false

local function seal()
  if is_sealed then return end
  is_sealed = true
  package.path, package.cpath = "./nowhere/?.lua", "./nowhere/?.so"
  local function look(name)
    late[#late + 1] = debug.traceback("looks for " .. name, 2)
    error("module '" .. name .. "' not found: the door is closed")
  end
  for i = #package.searchers, 1, -1 do package.searchers[i] = nil end
  package.searchers[1] = look
  for _, name in ipairs { "loadfile", "dofile" } do rawset(_G, name, look) end
  rawset(package, "loadlib", look)
  assert(uv.chdir "/")
end

local FAULTS = {
  { fault = "lost_reply" }, { fault = "cut_before" }, { fault = "truncate" },
  { fault = "stall" }, { fault = "status", status = 500 },
  { fault = "status", status = 429, body = "{}" },
  { fault = "status", status = 400, body = { errorCode = "X", message =
    "the reference id exists already: OrderID 900123" } },
  { fault = "status", status = 401 }, { fault = "status", status = 409 },
  { fault = "status", status = 200, body = "{" },
  { fault = "status", status = 200, body = "" },
  { fault = "status", status = 200, body = { orderId = 17 } },
  { fault = "html", status = 502 }, { fault = "redirect" },
  false, -- none
}

local box = etoro.sandbox.new { now = function() return 1767225600 end,
  limits = false }
local client

local function connect(options)
  local all = { account = "real", rate_limit = false, timeout = 5,
    deadline = 60, journal = assert(os.getenv "JOURNAL"),
    on_event = function(event)
      if event.kind == "sent" and event.method ~= "GET" then seal() end
    end }
  for name, value in pairs(options or {}) do all[name] = value end
  client = assert(box:client(all))
end

local handle, on_write = box.handle, nil
function box.handle(self, request)
  if request.method ~= "GET" then
    seal()
    local act = on_write
    on_write = nil
    if act then act() end
  end
  return handle(self, request)
end

local function script(fault)
  box:clear_faults()
  if not fault then return end
  local one = { route = "* *" }
  for field, value in pairs(fault) do one[field] = value end
  assert(box.faults:add(one))
end

-- Looks at what came out as people do.
local function look_at(ok, result, response)
  if not ok then
    late[#late + 1] = "raised: " .. tostring(result)
  elseif result == nil then
    assert(tostring(response) .. response .. etoro.encode(response))
  else
    assert(etoro.encode(result))
    assert(type(response) ~= "table" or response.headers ~= result)
  end
end

local function each_fault(fn)
  for _, fault in ipairs(FAULTS) do
    script(fault)
    look_at(pcall(fn))
  end
  script(false)
end

-- Cancelled and closed while the write is out.
local function broken_off(fn)
  look_at(pcall(function()
    local result, response
    etoro.run(function()
      local task = etoro.spawn(function() result, response = fn() end)
      on_write = function() task:cancel() end
      pcall(task.wait, task)
    end)
    return result or false, response or { headers = {} }
  end))
  on_write = function() client:close() end
  look_at(pcall(fn))
end

local function calls(names)
  connect()
  for _, name in ipairs(names) do
    local op = etoro.operations[name]
    each_fault(function() return client:call(name, samples.params(op)) end)
    local path = op.path:gsub("{[%w_]+}", "7")
    each_fault(function()
      return client:request { method = op.method, path = path,
        body = op.body_kind ~= "multipart" and op.body
          and samples.params(op).body or nil }
    end)
  end
  local op = etoro.operations[names[1]]
  broken_off(function() return client:call(names[1], samples.params(op)) end)
end

local ORDER = { instrumentId = 1001, transaction = "buy", amount = 100,
  leverage = 1 }
local SCOPES = { "etoro-public:trade.real:read" }

local function portfolio_named(name)
  return client.portfolios:create { investmentAmountInUsd = 2000,
    agentPortfolioName = name, userTokenName = "bot", scopeNames = SCOPES }
end

local flows = {}

function flows.orders()
  each_fault(function() return client.orders:open(ORDER) end)
  each_fault(function()
    return client.orders:open(ORDER, { precheck = false,
      on_unknown = "report", settle = 1 })
  end)
  local order = assert(client.orders:open(ORDER))
  look_at(true, order:wait())
  look_at(true, order:positions())
  look_at(true, order:refresh())
  each_fault(function() return order:cancel() end)
  look_at(true, client.orders:recover())
  look_at(true, client.orders:costs(ORDER))
  look_at(true, client.orders:eligibility { instrumentIds = { 1001 } })
  look_at(true, client.positions:list())
  broken_off(function() return client.orders:open(ORDER) end)
end

function flows.call_then_look()
  local name = "POST /api/v2/trading/execution/orders"
  look_at(true, client:call(name, { body = { action = "open",
    transaction = "buy", instrumentId = 1001, amount = 100, leverage = 1,
    settlementType = "real", orderCurrency = "usd", orderType = "mkt" } }))
  look_at(true, client.orders:recover())
  look_at(true, client.positions:list())
end

function flows.positions()
  for _ = 1, 3 do assert(client.orders:open(ORDER)) end
  box:advance(30)
  local function first()
    script(false)
    return assert(client.positions:list())[1]
  end
  for _, fault in ipairs(FAULTS) do
    for _, act in ipairs {
      function(p) return p:close { units = 0.01 } end,
      function(p) return p:edit { stopLossRate = 1 } end,
      function(p) return p:close() end,
    } do
      local position = first()
      if position then
        script(fault)
        look_at(pcall(act, position))
      end
    end
  end
  script(false)
  look_at(true, client.orders:recover())
  assert(client.orders:open(ORDER))
  box:advance(30)
  broken_off(function() return first():close() end)
end

function flows.portfolios()
  local count = 0
  each_fault(function()
    count = count + 1
    return portfolio_named("Many" .. 10 + count)
  end)
  local portfolio = assert(portfolio_named "LastOne")
  each_fault(function()
    return portfolio:create_token { userTokenName = "more",
      scopeNames = SCOPES }
  end)
  local token = portfolio.userTokens[1]
  each_fault(function() return token:update { expiresAt = etoro.null } end)
  each_fault(function() return token:revoke() end)
  look_at(true, portfolio:refresh())
  each_fault(function() return portfolio:delete() end)
  broken_off(function() return portfolio_named "Broken" end)
end

-- Money that moves, and what is asked of it afterwards.
function flows.money()
  local transfers, copying, subaccounts = client.transfers, client.copying,
    client.subaccounts
  local accounts = {}
  for _, one in ipairs(assert(client.balances:get()).balances) do
    accounts[one.accountType] = one
  end
  local function pay()
    return transfers:create { sourceAccount = accounts.trading,
      destinationAccount = accounts.cash, amount = 5, currency = "USD" }
  end
  local function copy()
    return copying:start({ parentCID = 31000101, amount = 300 }, { wait = 3 })
  end
  look_at(true, client:recover())
  each_fault(pay)
  each_fault(copy)
  each_fault(function() return copying:stop(1, { wait = 1 }) end)
  each_fault(function() return subaccounts:create "mybot1" end)
  each_fault(function()
    return subaccounts:transfer("sub", { amountInUsd = 5,
      direction = "ToSubAccount" })
  end)
  look_at(true, client:recover { settle = 1 })
  broken_off(pay)
  broken_off(copy)
end

function flows.social()
  local post = assert(client.posts:create { message = "hello" })
  each_fault(function() return client.posts:create { message = "again" } end)
  each_fault(function() return post:comment "yes" end)
  each_fault(function() return post:like() end)
  each_fault(function() return post:delete() end)
end

function flows.watchlists()
  local list = assert(client.watchlists:create { name = "mine" })
  each_fault(function() return list:add_items { 1001 } end)
  each_fault(function() return list:rename "yours" end)
  each_fault(function() return list:delete() end)
end

-- The function that gives the token is asked again after a 401, between two
-- attempts of a write.
function flows.renewal()
  client:close()
  box = etoro.sandbox.new { now = function() return 1767225600 end,
    limits = false, access_tokens = { "first", "second" } }
  handle = box.handle
  box.handle = function(self, request)
    if request.method ~= "GET" then seal() end
    return handle(self, request)
  end
  local asked = 0
  connect { access_token = function()
    asked = asked + 1
    return asked % 2 == 1 and "first" or "second"
  end }
  each_fault(function()
    return client:call("POST /api/v2/trading/execution/orders", { body = {
      action = "open", transaction = "buy", instrumentId = 1001,
      amount = 100, leverage = 1, settlementType = "real",
      orderCurrency = "usd", orderType = "mkt" } })
  end)
  assert(asked > 1, "the token was not asked for again")
end

if arg[1] == "calls" then
  calls { table.unpack(arg, 2) }
else
  connect()
  flows[arg[2]]()
end
assert(is_sealed, "no write arrived")
for _, text in ipairs(late) do io.stderr:write(text, "\n") end
os.exit(#late == 0)
