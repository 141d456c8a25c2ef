-- The command line, as data for lua-argparse.

local core = require "etoro.core"

local argparse = require "argparse"

local tonumber = core.number -- not up to the locale

local M = {}

local SUMMARY = [[
The eToro public API from the command line. Keys come from ETORO_API_KEY and
ETORO_USER_KEY (or ETORO_ACCESS_TOKEN), the address from ETORO_BASE_URL.]]

local CODES = [[
Exit codes: 0 done, 1 refused, 2 wrong use, 3 keys or scopes, 4 not found,
5 unreachable, 6 rate limit, 7 unknown outcome: look before doing it again,
8 nobody said yes, 130 and 143 interrupted.]]

local function positive(text)
  local value = tonumber(text)
  if not value or not (value > 0) then
    return nil, ("'%s' is not a number above 0"):format(text)
  end
  return value
end

-- Amounts stay text: the digits that were typed are the ones that are sent.
local function decimal(text)
  if not text:find("^%d+%.?%d*$") or not text:find "[1-9]" then
    return nil, ("'%s' is not a decimal number above 0"):format(text)
  end
  return text
end

local function whole(text)
  local value = text:find "^%d+$" and math.tointeger(tonumber(text))
  if not value or value < 1 then
    return nil, ("'%s' is not a whole number above 0"):format(text)
  end
  return value
end

local function seconds(text)
  local value = tonumber(text)
  if not value or not (value >= 0 and value < math.huge) then
    return nil, ("'%s' is not a number of seconds"):format(text)
  end
  return value
end

local function add_globals(parser)
  parser:flag("--real", "Work on the real account; else the demo account.")
  parser:flag("--json", "Write JSON for programs.")
  parser:flag("-y --yes", "Do not ask before real money moves.")
  parser:flag("--dry-run", "Send no write.")
  parser:flag("-v --verbose", "Show each request on stderr.")
  parser:option("--base-url", "Talk to another address, such as a sandbox's.")
  parser:option("--timeout", "Seconds that one attempt may take.")
    :convert(positive)
  parser:option("--color", "Colours in tables.")
    :choices { "auto", "always", "never" }:default "auto"
end

local function add_market(parser)
  local quote = parser:command("quote", "Bid and ask of instruments.")
  quote:argument("symbol", "Symbols or instrument ids."):args "+"
  local search = parser:command("search", "Find instruments by text.")
  search:argument("text", "Part of a symbol or name.")
  search:option("--limit", "How many at most."):convert(whole):default "20"
end

local function add_portfolios(parser)
  local portfolios = parser:command("portfolios", "Agent-portfolios.")
  portfolios:require_command(false)
  portfolios:command_target "action"
  portfolios:command("list", "List them.")
  local create = portfolios:command("create",
    "Create one: takes money out of the real account.")
  create:argument("name", "6 to 10 characters.")
  create:option("--invest", "US dollars."):count "1"
    :convert(decimal)
  create:option("--token-name", "Name of its first token."):count "1"
  create:option("--scope", "A scope of that token; may be repeated.")
    :count "+"
  create:option("--secret-file", "Where the token's secret is written, for"
    .. " its owner alone to read."):count "1"
  local delete = portfolios:command("delete",
    "Delete one: its tokens end, its money comes back.")
  delete:argument("id", "agentPortfolioId.")
end

local function add_tokens(parser)
  local tokens = parser:command("tokens", "User tokens of agent-portfolios.")
  tokens:require_command(false)
  tokens:command_target "action"
  tokens:command("list", "List them.")
  local create = tokens:command("create", "Mint one.")
  create:argument("portfolio", "agentPortfolioId.")
  create:option("--name", "Name of the token."):count "1"
  create:option("--scope", "A scope; may be repeated."):count "+"
  create:option("--ip", "An IPv4 address it may come from; may be repeated.")
    :count "*"
  create:option("--expires", "When it ends, ISO 8601.")
  create:option("--secret-file", "Where its secret is written, for its owner"
    .. " alone to read."):count "1"
  local revoke = tokens:command("revoke", "Revoke one.")
  revoke:argument("portfolio", "agentPortfolioId.")
  revoke:argument("token", "userTokenId.")
end

local function add_trading(parser)
  parser:command("positions", "Open positions.")
  parser:command("orders", "Orders that wait.")
  local order = parser:command("order", "Open a position.")
  order:argument("symbol", "Symbol or instrument id.")
  order:mutex(
    order:option("--amount", "US dollars."):convert(decimal),
    order:option("--units", "Units."):convert(decimal))
  order:flag("--short", "Sell short instead of buying.")
  order:option("--leverage", "1 unless given."):convert(whole)
  order:option("--stop-loss", "Rate."):convert(decimal)
  order:option("--take-profit", "Rate."):convert(decimal)
  order:option("--trigger", "Rate at which the order becomes one (market if"
    .. " touched)."):convert(decimal)
  order:option("--settlement", "How it settles.")
    :choices { "cfd", "real", "realFutures", "marginTrade" }
  order:option("--wait", "Seconds to wait for the fill; 15 unless given, 1"
    .. " with --trigger. 0: do not wait."):convert(seconds)
  local close = parser:command("close", "Close a position.")
  close:argument("position", "positionId, or 'all'.")
  close:option("--units", "Only so many of its units."):convert(decimal)
  local history = parser:command("history", "Closed trades.")
  history:option("--since", "First day, YYYY-MM-DD; 30 days back unless given.")
  history:option("--limit", "How many at most."):convert(whole)
end

local function add_tools(parser)
  local call = parser:command("call", "Call any documented operation.")
  call:argument("operation", "Such as \"GET /api/v1/me\".")
  call:argument("parameters", "name=value (text or number as the operation"
    .. " has it), name:=JSON; body=@FILE reads the JSON body."):args "*"
  local operations = parser:command("operations", "List the operations.")
  operations:argument("filter", "Part of a method or path."):args "?"
  local sandbox = parser:command("sandbox", "Serve a stand-in for the API on"
    .. " this machine.")
  sandbox:argument("options", "--port=8080, --seed=1, ..."):args "*"
  local completion = parser:command("completion", "Print a completion script.")
  completion:argument("shell"):choices { "bash", "zsh", "fish" }
end

--- Makes the parser.
---@return table
function M.new()
  local parser = argparse("etoro", SUMMARY, CODES)
  parser:command_target "command"
  parser:help_max_width(79)
  add_globals(parser)
  parser:command("check", "Look at keys, scopes, clock and connection, and"
    .. " say what is missing.")
  add_market(parser)
  add_portfolios(parser)
  add_tokens(parser)
  add_trading(parser)
  add_tools(parser)
  return parser
end

return M
