-- The sandbox as a command:
--   lua5.4 lua/etoro/sandbox/main.lua [--port=8080] [--seed=1] ...
-- (or require("etoro.sandbox.main")(arg) from anywhere)

local core = require "etoro.core"
local sandbox = require "etoro.sandbox"
local trading_options = require "etoro.sandbox.trading.options"

-- not up to the locale
local tonumber, tostring = core.number, core.text

local USAGE = [[
usage: sandbox [--port=N] [--host=127.0.0.1] [--seed=N] [--strict=true]
  [--api-key=TEXT] [--user-key=TEXT] [--limits=false] [--window=SECONDS] [--credit=USD]
  [--rate-headers=RateLimit|X-RateLimit|none]
  [--minimum-investment=USD] [--max-tokens=N] [--max-alerts=N]
  [--instruments=N] [--name-suffix=collision|always]
  [--both-families=401|422] [--idempotency=documented|measured]
  [--demo-credit=USD] [--fill-delay=SECONDS] [--close-delay=SECONDS]
  [--cancel-delay=SECONDS] [--portfolio-lag=SECONDS]
  [--lookup-lag=SECONDS] [--partial-fills=SHARE] [--reject=SHARE]
  [--market-open=false] [--newer-routes=false] [--cost-field=amount|value]
  [--cancel-filled=400|200] [--order-fee=USD] [--minimum-copy=USD]
  [--history-page=N]
]]

local function boolean(text)
  if text == "true" then return true end
  if text == "false" then return false end
end

local READ = { host = tostring, ["api-key"] = tostring,
  ["user-key"] = tostring, ["name-suffix"] = tostring,
  ["rate-headers"] = tostring, limits = boolean, strict = boolean }
for _, name in ipairs { "port", "seed", "window", "credit", "instruments",
    "minimum-investment", "max-tokens", "max-alerts", "both-families" } do
  READ[name] = tonumber
end

-- The trading model's options are read by the type of their defaults.
local function add_trading_options()
  for name, default in pairs(trading_options.DEFAULTS) do
    local kind = type(default)
    READ[name:gsub("_", "-")] = kind == "number" and tonumber
      or kind == "boolean" and boolean or tostring
  end
end

local function parse(args)
  add_trading_options()
  local options = {}
  for _, text in ipairs(args) do
    local name, value = text:match("^%-%-([A-Za-z0-9-]+)=(.*)$")
    local read = name and READ[name]
    local result
    if read and value ~= "" then result = read(value) end
    if result ~= nil then
      options[name:gsub("-", "_")] = result
    elseif text ~= "--port=" then -- what make gives for an empty PORT=
      return nil, ("sandbox: cannot use '%s'\n"):format(text)
    end
  end
  return options
end

local function announce(options, url)
  local api_key = options.api_key or "sandbox-api-key"
  local user_key = options.user_key or "sandbox-user-key"
  io.stdout:write("sandbox ", url, "\n",
    "api key  ", api_key, "\n",
    "user key ", user_key, "\n",
    ("export ETORO_BASE_URL=%s ETORO_API_KEY=%s ETORO_USER_KEY=%s\n")
      :format(url, api_key, user_key),
    "Ctrl-C ends it.\n")
  io.stdout:flush()
end

local function main(args)
  local options, message = parse(args)
  if not options then
    io.stderr:write(message, USAGE)
    return 2
  end
  options.on_ready = function(url) announce(options, url) end
  local ok, result
  ok, result, message = pcall(sandbox.serve, options)
  if not ok and tostring(result):find("interrupted!", 1, true) then
    return 0 -- Ctrl-C in the stand-alone interpreter
  elseif not ok or not result then
    io.stderr:write("sandbox: ", tostring(ok and message or result), "\n")
    return 1
  end
  return 0
end

if ... ~= "etoro.sandbox.main" then -- not required: run as a script
  os.exit(main { ... }, true)
end

return main
