-- etoro run: strategies, in a sandbox of their own, on the demo account or with
-- real money.

local core = require "etoro.core"
local errors = require "etoro.errors"
local etoro = require "etoro"
local exits = require "etoro.command.exits"
local json = require "etoro.values.json"
local output = require "etoro.command.output"
local rails = require "etoro.trading.rails"
local terminal = require "etoro.command.terminal"
local times = require "etoro.values.times"
local types = require "etoro.values.types"
local values_kept = require "etoro.values.kept"

-- not up to the locale
local tonumber, tostring = core.number, core.text

local M = {}

local COLORS = { deal = "bold", error = "red", notify = "yellow",
  warning = "yellow", note = "dim" }

-- What a word of --set means: a number, true or false, JSON, or a text.
local function value_of(text)
  if text == "true" then return true end
  if text == "false" then return false end
  local number = tonumber(text)
  if number then return math.tointeger(number) or number end
  return text:find "^[%[{]" and json.decode(text, true) or text
end

local function read_object(path, what)
  local file, problem = io.open(path, "rb")
  local text = file and file:read "a"
  if file then file:close() end
  if not text then
    exits.exit(exits.USAGE, ("the %s cannot be read: %s"):format(what,
      tostring(problem)))
  end
  local values = json.decode(text, true)
  if type(values) ~= "table" or values[1] ~= nil then
    exits.exit(exits.USAGE, ("%s is no JSON object of %s"):format(path, what))
  end
  return values
end

local function settings_of(args)
  local values = args.settings and read_object(args.settings, "settings")
    or {}
  for _, text in ipairs(args.set or {}) do
    local name, value = text:match "^([A-Za-z_][A-Za-z0-9_]*)=(.*)$"
    if not name then
      exits.exit(exits.USAGE, ("--set takes NAME=VALUE, not '%s'"):format(text))
    end
    values[name] = value_of(value)
  end
  return next(values) and values or nil
end

-- Of an account, when none are given: a run that goes wild stops early.
local CAUTIOUS = { max_leverage = 2, max_positions = 20, writes_per_minute = 15,
  writes_per_day = 200, max_drawdown = 0.2 }

-- The rails of a run; said where they are our own.
local function rails_of(session, place)
  local path = session.args.rails
  if path then
    local values = read_object(path, "rails")
    local ok, message = pcall(rails.check, values)
    if ok then return values end
    exits.exit(exits.USAGE, path .. ": " .. message:gsub("^.-:%d+: ", ""))
  end
  if place == "sandbox" then return nil end
  session:note("rails, for none were given: " .. etoro.encode(CAUTIOUS))
  return CAUTIOUS
end

local function place_of(args)
  local count = (args.real and 1 or 0) + (args.demo and 1 or 0)
    + (args.sandbox and 1 or 0)
  if count > 1 then
    exits.exit(exits.USAGE, "give one of --sandbox, --demo and --real")
  elseif args.real and args.yes and not args.rails then
    exits.exit(exits.USAGE, "--real without a question takes rails: give --rails"
      .. " FILE beside --yes")
  end
  if args.real then return "real" end
  if args.demo or args.base_url then return "demo" end
  return "sandbox"
end

local function show_note(session, note, many)
  if session.out.is_json then
    note.time = times.format(note.time)
    session.out:json(note)
    return output.flush()
  end
  local time = times.format(note.time):sub(1, 16):gsub("T", " ")
  session.out:line(("%s  %s%s"):format(time, many and note.strategy
    and note.strategy .. ": " or "",
    note.text), COLORS[note.kind])
  output.flush()
end

