-- What may be typed: every subcommand with its arguments and options, each with
-- the line that help shows of it, declared for lua-argparse.

local core = require "etoro.core"
local limits = require "etoro.values.limits"
local run_limits = require "etoro.values.run_limits"
local stop = require "etoro.command.stop"
local typed = require "etoro.command.typed"

local M = {}

local function add_help(parser)
  parser:add_help(false)
  parser:flag("-h --help", "Show this help."):action(function()
    stop.now { help = parser:get_help() }
  end)
end

local function add_command(parser, name, text)
  local command = parser:command(name, text)
  add_help(command)
  return command
end

local function add_globals(parser)
  parser:flag("--real", "Work on the real account; else the demo account.")
  parser:flag("--json", "Write JSON for programs.")
  parser:flag("-y --yes", "Do not ask before real money moves.")
  parser:flag("--dry-run", "Send no write.")
  parser:flag("--rehearse", "Work on an account that is made up, for this one"
    .. " command; with --real it asks as for real money.")
  parser:flag("-v --verbose", "Show each request on stderr.")
  parser:option("--profile", "The keys that etoro login has kept under that name.")
    :convert(typed.profile)
  parser:option("--base-url", "Talk to another address, such as a sandbox's.")
  parser:option("--timeout", "Seconds that one attempt may take.")
    :convert(typed.positive)
  parser:option("--color", "Colours in tables.")
    :choices { "auto", "always", "never" }:default "auto"
  parser:flag("--version", "Show the versions of etoro and what it stands on.")
    :action(function() stop.now { is_version = true } end)
  parser:flag("--utc", "Show times in UTC; else by the zone of TZ or the system.")
end

local function add_market(parser)
  local quote = add_command(parser, "quote", "Bid and ask of instruments.")
  quote:argument("symbol", "Symbols or instrument ids."):args "+"
  local watch = add_command(parser, "watch", "Prices as they change, until Ctrl-C.")
  watch:argument("symbol", "Symbols or instrument ids."):args "*"
  watch:flag("--private", "The account's own events, too.")
  watch:option("--record", "Write what the stream says into a file, without keys.")
  local candles = add_command(parser, "candles", "Bars of bid prices.")
  candles:argument("symbol", "Symbol or instrument id.")
  candles:option("--interval", table.concat(typed.INTERVALS, ", ") .. ".")
    :convert(typed.interval):default "1d"
  candles:option("--count", "How many, the newest ones.")
    :convert(typed.whole_up_to(limits.bars_max, "the API has no more bars"))
    :default(core.text(limits.default_bars))
  candles:flag("--chart", "Draw them, as many as fit.")
  local search = add_command(parser, "search", "Find instruments by text.")
  search:argument("text", "Part of a symbol or name.")
  search:option("--limit", "How many at most."):convert(typed.whole)
    :default(core.text(run_limits.command_search_items))
end

local function add_actions(parser, name, text)
  local command = add_command(parser, name, text)
  command:require_command(false)
  command:command_target "action"
  return command
end

local function add_portfolios(parser)
  local portfolios = add_actions(parser, "portfolios", "Agent-portfolios.")
  add_command(portfolios, "list", "List them.")
  local create = add_command(portfolios, "create",
    "Create one: takes money out of the real account.")
  create:argument("name", "6 to 10 characters.")
  create:option("--invest", "US dollars."):count "1"
    :convert(typed.decimal)
  create:option("--token-name", "Name of its first token."):count "1"
  create:option("--scope", "Scopes of that token, as 'etoro tokens' prints"
    .. " them; may be repeated."):hidden_name "--scopes"
    :count "+"
  create:option("--secret-file", "Where the token's secret is written, for"
    .. " its owner alone to read."):count "1"
  local delete = add_command(portfolios, "delete",
    "Delete one: its tokens end, its money comes back.")
  delete:argument("id", "Name or agentPortfolioId.")
end

