-- Writes the closed trades of an account as CSV: one line a trade, newest or
-- oldest first as the API gives them.
--
--   make -s run EXAMPLE=history_csv ARGS="[SINCE [FILE]] [--real]"
--
-- SINCE is a day such as 2026-01-31, by default 90 days ago; without FILE the
-- lines go to the standard output. Without keys this runs against a sandbox in
-- this very process, which makes a few trades first. With ETORO_API_KEY and
-- ETORO_USER_KEY set it reads your demo account, or with --real your real one;
-- it only reads.

local etoro = require "etoro"

local DAY = 86400

-- name of the column, and the field
local COLUMNS = {
  { "position", "positionId" }, { "symbol", "symbol" }, { "instrument", "instrumentId" },
  { "buy", "isBuy" }, { "leverage", "leverage" }, { "units", "units" },
  { "investment", "investment" }, { "opened", "openTimestamp" },
  { "open_rate", "openRate" }, { "closed", "closeTimestamp" },
  { "close_rate", "closeRate" }, { "net_profit", "netProfit" },
  { "fees", "fees" },
}

-- How far it is, on a line of its own that is written over; nothing where
-- nobody looks.
local function new_progress()
  local ok, terminal = pcall(require, "etoro.terminal")
  local is_shown = ok and terminal.is_terminal(2)
  return function(text)
    if is_shown then io.stderr:write("\r\27[K", text) end
  end
end

-- Trades for the sandbox's account to have had.
local function trade_a_little(client)
  for _, symbol in ipairs { "AAPL", "BTC", "EURUSD" } do
    local order = assert(client.orders:open { symbol = symbol, amount = 200,
      transaction = "buy", settlementType = symbol == "EURUSD" and "cfd"
        or "real", leverage = 1 })
    assert(order:wait())
  end
  for _, position in ipairs(assert(client.positions:list())) do
    assert(position:close())
  end
end

local function has_keys()
  for _, name in ipairs { "API_KEY", "API_KEY_FILE", "ACCESS_TOKEN", "PROFILE" } do
    if os.getenv("ETORO_" .. name) then return true end
  end
end

local function connect(account)
  if has_keys() then
    return assert(etoro.client { account = account })
  end
  io.stderr:write("A sandbox in this process: no account, no money.\n")
  local client = assert(etoro.sandbox.new { market_open = true }
    :client { account = account })
  trade_a_little(client)
  return client
end

-- A field as CSV: digits as they are, text in quotes where it needs them.
-- Spreadsheets take a text that starts with these for a formula.
local function cell(value)
  if value == nil then return "" end
  if math.type(value) == "integer" then return ("%d"):format(value) end
  if type(value) == "number" then return ("%.14g"):format(value) end
  local text = tostring(value)
  if text:find "^[=+@\t\r-]" then text = "'" .. text end
  if text:find '[",\r\n]' then
    text = '"' .. text:gsub('"', '""') .. '"'
  end
  return text
end

local function write_line(out, values)
  for i, value in ipairs(values) do values[i] = cell(value) end
  assert(out:write(table.concat(values, ","), "\r\n"))
end

local function read_all(client, since, show)
  local trades = {}
  for trade in client.account:each_trade { minDate = since, pageSize = 100 } do
    trades[#trades + 1] = trade
    show(("%d trades, at %s"):format(#trades,
      tostring(trade.closeTimestamp):sub(1, 10)))
  end
  return trades
end

local function write_all(out, trades)
  local names = {}
  for i, column in ipairs(COLUMNS) do names[i] = column[1] end
  write_line(out, names)
  for _, trade in ipairs(trades) do
    local values = {}
    for i, column in ipairs(COLUMNS) do
      local value = trade[column[2]]
      values[i] = value == nil and "" or value
    end
    write_line(out, values)
  end
end

local function main(since, path, account)
  local client = connect(account)
  local show = new_progress()
  local trades = read_all(client, since or os.time() - 90 * DAY, show)
  show ""
  local out = path and assert(io.open(path, "w")) or io.stdout
  write_all(out, trades)
  if path then assert(out:close()) end
  io.stderr:write(("%d trades%s.\n"):format(#trades,
    path and " in " .. path or ""))
end

local given, account = {}, "demo"
for _, argument in ipairs(arg) do
  if argument == "--real" then
    account = "real"
  else
    given[#given + 1] = argument
  end
end
if #given > 2 or (given[1] or ""):find "^%-" then
  io.stderr:write("usage: history_csv.lua [SINCE [FILE]] [--real]\n")
  os.exit(2)
end
local ok, problem = pcall(main, given[1], given[2], account)
if not ok then
  io.stderr:write(tostring(problem), "\n")
  os.exit(1)
end
