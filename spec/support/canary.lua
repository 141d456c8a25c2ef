-- Shows everything that a program can show of a client, its answers and its
-- errors, on stdout; canary_spec.lua looks for keys in it.
--   canary.lua SANDBOX REFUSED   two base URLs, keys from the environment
local etoro = require "etoro"

local sandbox, refused = ...
local seen = {}

local function show(value, depth)
  depth = depth or 0
  print(("  "):rep(depth) .. tostring(value))
  if type(value) ~= "table" and type(value) ~= "userdata" then return end
  if depth > 8 or seen[value] then return end
  seen[value] = true
  local meta = debug.getmetatable(value)
  if meta then show(meta, depth + 1) end
  if type(value) == "userdata" then
    for slot = 1, 8 do
      local inner, exists = debug.getuservalue(value, slot)
      if not exists then break end
      show(inner, depth + 1)
    end
    return
  end
  for key, inner in next, value do
    show(key, depth + 1)
    show(inner, depth + 1)
  end
end

local function encode(value)
  local ok, text = pcall(etoro.encode, value)
  print(ok, text)
end

local function try(...)
  for i = 1, select("#", ...) do
    local value = (select(i, ...))
    show(value)
    encode(value)
  end
  return ...
end

local function on_event(event) try(event) end

local function use(client)
  try(client:call "GET /api/v1/me")
  try(client.instruments:list())
  local portfolio = try(client.portfolios:create {
    investmentAmountInUsd = 2000, agentPortfolioName = "Canary1",
    userTokenName = "canary", scopeNames = { "etoro-public:trade.real:read" } })
  if portfolio then
    local token = try(portfolio:create_token { userTokenName = "other",
      scopeNames = { "etoro-public:trade.demo:write",
        "etoro-public:trade.demo:read" } })
    local agent = try(token:client { account = "demo" })
    try(agent:call "GET /api/v1/me")
    try(agent.portfolios:list())
    try(token:update { scopeNames = { "etoro-public:trade.demo:read" } })
    try(token:revoke())
    try(agent:call "GET /api/v1/me")
    try(portfolio:delete())
  end
  try(client:request { method = "GET", path = "/api/v1/nowhere" })
  try(pcall(client.request, client, { method = "GET", path = "nowhere" }))
  try(pcall(client.call, client, "GET /api/v1/nowhere"))
  client:close()
  try(client:call "GET /api/v1/me")
end

use(assert(etoro.client { base_url = sandbox, on_event = on_event,
  rate_limit = false }))
use(assert(etoro.client { base_url = sandbox, max_retries = 0, rate_limit = false,
  user_key = os.getenv "ETORO_USER_KEY" .. "-wrong" }))
use(assert(etoro.client { base_url = refused, deadline = 1, max_retries = 1,
  on_event = on_event }))
try(pcall(etoro.client, { base_url = "http://example.com" }))
try(pcall(etoro.client, { api_key = os.getenv "ETORO_API_KEY" .. "\n" }))
try(pcall(etoro.client, { api_keyy = os.getenv "ETORO_API_KEY" }))
try(pcall(etoro.client, { access_token = os.getenv "ETORO_API_KEY" }))
