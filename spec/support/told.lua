-- A client of a served sandbox, whose private events come from another server, as
-- a spec tells them.
--
--   local told = told.start(); told:open(options)   told.client, told.stream
--   told:say("Trading.OrderForOpen.Update", { OrderID = 7 })
--   told:cut(), told:event "order", told:run(fn), told:pass(seconds), told:close()
--   told:stop()
--
-- told.inside() is the same with a box in this process, by its clock: that moves only
-- while somebody waits for it, so that no process is too slow for anything.
local box_desk = require "spec.support.box_desk"
local cjson = require "cjson"
local core = require "etoro.core"
local etoro = require "etoro"
local server = require "spec.support.server"
local ws = require "spec.support.ws"
local patience = require "spec.support.patience"

local methods = {}
local mt = { __name = "spec.told", __index = methods }
local M = {}

-- What carries the events, in two ways: say(message), cut(), open(options) gives a
-- client, run(fn, ...), close(), stop().
local Served = {}
Served.__index = Served

--- Starts both servers; options as for the sandbox.
function M.start(options)
  local all = { api_key = ws.API_KEY, user_key = ws.USER_KEY }
  for name, value in pairs(options or {}) do all[name] = value end
  local box = server.start(all)
  return setmetatable({ box = box,
    way = setmetatable({ box = box, ws = ws.start() }, Served) }, mt)
end

--- Makes a box in this process; options as for etoro.sandbox.new. It tells no
--- private events but those that a spec has it say.
function M.inside(options)
  local way = box_desk.new(options)
  return setmetatable({ box = way, way = way }, mt)
end

function Served:open(options)
  local all = { api_key = ws.API_KEY, user_key = ws.USER_KEY,
    connect_timeout = patience,
    stream_url = ("ws://127.0.0.1:%s/etoro/told"):format(self.ws.plain) }
  for name, value in pairs(options or {}) do all[name] = value end
  return assert(self.box:client(all))
end

function Served:listen() self.teller = ws.open(self.ws:stream "/tell") end

local function tell(self, message)
  assert(self.teller:send(cjson.encode(message)))
  ws.take(self.teller)
end

function Served:say(kind, content) tell(self, { type = kind, content = content }) end

function Served:cut() tell(self, { close = 1012 }) end

function Served.run(_, ...) return etoro.run(...) end

function Served:close()
  if self.teller then self.teller:close() end
  self.teller = nil
end

function Served:stop()
  self.box:stop()
  self.ws:stop()
end

--- Opens a client and its stream, subscribed to "private".
function methods:open(options, stream_options)
  self.client = self.way:open(options)
  self.stream = assert(self.client:stream(stream_options
    or { backoff = { 0.05, 0.1 } }))
  assert(self.stream:subscribe { "private" })
  self:until_subscribed()
  self.way:listen()
  return self.stream
end

--- Runs a function as a task, by the clock that the client goes by.
function methods:run(fn, ...) return self.way:run(fn, ...) end

--- Lets so many seconds go by.
function methods:pass(seconds) self:run(etoro.sleep, seconds) end

--- Until the server has the subscription; other tasks have their turn.
function methods:until_subscribed()
  self:event "connected"
  local ends = core.monotonic() + patience
  local asks = self.stream.subscribed.sessions[1].asks
  while not asks.asked.private or next(asks.replies) do
    assert(core.monotonic() < ends, "not subscribed")
    self:pass(0.01)
  end
end

--- Has the server send a private event.
function methods:say(kind, content) self.way:say(kind, content) end

--- Has the server close the stream's connection.
function methods:cut() self.way:cut() end

--- The next event of a kind, waited for.
function methods:event(kind)
  local ends = core.monotonic() + patience
  while core.monotonic() < ends do
    local event, err = self.stream:next(ends - core.monotonic())
    assert(event, tostring(err or "time is over") .. " before " .. kind)
    if event.kind == kind then return event end
  end
  error("no " .. kind, 2)
end

--- Who the sandbox says that the keys belong to.
function methods:me() return assert(self.client:call "GET /api/v1/me") end

--- The true books of the demo account.
function methods:books()
  local _, answer = self.box:raw("GET", "/sandbox/trading")
  for _, one in ipairs(answer.accounts) do
    if one.account == "demo" then return one end
  end
  return { orders = {}, positions = {} }
end

--- Closes the client's stream, and the way of telling.
function methods:close()
  if self.stream then self.stream:close() end
  self.stream = nil
  self.way:close()
end

function methods:stop() self.way:stop() end

return M