local function add_copy(parser)
  local copy = add_actions(parser, "copy", "Copies of other people's trades.")
  add_command(copy, "list", "List them.")
  local function add(name, text, argument, words)
    local command = add_command(copy, name, text)
    command:argument(argument, words)
    return command
  end
  local function add_money(command)
    command:option("--amount", "US dollars."):count "1":convert(typed.decimal)
  end
  local OF_COPY = "Username, or the copy's id."
  add_money(add("start", "Begin to copy somebody: sets money aside.", "person",
    "Username, or parentCID."))
  add_money(add("add", "Put more money into a copy.", "copy", OF_COPY))
  add_money(add("remove", "Take money out of a copy.", "copy", OF_COPY))
  add("stop", "End a copy: its positions are closed.", "copy", OF_COPY)
    :flag("--detach", "They go on as your own instead.")
  add("status", "What became of a request.", "reference", "Its referenceId.")
end

local function add_transfers(parser)
  local transfers = add_actions(parser, "transfers", "Money between your own accounts"
    .. " at eToro.")
  add_command(transfers, "list", "List from where it may be moved to where.")
  local create = add_command(transfers, "create", "Move money: there is no demo of"
    .. " this.")
  create:argument("from", "Type or id of the account that it leaves.")
  create:argument("to", "Of the one that it goes to.")
  create:option("--amount", "In the first account's currency."):count "1"
    :convert(typed.decimal)
  create:option("--currency", "ISO 4217, such as USD; that of the account unless"
    .. " given.")
  create:option("--reference", "Your own, once for each transfer: with it a repeat is"
    .. " not carried out again.")
  add_command(transfers, "get", "Show one."):argument("transfer",
    "transferId, or its reference.")
end

-- What a new token may be given, and one that is there.
local function add_terms(command, scope)
  command:option("--scope", "Scopes, as 'etoro tokens' prints them; may be"
    .. " repeated."):hidden_name "--scopes":count(scope)
  command:option("--ip", "An IPv4 address it may come from; may be repeated.")
    :convert(typed.address):count "*"
  return command:option("--expires", "When it ends, ISO 8601."):convert(typed.moment)
end

local function add_token(tokens, name, text)
  local command = add_command(tokens, name, text)
  command:argument("portfolio", "Name or agentPortfolioId.")
  command:argument("token", "Name or userTokenId.")
  return command
end

local function add_tokens(parser)
  local tokens = add_actions(parser, "tokens", "User tokens of agent-portfolios.")
  add_command(tokens, "list", "List them.")
  local create = add_command(tokens, "create", "Mint one.")
  create:argument("portfolio", "Name or agentPortfolioId.")
  create:option("--name", "Name of the token."):count "1"
  add_terms(create, "+")
  create:option("--secret-file", "Where its secret is written, for its owner"
    .. " alone to read."):count "1"
  local rotate = add_token(tokens, "rotate", "Mint one like it, and revoke it.")
  rotate:option("--name", "Name of the new one; with a number behind it unless"
    .. " given.")
  rotate:option("--expires", "When the new one ends, ISO 8601; never, if that one"
    .. " does not."):convert(typed.moment)
  rotate:mutex(
    rotate:option("--secret-file --out", "Where the new secret is written, for its"
      .. " owner alone; in place of the old one, where that is the file."),
    rotate:flag("--show", "Print the new secret, once, on stdout."))
  local update = add_token(tokens, "update", "Change what one may do, from where,"
    .. " and until when: what is given takes the place of what was.")
  add_terms(update, "*"):description "When it ends, ISO 8601, or never."
    :convert(typed.moment_or_never)
  update:flag("--any-ip", "It may come from anywhere.")
  add_token(tokens, "revoke", "Revoke one.")
end

local function add_alerts(parser)
  local alerts = add_actions(parser, "alerts", "Price alerts.")
  add_command(alerts, "list", "List them.")
  local add = add_command(alerts, "add", "Be told when an instrument's bid comes"
    .. " to a price.")
  add:argument("symbol", "Symbol or instrument id.")
  add:argument("direction", "From where the bid comes."):choices { "above",
    "below" }
  add:argument("price", "In the instrument's currency."):convert(typed.decimal)
  local remove = add_command(alerts, "remove", "Take one away.")
  remove:argument("alert", "Symbol or alertId.")
  remove:argument("price", "Of a symbol that has several."):args "?"
    :convert(typed.decimal)
