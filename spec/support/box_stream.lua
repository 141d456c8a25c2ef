-- A way to a sandbox's stream, by either of its doors, under a clock that the
-- spec moves: { box, way, take(), pass(seconds), close() }.
local core = require "etoro.core"
local sandbox = require "etoro.sandbox"
local stream_hub = require "etoro.sandbox.stream.hub"
local ws = require "spec.support.ws"
local patience = require "spec.support.patience"

local M = { START = 1700000000 }

local function options_of(options, now)
  local all = { api_key = ws.API_KEY, user_key = ws.USER_KEY, now = now }
  for name, value in pairs(options or {}) do all[name] = value end
  return all
end

--- In the same process.
function M.inside(options)
  local box = sandbox.new(options_of(options, function() return M.START end))
  local client = assert(box:client())
  local self = { box = box }
  function self.open() self.way = client._runtime.open_way(client._core) end
  function self.pass(seconds)
    box:advance(seconds)
    stream_hub.of(box):tick()
  end
  function self.take() return self.way:take() end
  -- Nothing comes any more unless the clock moves.
  function self.is_quiet() return self.take() == nil end
  function self.close() self.way:close() end
  return self
end

--- Over HTTP.
function M.served(options)
  local time = M.START
  local server = assert(sandbox.server(options_of(options, function()
    return time
  end)))
  local engine = core.engine()
  local client = ws.client(engine, server.url)
  local self = { box = server.box }
  function self.open()
    self.way = assert(engine:stream(client, { target = "/ws" }))
  end
  function self.pass(seconds)
    time = time + seconds
    server:step(0)
  end
  local function turn()
    server:step(0.002)
    engine:step(0.002)
    return table.pack(self.way:take())
  end
  function self.take()
    local ends = core.monotonic() + patience
    while core.monotonic() < ends do
      local news = turn()
      if news[1] then return table.unpack(news, 1, news.n) end
    end
    error("nothing in time", 2)
  end
  function self.is_quiet()
    for _ = 1, 20 do
      if turn()[1] then return false end
    end
    return true
  end
  function self.close()
    self.way:close()
    server:close()
  end
  return self
end

return M
