-- etoro watch: prices and private events as they come, until Ctrl-C.

local core = require "etoro.core"
local exits = require "etoro.command.exits"
local figures = require "etoro.command.figures"
local instruments = require "etoro.command.instruments"
local json = require "etoro.values.json"
local output = require "etoro.command.output"
local run_limits = require "etoro.values.run_limits"
local terminal = require "etoro.command.terminal"
local times = require "etoro.values.times"
local watch_table = require "etoro.command.watch_table"

local M = {}

local function quote_shape(quote, symbol)
  local change = figures.difference(quote.bid, quote.dailyClose)
  return { kind = "quote", symbol = symbol, instrumentId = quote.instrumentId,
    bid = quote.bid, ask = quote.ask, last = quote.last, date = quote.date,
    isMarketOpen = quote.isMarketOpen,
    spread = figures.difference(quote.ask, quote.bid),
    previousClose = quote.dailyClose, change = change,
    changePercent = figures.percent(change, quote.dailyClose) }
end

local function other_shape(event)
  return { kind = event.kind, at = event.at, type = event.type,
    symbol = event.symbol, instrumentId = event.instrumentId, silent = event.silent,
    connection = event.connection, topic = event.topic, content = event.content, code = event.code,
    from = event.from, to = event.to, topics = event.topics, path = event.path,
    after = event.after, orders = event.orders, positions = event.positions,
    closes = event.closes,
    message = event.err and event.err.message }
end

-- The table in place of the one before it.
local function draw(view)
  local rows = {}
  for i, id in ipairs(view.ids) do
    local quote = view.stream:quote(id)
    rows[i] = watch_table.row(quote or {}, view.symbols[id], view.prices[id])
    if not quote then rows[i].market = "refused" end
  end
  local columns = terminal.columns(1) or math.huge
  terminal.stand(watch_table.render(rows, columns - 1, function(text, color)
    return view.session.out:paint(text, color)
  end))
  output.flush()
end

local function remember(view, quote)
  if quote.bid and quote.changed.bid then
    watch_table.remember(view.prices[quote.instrumentId], quote.bid)
  end
end

local function quote_line(view, quote, symbol)
  return ("%s  %s  bid %s  ask %s"):format(
    view.session.out:moment(quote.date) or "-", symbol,
    output.number(quote.bid), output.number(quote.ask))
end

local function refused_line(view, event)
  local names = {}
  for i, topic in ipairs(event.topics) do
    local id = core.number(topic:match "^instrument:(%d+)$")
    names[i] = view.symbols[id] or topic
  end
  return ("refused  %s: %s"):format(table.concat(names, ", "), event.err.message)
end

-- When, what, and the rest of it.
local function other_line(view, event)
  if event.kind == "refused" then return refused_line(view, event) end
  local shape = other_shape(event)
  shape.kind, shape.at, shape.connection = nil, nil, nil
  local at = event.at and times.format(event.at)
  local rest = next(shape) ~= nil and "  " .. json.show(shape) or ""
  return (at and view.session.out:moment(at) .. "  " or "") .. event.kind .. rest
end

-- One event: a line of JSON, a line for people, or a change of the table.
local function tell(view, event)
  local out, is_quote = view.session.out, event.kind == "quote"
  local symbol = is_quote and view.symbols[event.instrumentId]
  if is_quote then remember(view, event) end
  if out.is_json then
    out:json(is_quote and quote_shape(event, symbol) or other_shape(event))
  elseif is_quote and view.is_live then
    return
  elseif is_quote then
    if next(event.changed) then out:line(quote_line(view, event, symbol)) end
  elseif view.is_live and #view.ids > 0 then
    view.session:note(other_line(view, event))
  else
    out:line(other_line(view, event))
  end
  output.flush()
end

local function follow(view)
  while true do
    local event, err = view.stream:next(run_limits.command_watch_tick)
    terminal.check_signal()
    if event then
      tell(view, event)
    elseif err then
      view.session:fail(err)
    end
    local now = core.monotonic()
    if view.is_live and #view.ids > 0
        and now - (view.drawn_at or 0) >= run_limits.command_watch_tick then
      draw(view)
      view.drawn_at = now
    end
  end
end

local function begin(session)
  local view = { session = session, ids = {}, symbols = {}, prices = {} }
  for _, word in ipairs(session.args.symbol) do
    local found = instruments.find(session, word)
    local id = found.instrumentID
    if not view.symbols[id] then
      view.ids[#view.ids + 1] = id
      view.symbols[id] = output.clean(found.symbolFull or word)
      view.prices[id] = {}
    end
  end
  view.is_live = terminal.is_table(session.out)
  session:client():load() -- it may outlive the files that it came from
  view.stream = session:must(session:client():stream())
  return view
end

---@param session etoro.command.Session
function M.watch(session)
  if #session.args.symbol == 0 and not session.args.private then
    exits.exit(exits.USAGE, "give symbols, or --private")
  end
  local view = begin(session)
  local topics = { table.unpack(view.ids) }
  if session.args.private then topics[#topics + 1] = "private" end
  if session.args.record then
    session:must(view.stream:record(session.args.record))
  end
  session:must(view.stream:subscribe(topics))
  local ok, problem = pcall(follow, view)
  view.stream:close()
  terminal.leave()
  if not ok then error(problem, 0) end
end

return M