end

local function add_watchlists(parser)
  local lists = add_actions(parser, "watchlists", "Watchlists.")
  add_command(lists, "list", "List them.")
  local function add(name, text)
    local command = add_command(lists, name, text)
    command:argument("name", "Name or watchlistId.")
    return command
  end
  add("show", "List what is in one.")
  local create = add_command(lists, "create", "Make one.")
  create:argument("name", "Its name.")
  create:argument("symbol", "Symbols or instrument ids to begin with."):args "*"
  add("add", "Put instruments into one."):argument("symbol",
    "Symbols or instrument ids."):args "+"
  add("remove", "Take items out of one."):argument("symbol",
    "Symbols, or ids of items."):args "+"
  add("rename", "Give one another name."):argument("new", "Its new name.")
  add("delete", "Delete one.")
end

local function add_order(parser)
  local order = add_command(parser, "order", "Open a position.")
  order:argument("symbol", "Symbol or instrument id.")
  order:mutex(
    order:option("--amount", "US dollars."):convert(typed.decimal),
    order:option("--units", "Units, in place of an amount."):convert(typed.decimal))
  order:flag("--short", "Sell short instead of buying.")
  order:option("--leverage", "1 unless given."):convert(typed.whole)
  order:option("--stop-loss", "Close it there, at a loss."):convert(typed.decimal)
  order:option("--take-profit", "Close it there, with a profit.")
    :convert(typed.decimal)
  order:mutex(
    order:option("--trigger", "Rate at which the order becomes one (market if"
      .. " touched)."):convert(typed.decimal),
    order:option("--limit", "Worst rate to be filled at: at once, or the order is"
      .. " cancelled."):convert(typed.decimal))
  order:option("--settlement", "How it settles.")
    :choices { "cfd", "real", "realFutures", "marginTrade" }
  order:option("--wait", ("Seconds to wait for the fill; %d unless given, %d"
    .. " with --trigger. 0: do not wait."):format(run_limits.command_order_wait,
    run_limits.command_trigger_wait)):convert(typed.seconds)
end

local function add_trading(parser)
  add_command(parser, "positions", "Open positions.")
  add_command(parser, "orders", "Orders that wait.")
  add_order(parser)
  local close = add_command(parser, "close", "Close a position.")
  close:argument("position", "positionId, the symbol of one position, or 'all'.")
  close:option("--units", "Only so many of its units."):convert(typed.decimal)
  close:option("--wait", ("Seconds to wait until it is closed; %d unless"
    .. " given, less where its market is closed.")
    :format(run_limits.command_close_wait)):convert(typed.seconds)
  add_command(parser, "account", "What the account is worth.")
  local cancel = add_command(parser, "cancel", "Take an order back.")
  cancel:argument("order", "orderId, or the symbol of one order.")
  local edit = add_command(parser, "edit", "Move the stops of a position.")
  edit:argument("position", "positionId, or the symbol of one position.")
  edit:option("--stop-loss", "Rate, or none."):convert(typed.rate_or_none)
  edit:option("--take-profit", "Rate, or none."):convert(typed.rate_or_none)
  edit:flag("--trailing", "The stop follows the price.")
  local history = add_command(parser, "history", "Closed trades.")
  history:option("--since", ("First day, YYYY-MM-DD; %d days back unless"
    .. " given."):format(run_limits.command_history_days)):convert(typed.day)
  history:option("--limit", "How many at most."):convert(typed.whole)
  local recover = add_command(parser, "recover", "Say what became of what a journal"
    .. " left open, and note it there.")
  recover:argument("journal", "The file, which no program may have open.")
  recover:option("--wait", ("Seconds that something may still need to show; %d unless"
    .. " given."):format(limits.default_settle)):convert(typed.seconds)
end

