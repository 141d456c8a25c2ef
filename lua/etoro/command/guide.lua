-- What help and the manual say beside what the parser knows: which commands
-- belong together, examples of each, where to read on.

local M = {}

--- Where the API itself is documented.
M.API = "https://api-portal.etoro.com"

--- What the command is.
M.ABOUT = [[
The eToro public API from the command line: prices, orders and
positions, agent-portfolios, strategies. It works on the demo account unless
--real is given, and asks before real money moves.

Keys come from the environment, or from what etoro login has kept. With --json
each command writes JSON for programs.]]

--- Exit codes, and what they mean.
M.CODES = {
  { "0", "done" }, { "1", "refused" }, { "2", "wrong use" },
  { "3", "keys or scopes" }, { "4", "not found" }, { "5", "unreachable" },
  { "6", "rate limit" },
  { "7", "unknown outcome: look before doing it again" },
  { "8", "nobody said yes" },
  { "9", "carried out, but what followed could not be seen or shown" },
  { "10", "a strategy raised" }, { "130 and 143", "interrupted" },
  { "141", "the reader of the output went away" },
}

--- Variables of the environment.
M.VARIABLES = {
  { "ETORO_API_KEY, ETORO_USER_KEY", "the key pair" },
  { "ETORO_API_KEY_FILE, ETORO_USER_KEY_FILE", "files with one key each" },
  { "ETORO_ACCESS_TOKEN", "a token of an application, in place of a pair" },
  { "ETORO_PROFILE", "the keys that etoro login has kept under that name" },
  { "ETORO_BASE_URL", "another address, such as a sandbox's" },
  { "ETORO_STREAM_URL", "another address of live prices" },
  { "NO_COLOR", "where it is not empty: no colours" },
  { "TZ", "the zone of times in tables" },
}

--- Files.
M.FILES = {
  { "~/.config/etoro/PROFILE", "keys, for their owner alone" },
  { "~/.cache/etoro/words", "what completions complete" },
  { "~/.local/share/etoro/bars", "bars for backtests" },
  { "~/.local/state/etoro", "what etoro serve was asked, and its orders" },
}

--- What the value of an option is, as help and the manual call it: by the option,
--- or by its command and the option. Any other has its option's name.
M.VALUES = {
  ["--amount"] = "usd", ["--audit"] = "file", ["--base-url"] = "url",
  ["--cash"] = "usd", ["--count"] = "number", ["--data"] = "path",
  ["--expires"] = "time", ["--from"] = "time", ["--invest"] = "usd",
  ["--ip"] = "address", ["--journal"] = "file", ["--leverage"] = "number",
  ["--limit"] = "number", ["--log"] = "file", ["--notify"] = "command",
  ["--parity"] = "journal", ["--profile"] = "name", ["--rails"] = "file",
  ["--record"] = "file", ["--report"] = "file", ["--secret-file"] = "file",
  ["--seed"] = "number", ["--set"] = "name=value", ["--settings"] = "file",
  ["--shard"] = "k/n", ["--since"] = "day", ["--state"] = "file",
  ["--stop-loss"] = "rate", ["--take-profit"] = "rate", ["--timeout"] = "seconds",
  ["--to"] = "time", ["--token-file"] = "file", ["--token-name"] = "name",
  ["--trigger"] = "rate", ["--units"] = "number", ["--wait"] = "seconds",
  ["--walk-forward"] = "parts", ["--workers"] = "number",
  ["order --limit"] = "rate", ["transfers create --amount"] = "amount",
}

--- Exit codes on some lines.
---@return string
function M.codes()
  local words = {}
  for i, code in ipairs(M.CODES) do words[i] = code[1] .. " " .. code[2] end
  return "Exit codes: " .. table.concat(words, ", ") .. "."
end

--- Groups of commands: a title, and their names.
M.GROUPS = {
  { "Keys", "login", "check" },
  { "Prices", "quote", "watch", "candles", "search",
    "alerts", "watchlists" },
  { "Trading", "account", "positions", "orders", "order", "close", "cancel",
    "edit", "history", "recover" },
  { "Agent-portfolios", "portfolios", "tokens" },
  { "Money", "copy", "transfers" },
  { "Strategies", "run", "status", "halt", "resume", "backtest", "data" },
  { "Programs", "call", "operations", "serve", "sandbox" },
  { "Help", "help", "completion", "man" },
}

