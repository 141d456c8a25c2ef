-- The record of what arrived, and how often: a list of the last requests, with
-- counts of all.

local ceilings = require "etoro.sandbox.ceilings"
local core = require "etoro.core"

local methods = {}
local mt = { __name = "etoro.sandbox.arrivals", __index = methods }
local M = {}

local KEPT, KEPT_BODY = ceilings.box_arrivals_kept,
  ceilings.box_arrival_body_kept

function M.new()
  return setmetatable({ count = 0, counts = {}, refused = 0,
    by_request_id = {} }, mt)
end

-- How often each write of the trading routes came, whatever became of it.
local function count_request_id(self, request)
  local id = request.headers["x-request-id"]
  if type(id) == "string" and request.method ~= "GET"
      and request.path:find("/trading/", 1, true) then
    id = core.lower(id)
    self.by_request_id[id] = (self.by_request_id[id] or 0) + 1
  end
end

--- Records a request that came at a time; route: nil where there is none.
function methods:add(request, route, time)
  local name = request.method .. " " .. (route and route.path or request.path)
  self.count = self.count + 1
  self.counts[name] = (self.counts[name] or 0) + 1
  count_request_id(self, request)
  if #self >= 2 * KEPT then
    table.move(self, #self - KEPT + 1, #self, 1)
    for i = #self, KEPT + 1, -1 do self[i] = nil end
  end
  self[#self + 1] = { number = self.count, time = time,
    method = request.method, path = request.path, query = request.query or "",
    headers = request.headers, body = (request.body or ""):sub(1, KEPT_BODY),
    connection = request.connection, route = name }
end

return M