local function add_run(parser)
  local run = add_command(parser, "run", "Run strategies: in a sandbox of their"
    .. " own, with --demo on the demo account, with --real with real money.")
  run:argument("file", "Lua files, see doc/strategies.md; FILE:NAME drives an"
    .. " agent-portfolio."):args "+"
  run:flag("--sandbox", "An account that is made up, under a clock of its own;"
    .. " so unless told otherwise.")
  run:flag("--demo", "The demo account.")
  run:option("--portfolio", "The agent-portfolio, by name or id, of files without"
    .. " one of their own.")
  run:option("--token-file", "The file with that one's token, NAME.token beside"
    .. " the Lua file unless given; once for each.")
    :count "*"
  run:option("--days", ("Days that it runs; in a sandbox %d, elsewhere until it"
    .. " is stopped."):format(run_limits.strategy_days)):convert(typed.positive)
  run:option("--seed", "Which sandbox; 1 unless given."):convert(typed.whole)
  run:option("--set", "A setting, NAME=VALUE, of one file FILE.NAME=VALUE; may be"
    .. " repeated."):count "*"
  run:option("--settings", "A file of settings, a JSON object; once for all, or"
    .. " once for each.")
    :count "*"
  run:option("--rails", "A file of rails, a JSON object: what no strategy does;"
    .. " once for all, or once for each."):count "*"
  run:option("--state", "Where the run is kept for the next one; beside its file"
    .. " unless given, once for each."):count "*"
  run:option("--log", "Where its notes go; with an account beside its file"
    .. " unless given, once for each."):count "*"
  run:option("--notify", "A command that is run for each note but the log's, with"
    .. " the note as JSON on its stdin; or a URL that gets it by POST; may be"
    .. " repeated."):count "*"
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
    command:argument("file", "Its Lua file, or FILE:NAME.")
    command:option("--portfolio", "The agent-portfolio that it drives.")
    command:flag("--demo", "On the demo account; so unless there is --real.")
    command:option("--state", "Where its run is kept, if not beside its file.")
    if one[1] == "halt" then
      command:flag("--close", "Close all that it holds.")
    end
  end
end

local RANKS = { "profit", "return", "cagr", "sharpe", "sortino", "calmar",
  "max_drawdown", "volatility", "win_rate", "payoff", "profit_factor",
  "expectancy" }

local function add_sweep(backtest)
  backtest:option("--sweep", "Run it with all settings of these: fast=5..20"
    .. " slow=20..60:5 side=long,short; may be repeated; see doc/sweeps.md.")
    :args "+":count "*"
  backtest:option("--by", "What ranks the runs: " .. table.concat(RANKS, ", ")
    .. ".")
    :choices(RANKS):argname "<figure>":default "sharpe"
  backtest:option("--walk-forward", "Choose settings on each of so many parts of"
    .. " the time, and judge them on the part behind it."):convert(typed.whole)
  backtest:option("--shard", "Only part K of N of the runs; etoro backtest merge"
    .. " puts parts together.")
  backtest:option("--workers", "Processes; as many as processors unless given.")
    :convert(typed.whole)
end

local function add_backtest(parser)
  local backtest = add_command(parser, "backtest", "Run a strategy's file over"
    .. " bars of the past.")
  backtest:argument("file", "A Lua file, see doc/strategies.md; or the word merge"
    .. " and what parts of a sweep have written."):args "+"
  backtest:option("--data", "A CSV file of bars, or a folder of SYMBOL.csv; what"
    .. " etoro data get has kept unless given.")
  backtest:option("--cash", ("US dollars to begin with; %d unless given."):format(
    run_limits.backtest_cash)):convert(typed.positive)
  backtest:option("--set", "A setting, NAME=VALUE; may be repeated."):count "*"
  backtest:option("--settings", "A file of settings, a JSON object.")
  backtest:option("--costs", "To be stated: etoro (what was measured"
    .. " there), none, words such as spread=0.001,fee=1, or a file of JSON.")
  backtest:option("--fill", "When orders fill: next_open (so unless given) or"
    .. " same_close."):choices { "next_open", "same_close" }
  backtest:option("--from", "ISO 8601: bars before it only warm up.")
  backtest:option("--to", "ISO 8601: bars from it on are left out.")
  backtest:option("--seed", "Of the file's math.random; 1 unless given.")
    :convert(typed.whole)
  backtest:option("--report", "Write one page of HTML into this file.")
  add_sweep(backtest)
  backtest:mutex(
    backtest:flag("--causality", "Look whether decisions change when what comes"
      .. " later is cut off."),
    backtest:flag("--warmup-check", "Look whether they depend on where the bars"
      .. " begin."),
    backtest:option("--parity", "Lay a run on an account beside a backtest of its"
      .. " time: give the run's JOURNAL, and the account's keys."))
