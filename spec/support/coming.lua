-- Operations of newer documents that client:call sends and the sandbox does not
-- answer: names as keys.
local operations = require "etoro.operations"
local sandbox = require "etoro.sandbox"

local coming, router = {}, sandbox.new().router
for name, op in pairs(operations) do
  if op.since == "v1.375.0" then
    local route = router:find(op.method, (op.path:gsub("{[^}]+}", "1")))
    coming[name] = not (route and route.path == op.path) or nil
  end
end
return coming