--- Examples of each command, by its name; of a whole line each. Those of "" are what
--- somebody may begin with.
M.EXAMPLES = {
  [""] = {
    "etoro login", "etoro quote AAPL BTC", "etoro candles AAPL --chart",
    "etoro --rehearse order AAPL --amount 250",
  },
  alerts = { "etoro alerts", "etoro alerts add BTC above 120000" },
  ["alerts add"] = { "etoro alerts add AAPL below 140" },
  ["alerts list"] = { "etoro alerts list" },
  ["alerts remove"] = { "etoro alerts remove AAPL 140" },
  account = { "etoro account", "etoro --json account" },
  backtest = {
    "etoro backtest sma.lua --data AAPL.csv --costs none",
    "etoro backtest sma.lua --costs etoro --sweep fast=5..20 slow=20..60:5",
  },
  call = {
    "etoro call \"GET /api/v1/me\"",
    "etoro call \"POST /api/v1/watchlists\" name=mine",
  },
  cancel = { "etoro cancel 981000001" },
  candles = {
    "etoro candles AAPL --interval 1h --count 48",
    "etoro candles BTC --chart",
  },
  check = { "etoro check", "etoro --profile night check" },
  close = {
    "etoro close 2150000001", "etoro close 2150000001 --units 0.5",
    "etoro close all",
  },
  completion = {
    "etoro completion bash >~/.local/share/bash-completion/completions/etoro",
    "etoro completion fish | source",
  },
  copy = { "etoro copy", "etoro --json copy list" },
  ["copy add"] = { "etoro copy add harborlight --amount 100" },
  ["copy list"] = { "etoro copy list" },
  ["copy remove"] = { "etoro copy remove harborlight --amount 100" },
  ["copy start"] = { "etoro copy start harborlight --amount 250" },
  ["copy status"] = { "etoro copy status 9d7a3a2416564bebaa39899dd659e0df" },
  ["copy stop"] = { "etoro copy stop harborlight", "etoro copy stop 4712257 --detach" },
  data = { "etoro data get AAPL BTC --interval 1h" },
  ["data check"] = { "etoro data check AAPL.csv --zone America/New_York" },
  ["data export"] = { "etoro data export AAPL --interval 1h >AAPL.csv" },
  ["data get"] = {
    "etoro data get AAPL BTC", "etoro data get BTC --interval 1h --from 2026-01-01",
  },
  ["data list"] = { "etoro data list" },
  edit = {
    "etoro edit 2150000001 --stop-loss 140 --trailing",
    "etoro edit 2150000001 --take-profit none",
  },
  halt = { "etoro halt sma.lua", "etoro --real halt sma.lua --close" },
  help = { "etoro help order", "etoro help tokens create" },
  history = {
    "etoro history --since 2026-01-01", "etoro --json history --limit 100",
  },
  login = { "etoro login", "etoro --real --profile live login" },
  man = { "etoro man | man -l -", "etoro man >etoro.1" },
  operations = { "etoro operations", "etoro operations watchlists" },
  order = {
    "etoro order AAPL --amount 250 --stop-loss 140",
    "etoro order BTC --units 0.01 --trigger 60000",
    "etoro order AAPL --units 2 --limit 151.20",
    "etoro order TSLA --amount=100 --short --leverage=2 --stop-loss=260",
  },
  orders = { "etoro orders", "etoro --json orders" },
  portfolios = { "etoro portfolios", "etoro --json portfolios list" },
  ["portfolios create"] = {
    "etoro portfolios create MyAgent --invest 2000 --token-name bot"
      .. " \\\n      --scope trade.real:write --secret-file bot.key",
  },
  ["portfolios delete"] = {
    "etoro portfolios delete MyAgent",
  },
  ["portfolios list"] = { "etoro portfolios list" },
  positions = { "etoro positions", "etoro --json positions" },
  quote = { "etoro quote AAPL BTC", "etoro --json quote 1001" },
  recover = { "etoro recover orders.jsonl", "etoro --real --json recover orders.jsonl" },
  resume = { "etoro resume sma.lua" },
  run = {
    "etoro run sma.lua --days 30",
    "etoro run sma.lua --demo --set fast=10 --rails rails.json",
  },
  sandbox = { "etoro sandbox --port 8080" },
  search = { "etoro search apple --limit 5" },
  serve = { "etoro serve --stdio --rails rails.json" },
  status = { "etoro status sma.lua", "etoro --real status sma.lua" },
  tokens = { "etoro tokens", "etoro --json tokens list" },
  ["tokens create"] = {
    "etoro tokens create MyAgent --name night --scope real:read"
      .. " \\\n      --secret-file night.key",
  },
  ["tokens list"] = { "etoro tokens list" },
  ["tokens revoke"] = { "etoro tokens revoke MyAgent night" },
  ["tokens rotate"] = {
    "etoro tokens rotate MyAgent night --secret-file night.key",
  },
  ["tokens update"] = {
    "etoro tokens update MyAgent night --expires 2027-01-01T00:00:00Z",
    "etoro tokens update MyAgent night --scope real:read --any-ip",
  },
  transfers = { "etoro transfers", "etoro --json transfers list" },
  ["transfers create"] = { "etoro --real transfers create trading cash --amount 100" },
  ["transfers get"] = { "etoro --real transfers get 9876543211" },
  ["transfers list"] = { "etoro transfers list" },
  watch = { "etoro watch AAPL BTC", "etoro --json watch --private" },
  watchlists = { "etoro watchlists", "etoro watchlists show Tech" },
  ["watchlists add"] = { "etoro watchlists add Tech AAPL MSFT" },
  ["watchlists create"] = { "etoro watchlists create Tech AAPL" },
  ["watchlists delete"] = { "etoro watchlists delete Tech" },
  ["watchlists list"] = { "etoro watchlists list" },
  ["watchlists remove"] = { "etoro watchlists remove Tech MSFT" },
  ["watchlists rename"] = { "etoro watchlists rename Tech Chips" },
  ["watchlists show"] = { "etoro watchlists show Tech" },
}

local function add_examples(lines, name)
  lines[#lines + 1] = "Examples:"
  for _, example in ipairs(M.EXAMPLES[name]) do lines[#lines + 1] = "   " .. example end
end

--- What somebody may begin with.
---@return string
function M.first()
  local lines = {}
  add_examples(lines, "")
  return table.concat(lines, "\n")
end

--- What stands below a command's help.
---@param name string
---@param is_apart? boolean it takes none of the options of all commands
---@return string
function M.epilog(name, is_apart)
  local lines = {}
  if M.EXAMPLES[name] then
    add_examples(lines, name)
    lines[#lines + 1] = ""
  end
  if not is_apart then lines[#lines + 1] = "Options of all commands: etoro help" end
  lines[#lines + 1] = "The API is documented at " .. M.API
  return table.concat(lines, "\n")
end

return M