end

local function add_kept(data)
  local function add_interval(command)
    command:option("--interval", "The length of a bar.")
      :choices(typed.INTERVALS):default "1d"
  end
  local get = add_command(data, "get", "Read bars and add them to those"
    .. " that are kept.")
  get:argument("symbol", "Symbols or instrument ids."):args "+"
  add_interval(get)
  get:option("--from", "ISO 8601: bars from then on, beyond the newest thousand"
    .. " too; what is there of them is not read again.")
  get:option("--to", "ISO 8601: no bars from then on.")
  get:flag("--replace", "Forget what was kept of them.")
  add_command(data, "list", "List the bars that are kept.")
  local export = add_command(data, "export", "Write kept bars as CSV on stdout.")
  export:argument("symbol", "A symbol.")
  add_interval(export)
end

local function add_data(parser)
  local data = add_command(parser, "data", "Files of bars, for backtests.")
  data:require_command(true)
  data:command_target "action"
  local check = add_command(data, "check", "Say what files have wrong, with"
    .. " their lines; nothing is repaired.")
  check:argument("file", "CSV: time, open, high, low, close, volume."):args "+"
  add_kept(data)
  check:option("--zone", "Of times that name none, such as America/New_York; UTC"
    .. " unless given.")
end

local function add_tools(parser)
  local login = add_command(parser, "login", "Keep a key pair, under --profile; it is"
    .. " asked for without being shown, and tried. With --real it is one of the real"
    .. " account.")
  login:flag("--keyring", "Keep the keys in the desktop's keyring, by secret-tool.")
  local call = add_command(parser, "call", "Call any documented operation.")
  call:argument("operation", "Such as \"GET /api/v1/me\".")
  call:argument("parameters", "name=value (text or number as the operation"
    .. " has it), name:=JSON; body=@FILE reads the JSON body."):args "*"
  local operations = add_command(parser, "operations", "List the operations.")
  operations:argument("filter", "Part of a method or path."):args "?"
  local serve = add_command(parser, "serve", "Let programs in other languages use"
    .. " the account: JSON-RPC, a Model Context Protocol server.")
  serve:flag("--stdio", "A message a line, on stdin and stdout.")
  serve:option("--rails", "A file of rails, a JSON object: without it there are no"
    .. " tools that write.")
  serve:option("--audit", "The file that each call is written to; serve.jsonl in"
    .. " the user's folder of states unless given.")
  serve:option("--journal", "Where orders are noted before they leave; beside the"
    .. " audit file unless given.")
  local sandbox = add_command(parser, "sandbox", "Serve a stand-in for the API on"
    .. " this machine.")
  sandbox:argument("options", "See etoro sandbox --help."):args "*"
  local completion = add_command(parser, "completion", "Print a completion script.")
  completion:argument("shell", "Whose."):choices { "bash", "zsh", "fish" }
  add_command(parser, "man", "Print the manual's page.")
  local help = add_command(parser, "help", "Show the help of a command.")
  help:argument("topic", "A command, such as order or tokens create."):args "*"
end

--- Declares all of it.
---@param parser table the command's own
function M.add(parser)
  add_help(parser)
  add_globals(parser)
  add_command(parser, "check", "Look at keys, scopes, clock and connection, and"
    .. " say what is missing.")
  add_market(parser)
  add_portfolios(parser)
  add_tokens(parser)
  add_copy(parser)
  add_transfers(parser)
  add_alerts(parser)
  add_watchlists(parser)
  add_trading(parser)
  add_run(parser)
  add_running(parser)
  add_backtest(parser)
  add_data(parser)
  add_tools(parser)
end

return M
