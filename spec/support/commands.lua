-- Each command of the etoro command, with arguments that work: what specs of all
-- of them go by. A command of the parser that is not in this list is a fault.
local core = require "etoro.core"
local parser = require "etoro.command.parser"
local process = require "spec.support.process"
local tree = require "etoro.command.tree"

local M = {}

---@class spec.World what a command is run against
---@field server table a sandbox
---@field client etoro.Client
---@field dir string for files
---@field count integer of files made there

--- The environment of commands in a world: nothing of the user's own.
---@param world spec.World
---@return table
function M.env(world)
  return { ETORO_BASE_URL = world.server.url, ETORO_API_KEY = "sandbox-api-key",
    ETORO_USER_KEY = "sandbox-user-key", HOME = world.dir,
    XDG_CACHE_HOME = world.dir, XDG_CONFIG_HOME = world.dir,
    XDG_DATA_HOME = world.dir, XDG_STATE_HOME = world.dir }
end

local function file(world)
  world.count = world.count + 1
  return ("%s/%d.key"):format(world.dir, world.count)
end

local function text(id) return ("%d"):format(id) end

local function position(world)
  local order = assert(world.client.orders:open { symbol = "AAPL", amount = 100,
    transaction = "buy", leverage = 1 })
  assert(order:wait())
  world.server:advance(5) -- the portfolio shows it late
  local all = assert(world.client.positions:list())
  return text(all[#all].positionId)
end

local function resting(world)
  local order = assert(world.client.orders:open { symbol = "BTC", amount = 100,
    transaction = "buy", leverage = 1, orderType = "mit", triggerRate = 1000 })
  world.server:advance(5)
  return text(order.orderId)
end

local function portfolio(world)
  world.count = world.count + 1
  local made = assert(world.client.portfolios:create {
    investmentAmountInUsd = 2000, agentPortfolioName = "Port" .. world.count + 10,
    userTokenName = "first", scopeNames = { "etoro-public:real:read" } })
  world.server:advance(5)
  return made.agentPortfolioId, made.userTokens[1].userTokenId
end

local PERSON = "harborlight"

-- A copy of somebody: his name, and the request's reference.
local function copy(world)
  local person = assert(world.client.people:get(PERSON))
  local made = assert(world.client.copying:start({ parentCID = person.realCID,
    amount = 250 }, { wait = 0 }))
  world.server:advance(10)
  return PERSON, made.referenceID
end

local function transfer(world)
  local routes = assert(world.client.transfers:eligibility())
  return text(assert(world.client.transfers:create {
    sourceAccount = routes[1].sourceAccount, amount = 25, currency = "USD",
    destinationAccount = routes[1].destinationAccounts[1] }).transferId)
end

local function alert(world)
  return assert(world.client.alerts:create { symbol = "AAPL", targetPrice = 10 })
    .alertId
end

local function watchlist(world)
  world.count = world.count + 1
  local list = assert(world.client.watchlists:create { name = "L" .. world.count })
  assert(list:add_items { 1001 })
  return list.name
end

-- A journal of an order that nobody heard of again.
local function journal(world)
  world.count = world.count + 1
  local path = ("%s/%d.jsonl"):format(world.dir, world.count)
  local client = assert(world.server:client { journal = path })
  assert(client.orders:open { symbol = "AAPL", amount = 100, transaction = "buy",
    leverage = 1 })
  client:close()
  local kept = {}
  for line in io.lines(path) do
    if not line:find('"outcome"', 1, true) then kept[#kept + 1] = line .. "\n" end
  end
  local out = assert(io.open(path, "w"))
  out:write(table.concat(kept))
  out:close()
  return path
end

-- Bars, and a strategy, for what needs no account.
local function bars(world)
  local path = world.dir .. "/AAPL.csv"
  local out = assert(io.open(path, "w"))
  out:write "time,open,high,low,close,volume\n"
  for day = 1, 28 do
    out:write(("2026-01-%02dT00:00:00Z,%d,%d,%d,%d,10\n"):format(day, 100 + day,
      102 + day, 99 + day, 101 + day))
  end
  out:close()
  return path
end

local function strategy(world)
  local path = world.dir .. "/plain.lua"
  local out = assert(io.open(path, "w"))
  out:write "return { name = 'plain', symbols = { 'AAPL' }, interval = '1d',\n"
  out:write "  on_bar = function() end }\n"
  out:close()
  return path
end

-- The same, and it has run on the demo account.
local function ran(world)
  local path = strategy(world)
  local done = process.run { os.getenv "LUA" or "lua5.4", "src/command/etoro", "run",
    path, "--demo", "--days", "0.00001", env = M.env(world) }
  assert(done.code == 0, done.stderr)
  return { path }
end

---@class spec.Command
---@field args fun(world: spec.World): string[] behind the command's own words
---@field writes? string what stderr says of it where stdout is dead, a pattern
---@field is_endless? boolean it serves until it is stopped
---@field input? string
---@field is_text? boolean it writes the same with and without --json: a script

local function with(...)
  local words = { ... }
  return function() return { table.unpack(words) } end
end

local function none() return {} end

---@type table<string, spec.Command>
M.ALL = {
  account = { args = none },
  alerts = { args = none },
  ["alerts add"] = { args = with("AAPL", "above", "900"), writes = "%x+%-%x+%-%x+" },
  ["alerts list"] = { args = function(world)
    alert(world)
    return {}
  end },
  ["alerts remove"] = { writes = "remove",
    args = function(world) return { alert(world) } end },
  backtest = { args = function(world)
    return { strategy(world), "--data", bars(world), "--costs", "none" }
  end },
  call = { writes = "watchlistId",
    args = with("POST /api/v1/watchlists", "name=mine") },
  cancel = { writes = "cancelled",
    args = function(world) return { resting(world) } end },
  candles = { args = with("AAPL", "--count", "3") },
  check = { args = none },
  close = { writes = "lose.*9810%d+",
    args = function(world) return { position(world) } end },
  completion = { args = with "bash", is_text = true },
  copy = { args = none },
  ["copy add"] = { writes = "eference.-%x%x%x%x",
    args = function(world) return { (copy(world)), "--amount", "50" } end },
  ["copy list"] = { args = function(world)
    copy(world)
    return {}
  end },
  ["copy remove"] = { writes = "eference.-%x%x%x%x",
    args = function(world) return { (copy(world)), "--amount", "50" } end },
  ["copy start"] = { writes = "eference.-%x%x%x%x",
    args = with(PERSON, "--amount", "250") },
  ["copy status"] = { args = function(world)
    local _, reference = copy(world)
    return { reference }
  end },
  ["copy stop"] = { writes = "harborlight",
    args = function(world) return { (copy(world)) } end },
  ["data check"] = { args = function(world) return { bars(world) } end },
  ["data export"] = { is_text = true, args = with "AAPL" },
  ["data get"] = { args = with "AAPL" },
  ["data list"] = { args = none },
  edit = { writes = "ake.?[pP]rofit.*900",
    args = function(world) return { position(world), "--take-profit", "900" } end },
  halt = { args = ran },
  help = { args = none, is_text = true },
  history = { args = function(world)
    position(world)
    assert(world.client.positions:close_all())
    return {}
  end },
  login = { args = none, input = "sandbox-api-key\nsandbox-user-key\n" },
  man = { args = none, is_text = true },
  operations = { args = with "watchlists" },
  order = { args = with("AAPL", "--amount", "100"), writes = "order +%d+.*reference" },
  orders = { args = function(world)
    resting(world)
    return {}
  end },
  portfolios = { args = none },
  ["portfolios create"] = { writes = "MyPort1", args = function(world)
    return { "MyPort1", "--yes", "--invest", "2000", "--token-name", "bot", "--scope",
      "real:read", "--secret-file", file(world) }
  end },
  ["portfolios delete"] = { writes = "deleted",
    args = function(world) return { (portfolio(world)), "--yes" } end },
  ["portfolios list"] = { args = function(world)
    portfolio(world)
    return {}
  end },
  positions = { args = function(world)
    position(world)
    return {}
  end },
  quote = { args = with("AAPL", "BTC") },
  recover = { args = function(world) return { journal(world) } end },
  resume = { args = ran },
  run = { args = function(world) return { strategy(world), "--days", "2" } end },
  sandbox = { args = with("--port", "0"), is_endless = true },
  search = { args = with("apple") },
  serve = { args = with "--stdio", is_endless = true },
  status = { args = ran },
  tokens = { args = none },
  ["tokens create"] = { writes = "night", args = function(world)
    return { (portfolio(world)), "--name", "night", "--scope", "real:read",
      "--secret-file", file(world) }
  end },
  ["tokens list"] = { args = function(world)
    portfolio(world)
    return {}
  end },
  ["tokens revoke"] = { writes = "revoked",
    args = function(world) return { portfolio(world) } end },
  ["tokens rotate"] = { writes = "first%-2", args = function(world)
    local owner, token = portfolio(world)
    return { owner, token, "--out", file(world) }
  end },
  ["tokens update"] = { writes = "trade.real:read", args = function(world)
    local owner, token = portfolio(world)
    return { owner, token, "--scope", "trade.real:read" }
  end },
  transfers = { args = none },
  ["transfers create"] = { writes = "98%d+",
    args = with("trading", "cash", "--amount", "100", "--yes") },
  ["transfers get"] = { args = function(world) return { transfer(world) } end },
  ["transfers list"] = { args = none },
  watch = { args = with "AAPL", is_endless = true },
  watchlists = { args = none },
  ["watchlists add"] = { writes = "BTC",
    args = function(world) return { watchlist(world), "BTC" } end },
  ["watchlists create"] = { args = with("Tech", "AAPL"), writes = "Tech" },
  ["watchlists delete"] = { writes = "deleted",
    args = function(world) return { watchlist(world) } end },
  ["watchlists list"] = { args = none },
  ["watchlists remove"] = { writes = "AAPL",
    args = function(world) return { watchlist(world), "AAPL" } end },
  ["watchlists rename"] = { writes = "Chips",
    args = function(world) return { watchlist(world), "Chips" } end },
  ["watchlists show"] = { args = function(world) return { watchlist(world) } end },
}

--- Commands that can be run, by the parser: their names, in order.
---@return string[]
function M.names()
  local names = {}
  tree.walk(tree.read(parser.new()), function(node)
    local is_group = #node.commands > 0 and node.parser._require_command
    if node.name ~= "" and not is_group then names[#names + 1] = node.name end
  end)
  table.sort(names, core.before)
  return names
end

--- A world of a sandbox.
---@param server table
---@param dir string
---@return spec.World
function M.world(server, dir)
  return { server = server, client = server:client { account = "demo" },
    dir = dir, count = 0 }
end

--- The command line of one: its words and what follows them.
---@param name string
---@param world spec.World
---@return string[]
function M.line(name, world)
  local words = {}
  for word in name:gmatch "[^ ]+" do words[#words + 1] = word end
  local more = M.ALL[name].args(world)
  return table.move(more, 1, #more, #words + 1, words)
end

return M
