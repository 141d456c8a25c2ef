-- Prints every event of a few calls with their timings. No event holds a
-- header or a body, so none can hold a key.
--
--   make run EXAMPLE=events        without keys it is given a sandbox

local etoro = require "etoro"

local client, err = etoro.client { on_event = etoro.events.print(io.stdout) }
if not client then
  io.stderr:write(tostring(err), "\n")
  os.exit(1)
end

-- The first call opens a connection, the second uses it.
for _ = 1, 2 do
  local instruments, response = client.instruments:list()
  if not instruments then
    io.stderr:write(tostring(response), "\n")
    os.exit(1)
  end
end

-- A call that fails is told in the same way.
local _, failure = client:request { path = "/api/v1/no-such-route" }
print(failure)
