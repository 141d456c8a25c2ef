-- The sandbox's own paths, /sandbox/...: faults, the record of what arrived,
-- clock, options, reset. No keys are asked for.

local bounds = require "etoro.sandbox.bounds"
local core = require "etoro.core"
local faults = require "etoro.sandbox.http.faults"
local json = require "etoro.values.json"
local reply = require "etoro.sandbox.http.reply"
local router = require "etoro.sandbox.http.router"
local control = require "etoro.sandbox.trading.control"
local money_control = require "etoro.sandbox.money.control"

local M = {}

local wrong = reply.wrong

local function read(request)
  if request.body == nil or request.body == "" then return {} end
  local value, message = json.decode_plain(request.body)
  if type(value) ~= "table" then
    return nil, wrong("the body must be a JSON object: " .. (message or ""))
  end
  return value
end

local routes = {}

routes["POST /sandbox/faults"] = function(box, body)
  local list = body[1] ~= nil and body or { body }
  for _, fault in ipairs(list) do
    local message = faults.problem(fault)
    if message then return wrong(message) end
  end
  return reply.new(201, { ids = reply.each(list, function(fault)
    return (box.faults:add(fault))
  end) })
end

routes["GET /sandbox/faults"] = function(box)
  return reply.new(200, { faults = reply.each(box.faults.list, function(fault)
    return { id = fault.id, fault = fault.fault, route = fault.route,
      left = fault.left < math.huge and fault.left or json.null }
  end) })
end

routes["DELETE /sandbox/faults"] = function(box)
  box:clear_faults()
  return reply.new(204)
end

routes["GET /sandbox/arrivals"] = function(box)
  local all = box.arrivals
  return reply.new(200, { count = all.count, counts = all.counts,
    refused = all.refused,
    arrivals = json.list(table.move(all, 1, #all, 1, {})) })
end

routes["DELETE /sandbox/arrivals"] = function(box)
  box:clear_arrivals()
  return reply.new(204)
end

routes["POST /sandbox/reset"] = function(box)
  box:reset()
  return reply.new(204)
end

routes["GET /sandbox/clock"] = function(box)
  return reply.new(200, { now = box:now() })
end

routes["POST /sandbox/clock"] = function(box, body)
  local message = bounds.problem(body, { advance = box:step_kind() }, "field",
    { "advance" })
  if message then return wrong(message) end
  box:advance(body.advance)
  return reply.new(200, { now = box:now() })
end

routes["POST /sandbox/options"] = function(box, body)
  local ok, err = box:change(body)
  if not ok then return wrong(err.message) end
  return reply.new(204)
end

routes["GET /sandbox/state"] = function(box)
  local owners = json.list()
  for key, owner in pairs(box.owners) do
    owners[#owners + 1] = { user_key = key, credit = owner.credit,
      portfolios = reply.each(owner.portfolios, function(p)
        return { agentPortfolioId = p.id, agentPortfolioName = p.username,
          investment = p.investment, tokens = #p.tokens }
      end) }
  end
  table.sort(owners, function(a, b)
    return core.before(a.user_key, b.user_key)
  end)
  return reply.new(200, { now = box:now(), seed = box.options.seed,
    owners = owners })
end

routes["POST /sandbox/stop"] = function(box)
  box.stopped = true
  return reply.new(204)
end

local known = router.new()
for _, group in ipairs { routes, control, money_control } do
  for name, handler in pairs(group) do
    local method, path = name:match("^([^ \t-\r]+) ([^ \t-\r]+)$")
    known:add { method = method, path = path, handler = handler }
  end
end

--- Answers a request whose path starts with /sandbox/.
function M.answer(box, request)
  local route = known:find(request.method, request.path)
  if not route then
    return reply.fail(404, "NotFound", "the sandbox has no such control")
  end
  local body, refusal = read(request)
  if not body then return refusal end
  return route.handler(box, body)
end

return M
