-- Prints every event of a few calls with their timings. No event holds a
-- header or a body, so none can hold a key.
--
--   make sandbox PORT=8080        in another terminal, or set your own keys
--   ETORO_BASE_URL=http://127.0.0.1:8080 ETORO_API_KEY=sandbox-api-key \
--     ETORO_USER_KEY=sandbox-user-key make run EXAMPLE=events

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
