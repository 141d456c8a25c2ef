-- The way of a request: recorded, spoilt by a fault, told who calls, counted
-- against the limits, allowed, read, answered.

local auth = require "etoro.sandbox.http.auth"
local core = require "etoro.core"
local faults = require "etoro.sandbox.http.faults"
local fold = require("etoro.sandbox.http.fold").table
local json = require "etoro.values.json"
local reply = require "etoro.sandbox.http.reply"
local router = require "etoro.sandbox.http.router"

local tostring = core.text -- not up to the locale

local M = {}

local function fail(box, route, status, code, message)
  if route and route.older then
    return reply.fail_older(status, code, message, box.rng:uuid())
  end
  return reply.fail(status, code, message)
end

-- Who calls, in the manner of the API the route belongs to.
local function identify(box, request, route)
  local caller, refusal
  if not route.older or request.headers.authorization then
    caller, refusal = auth.identify(box, request)
  end
  if caller or not route.older then return caller, refusal end
  return nil, fail(box, route, refusal and refusal.status or 401,
    "Unauthorized", "Unauthorized")
end

local function read_body(request, route)
  local text = request.body or ""
  if text == "" or route.body_kind == "multipart" then return {} end
  if not reply.is_json(request) then reply.stop(reply.not_json()) end
  local value = json.decode_plain(text)
  if type(value) ~= "table" then
    reply.invalid "The body is not JSON"
  end
  return value
end

local function check_id(box, request, route)
  local id = request.headers["x-request-id"]
  if route.older then
    return
  elseif id == nil or id == "" then
    if box:is_older() then reply.invalid "x-request-id is required" end
    reply.refuse(422, "RequestIdRequired", "x-request-id is required")
  elseif not auth.request_id(id, box.options.strict) then
    reply.invalid "x-request-id must be a UUID"
  end
end

local function work(box, request, route, params, effects, caller)
  check_id(box, request, route)
  local barred = route.bar and route.bar(caller)
  if barred then reply.stop(barred) end
  if not auth.allowed(caller, route.scopes) then
    reply.stop(fail(box, route, 403, "InsufficientPermissions",
      "Insufficient permissions"))
  end
  local body, query = read_body(request, route), router.query(request.query)
  if not box.options.strict then body, query = fold(body), fold(query) end
  return route.handler { box = box, request = request, caller = caller,
    params = params, query = query, body = body, effects = effects,
    args = nil, op = nil, books = nil, account = nil } -- of the areas
end

-- A table that is raised is an answer (reply.stop); all else is a mistake.
local function as_raised(err)
  return type(err) == "table" and err or debug.traceback(tostring(err), 2)
end

local function attempt(...)
  local ok, answer = xpcall(work, as_raised, ...)
  if not ok and type(answer) ~= "table" then error(answer, 0) end
  return answer
end

local function limited(box, request, route, params, effects)
  local caller, refusal = identify(box, request, route)
  if not caller then return refusal end
  local allowed, headers = box.limits:take(route.pool, caller.limit_key,
    box:now())
  local answer
  if allowed then
    answer = attempt(box, request, route, params, effects, caller)
  else
    answer = fail(box, route, 429, "TooManyRequests", "Too many requests")
    box.arrivals.refused = box.arrivals.refused + 1
  end
  for name, value in pairs(headers) do
    answer.headers[name] = answer.headers[name] or value
  end
  return answer
end

local function no_route(box, request, others)
  local older = request.path:find("^/api/sor/v3/") and { older = true }
  if older and #others == 0 then
    return fail(box, older, 404, "NotFound", "There is no such route")
  elseif #others == 0 then
    return reply.no_route { box = box, request = request }
  end
  local answer = fail(box, older, 405, "MethodNotAllowed",
    "This path does not take " .. request.method)
  answer.headers.Allow = table.concat(others, ", ")
  return answer
end

-- Does the work of requests whose connections went before it.
local function catch_up(box)
  local now, left = box:now(), {}
  for _, one in ipairs(box.late) do
    if one.at <= now then
      limited(box, one.request, one.route, one.params, {})
    else
      left[#left + 1] = one
    end
  end
  box.late = left
end

--- Answers one request to the API.
---@param box etoro.Sandbox
---@param request table see etoro.Sandbox:handle
---@return table answer
function M.answer(box, request)
  if box.late[1] then catch_up(box) end
  local route, params = box.router:find(request.method, request.path)
  box.arrivals:add(request, route, box:now())
  local fault = box.faults:take(request, route)
  local answer = faults.before(fault, box)
  if answer and fault.fault == "late_work" and route then
    table.insert(box.late, { at = box:now() + (fault.seconds or 0.5),
      request = request, route = route, params = params })
  end
  if answer then return answer end
  if not route then
    return faults.after(fault, no_route(box, request, params))
  end
  local effects = faults.effects(fault)
  answer = limited(box, request, route, params, effects)
  if effects.duplicate then limited(box, request, route, params, effects) end
  return faults.after(fault, answer)
end

return M
