-- Scans many instruments: their prices, and who moved most over the last
-- days. Eight tasks ask side by side; the client keeps them within the API's
-- rate limit, so that nothing is refused however many there are.
--
--   make run EXAMPLE=market_scan ARGS="[COUNT [DAYS]]"
--
-- COUNT is 500 by default and DAYS 20. Without keys this runs against a
-- sandbox in this very process. With ETORO_API_KEY and ETORO_USER_KEY set it
-- asks the API, whose 120 calls a minute make it last some minutes.

local etoro = require "etoro"

local TASKS = 8
local SHOWN = 5 -- of the most and of the least

local function has_keys()
  for _, name in ipairs { "API_KEY", "API_KEY_FILE", "ACCESS_TOKEN", "PROFILE" } do
    if os.getenv("ETORO_" .. name) then return true end
  end
end

local function connect(count)
  if has_keys() then
    return assert(etoro.client())
  end
  print("A sandbox in this process: no account, no network.")
  return assert(etoro.sandbox.new { instruments = count }:client())
end

-- A line that is written over, where somebody looks.
local function new_progress(total)
  local ok, terminal = pcall(require, "etoro.terminal")
  local is_shown = ok and terminal.is_terminal(2)
  local done = 0
  return function()
    done = done + 1
    if not is_shown then return end
    io.stderr:write(("\r\27[K%d of %d"):format(done, total),
      done == total and "\r\27[K" or "")
  end
end

-- What a row says of an instrument: change over the days, in percent.
local function measure(client, rate, days)
  local bars, err = client.market:candles { instrumentId = rate.instrumentId,
    interval = "OneDay", count = days + 1 }
  if not bars then
    if err.kind == "not_found" then return nil end
    error(err, 0)
  end
  local first = bars[1]
  if not first or not first.close or first.close <= 0 then return nil end
  return (rate.bid / first.close - 1) * 100
end

-- Several tasks take the rates from one list, until it is empty.
local function scan(client, rates, days)
  local rows, next_index = {}, 1
  local tell = new_progress(#rates)
  local function work()
    while next_index <= #rates do
      local rate = rates[next_index]
      next_index = next_index + 1
      local change = measure(client, rate, days)
      if change then
        rows[#rows + 1] = { id = rate.instrumentId, bid = rate.bid,
          change = change }
      end
      tell()
    end
  end
  etoro.run(function()
    for _ = 1, TASKS do etoro.spawn(work) end
  end)
  return rows
end

local function show(rows, symbols)
  table.sort(rows, function(a, b) return a.change > b.change end)
  local function line(row)
    print(("  %-12s %14.5f %+8.2f %%"):format(symbols[row.id] or row.id,
      row.bid, row.change))
  end
  print("Up most:")
  for i = 1, math.min(SHOWN, #rows) do line(rows[i]) end
  print("Down most:")
  for i = #rows, math.max(#rows - SHOWN + 1, SHOWN + 1), -1 do
    line(rows[i])
  end
end

local function main(count, days)
  local client = connect(count)
  local ids, symbols = {}, {}
  for _, instrument in ipairs(assert(client.instruments:list())) do
    if #ids < count and instrument.instrumentId then
      ids[#ids + 1] = instrument.instrumentId
      symbols[instrument.instrumentId] = instrument.symbolFull
    end
  end
  local rates = assert(client.market:rates(ids))
  print(("%d prices of %d instruments."):format(#rates, #ids))
  local rows = scan(client, rates, days)
  print(("%d have a history of %d days."):format(#rows, days))
  show(rows, symbols)
end

local count, days = tonumber(arg[1] or 500), tonumber(arg[2] or 20)
if not count or not days or count < 1 or days < 1 or days > 999 then
  io.stderr:write("usage: market_scan.lua [COUNT [DAYS]]\n")
  os.exit(2)
end
local ok, problem = pcall(main, math.floor(count), math.floor(days))
if not ok then
  io.stderr:write(tostring(problem), "\n")
  os.exit(1)
end
