-- A client of a served sandbox, whose private events come from another server, as
-- a spec tells them.
--
--   local told = told.start(); told:open(options)   told.client, told.stream
--   told:say("Trading.OrderForOpen.Update", { OrderID = 7 })
--   told:cut(), told:event "order", told:none(kind, seconds), told:close()
--   told:stop()
local cjson = require "cjson"
local core = require "etoro.core"
local etoro = require "etoro"
local server = require "spec.support.server"
local ws = require "spec.support.ws"
local patience = require "spec.support.patience"

local methods = {}
local mt = { __name = "spec.told", __index = methods }
local M = {}

--- Starts both servers; options as for the sandbox.
function M.start(options)
  local all = { api_key = ws.API_KEY, user_key = ws.USER_KEY }
  for name, value in pairs(options or {}) do all[name] = value end
  return setmetatable({ box = server.start(all), ws = ws.start() }, mt)
end

--- Opens a client and its stream, subscribed to "private".
function methods:open(options, stream_options)
  local all = { api_key = ws.API_KEY, user_key = ws.USER_KEY,
    stream_url = ("ws://127.0.0.1:%s/etoro/told"):format(self.ws.plain) }
  for name, value in pairs(options or {}) do all[name] = value end
  self.client = assert(self.box:client(all))
  self.stream = assert(self.client:stream(stream_options
    or { backoff = { 0.05, 0.1 } }))
  assert(self.stream:subscribe { "private" })
  self:until_subscribed()
  self.teller = ws.open(self.ws:stream "/tell")
  return self.stream
end

--- Until the server has the subscription; other tasks have their turn.
function methods:until_subscribed()
  self:event "connected"
  local ends = core.monotonic() + patience
  local asks = self.stream.subscribed.sessions[1].asks
  while not asks.asked.private or next(asks.replies) do
    assert(core.monotonic() < ends, "not subscribed")
    etoro.run(etoro.sleep, 0.01)
  end
end

local function tell(self, message)
  assert(self.teller:send(cjson.encode(message)))
  ws.take(self.teller)
end

--- Has the server send a private event.
function methods:say(kind, content)
  tell(self, { type = kind, content = content })
end

--- Has the server close the stream's connection.
function methods:cut() tell(self, { close = 1012 }) end

--- The next event of a kind, waited for up to ten seconds.
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
  if self.teller then self.teller:close() end
  self.stream, self.teller = nil, nil
end

function methods:stop()
  self.box:stop()
  self.ws:stop()
end

return M
