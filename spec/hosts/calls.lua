-- For alloc_host: a constructor, reads and writes, and closing, with memory
-- failing anywhere in it.
local url = ...
local etoro = require "etoro"
require "cjson" -- now, so that the host keeps it loaded

return function()
  local client, err = etoro.client { base_url = url, max_retries = 0,
    api_key = "sandbox-api-key", user_key = "sandbox-user-key" }
  if not client then return nil, err end
  local list
  list, err = client.portfolios:list()
  if not list then return nil, err end
  local done
  done, err = client:call("GET /api/v1/me")
  if not done then return nil, err end
  done, err = client:request { method = "POST", path = "/api/v1/nowhere",
    body = { list = { 1, 2.5, "x" }, text = ("long "):rep(50) } }
  if not done and err.kind ~= "not_found" then return nil, err end
  client:close()
  return true
end
