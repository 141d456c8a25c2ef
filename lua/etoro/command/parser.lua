-- The command line, as data for lua-argparse.

local core = require "etoro.core"
local limits = require "etoro.values.limits"

local argparse = require "argparse"

local tonumber = core.number -- not up to the locale

local M = {}

local SUMMARY = [[
The eToro public API from the command line. Keys come from ETORO_API_KEY and
ETORO_USER_KEY (or ETORO_ACCESS_TOKEN), the address from ETORO_BASE_URL.]]

local CODES = [[
Exit codes: 0 done, 1 refused, 2 wrong use, 3 keys or scopes, 4 not found,
5 unreachable, 6 rate limit, 7 unknown outcome: look before doing it again,
8 nobody said yes, 9 carried out, but what followed could not be seen or
shown, 10 a strategy raised, 130 and 143 interrupted.]]

local GLOBALS = "Options of all commands: etoro --help"

-- argparse would print the help unchecked, and end the process itself: here
-- the text is left where M.parse finds it.
local asked = {}

local function add_help(parser)
  parser:add_help(false)
  parser:flag("-h --help", "Show this help."):action(function()
    asked.help = parser:get_help()
    error "help"
  end)
end

local function add_command(parser, name, text)
  local command = parser:command(name, text):epilog(GLOBALS)
  add_help(command)
  return command
end

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
  local quote = add_command(parser, "quote", "Bid and ask of instruments.")
  quote:argument("symbol", "Symbols or instrument ids."):args "+"
  local watch = add_command(parser, "watch", "Prices as they change, until Ctrl-C.")
  watch:argument("symbol", "Symbols or instrument ids."):args "*"
  watch:flag("--private", "The account's own events, too.")
  local search = add_command(parser, "search", "Find instruments by text.")
  search:argument("text", "Part of a symbol or name.")
  search:option("--limit", "How many at most."):convert(whole)
    :default(core.text(limits.command_search_items))
end

local function add_portfolios(parser)
  local portfolios = add_command(parser, "portfolios", "Agent-portfolios.")
  portfolios:require_command(false)
  portfolios:command_target "action"
  add_command(portfolios, "list", "List them.")
  local create = add_command(portfolios, "create",
    "Create one: takes money out of the real account.")
  create:argument("name", "6 to 10 characters.")
  create:option("--invest", "US dollars."):count "1"
    :convert(decimal)
  create:option("--token-name", "Name of its first token."):count "1"
  create:option("--scope", "A scope of that token; may be repeated.")
    :count "+"
  create:option("--secret-file", "Where the token's secret is written, for"
    .. " its owner alone to read."):count "1"
  local delete = add_command(portfolios, "delete",
    "Delete one: its tokens end, its money comes back.")
  delete:argument("id", "agentPortfolioId.")
end

local function add_tokens(parser)
  local tokens = add_command(parser, "tokens", "User tokens of agent-portfolios.")
  tokens:require_command(false)
  tokens:command_target "action"
  add_command(tokens, "list", "List them.")
  local create = add_command(tokens, "create", "Mint one.")
  create:argument("portfolio", "agentPortfolioId.")
  create:option("--name", "Name of the token."):count "1"
  create:option("--scope", "A scope; may be repeated."):count "+"
  create:option("--ip", "An IPv4 address it may come from; may be repeated.")
    :count "*"
  create:option("--expires", "When it ends, ISO 8601.")
  create:option("--secret-file", "Where its secret is written, for its owner"
    .. " alone to read."):count "1"
  local revoke = add_command(tokens, "revoke", "Revoke one.")
  revoke:argument("portfolio", "agentPortfolioId.")
  revoke:argument("token", "userTokenId.")
end

