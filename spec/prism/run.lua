-- The sandbox behind Prism, which holds each request and each answer against the
-- documents of the API:
--   PRISM=path/to/prism lua spec/prism/run.lua "openapi.json newer.json"
-- One good request of each operation goes through it, with what it takes to get
-- there, and then each literal request of spec/requests. What a document says twice,
-- and differently, is in known.lua; it ends with 1 where there is more than that.
local box = require "spec.support.box"
local coverage = require "spec.support.coverage"
local cjson = require("cjson").new()
local http = require "socket.http"
local known = require "spec.prism.known"
local json = require "etoro.values.json"
local ltn12 = require "ltn12"
local process = require "spec.support.process"
local sandbox = require "etoro.sandbox"
local server = require "spec.support.server"
local times = require "etoro.values.times"
local walk = require "spec.support.walk"

local PRISM = assert(os.getenv "PRISM", "PRISM names the program")
local STARTING = 120 -- seconds
local METHODS = { "get", "post", "put", "patch", "delete" }

-- A document, the operations that it has, and the Prism that reads it.
local function start(path, upstream)
  local file = assert(io.open(path, "rb"))
  local paths, has = cjson.decode(file:read "a").paths, {}
  file:close()
  for route, methods in pairs(paths) do
    for _, method in ipairs(METHODS) do
      if methods[method] then has[method:upper() .. " " .. route] = true end
    end
  end
  local child = process.spawn { PRISM, "proxy", path, upstream, "-p",
    process.free_port(), "-v", "info" }
  return { has = has, child = child,
    url = child:expect("Prism is listening on (http://[%d.:]+)", STARTING) }
end

local found = {} -- violations, in order, and by what they say

local function keep_one(name, place, message)
  local key = table.concat({ name, place, message }, "\n")
  if found[key] then return end
  found[key] = { name = name, place = place, message = message }
  found[#found + 1] = found[key]
end

-- Keeps what a header of an answer tells, by operation, place and message.
local function keep(text, name, is_line)
  for _, one in ipairs(text and cjson.decode(text) or {}) do
    local place = table.concat(one.location or {}, "."):gsub("%.%d+", "[]")
    if not is_line or place:find "^request" then
      keep_one(name, place, one.message)
    end
  end
end

-- Sends a request through the Prism whose document has its operation.
local function send(world, request, is_line)
  local route = assert(world.router:find(request.method,
    request.target:match "^[^?]*"), request.target)
  local name = ("%s %s"):format(route.method, route.path)
  local prism = world.prisms[1]
  for _, other in ipairs(world.prisms) do
    if other.has[name] then prism = other end
  end
  assert(prism.has[name], name)
  world.seen[name] = true
  local parts = {}
  request.headers["content-length"] = ("%d"):format(#request.body)
  local ok, status, headers = http.request {
    url = prism.url .. request.target, method = request.method,
    headers = request.headers, redirect = false,
    source = ltn12.source.string(request.body), sink = ltn12.sink.table(parts),
  }
  assert(ok, status)
  keep(headers["sl-violations"], name, is_line)
  return status, table.concat(parts), headers
end

-- What the walk asks in place of a sandbox of this process.
local function box_of(world)
  local self = {}
  function self.ask(_, method, target, body, headers)
    local all = { ["x-api-key"] = "sandbox-api-key", ["x-request-id"] = box.ID,
      ["x-user-key"] = "sandbox-user-key" }
    if body then all["content-type"] = "application/json" end
    for key, value in pairs(headers or {}) do all[key] = value or nil end
    if type(body) == "table" then body = json.encode(body) end
    local status, text, got = send(world, { method = method, target = target,
      body = body or "", headers = all })
    return status, text ~= "" and (json.decode_plain(text) or text) or nil, got,
      { body = text }
  end
  function self.advance(_, seconds) world.box:advance(seconds) end
  function self.create(_, changes, version)
    return self:ask("POST", ("/api/v%d/agent-portfolios"):format(version or 2),
      box.body(changes))
  end
  return self
end

local function walk_all(world)
  for _, name in ipairs(walk.names()) do
    world.box:reset()
    local status, text = walk.ask(name, box_of(world))
    if status > 299 then
      keep_one(name, "answer", ("%d %s"):format(status, text))
    end
  end
end

-- The literal requests; what the sandbox says to them is not looked at.
local function send_lines(world)
  world.box:reset()
  for _, line in ipairs(coverage.lines()) do
    for _, request in ipairs(coverage.requests(line)) do
      local headers = {}
      for name, value in pairs(request.headers) do headers[name] = value end
      local query = request.query ~= "" and "?" .. request.query or ""
      send(world, { method = request.method, target = request.path .. query,
        headers = headers, body = request.body or "" }, true)
    end
  end
end

local function is_known(one)
  for _, row in ipairs(known) do
    if one.name:find(row[1]) and one.place:find(row[2])
        and one.message:find(row[3]) then
      row.count = (row.count or 0) + 1
      return true
    end
  end
end

-- What is left, and what is listed and did not come; whether that is nothing.
local function tell(world)
  local left, count = 0, 0
  for _, one in ipairs(found) do
    if not is_known(one) then
      left = left + 1
      print(("%s\n   %s: %s"):format(one.name, one.place, one.message))
    end
  end
  for _, row in ipairs(known) do
    print(row.count and ("%d times: %s"):format(row.count, row.why)
      or "no longer so: " .. row.why)
  end
  for _ in pairs(world.seen) do count = count + 1 end
  print(("%d operations through Prism: %d violations, %d of them where a document "
    .. "contradicts itself or is older"):format(count, #found, #found - left))
  return left == 0
end

local function run(paths)
  local served = server.start { limits = false, strict = true,
    still = times.format(box.START) }
  local world = { box = served, router = sandbox.new().router, prisms = {}, seen = {} }
  local ok, result = pcall(function()
    for path in paths:gmatch "%S+" do
      table.insert(world.prisms, start(path, served.url))
    end
    walk_all(world)
    send_lines(world)
    return tell(world)
  end)
  for _, prism in ipairs(world.prisms) do prism.child:stop() end
  served:stop()
  return assert(ok and result ~= nil, result) and result
end

os.exit(run(assert(arg[1], "which documents?")) and 0 or 1)
