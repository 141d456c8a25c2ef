-- A client that trades in a sandbox in this process, whose clock moves when a
-- call waits: half a minute of looking for an outcome takes no time.
--
--   local t = desk.new({ fill_delay = 3 }, { account = "real" })
--   t.client, t.warnings, t:sent(), t:control("POST", "/trading/fate", {...})
local etoro = require "etoro"
local json = require "etoro.values.json"

local methods = {}
local mt = { __name = "spec.desk", __index = methods }
local M = {}

function M.new(sandbox_options, client_options, orders_api)
  local all = { limits = false, now = function() return 1767225600 end }
  for name, value in pairs(sandbox_options or {}) do all[name] = value end
  local self = setmetatable({ box = etoro.sandbox.new(all), warnings = {},
    orders_api = orders_api }, mt)
  self.client = self:connect(client_options)
  return self
end

--- The same, of clients whose orders go by a version of the API.
---@param orders_api "v2"|"v3"
function M.by(orders_api)
  return { new = function(sandbox_options, client_options)
    return M.new(sandbox_options, client_options, orders_api)
  end }
end

--- Another client of the same sandbox.
function methods:connect(options)
  local all = { rate_limit = false, orders_api = self.orders_api, on_event = function(event)
    if event.kind == "warning" then
      self.warnings[#self.warnings + 1] = event.message
    end
  end }
  for name, value in pairs(options or {}) do all[name] = value end
  return assert(self.box:client(all))
end

--- Asks the sandbox's own paths.
function methods:control(method, path, body)
  local answer = self.box:handle { method = method, path = "/sandbox" .. path,
    query = "", headers = {}, body = body and json.encode(body) or "" }
  if answer.status > 299 then error(answer.body, 2) end
  return answer.body ~= "" and json.decode_plain(answer.body) or nil
end

--- What the next orders come to: { status =, times =, seconds = }.
function methods:fate(fate) self:control("POST", "/trading/fate", fate) end

--- The true books of an account.
function methods:books(account)
  for _, one in ipairs(self:control("GET", "/trading").accounts) do
    if one.account == (account or "demo") then return one end
  end
  return { orders = {}, positions = {}, closes = {} }
end

function methods:fault(fault) return assert(self.box.faults:add(fault)) end

--- Requests since the last call, as "METHOD target" and, after a blank, the
--- body.
function methods:sent()
  local lines = {}
  for i, request in ipairs(self.box.arrivals) do
    local query = request.query ~= "" and "?" .. request.query or ""
    local body = request.body ~= "" and " " .. request.body or ""
    lines[i] = request.method .. " " .. request.path .. query .. body
  end
  self.box:clear_arrivals()
  return lines
end

--- The same, of one method alone.
function methods:sent_by(method)
  local lines = {}
  for _, line in ipairs(self:sent()) do
    if line:find("^" .. method .. " ") then lines[#lines + 1] = line end
  end
  return lines
end

--- Opens a position and gives it once the portfolio shows it.
function methods:position(fields)
  local all = { symbol = "AAPL", transaction = "buy", units = "3" }
  for name, value in pairs(fields or {}) do all[name] = value end
  local order = assert(self.client.orders:open(all, { precheck = false }))
  assert(order:wait())
  local positions = assert(order:positions())
  self:sent()
  return positions[1], order
end

return M
