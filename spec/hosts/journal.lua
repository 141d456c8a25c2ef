-- For alloc_host: an order with its journal, with memory failing anywhere in
-- it. A line that is cut short would be found when the file is read.
local url = ...
local etoro = require "etoro"
local journal = require "etoro.trading.journal"
require "cjson" -- now, so that the host keeps it loaded

local path = assert(os.getenv "SCRATCH") .. "/journal"

local function read()
  local records, problems = journal.read(path)
  if not records then return nil, problems end
  assert(#problems == 0, problems[1] and problems[1].message)
  return true
end

return function()
  os.remove(path)
  local client, err = etoro.client { base_url = url, max_retries = 0,
    journal = path, on_unknown = "report", deadline = 2,
    api_key = "sandbox-api-key", user_key = "sandbox-user-key" }
  if not client then return nil, err end
  local done
  done, err = client:request({ method = "POST", body = { amount = 1 },
    path = "/api/v2/trading/execution/demo/orders" }, { settle = 0.01 })
  if not done and err.code == "out_of_memory" then return nil, err end
  client:close()
  done, err = read()
  os.remove(path)
  return done, err
end
