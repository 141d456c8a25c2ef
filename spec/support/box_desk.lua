-- A box in the spec's own process with the methods of a served one (server.lua), and
-- the way of private events for told.lua. Its clock stands while nobody waits.
local json = require "etoro.values.json"
local sandbox = require "etoro.sandbox"
local stream_hub = require "etoro.sandbox.stream.hub"
local support_server = require "spec.support.server"

local methods = {}
local mt = { __name = "spec.box_desk", __index = methods }
local M = {}

--- Makes one; options as for etoro.sandbox.new.
function M.new(options)
  local all = { limits = false, now = function() return 1767225600 end }
  for name, value in pairs(options or {}) do all[name] = value end
  local self = setmetatable({ real = sandbox.new(all) }, mt)
  stream_hub.of(self.real).tell = function() end -- nothing but what a spec says
  return self
end

function methods:open(options)
  local all = { rate_limit = false }
  for name, value in pairs(options or {}) do all[name] = value end
  return assert(self.real:client(all))
end

function methods.listen() end

--- Says a private event to all who hear any.
function methods:say(kind, content)
  local text = json.encode { messages = { { topic = "private", id = "1", type = kind,
    content = json.encode(content) } } }
  for _, one in ipairs(stream_hub.of(self.real).connections) do
    if one.topics.private then assert(one:say(text)) end
  end
end

--- Ends all connections.
function methods:cut()
  local list = stream_hub.of(self.real).connections
  while list[1] do list[1]:drop() end
end

function methods:run(...) return self.real:run(...) end

function methods:set(options) assert(self.real:change(options)) end

function methods:fault(fault) assert(self.real.faults:add(fault)) end

function methods:advance(seconds) self.real:advance(seconds) end

function methods:arrivals(route)
  return support_server.only(self.real.arrivals, route)
end

--- One plain request past the client: status and decoded body.
function methods:raw(method, path)
  local answer = self.real:handle { method = method, path = path, query = "",
    headers = {}, body = "", remote = "127.0.0.1" }
  return answer.status, json.decode(answer.body)
end

function methods:clear()
  self.real:clear_faults()
  self.real:clear_arrivals()
end

function methods:reset() self.real:reset() end

function methods.close() end

function methods.stop() end

return M
