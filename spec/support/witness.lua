-- An account that shows what a row of spec/fixtures/observations has recorded,
-- second by second from when the closing was sent, to whoever asks for it.
--
--   local w = witness.new(row)
--   w.client, w:position(), w.posts (closings that arrived), w.is_down (true:
--   it cannot be read)
--
-- A row's `others`: clock (seconds that the server's clock is ahead; false: it
-- tells none), history and portfolio (statuses they answer with), cut (the
-- history has no end), outage (from and to: the portfolio cannot be read),
-- page (where the history has the position), repeats (it gives the same page
-- whatever is asked for), is_text (numbers are texts and names are spelled
-- otherwise), is_shy (closings are answered without the time), place ("mirror"
-- or "both": a copy's position), lookup (the state that the opening order's
-- lookup gives).
local json = require "etoro.values.json"
local scripted = require "spec.support.scripted"
local times = require "etoro.values.times"

local methods = {}
local mt = { __name = "spec.witness", __index = methods }
local M = {}

M.CLOSE = "POST /api/v1/trading/execution/demo/market-close-orders"
  .. "/positions/{positionId}"
M.ID = 3612345678

local ORDER, MIRROR = 77, 9
local SENT = 60 -- seconds that the account was there before
local FILLER = 100 -- trades of other positions on a page

-- Seconds since the closing was sent; before that they are below 0.
function methods:after()
  return self.sent_at and self:unix() - self.sent_at or -SENT
end

function methods:unix()
  return self.api.pump and self.api.pump.engine:unix() or self.api.start
end

-- The server's clock at a moment after the closing was sent.
function methods:stamp(after)
  local sent = self.sent_at or self.api.start
  return times.format(sent + (self.others.clock or 0) + after)
end

local function value(self, number)
  return self.others.is_text and number and ("%.10g"):format(number) or number
end

function methods:units()
  local units, now = self.row.held or 3, self:after()
  for i = 1, #(self.row.shows or {}), 2 do
    if self.row.shows[i] <= now then units = self.row.shows[i + 1] end
  end
  return units
end

local function position_of(self, units)
  local id = self.others.is_text and "PositionId" or "positionID"
  return { [id] = value(self, M.ID), instrumentID = 1001, orderID = 4711,
    mirrorID = self.others.place and MIRROR or 0, isBuy = true,
    units = value(self, units),
    initialUnits = self.row.initial or self.row.held or 3,
    openDateTime = times.format(self.api.start - 7200
      + (self.others.clock or 0)) }
end

local function portfolio(self)
  local outage, now = self.others.outage, self:after()
  if outage and now >= outage[1] and now < outage[2] then return 503, "{}" end
  local status = self.others.portfolio
  if status and self.sent_at then
    return status, status == 200 and '{"clientPortfolio":{}}' or "{}"
  end
  local units, place = self:units(), self.others.place
  local list = json.list { units and position_of(self, units) or nil }
  local own = place ~= "mirror" and list or json.list {}
  local waits = self.sent_at and self.row.waits
  return 200, json.encode { clientPortfolio = { positions = own,
    mirrors = json.list { place and { mirrorID = MIRROR, positions = list }
      or nil },
    ordersForClose = json.list { waits and { orderID = ORDER,
      positionID = M.ID, unitsToDeduct = waits ~= "all" and value(self, waits)
      or nil } or nil } } }
end

local function items_of(self)
  local list = json.list {}
  for _, item in ipairs(self.row.history or {}) do
    if self:after() >= (item[3] or item[1]) then
      list[#list + 1] = {
        [self.others.is_text and "PositionID" or "positionId"] =
          value(self, M.ID),
        units = value(self, item[2]), closeRate = 100 + #list,
        closeTimestamp = self:stamp(item[1]) }
    end
  end
  return list
end

local function history(self, query)
  local status = self.others.history
  if status then return status, "{}" end
  local page = tonumber(query:match("page=(%d+)"))
  if self.others.repeats then page = 1 end
  local own = self.others.page or 1
  local list = page == own and items_of(self) or json.list {}
  if self.others.cut or page < own then
    for i = #list + 1, FILLER do
      list[i] = { positionId = page * 1000 + i, units = 1,
        closeTimestamp = self:stamp(60 - page) }
    end
  end
  return 200, json.encode(list)
end

-- A closing that another part came before is the second one.
local function close(self, request)
  self.posts = self.posts + 1
  local nth = self.posts - (self.row.beside and 1 or 0)
  if nth < 1 then
    self.sent_at = self:unix() + (self.row.ago or 0)
    return 200, '{"orderForClose":{"orderID":76}}'
  end
  self.sent_at = self.sent_at or self:unix()
  if nth == 1 and self.is_lost then return 503, "{}" end
  if nth > 1 and self.row.proves == "unknown" then return 503, "{}" end
  if nth > 1 and self.row.proves ~= "open" then
    return 400, '{"errorCode":741,"errorMessage":"closed"}'
  end
  return 200, json.encode { orderForClose = { orderID = ORDER,
    positionID = tonumber(request.path:match("(%d+)$")) } }
end

local function answer(self, line, request)
  local path = request.path
  if self.is_down and request.method == "GET" then return 503, "{}" end
  if request.method == "POST" then return close(self, request) end
  if path:find("/portfolio$") then return portfolio(self) end
  if path:find("/history$") then return history(self, request.query) end
  if self.others.lookup and line:find("orders:lookup", 1, true) then
    return 200, json.encode { orderId = 4711, positionExecutions = {
      { positionId = M.ID, state = self.others.lookup } } }
  end
  return 404, "{}"
end

--- A witness of a row. options: is_lost (the closing gets no usable answer),
--- and of_client, those of its client.
function M.new(row, options)
  local self = setmetatable({ row = row, others = row.others or {},
    posts = 0, is_lost = options.is_lost }, mt)
  self.api = scripted.new(function(line, request)
    local status, body = answer(self, line, request)
    local clock = self.others.clock
    local is_told = clock ~= false
      and not (self.others.is_shy and request.method == "POST")
    return status, body, is_told and {
      Date = times.http(math.floor(self:unix()) + (clock or 0)) } or nil
  end)
  self.client = self:connect(options.of_client)
  return self
end

--- A client, and another one after that.
function methods:connect(options)
  local all = { on_event = function() end, max_retries = 0 }
  for name, given in pairs(options or {}) do all[name] = given end
  return self.api:client(all)
end

--- The position, in the caller's table.
function methods:position()
  local list = assert(self.client.positions:list())
  local position = list[1] or require("etoro.trading.position").wrap(
    position_of(self, 1), self.client)
  position.units = value(self, self.row.held or 3)
  return position
end

return M