local function profit_line(result)
  local points = result.equity
  local first, last = points[1], points[#points]
  if not first then return nil end
  local text = ("%s USD, from %s"):format(output.usd(last.equity),
    output.usd(first.equity))
  if first.equity > 0 then
    text = ("%s (%s %%)"):format(text,
      output.signed(100 * (last.equity / first.equity - 1)))
  end
  return text
end

local function counts_of(orders)
  local counts, words = {}, {}
  for _, order in ipairs(orders) do
    counts[order.state] = (counts[order.state] or 0) + 1
  end
  for _, state in ipairs(types.sorted_names(counts)) do
    words[#words + 1] = ("%d %s"):format(counts[state], state)
  end
  return #words > 0 and table.concat(words, ", ") or "none"
end

local function held_of(positions)
  local words = {}
  for i, position in ipairs(positions) do
    words[i] = ("%s %s"):format(position.symbol, output.usd(position.amount))
  end
  return #words > 0 and table.concat(words, ", ") or "none"
end

local function shape_of(place, result)
  return { kind = "result", strategy = result.name, account = place,
    settings = result.settings, started = times.format(result.started),
    ended = times.format(result.ended), bars = result.bars,
    orders = result.orders, positions = result.positions,
    equity = result.equity, error = result.err and
      { message = result.err.message, traceback = result.err.traceback } }
end

local function show_result(session, place, result)
  if session.out.is_json then return session.out:json(shape_of(place, result)) end
  output.write "\n"
  session.out:fields {
    { "strategy", result.name .. " on " .. (place == "sandbox"
      and "a sandbox" or "the " .. place .. " account") },
    { "from", times.format(result.started):gsub("T", " ") },
    { "to", times.format(result.ended):gsub("T", " ") },
    { "bars", result.bars },
    { "orders", counts_of(result.orders) },
    { "holds", held_of(result.positions) },
    { "equity", profit_line(result) },
  }
  if result.err then
    terminal.say("etoro: " .. output.clean(result.err.message))
    for line in (result.err.traceback or ""):gmatch "[^\n]+" do
      terminal.say("  " .. output.clean(line))
    end
  end
end

-- Where a run is kept for the next one: beside its file, by account.
local function state_path(args, path, place)
  if args.state then return args.state end
  if place == "sandbox" then return nil end
  return ("%s.%s.state"):format(path:gsub("%.lua$", ""), place)
end

-- A file that halts a run needs neither its process nor the network, and holds
-- for the next run, too.
local function halt_path(args, path, place)
  local state = state_path(args, path, place)
  return state and state .. ".halt"
end

local function ask(session, args, place, strategies)
  if place ~= "real" then return end
  local worth = session:must(session:client().account:equity())
  local lines = { ("equity %s USD, cash %s USD"):format(output.usd(worth.equity),
    output.usd(worth.available_cash)) }
  for i, strategy in ipairs(strategies) do
    lines[#lines + 1] = ("runs %s: %s"):format(args.file[i],
      etoro.encode(strategy.settings))
  end
  lines[#lines + 1] = "rails: " .. etoro.encode(session.rails)
  session:confirm(lines)
end

local function load_all(session, args, settings)
  local list = {}
  for i, path in ipairs(args.file) do
    list[i] = session:must(etoro.strategy.load(path, { settings = settings }))
    for k = 1, i - 1 do
      if list[k].name == list[i].name then
        exits.exit(exits.USAGE, ("%s and %s are both named '%s'"):format(
          args.file[k], path, list[i].name))
      end
    end
  end
  return list
end

-- A signal ends the runs: no order any more that opens something, and what is
-- under way is followed to its end. A second one ends the command at once.
local function stop() return terminal.signal() ~= nil end

local function run_one(session, args, place, path, settings)
  local options = { file = path, settings = settings, stop = stop,
    days = args.days, adopt = args.adopt or nil,
    dry_run = args.dry_run or nil, close_on_stop = args.close_on_stop or nil,
    state = state_path(args, path, place),
    halt = halt_path(args, path, place),
    print = function(text) session.out:line(text) end,
    on_note = function(note) show_note(session, note, #args.file > 1) end }
  if place == "sandbox" then
    options.box = etoro.sandbox.new { seed = args.seed, limits = false }
    options.rails = session.rails
  else
    options.client = session:client()
  end
  return etoro.strategy.run(options)
end

local function run_all(session, args, place, settings)
  local results = {}
  local function one(i)
    local result, err = run_one(session, args, place, args.file[i], settings)
    results[i] = result or { err = err, is_unbegun = true }
  end
  if place == "sandbox" then
    for i in ipairs(args.file) do one(i) end
  else
    etoro.run(function()
      for i in ipairs(args.file) do etoro.spawn(one, i) end
    end)
  end
  return results
end

---@param session etoro.command.Session
function M.run(session)
  local args = session.args
  local place, settings = place_of(args), settings_of(args)
  if args.state and #args.file > 1 then
    exits.exit(exits.USAGE, "--state is for one file")
  end
  session.waits_itself, session.rails = true, rails_of(session, place)
  local strategies = load_all(session, args, settings)
  ask(session, args, place, strategies)
  local code = exits.OK
  for _, result in ipairs(run_all(session, args, place, settings)) do
    if result.is_unbegun then
      if #args.file == 1 then session:fail(result.err) end
      terminal.say("etoro: " .. output.clean(tostring(result.err)))
      code = exits.code_of(result.err)
    else
      show_result(session, place, result)
      if result.err then
        code = errors.is(result.err) and result.err.code == "callback"
          and exits.RUN or exits.code_of(result.err)
      end
    end
  end
  return code
end

local function account_of(args) return args.real and "real" or "demo" end

---@param session etoro.command.Session
function M.halt(session)
  local args = session.args
  local path = halt_path(args, args.file, account_of(args))
  local ok, problem = values_kept.write(path, args.close and "close" or "halt")
  if not ok then exits.exit(exits.FAILED, problem) end
  if session.out.is_json then return session.out:json { halted = true, file = path } end
  session.out:line(("halted by %s: nothing is opened%s"):format(path,
    args.close and ", and what it holds is closed while it runs" or ""))
end

---@param session etoro.command.Session
function M.resume(session)
  local args = session.args
  local path = halt_path(args, args.file, account_of(args))
  local ok, problem, code = os.remove(path)
  if not ok and code ~= 2 then -- ENOENT
    exits.exit(exits.FAILED, tostring(problem))
  end
  if session.out.is_json then return session.out:json { halted = false, file = path } end
  session.out:line(ok and "resumed" or "it was not halted")
end

-- What a run has written of itself.
local function kept_of(path)
  local kept, why, problem = values_kept.read(path)
  if why == "absent" then
    exits.exit(exits.NOT_FOUND, path .. " is not there: it has not run")
  elseif not kept then
    exits.exit(exits.FAILED, path .. ": " .. (problem or why))
  end
  return kept
end

---@param session etoro.command.Session
function M.status(session)
  local args = session.args
  local place = account_of(args)
  local kept = kept_of(state_path(args, args.file, place))
  local halt = io.open(halt_path(args, args.file, place))
  if halt then halt:close() end
  local owned, under_way = kept.owned or {}, kept.orders or {}
  if session.out.is_json then
    return session.out:json { strategy = kept.strategy, account = place,
      saved = kept.saved, halted = halt ~= nil, positions = owned,
      orders = under_way, state = kept.state }
  end
  local held = {}
  for _, id in ipairs(types.sorted_names(owned)) do
    held[#held + 1] = ("%s %s"):format(owned[id].symbol, id)
  end
  session.out:fields {
    { "strategy", ("%s on the %s account"):format(tostring(kept.strategy), place) },
    { "saved", kept.saved },
    { "halted", halt and "yes" or "no" },
    { "holds", #held > 0 and table.concat(held, ", ") or "none" },
    { "under way", #types.sorted_names(under_way) },
    { "state", etoro.encode(kept.state or {}) },
  }
end

return M
