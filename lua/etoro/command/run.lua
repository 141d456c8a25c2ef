-- etoro run: strategies, in a sandbox of their own, on the demo account or with
-- real money.

local core = require "etoro.core"
local errors = require "etoro.errors"
local etoro = require "etoro"
local exits = require "etoro.command.exits"
local lookup = require "etoro.command.lookup"
local output = require "etoro.command.output"
local run_ask = require "etoro.command.run_ask"
local run_control = require "etoro.command.run_control"
local run_files = require "etoro.command.run_files"
local run_limits = require "etoro.values.run_limits"
local run_log = require "etoro.command.run_log"
local run_notify = require "etoro.command.run_notify"
local run_show = require "etoro.command.run_show"
local run_table = require "etoro.command.run_table"
local terminal = require "etoro.command.terminal"

local tostring = core.text -- not up to the locale

local M = {}

---@class etoro.command.Runs all that one etoro run does
---@field session etoro.command.Session
---@field place "sandbox"|"demo"|"real"
---@field files etoro.command.RunFile[]
---@field hooks etoro.command.Hooks
---@field codes table<integer, integer> exit codes, by file
---@field is_live? boolean a table of them stays in place
---@field is_over? boolean
---@field problem? any what ends the command once all runs have ended

local function place_of(args)
  local count = (args.real and 1 or 0) + (args.demo and 1 or 0)
    + (args.sandbox and 1 or 0)
  if count > 1 then
    exits.exit(exits.USAGE, "give one of --sandbox, --demo and --real")
  elseif args.real and args.yes and #args.rails == 0 then
    exits.exit(exits.USAGE, "--real without a question takes rails: give --rails"
      .. " FILE beside --yes")
  end
  if args.real then return "real" end
  if args.demo or args.base_url and not args.sandbox then return "demo" end
  return "sandbox"
end

-- Two of one name on one account would take each other's orders for their own.
local function check_names(runs)
  local seen = {}
  for _, file in ipairs(runs.files) do
    local name = ("%s\0%s"):format(file.strategy.name, file.portfolio_id
      or file.portfolio or "")
    if seen[name] then
      exits.exit(exits.USAGE, ("%s and %s are both named '%s'"):format(
        seen[name], file.path, file.strategy.name))
    end
    seen[name] = file.path
  end
end

local function load_all(runs)
  for _, file in ipairs(runs.files) do
    file.strategy = runs.session:must(etoro.strategy.load(file.path,
      { settings = file.settings }))
  end
  check_names(runs)
end

local function has_file(path)
  local file = io.open(path, "rb")
  if file then file:close() end
  return file ~= nil
end

-- Where stdout takes no more, that ends all runs in order, and none of them in
-- the middle of a decision.
local function say(runs, fn)
  local ok, problem = pcall(fn)
  if not ok then runs.problem = runs.problem or problem end
end

-- Where a note goes that nobody needs to look at the screen for.
local function pass_on(runs, file, note)
  note.portfolio = file.portfolio
  if file.writes then file.writes:write(note) end
  runs.hooks:add(note)
end

