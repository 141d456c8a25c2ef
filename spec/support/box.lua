-- A sandbox in this process, without a wire: box.new(options) with a clock
-- the spec moves, and short ways to ask it.
local json = require "etoro.values.json"
local sandbox = require "etoro.sandbox"

local methods = {}
local mt = { __name = "spec.box", __index = methods }
local M = { null = json.null, array = json.list }

M.START = 1767225600 -- 2026-01-01T00:00:00Z
M.ID = "0b9f5b04-1fc4-492a-a2c2-02731caf3ce4"
M.READ = "etoro-public:trade.real:read"
M.WRITE = "etoro-public:trade.real:write"

function M.new(options)
  local all = { now = function() return M.START end }
  for name, value in pairs(options or {}) do all[name] = value end
  return setmetatable({ model = sandbox.new(all) }, mt)
end

--- One request: status, decoded body (nil when empty), headers, whole answer.
--- Headers given as false are left out.
function methods:ask(method, target, body, headers)
  local path, query = target:match("^([^?]*)%??(.*)$")
  local all = { ["x-api-key"] = "sandbox-api-key",
    ["x-user-key"] = "sandbox-user-key", ["x-request-id"] = M.ID }
  if body then all["content-type"] = "application/json" end
  for name, value in pairs(headers or {}) do all[name] = value or nil end
  if type(body) == "table" then body = json.encode(body) end
  local answer = self.model:handle { method = method, path = path,
    query = query, headers = all, body = body or "" }
  local value
  if answer.body ~= "" then
    value = json.decode_plain(answer.body) or answer.body
  end
  return answer.status, value, answer.headers, answer
end

--- A good body for creating a portfolio, with changes; null takes a field out.
function M.body(changes)
  local all = { investmentAmountInUsd = 2000, agentPortfolioName = "MyPort1",
    userTokenName = "bot", scopeNames = { M.READ } }
  for name, value in pairs(changes or {}) do
    all[name] = value ~= json.null and value or nil
  end
  return all
end

function methods:create(changes, version)
  return self:ask("POST", ("/api/v%d/agent-portfolios"):format(version or 2),
    M.body(changes))
end

function methods:advance(seconds) self.model:advance(seconds) end

function methods:fault(fault)
  return assert(self.model.faults:add(fault))
end

return M
