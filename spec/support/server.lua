-- The sandbox over real HTTP, in a process of its own, one per start().
local cjson = require "cjson"
local http = require "socket.http"
local ltn12 = require "ltn12"
local process = require "spec.support.process"
local patience = require "spec.support.patience"

local methods = {}
local mt = { __name = "spec.server", __index = methods }
local M = {}

http.TIMEOUT = patience -- seconds without a byte

local SCRIPT = "lua/etoro/sandbox/main.lua"
local STILL = "spec/support/still.lua"

--- Of arrivals those of a route, or of a method and path; all without one.
function M.only(arrivals, route)
  local some = {}
  for _, request in ipairs(arrivals) do
    if not route or request.route == route
        or request.method .. " " .. request.path == route then
      some[#some + 1] = request
    end
  end
  return some
end

--- Starts a sandbox on a free port.
---@param options? table arguments by name ("seed", "limits", ...), and env; still:
---a time at which its clock stands, or seconds beside this machine's ("-25")
function M.start(options)
  options = options or {}
  local argv = { os.getenv "LUA" or "lua5.4", SCRIPT, "--port=0" }
  if options.still then
    argv[2], argv[3], argv[4] = STILL, options.still, "--port=0"
  end
  for name, value in pairs(options) do
    if name ~= "env" and name ~= "still" then
      argv[#argv + 1] = ("--%s=%s"):format(name:gsub("_", "-"),
        tostring(value))
    end
  end
  argv.env = options.env
  local child = process.spawn(argv)
  local url = child:expect "sandbox (http://[%d.]+:%d+)\n"
  return setmetatable({ process = child, url = url }, mt)
end

local WITH_TABLES = [[
  local options = require("cjson").decode(arg[1])
  options.port = 0
  function options.on_ready(url) io.write("sandbox ", url, "\n") io.flush() end
  assert(require("etoro.sandbox").serve(options))
]]

--- The same with options that no command line has, such as user_keys.
---@param options table
function M.start_with(options)
  local child = process.spawn { os.getenv "LUA" or "lua5.4", "-e", WITH_TABLES,
    "/dev/null", cjson.encode(options) }
  local url = child:expect "sandbox (http://[%d.]+:%d+)\n"
  return setmetatable({ process = child, url = url }, mt)
end

--- A client of this sandbox; options as for etoro.client. It keeps no budgets
--- unless they are asked for: specs make more calls a minute than users may.
function methods:client(options)
  local all = { base_url = self.url, api_key = "sandbox-api-key",
    user_key = "sandbox-user-key", connect_timeout = patience }
  for name, value in pairs(options or {}) do all[name] = value or nil end
  if all.rate_limit == nil then all.rate_limit = false end
  return require("etoro").client(all)
end

--- One plain request past the client: status, decoded body or text, headers.
function methods:raw(method, path, body, headers)
  local parts = {}
  local all = { ["content-length"] = "0" }
  if body then
    all["content-type"] = "application/json"
    all["content-length"] = tostring(#body)
  end
  for name, value in pairs(headers or {}) do all[name:lower()] = value end
  local ok, status, received = http.request {
    url = self.url .. path, method = method, headers = all,
    source = body and ltn12.source.string(body),
    sink = ltn12.sink.table(parts), redirect = false,
  }
  if not ok then error(("%s %s: %s"):format(method, path, status), 2) end
  local text = table.concat(parts)
  local decoded, value = pcall(cjson.decode, text)
  return status, decoded and value or text, received
end

local function control(self, method, path, value)
  local body = value and cjson.encode(value)
  local status, answer = self:raw(method, "/sandbox" .. path, body)
  if status < 200 or status > 299 then
    error(("sandbox %s %s: %s %s"):format(method, path, status,
      type(answer) == "table" and cjson.encode(answer) or answer), 3)
  end
  return answer
end

--- Scripts a fault: { route = "POST /api/...", fault = "lost_reply", ... }.
function methods:fault(fault) return control(self, "POST", "/faults", fault) end

--- Takes all scripted faults and recorded arrivals away.
function methods:clear()
  control(self, "DELETE", "/faults")
  control(self, "DELETE", "/arrivals")
end

--- Requests that arrived, in order, as a list; the control paths are not in
--- it. With a route ("DELETE /api/v2/agent-portfolios/{agentPortfolioId}")
--- or a method and path only those.
function methods:arrivals(route)
  return M.only(control(self, "GET", "/arrivals").arrivals, route)
end

--- How many requests arrived, and how many of them the rate limits refused.
function methods:tally()
  local answer = control(self, "GET", "/arrivals")
  return answer.count, answer.refused
end

--- Back to the state of the start.
function methods:reset() control(self, "POST", "/reset") end

--- Changes options of the running sandbox: limits, window, ...
function methods:set(options) control(self, "POST", "/options", options) end

--- What it holds: owners, their portfolios, money.
function methods:state() return control(self, "GET", "/state") end

--- Moves the sandbox's clock.
function methods:advance(seconds)
  control(self, "POST", "/clock", { advance = seconds })
end

function methods:stop() self.process:stop() end

return M