local function hear(runs, file, note)
  pass_on(runs, file, note)
  say(runs, function()
    run_show.note(runs.session, note, #runs.files > 1)
    if runs.is_live and not runs.is_over then run_table.draw(runs) end
  end)
end

local function note_of(file, text)
  return { time = os.time(), kind = "warning", strategy = file.strategy.name, text = text }
end

-- A file's client; ends the command where a run has its journal already.
local function own_client(session, file, options)
  local client, err = session:make_client(options)
  if not client and err.kind == "conflict" then
    local place = session.args.real and "real" or "demo"
    exits.exit(exits.FAILED, ("%s runs already on the %s account; 'etoro%s status %s'"
      .. " says how it stands (%s)"):format(file.path, place,
      session.args.real and " --real" or "", file.path, err.message))
  end
  session:must(client, err):load() -- a run may outlive the files that it came from
  return client
end

-- What hears a file's client. What it warns of is for the log and the hooks as well; and
-- a strategy that asks more than its budget gives decides late, and would not know why.
local function listener_of(runs, file)
  local listener, told = runs.session:listener(), nil
  return function(event)
    listener(event)
    if event.kind == "warning" then
      pass_on(runs, file, note_of(file, event.message))
    elseif event.kind == "waited" and event.wait >= run_limits.command_wait_told
        and not (told and event.at - told < run_limits.command_wait_again) then
      told = event.at
      hear(runs, file, note_of(file, ("a call waited %s s for the budget of %s: what it "
        .. "asks is more than that gives"):format(core.fixed(event.wait, 0),
        tostring(event.pool))))
    end
  end
end

-- The client that acts for a file's portfolio. A token of another one would trade
-- that one's money.
local function portfolio_client(session, file, options)
  local portfolio = lookup.portfolio(session, file.portfolio)
  if not has_file(file.token) then
    exits.exit(exits.CREDENTIALS, ("the token of %s is not there: --token-file '%s';"
      .. " etoro tokens create makes one of the portfolio %s"):format(file.portfolio,
        file.token, portfolio.agentPortfolioId))
  end
  file.portfolio_id = portfolio.agentPortfolioId
  options.user_key_file = file.token
  local client = own_client(session, file, options)
  local me, err = client:call "GET /api/v1/me"
  if not me then
    exits.exit(exits.code_of(err), ("the token in %s cannot be used: %s"):format(
      file.token, tostring(err)))
  elseif me.gcid ~= portfolio.agentPortfolioGcid then
    exits.exit(exits.CREDENTIALS, ("the token in %s is not one of the "
      .. "agent-portfolio %s"):format(file.token, file.portfolio))
  end
  return client
end

-- Each has a client of its own, with its rails and what these have counted; they
-- share one engine, and files with one key its budget.
local function open_clients(runs)
  if runs.place == "sandbox" then return end
  for _, file in ipairs(runs.files) do
    local options = { rails = file.rails, journal = file.state .. ".journal",
      on_event = listener_of(runs, file) }
    file.client = file.portfolio and portfolio_client(runs.session, file, options)
      or own_client(runs.session, file, options)
  end
  check_names(runs) -- a portfolio may be given by its name and by its id
end

local function tell_rails(runs)
  for _, file in ipairs(runs.files) do
    if file.has_own_rails then
      return runs.session:note("rails, for none were given: "
        .. etoro.encode(file.rails))
    end
  end
end

-- A signal ends the runs: no order any more that opens something, and what is
-- under way is followed to its end. A second one, of either kind, ends them at
-- once, and says what is open; a third one ends the command.
local function stop(runs)
  local name, count = terminal.signal()
  return count and count > 1 and "now" or name ~= nil or runs.problem ~= nil
end

local function see(runs, file, view)
  file.view = view
  if runs.session.out.is_json and runs.place ~= "sandbox" then
    say(runs, function() run_show.view(runs.session, file, view) end)
  end
end

-- Whether a position is one of another file's.
local function is_others(runs, file, id)
  for _, other in ipairs(runs.files) do
    if other ~= file and other.control and other.control:holds(id) then return true end
  end
  return false
end

-- From now on it can be spoken to.
local function begin(runs, file, control)
  file.control = control
  local server, problem = run_control.open(file, runs.place, control)
  if server then return server end
  hear(runs, file, note_of(file, "etoro status cannot ask this run, and etoro halt goes "
    .. "by its file alone: " .. problem))
end

local function run_one(runs, file)
  local args = runs.session.args
  local options = { file = file.path, settings = file.settings,
    stop = function() return stop(runs) end,
    days = args.days, adopt = args.adopt or nil,
    dry_run = args.dry_run or nil, close_on_stop = args.close_on_stop or nil,
    state = file.state, halt = file.halt, client = file.client,
    portfolio = file.portfolio_id,
    is_others = function(id) return is_others(runs, file, id) end,
    print = function(text)
      runs.session.out:line(text)
      output.flush()
    end,
    on_begin = file.client and function(control)
      return (begin(runs, file, control))
    end,
    on_note = function(note) hear(runs, file, note) end,
    on_view = function(view) see(runs, file, view) end }
  if not file.client then
    options.box = etoro.sandbox.new { seed = args.seed, limits = false }
    options.rails = file.rails
  end
  return etoro.strategy.run(options)
end

-- What a callback raised that is no fault of the strategy's.
local PASSED_ON <const> = { [exits.CREDENTIALS] = true, [exits.UNREACHABLE] = true,
  [exits.RATE_LIMIT] = true }

local function code_of(err)
  if errors.is(err) and err.code == "stopped_at_once" then
    return exits[terminal.signal()] or exits.FAILED
  end
  if errors.is(err) and err.code == "callback" then
    -- that nobody answers may be over by the next start
    local code = err.cause and exits.code_of(err.cause)
    return PASSED_ON[code] and code or exits.RUN
  end
  return exits.code_of(err)
end

-- One that could not begin, or that broke off.
local function tell_failure(runs, file, err)
  local text = #runs.files > 1 and file.path .. ": " .. tostring(err)
    or tostring(err)
  terminal.say("etoro: " .. output.clean(text))
  if runs.session.out.is_json then
    runs.session.out:json { kind = "result", file = file.path,
      portfolio = file.portfolio, account = runs.place,
      error = exits.shown(code_of(err), tostring(err),
        errors.is(err) and err or nil) }
  end
end

-- What ends one ends it alone: the others go on.
local function carry_out(runs, i)
  local file = runs.files[i]
  local ok, result, err = pcall(run_one, runs, file)
  if not ok then result, err = nil, result end
  if not ok and exits.caught(err) then
    runs.problem = runs.problem or err
    return
  end
  err = err or result and result.err
  runs.codes[i] = err and code_of(err) or exits.OK
  if not result then
    pass_on(runs, file, { time = os.time(), kind = "error", text = tostring(err),
      strategy = file.strategy.name })
  end
  say(runs, function()
    if result then return run_show.result(runs.session, runs.place, file, result) end
    if #runs.files == 1 then runs.session:fail(err) end
    tell_failure(runs, file, err)
  end)
end

local function run_side_by_side(runs)
  local list, beside = {}, { etoro.spawn(runs.hooks.follow, runs.hooks) }
  for i in ipairs(runs.files) do list[i] = etoro.spawn(carry_out, runs, i) end
  if runs.is_live then beside[2] = etoro.spawn(run_table.follow, runs) end
  etoro.all(list)
  runs.is_over = true
  for _, task in ipairs(beside) do task:cancel() end
  terminal.clear()
  runs.hooks:finish()
end

local function run_all(runs)
  if runs.place == "sandbox" then
    for i in ipairs(runs.files) do carry_out(runs, i) end
    etoro.run(runs.hooks.finish, runs.hooks)
  else
    etoro.run(run_side_by_side, runs)
  end
end

--- Runs all files; the code is that of the first of them that did not end well.
---@param session etoro.command.Session
---@return integer code
function M.run(session)
  session.waits_itself = true
  local place = place_of(session.args)
  local is_live = place ~= "sandbox" and terminal.is_table(session.out)
  ---@type etoro.command.Runs
  local runs = { session = session, place = place, codes = {}, is_live = is_live,
    files = run_files.read(session.args, place),
    hooks = run_notify.open(session.args.notify, is_live) }
  load_all(runs)
  tell_rails(runs)
  open_clients(runs)
  if place == "real" and not session.args.yes then
    session:confirm(run_ask.lines(session, runs.files))
  end
  for _, file in ipairs(runs.files) do
    file.writes = file.log and run_log.open(file.log)
  end
  terminal.catch_signals(2)
  run_all(runs)
  for _, file in ipairs(runs.files) do
    if file.client then file.client:close() end
  end
  if runs.problem then error(runs.problem, 0) end
  for _, code in ipairs(runs.codes) do
    if code ~= exits.OK then return code end
  end
  return exits.OK
end

return M
