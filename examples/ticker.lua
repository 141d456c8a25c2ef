-- Prints prices as they change, over one stream that comes back by itself.
--
--   make run EXAMPLE=ticker ARGS="AAPL TSLA"
--
-- Takes ETORO_API_KEY and ETORO_USER_KEY: a stream's login needs the pair. Without
-- keys `make run` gives it a sandbox.

local etoro = require "etoro"

local function line_of(event)
  if event.kind == "quote" then
    return ("%-8s bid %s  ask %s"):format(event.symbol or event.instrumentId,
      event.bid or "-", event.ask or "-")
  elseif event.kind == "gap" then
    return ("nothing was heard for %.0f seconds"):format(event.to - event.from)
  elseif event.kind == "refused" then
    return "refused: " .. tostring(event.err)
  end
end

local function main(symbols)
  local client = assert(etoro.client())
  local stream = assert(client:stream())
  assert(stream:subscribe(symbols))
  while true do
    local line = line_of(assert(stream:next()))
    if line then
      print(line)
      io.stdout:flush()
    end
  end
end

if #arg == 0 then
  io.stderr:write("usage: ticker.lua SYMBOL...\n")
  os.exit(2)
end
local ok, problem = pcall(main, { table.unpack(arg) })
if not ok then
  io.stderr:write(tostring(problem), "\n")
  os.exit(1)
end
