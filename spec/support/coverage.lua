-- How the operations of the API are covered: by a method of a resource or
-- only through client:call (as the lines of spec/requests/*.lua show when
-- they are run), and by which kind of answer of the sandbox.
local etoro = require "etoro"
local operations = require "etoro.operations"
local sandbox = require "etoro.sandbox"
local wire = require "etoro.sandbox.wire"

local M = {}

local FILES = { "agents", "deprecated", "market", "money", "people", "social",
  "trading", "watchlists" }

-- A stand-in for a sandbox that gives a line's replies, one after the other.
local function scripted(line)
  local replies = {}
  for i, one in ipairs(line.earlier or {}) do replies[i] = one end
  replies[#replies + 1] = { line.status or 200, line.answer or "" }
  local box = { options = { api_key = "test-api-key-0123456789",
    user_key = "test-user-key-0123456789" }, count = 0, requests = {} }
  function box.now() return 1767225600 end
  function box:set_clock(now) self.now = now end
  function box:handle(request)
    self.count = self.count + 1
    self.requests[self.count] = request
    local one = replies[math.min(self.count, #replies)]
    return { status = one[1], body = one[2] or "",
      headers = { ["Content-Type"] = "application/json" } }
  end
  return box
end

--- A client whose requests get a line's replies, and what it is connected to.
function M.client(line)
  local box = scripted(line)
  return assert(wire.client(box, { rate_limit = false,
    max_retries = 0, on_event = function() end,
    account = line.account or operations[line.op].account or "demo",
    orders_api = line.orders_api })), box
end

-- The operations that a line sends, apart from those within client:call; and all of
-- its requests.
local function sent_by(line)
  local sent, in_call = {}, false
  local client, box = M.client(line)
  local send, call = client.send, client.call
  function client:send(op, ...)
    if not in_call then sent[op.method .. " " .. op.path] = true end
    return send(self, op, ...)
  end
  function client:call(...)
    in_call = true
    local result, response = call(self, ...)
    in_call = false
    return result, response
  end
  pcall(line.call, client, etoro)
  client:close()
  return sent, box.requests
end

--- The requests that a line sends.
function M.requests(line) return (select(2, sent_by(line))) end

--- All lines of spec/requests.
function M.lines()
  local out = {}
  for _, file in ipairs(FILES) do
    local name = "spec.requests." .. file
    if package.searchpath(name, package.path) then
      for _, line in ipairs(require(name)) do out[#out + 1] = line end
    end
  end
  return out
end

local function kinds_of_routes()
  local out = {}
  for _, route in ipairs(sandbox.new().router.routes) do
    out[route.method .. " " .. route.path] = route.kind or "modelled"
  end
  return out
end

local function sorted(set)
  local out = {}
  for name in pairs(set) do out[#out + 1] = name end
  table.sort(out)
  return out
end

--- Of the operations of the documents: how many there are, and the names of
--- those in each class.
function M.count()
  local resource, written = {}, {}
  for _, line in ipairs(M.lines()) do
    written[line.op] = true
    if sent_by(line)[line.op] then resource[line.op] = true end
  end
  local kinds = kinds_of_routes()
  local out = { total = 0, resource = {}, call = {}, modelled = {},
    fixture = {}, unanswered = {}, unwritten = {} }
  for _, name in ipairs(sorted(operations)) do
    out.total = out.total + 1
    if not written[name] then table.insert(out.unwritten, name) end
    table.insert(resource[name] and out.resource or out.call, name)
    table.insert(out[kinds[name] or "unanswered"], name)
  end
  return out
end

--- The counts in one line.
function M.line(count)
  return ("%d of %d operations in the sandbox (%d modelled, %d fixture); "
    .. "%d have a method, %d only client:call"):format(
    #count.modelled + #count.fixture, count.total, #count.modelled,
    #count.fixture, #count.resource, #count.call)
end

return M
