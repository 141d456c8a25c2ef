-- etoro data: files of bars.

local checks = require "etoro.backtest.data.checks"
local core = require "etoro.core"
local csv = require "etoro.backtest.data.csv"
local data_get = require "etoro.backtest.data.get"
local exits = require "etoro.command.exits"
local values_count = require "etoro.values.count"
local instruments = require "etoro.command.instruments"
local json = require "etoro.values.json"
local limits = require "etoro.values.limits"
local output = require "etoro.command.output"
local store = require "etoro.backtest.data.store"
local times = require "etoro.values.times"
local types = require "etoro.values.types"
local zone = require "etoro.values.zone"

local tostring = core.text -- not up to the locale

local M = {}

local function zone_of(args)
  if not args.zone then return nil end
  local found, message = zone.open(args.zone)
  if not found then exits.exit(exits.USAGE, "--zone: " .. tostring(message)) end
  return found
end

-- Reads a CSV, or a file of kept bars.
local function read(path, options)
  if not path:find "%.bars$" then return csv.read(path, options) end
  local columns, err = store.read_file(path)
  if not columns then return nil, err.message end
  return columns
end

-- Reads a file and checks it: what is wrong with it, and what it holds.
local function look_at(path, options, now)
  local columns, faults, count = read(path, options)
  if not columns then
    if type(faults) == "string" then return { file = path, problem = faults } end
    return { file = path, faults = json.list(faults), untold = count - #faults }
  end
  local is_usable, found, counts = checks.of(columns, now)
  local sum = 0
  for _, one in pairs(counts) do sum = sum + one end
  return { file = path, is_usable = is_usable, faults = found, counts = counts,
    untold = sum - #found, bars = #columns.time, interval = columns.interval,
    from = times.format(columns.time[1]),
    to = times.format(columns.time[#columns.time]), ignored = columns.ignored }
end

local function show_faults(session, found)
  for _, fault in ipairs(found.faults or {}) do
    session.out:line(("%s:%d: %s%s"):format(fault.file, fault.line,
      fault.is_fatal and "" or "warning: ", fault.message),
      fault.is_fatal and "red" or "yellow")
  end
  if (found.untold or 0) > 0 then
    session.out:line(("%s: and %d more"):format(found.file, found.untold))
  end
end

local function counted(counts)
  local words = {}
  for _, kind in ipairs(types.sorted_names(counts or {})) do
    words[#words + 1] = ("%d %s"):format(counts[kind], kind)
  end
  return #words > 0 and table.concat(words, ", ") or "nothing"
end

-- Bars that cannot be used may have no interval.
local function is_daily(interval)
  return interval ~= nil and interval:find "[dw]$" ~= nil
end

-- The times of the first and the last of some bars, for people.
local function span_of(session, bars)
  local daily = is_daily(bars.interval)
  return session.out:bar_time(bars.from, daily), session.out:bar_time(bars.to, daily)
end

local function show(session, found)
  if found.problem then
    return session.out:line(found.problem, "red")
  end
  show_faults(session, found)
  if not found.bars then
    return session.out:line(found.file .. ": cannot be used", "red")
  end
  local from, to = span_of(session, found)
  session.out:fields {
    { "file", found.file }, { "bars", found.bars },
    { "interval", found.interval or "-" }, { "from", from }, { "to", to },
    { "not read", #found.ignored > 0 and table.concat(found.ignored, ", ")
      or nil },
    { "found", counted(found.counts) },
    { "usable", found.is_usable and "yes" or "no" },
  }
end

local function shape_of(found)
  local faults = {}
  for i, fault in ipairs(found.faults or {}) do
    faults[i] = { line = fault.line, kind = fault.kind,
      message = fault.message, fatal = fault.is_fatal }
  end
  return { file = found.file, usable = found.is_usable or false,
    bars = found.bars or 0, interval = found.interval, from = found.from,
    to = found.to, faults = json.list(faults), untold = found.untold,
    problem = found.problem }
end

local actions = {}

--- Says what files of bars have wrong, line by line; repairs nothing.
function actions.check(session)
  local args = session.args
  local options, shapes, code = { zone = zone_of(args) }, {}, exits.OK
  for i, path in ipairs(args.file) do
    local found = look_at(path, options, os.time())
    shapes[i] = shape_of(found)
    if not found.is_usable then code = exits.FAILED end
    show(session, found)
  end
  if session.out.is_json then session.out:json(shapes, true) end
  output.flush()
  return code
end

local function moment(seconds) return times.format(seconds) end

local function stretch(one) return { from = moment(one[1]), to = moment(one[2]) } end

local function holes_of(got)
  local list = {}
  for i, one in ipairs(got.holes) do list[i] = stretch(one) end
  return list
end

local function got_shape(got)
  return { symbol = got.symbol, instrumentId = got.id, interval = got.interval,
    bars = got.count, fresh = got.fresh, from = moment(got.from),
    to = moment(got.to), gap = #got.holes > 0, holes = json.list(holes_of(got)),
    empty = got.empty and stretch(got.empty),
    left_out = got.left_out, lone = got.lone, conversion = got.conversion,
    file = got.path }
end

-- The stretches of time that were asked for and are not there, and what becomes of them.
local function say_lacks(session, got)
  local function say(one, words, ...)
    local shown = stretch(one)
    shown.interval = got.interval
    local from, to = span_of(session, shown)
    session.out:line(words:format(got.symbol, from, to, ...), "yellow")
  end
  if got.empty then say(got.empty, "%s: the API has no bars from %s to %s") end
  for _, hole in ipairs(got.holes) do
    if hole[1] < got.edge then
      say(hole, "%s: bars from %s to %s were not asked for: they are read by the next "
        .. "call without --to")
    else
      say(hole, "%s: bars are missing from %s to %s: those between two times are there "
        .. "some %d days later, get them again then", limits.bars_range_lag)
    end
  end
end

local function say_got(session, got)
  session.out:line(("%s %s: %d new bars, %d in all, %s to %s"):format(got.symbol,
    got.interval, got.fresh, got.count, span_of(session, got_shape(got))))
  say_lacks(session, got)
  if got.left_out > 0 then
    session.out:line(("%s: %s of the answer left out, which were no bars"):format(
      got.symbol, values_count(got.left_out, "row")), "yellow")
  end
  if got.lone > 0 then
    session.out:line(("%s: %s in one of the API's two lists of the same time and "
      .. "not in the other"):format(got.symbol, values_count(got.lone, "bar")), "yellow")
  end
  if got.conversion then
    session.out:line(("%s: its prices are no US dollars; one of them is %s now, which "
      .. "a backtest takes for all times"):format(got.symbol,
      core.text(got.conversion)), "yellow")
  elseif not got.is_told then
    session.out:line(("%s: the API did not say what its currency is worth: a "
      .. "backtest takes it for US dollars"):format(got.symbol), "yellow")
  end
  output.flush()
end

local function time_of(args, name)
  local text = args[name]
  if not text then return nil end
  local seconds, message = times.parse(text)
  if not seconds then
    exits.exit(exits.USAGE, ("--%s: '%s' %s"):format(name, text,
      tostring(message)))
  end
  return seconds
end

-- A line on a terminal while it goes on: how far it is, and for how long yet.
local function progress(session)
  local began = core.monotonic()
  return function(now)
    local passed = core.monotonic() - began
    session.waiting:set_work(("%s %s: %d %%, at %s, %d new bars"):format(now.symbol,
      now.interval, math.floor(100 * now.part), moment(now.at):sub(1, 10),
      now.fresh), now.part > 0 and passed * (1 - now.part) / now.part or nil)
    session.waiting:look()
  end
end

-- The instruments that are named, once each: a slip is found before anything is
-- read.
local function instruments_of(session)
  local list, seen = {}, {}
  for _, text in ipairs(session.args.symbol) do
    for word in (text .. ","):gmatch "([^,]*)," do
      local one = instruments.find(session, word)
      if not seen[one.instrumentID] then list[#list + 1] = one end
      seen[one.instrumentID] = true
    end
  end
  return list
end

--- Reads bars from the API. Each symbol is kept as soon as it is there: what was
--- interrupted goes on where it ended.
function actions.get(session)
  local args, shapes = session.args, {}
  local from, to = time_of(args, "from"), time_of(args, "to")
  if from and to and from >= to then
    exits.exit(exits.USAGE, "--from does not lie before --to")
  end
  session:must(store.folder())
  for i, one in ipairs(instruments_of(session)) do
    local got = session:must(data_get.get(session:client(), {
      symbol = one.symbolFull, id = one.instrumentID, interval = args.interval,
      type = math.tointeger(core.number(one.instrumentTypeID)) },
      { from = from, to = to, replaces = args.replace,
        on_progress = progress(session) }))
    session.waiting:set_work(nil)
    shapes[i] = got_shape(got)
    say_got(session, got)
  end
  if session.out.is_json then session.out:json(shapes, true) end
end

-- One that is kept, as a row; a damaged one is told, not left out.
local function kept_row(entry)
  local columns, about = store.read(entry.symbol, entry.interval)
  if not columns then
    if about.code == "absent" then return nil end
    return { symbol = entry.symbol, interval = entry.interval,
      problem = about.message }
  end
  return { symbol = entry.symbol, interval = entry.interval,
    bars = about.count, from = moment(columns.time[1]),
    to = moment(columns.time[about.count]), file = about.path }
end

M.COLUMNS = { "symbol", { "interval", drop = 3 }, { ">bars", drop = 2 },
  { "from", drop = 4 }, { "to", drop = 5 }, { "file", drop = 1, least = 20 } }

function actions.list(session)
  local shapes, rows = {}, {}
  session:must(store.folder())
  for _, entry in ipairs(store.list()) do
    local one = kept_row(entry)
    if one then
      shapes[#shapes + 1] = one
      local from, to
      if not one.problem then from, to = span_of(session, one) end
      rows[#rows + 1] = { one.symbol, one.interval, one.bars, from, to,
        one.problem and output.cell(one.problem, "red") or one.file }
    end
  end
  session.out:list(shapes, "No bars are kept: etoro data get SYMBOL reads some.",
    M.COLUMNS, rows)
end

-- The symbol of kept bars that a word means: in any case, or by its id.
local function kept_symbol(word, interval)
  for _, one in ipairs(store.list()) do
    if one.interval == interval then
      local is_it = core.lower(one.symbol) == core.lower(word)
      if not is_it and word:find "^%d+$" then
        local columns, about = store.read(one.symbol, interval)
        is_it = columns and ("%d"):format(about.id) == word
      end
      if is_it then return one.symbol end
    end
  end
  return word
end

local FIELDS = { "open", "high", "low", "close", "volume" }

-- What a format writes before, for, between and behind the rows; names are those of
-- the columns.
local function csv_of(names)
  return { first = table.concat(names, ",") .. "\n",
    row = ("%s,"):rep(#names - 1) .. "%s\n", between = "", last = "" }
end

local function json_of(names)
  local fields = {}
  for i, name in ipairs(names) do
    fields[i] = (i == 1 and '"%s":"%%s"' or '"%s":%%s'):format(name)
  end
  return { first = "[", row = "{" .. table.concat(fields, ",") .. "}",
    between = ",\n", last = "]\n" }
end

--- Writes bars as a CSV that `check` and backtests take, or as JSON; with what one of
--- their prices is in US dollars, where that is another.
function actions.export(session)
  local args = session.args
  local columns = session:must(store.read(kept_symbol(args.symbol, args.interval),
    args.interval))
  local names = table.move(FIELDS, 1, #FIELDS, 2, { "time" })
  local dollars = columns.conversion_kept
  if dollars then names[#names + 1] = "conversion" end
  local form = (session.out.is_json and json_of or csv_of)(names)
  output.write(form.first)
  for i, time in ipairs(columns.time) do
    local row = { moment(time) }
    for k, name in ipairs(FIELDS) do row[k + 1] = core.json_number(columns[name][i]) end
    row[#row + 1] = dollars and core.json_number(dollars)
    output.write(i > 1 and form.between or "", form.row:format(table.unpack(row)))
  end
  output.write(form.last)
end

---@param session etoro.command.Session
function M.data(session) return actions[session.args.action](session) end

return M
