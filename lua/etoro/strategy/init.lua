-- Strategies: a plain Lua file that drives an account. doc/strategies.md.

local blame = require "etoro.values.blame"
local named = require "etoro.values.named"
local file = require "etoro.strategy.file"
local reconcile = require "etoro.strategy.reconcile"
local run_limits = require "etoro.values.run_limits"
local runner = require "etoro.strategy.runner"
local tasks = require "etoro.tasks"

local outside = require -- what a file may require that is not beside it

---@class etoro.StrategyModule
local M = {}

local OPTIONS = { settings = "table", seed = "number", now = "function",
  print = "function", is_hidden = "function", on_read = "function",
  on_module = "function", machine = "function" }

---@class etoro.StrategyOptions
---@field settings? table<string, any> values in place of the file's defaults
---@field seed? integer of its math.random; 1
---@field now? fun(): number the time that its os.time tells; the machine's
---@field print? fun(text: string) where its print goes; standard output
---@field is_hidden? fun(path: string): boolean whether its io may not read that file
---@field on_read? fun(path: string, place: string): string? hears what its io reads, where some
---files are hidden; another file for it
---@field on_module? fun(name: string, place: string) hears of modules from elsewhere
---@field machine? fun(name: string, value: number, place: string): number gives another figure
---for what os.clock and collectgarbage tell it

--- Reads a strategy's file and checks all that can be checked before it runs:
--- its text, its fields and callbacks, its settings, and that it sets no
--- global. The file itself runs once, in an environment of its own.
---@param path string
---@param options? etoro.StrategyOptions
---@return etoro.Strategy? strategy
---@return etoro.Error? err kind "invalid"; the message begins with file and line
function M.load(path, options)
  if type(path) ~= "string" then
    blame.raise(("bad argument 'path' (string expected, got %s)"):format(
      type(path)))
  end
  options = options or {}
  named.options(options, OPTIONS, "option")
  return file.load(path, { settings = options.settings, seed = options.seed,
    now = options.now or os.time, print = options.print or print,
    outside = outside, is_hidden = options.is_hidden,
    on_read = options.on_read, on_module = options.on_module,
    machine = options.machine })
end

local RUN = { file = "string", strategy = "table", client = "table",
  box = "table", settings = "table", seed = "number", state = "string",
  days = "number", adopt = "boolean", strangers = "string",
  portfolio = "string", rails = "table", dry_run = "boolean", halt = "string",
  close_on_stop = "boolean", is_others = "function", on_begin = "function", on_note = "function",
  on_view = "function",
  stop = "function", print = "function" }

---@class etoro.StrategyRunOptions
---@field file? string a strategy's file, or
---@field strategy? etoro.Strategy what `load` gave
---@field client? etoro.Client whose account it drives, or
---@field box? etoro.Sandbox a sandbox in this process, under its own clock
---@field settings? table<string, any> in place of the file's defaults
---@field state? string a file that the run is kept in, for the next one
---@field portfolio? string the agent-portfolio that the client acts for: its state is no other's
---@field days? number how long it runs; 30 in a box, without an end elsewhere
---@field adopt? boolean takes positions of its symbols for its own
---@field strangers? "leave"|"refuse"|"flatten" what becomes of these otherwise; "leave"
---@field is_others? fun(id: integer): boolean whether it is a run's beside this one: not adopted
---@field rails? etoro.RailOptions of the box's client; another client has its own
---@field dry_run? boolean sends no write at all, ctx.client's neither
---@field halt? string while this file is there nothing is opened; "close" in it closes all
---@field close_on_stop? boolean closes all its positions at the end
---@field on_begin? fun(control: etoro.StrategyControl): any is given what the run is
---spoken to by, once its state is its own; what this gives is closed at the end
---@field on_note? fun(note: table) hears { time, kind, text, strategy } as it happens
---@field on_view? fun(view: etoro.StrategyView) hears how it stands, now and then
---@field stop? fun(): boolean|"now" whether to end, or to end at once; asked once a second
---@field seed? integer of the file's math.random; 1

local function strategy_of(options, client)
  if options.strategy then return options.strategy end
  return M.load(options.file, { settings = options.settings,
    seed = options.seed, print = options.print,
    now = function() return client:unix() end })
end

local function check_run(options)
  if type(options) ~= "table" then
    blame.raise("options must be a table, got " .. type(options))
  end
  named.options(options, RUN, "option")
  if (options.file == nil) == (options.strategy == nil) then
    blame.raise "give exactly one of 'file' and 'strategy'"
  end
  if (options.client == nil) == (options.box == nil) then
    blame.raise "give exactly one of 'client' and 'box'"
  end
  if options.rails and options.client then
    blame.raise "'rails' are options of the client that is given"
  end
  if options.strangers and not reconcile.POLICIES[options.strangers] then
    blame.raise "bad option 'strangers': it is 'leave', 'refuse' or 'flatten'"
  end
end

-- What a box's client warns of is a note of the run, where somebody hears these.
local function listener(on_note)
  return on_note and function(event)
    if event.kind ~= "warning" then return end
    on_note { time = event.at, kind = "warning", text = event.message }
  end
end

--- Runs a strategy until its days are over, `stop` says so, or a callback
--- raises. In a box a month is over in a moment.
---@param options etoro.StrategyRunOptions
---@return etoro.StrategyResult? result with err where a callback ended it
---@return etoro.Error? err why it could not begin; nothing was ordered then
function M.run(options)
  check_run(options)
  local client = options.client
  local err
  if options.box then
    client, err = options.box:client { rails = options.rails,
      on_event = listener(options.on_note) }
    if not client then return nil, err end
  end
  local strategy
  strategy, err = strategy_of(options, client)
  if not strategy then return nil, err end
  local given = {}
  for name, value in pairs(options) do given[name] = value end
  if options.box then
    given.days = options.days or run_limits.strategy_days
    return options.box:run(runner.run, strategy, client, given)
  end
  return tasks.run(runner.run, strategy, client, given)
end

return M
