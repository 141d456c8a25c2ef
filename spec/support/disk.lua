-- Programs with a journal whose disk does what they say: see
-- spec/hosts/slow_disk.c. Their code finds url, path (the journal's), set and
-- unset of "DISK_SHUT" and the like, journaled(options), a client, and
-- order(client, options).
local program = require "spec.support.program"

local M = {}

local CHILD = [[
local journal = require "etoro.trading.journal"
local url, path = arg[1], arg[2]
local function set(name) assert(io.open(os.getenv(name), "w")):close() end
local function unset(name) assert(os.remove(os.getenv(name))) end
local function journaled(options)
  options = options or {}
  options.journal, options.max_retries = path, 0
  return client(url, options)
end
local function order(c, options)
  return c:call("POST /api/v2/trading/execution/demo/orders", { body = {
    action = "open", transaction = "buy", symbol = "AAPL",
    orderType = "mkt", leverage = 1, amount = 100, orderCurrency = "usd",
    settlementType = "real", stopLossType = "fixed" } }, options)
end
]]

local function with_disk(argv, folder)
  argv.env = { LD_PRELOAD = program.SLOW_DISK, DISK_LOG = folder .. "/LOG" }
  for _, name in ipairs { "SHUT", "FULL", "BROKEN" } do
    argv.env["DISK_" .. name] = folder .. "/" .. name
  end
  return argv
end

--- The arguments for process.run and process.spawn: the plain interpreter.
---@param folder string where the journal is, and the disk's own files
function M.lua(code, url, folder)
  return with_disk(program.lua(CHILD .. code, url, folder .. "/orders.jsonl"),
    folder)
end

--- The same for spec/hosts/embed.c.
---@param options string[]
function M.embed(options, code, url, folder)
  local argv = with_disk(program.embed(options, "local arg = { ... }\n"
    .. CHILD .. code, url, folder .. "/orders.jsonl"), folder)
  local sanitizer = os.getenv "SPEC_PRELOAD" -- has to come first
  if sanitizer then
    argv.env.LD_PRELOAD = sanitizer .. ":" .. program.SLOW_DISK
  end
  return argv
end

return M
