-- etoro candles: bars of prices, as a table or drawn.

local instruments = require "etoro.command.instruments"
local market_candles = require "etoro.market.candles"
local output = require "etoro.command.output"
local run_limits = require "etoro.values.run_limits"
local spark = require "etoro.command.spark"
local terminal = require "etoro.command.terminal"
local times = require "etoro.values.times"

local M = {}

local function shape_of(bar, symbol)
  return { symbol = symbol, instrumentId = bar.instrumentID or bar.instrumentId,
    fromDate = bar.fromDate, open = bar.open, high = bar.high, low = bar.low,
    close = bar.close, volume = bar.volume, isForming = bar.is_forming or false }
end

local function bounds(bars)
  local low, high = math.huge, -math.huge
  for _, bar in ipairs(bars) do
    low, high = math.min(low, bar.low), math.max(high, bar.high)
  end
  return low, high
end

-- The sign of a bar in a row: what lies between open and close, or beyond them.
local function sign_of(bar, top, bottom, signs)
  local upper, lower = math.max(bar.open, bar.close), math.min(bar.open, bar.close)
  if bar.high < bottom or bar.low > top then return " " end
  if upper >= bottom and lower <= top then
    return bar.close >= bar.open and signs.rise or signs.fall
  end
  return signs.wick
end

local function shown_time(session, bar)
  return session.out:bar_time(bar.fromDate,
    market_candles.seconds(session.args.interval) >= times.DAY)
end

local function draw(session, bars, symbol)
  local rows, signs = run_limits.command_chart_rows, spark.candles()
  local low, high = bounds(bars)
  local step = (high - low) / rows
  local places = math.max(output.places(high), output.places(low))
  for row = 1, rows do
    local top = high - (row - 1) * step
    local cells = {}
    for i, bar in ipairs(bars) do
      cells[i] = sign_of(bar, top, top - step, signs)
    end
    local scale = row == 1 and high or row == rows and low
    local line = table.concat(cells) .. (scale and "  " .. output.number(scale, places)
      or "")
    session.out:line((line:gsub(" +$", "")))
  end
  local span = ("%s, %s to %s"):format(symbol, shown_time(session, bars[1]),
    shown_time(session, bars[#bars]))
  local last = "last close " .. output.number(bars[#bars].close)
  local is_narrow = #span + #last + 2 > (terminal.columns(1) or math.huge)
  session.out:line(is_narrow and span or span .. "; " .. last)
  if is_narrow then session.out:line(last) end
end

-- As many of the newest as a line holds, with the scale behind them.
local function fitting(bars)
  local columns = terminal.columns(1) or run_limits.command_chart_columns
  local most = math.max(1, columns - run_limits.command_chart_scale)
  return { table.unpack(bars, math.max(1, #bars - most + 1)) }
end

M.COLUMNS = { "from", { ">open", drop = 3 }, { ">high", drop = 4 },
  { ">low", drop = 5 }, ">close", { ">volume", drop = 2 }, { "note", drop = 1 } }

local function show_table(session, shapes)
  local rows = {}
  for i, bar in ipairs(shapes) do
    rows[i] = { shown_time(session, bar), output.number(bar.open), output.number(bar.high),
      output.number(bar.low), output.number(bar.close),
      output.number(bar.volume), bar.isForming and "not over yet" or "" }
  end
  session.out:table(M.COLUMNS, rows)
end

---@param session etoro.command.Session
function M.candles(session)
  local args = session.args
  local found = instruments.find(session, args.symbol)
  local bars = session:must(session:client().market:candles {
    instrumentId = found.instrumentID, interval = args.interval,
    count = args.count })
  local shapes = {}
  for i, bar in ipairs(bars) do shapes[i] = shape_of(bar, found.symbolFull) end
  if session.out.is_json then return session.out:json(shapes, true) end
  if #bars == 0 then return session.out:line "No bars." end
  if args.chart then return draw(session, fitting(bars), found.symbolFull) end
  show_table(session, shapes)
end

return M