local function add_trading(parser)
  add_command(parser, "positions", "Open positions.")
  add_command(parser, "orders", "Orders that wait.")
  local order = add_command(parser, "order", "Open a position.")
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
  order:option("--wait", ("Seconds to wait for the fill; %d unless given, %d"
    .. " with --trigger. 0: do not wait."):format(limits.command_order_wait,
    limits.command_trigger_wait)):convert(seconds)
  local close = add_command(parser, "close", "Close a position.")
  close:argument("position", "positionId, or 'all'.")
  close:option("--units", "Only so many of its units."):convert(decimal)
  close:option("--wait", ("Seconds to wait until it is closed; %d unless"
    .. " given, less where its market is closed.")
    :format(limits.command_close_wait)):convert(seconds)
  local history = add_command(parser, "history", "Closed trades.")
  history:option("--since", ("First day, YYYY-MM-DD; %d days back unless"
    .. " given."):format(limits.command_history_days))
  history:option("--limit", "How many at most."):convert(whole)
end

local function add_run(parser)
  local run = add_command(parser, "run", "Run strategies: in a sandbox of their"
    .. " own, with --demo on the demo account, with --real with real money.")
  run:argument("file", "Lua files, see doc/strategies.md."):args "+"
  run:flag("--sandbox", "An account that is made up, under a clock of its own;"
    .. " so unless told otherwise.")
  run:flag("--demo", "The demo account.")
  run:option("--days", ("Days that it runs; in a sandbox %d, elsewhere until it"
    .. " is stopped."):format(limits.strategy_days)):convert(positive)
  run:option("--seed", "Which sandbox; 1 unless given."):convert(whole)
  run:option("--set", "A setting, NAME=VALUE; may be repeated."):count "*"
  run:option("--settings", "A file of settings, a JSON object.")
  run:option("--state", "Where the run is kept for the next one; beside its file"
    .. " unless given.")
  run:option("--rails", "A file of rails, a JSON object: what no strategy does.")
  run:flag("--adopt", "Take positions of its symbols for its own.")
  run:flag("--close-on-stop", "Close all its positions at the end.")
end

local RUNNING = {
  { "halt", "Let a running strategy open nothing any more; --close closes what it"
    .. " holds." },
  { "resume", "Let a strategy go on that was halted." },
  { "status", "What a strategy holds, and whether it is halted." },
}

local function add_running(parser)
  for _, one in ipairs(RUNNING) do
    local command = add_command(parser, one[1], one[2])
    command:argument("file", "Its Lua file.")
    command:flag("--demo", "On the demo account; so unless there is --real.")
    command:option("--state", "Where its run is kept, if not beside its file.")
    if one[1] == "halt" then
      command:flag("--close", "Close all that it holds.")
    end
  end
end

local function add_tools(parser)
  local call = add_command(parser, "call", "Call any documented operation.")
  call:argument("operation", "Such as \"GET /api/v1/me\".")
  call:argument("parameters", "name=value (text or number as the operation"
    .. " has it), name:=JSON; body=@FILE reads the JSON body."):args "*"
  local operations = add_command(parser, "operations", "List the operations.")
  operations:argument("filter", "Part of a method or path."):args "?"
  local sandbox = add_command(parser, "sandbox", "Serve a stand-in for the API on"
    .. " this machine.")
  sandbox:argument("options", "See etoro sandbox --help."):args "*"
  local completion = add_command(parser, "completion", "Print a completion script.")
  completion:argument("shell"):choices { "bash", "zsh", "fish" }
end

--- Makes the parser.
---@return table
function M.new()
  local parser = argparse("etoro", SUMMARY, CODES)
  parser:command_target "command"
  parser:help_max_width(79)
  add_help(parser)
  add_globals(parser)
  add_command(parser, "check", "Look at keys, scopes, clock and connection, and"
    .. " say what is missing.")
  add_market(parser)
  add_portfolios(parser)
  add_tokens(parser)
  add_trading(parser)
  add_run(parser)
  add_running(parser)
  add_tools(parser)
  return parser
end

--- Reads a command line.
---@param parser table
---@param args string[]
---@return table? parsed nil for a wrong one, and where help is asked for
---@return string? message what is wrong
---@return string? help
function M.parse(parser, args)
  asked.help = nil
  local is_read, ok, result = pcall(parser.pparse, parser, args)
  if asked.help then return nil, nil, asked.help end
  if not is_read then error(ok, 0) end
  if ok then return result end
  return nil, result
end

return M
