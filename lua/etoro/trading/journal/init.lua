-- The journal: what a client is about to do to orders, positions and money, on
-- disk before it is sent, and what became of it. One JSON object a line; the
-- first line says what the file is.

local core = require "etoro.core"
local errors = require "etoro.errors"
local json = require "etoro.values.json"
local kinds = require "etoro.trading.journal.kinds"
local limits = require "etoro.values.limits"
local outcomes = require "etoro.trading.journal.outcome"
local reader = require "etoro.trading.journal.reader"
local times = require "etoro.values.times"

local tostring = core.text -- not up to the locale

local M = {}

---@class etoro.JournalRecord
---@field kind "intent"|"outcome"
---@field id string the x-request-id it was sent with
---@field at string ISO 8601, UTC, by this machine's clock
---@field server? string the same by the server's, of an intent, as far as it was heard
---@field line integer where it stands in the file
---@field who? string whose it is: a salted fingerprint of the user key or the
---token, or "bearer" where a function gives the token
---@field origin? string scheme, host and port it went to
---@field account? "demo"|"real"
---@field tag? string the strategy's name, of an intent of a run's
---@field op? string METHOD /path/{template}
---@field params? table<string, string> of path, query and headers
---@field body? any as sent
---@field state? "placed"|"closed"|"accepted"|"done"|"refused"|"not_sent"|"unknown"
---of an outcome
---@field orderId? integer|string
---@field referenceId? string
---@field positionId? integer|string
---@field transferId? integer|string
---@field mirrorID? integer|string
---@field agentPortfolioId? string
---@field code? string why it was not done, or is not known

---@class etoro.JournalProblem
---@field line integer
---@field message string
---@field text string the line's beginning

-- One client's way to a file that it may share with others.
---@class etoro.Journal
---@field path string absolute
---@field who string
---@field heard? { server: number, unix: number, now: number } the server's time in an
---answer, and this machine's clocks then
local methods = {}
local mt = { __name = "etoro.journal", __index = methods }

-- What a call holds from its announcement on, until it is over.
local announced_mt = { __name = "etoro.journal.announced" }

-- A file is open once in a Lua state.
local opened = setmetatable({}, { __mode = "v" })

local function open_file(path, engine)
  for _, file in pairs(opened) do
    if file.handle:is(path) then return file end
  end
  local handle, message, kind = engine:journal(path)
  if not handle then
    if kind == "closed" then return nil, errors.closed() end
    local is_used = message:find("is in use by another process", 1, true)
    return nil, errors.new { kind = is_used and "conflict" or "invalid",
      code = "journal", field = "journal", message = message }
  end
  local file = {
    handle = handle, users = 0,
    pending = setmetatable({}, { __mode = "k" }), -- requests under way, and
                                                  -- what waits for each
    ended = {}, ended_before = {}, ended_count = 0, -- request ids of late
  }
  opened[#opened + 1] = file
  return file
end

--- Opens the file for a client.
---@param settled table the client's options
---@param engine userdata
---@param handle userdata the core's part of the client
---@return etoro.Journal? journal
---@return etoro.Error? err the file is not to be had
function M.open(settled, engine, handle)
  local file, err = open_file(settled.journal, engine)
  if not file then return nil, err end
  local secret = settled.bearer or settled.user_key
  file.users = file.users + 1
  return setmetatable({
    path = file.handle:path(), file = file, engine = engine, handle = handle,
    who = secret and file.handle:who(secret) or "bearer",
    origin = settled.base.origin, account = settled.account,
  }, mt)
end

local function quote(text)
  text = tostring(text)
  if not json.utf8_length(text) then text = text:gsub("[\128-\255]", "?") end
  return json.encode(text)
end

-- The fields, given as name, JSON text, name, JSON text..., without those that
-- have none.
local function object(...)
  local parts = {}
  for i = 1, select("#", ...), 2 do
    local name, text = select(i, ...)
    if text then parts[#parts + 1] = '"' .. name .. '":' .. text end
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

-- What an outcome may tell besides its state.
local FACTS = { "orderId", "referenceId", "positionId", "transferId", "mirrorID",
  "agentPortfolioId", "code", "status" }

local function timestamp(engine)
  local now = engine:unix()
  local text = times.format(now) or "1970-01-01T00:00:00Z"
  return quote(("%s.%03dZ"):format(text:sub(1, -2),
    math.floor(now % 1 * 1000)))
end

local function params_text(params)
  local parts = {}
  for name, value in pairs(params) do
    parts[#parts + 1] = quote(name) .. ":" .. quote(value)
  end
  if #parts == 0 then return nil end
  table.sort(parts, core.before)
  return "{" .. table.concat(parts, ",") .. "}"
end

-- Whether a text is JSON for any reader. A control character can only be one
-- of its blanks.
local function is_json(text)
  return not text:find("[\0-\8\11\12\14-\31]") and json.utf8_length(text)
    and json.decode(text, true) ~= nil
end

-- A body that is JSON stands as it is, on one line: outside of its texts,
-- which hold none, a line end is a blank. Any other is a text.
local function body_text(body)
  if not body then return nil end
  if not is_json(body) then return quote(body) end
  return (body:gsub("[\r\n]", " "))
end

-- What a journal may show of what is asked for. Of orders and closes it is what it
-- is; other requests have room for a caller's own fields.
local function masked(self, op, value)
  if op.trade == "open" or op.trade == "close" then return value end
  if type(value) == "string" then return self.handle:masked(core.masked(value)) end
  local shown = {}
  for name, text in pairs(value or {}) do shown[name] = self.handle:masked(text) end
  return value and shown
end

--- Hears the server's time from an answer, now and then. A clock of this machine may
--- be set later; what was sent is then found by the server's.
---@param job userdata
function methods:hear(job)
  local now, heard = self.engine:now(), self.heard
  if heard and now - heard.now < limits.journal_clock_age then return end
  local date = job:header "date"
  local seconds = date and core.http_date(date)
  if seconds then
    self.heard = { server = seconds, unix = self.engine:unix(), now = now }
  end
end

--- The server's time now; nil where it was not heard, or where this machine's clocks
--- have parted since: one was set, or the machine slept.
---@return number? seconds since 1970
function methods:server_time()
  local heard = self.heard
  if not heard then return nil end
  local passed = self.engine:now() - heard.now
  if math.abs(self.engine:unix() - heard.unix - passed) > limits.date_slack then
    self.heard = nil
    return nil
  end
  return heard.server + passed
end

--- Whether what an operation does is written down.
---@param op etoro.Operation
---@return boolean
function methods.covers(_, op) return kinds.of(op) ~= nil end

--- Adds to a request what has to be on disk before it is sent. The caller
--- holds what this gives in a to-be-closed variable, and says in the request's
--- `announced_by` which job sends it.
---@param request table for engine:submit
---@param op etoro.Operation
---@param params table<string, string>
---@param id? string request id; one is made when there is none
---@param tag? string|false whose it is, in the words of whoever sends it
---@return table announced
function methods:announce(request, op, params, id, tag)
  local name = op.method .. " " .. (op.template or op.path)
  local theirs = self:server_time()
  request.request_id = id or core.uuid()
  request.journal = self.file.handle
  request.intent = object("kind", '"intent"',
    "id", quote(request.request_id), "at", timestamp(self.engine),
    "server", theirs and quote(times.format(theirs)),
    "who", quote(self.who), "origin", quote(self.origin),
    "account", quote(self.account), "tag", tag and quote(tag),
    "op", quote(name),
    "params", params_text(masked(self, op, kinds.params(op, params, request))),
    "body", body_text(masked(self, op, request.body)))
  self.file.pending[request] = coroutine.running()
  return setmetatable({ journal = self, request = request }, announced_mt)
end

--- Says what became of an intent. The lines of the journal are written here but
--- for one, that of an order which never left (src/core/engine/unsent.c): its job
--- may end where no Lua runs any more.
---@param id string request id
---@param outcome table state, and what is known of ids, code and status
---@return true? done nil when the journal is closed
function methods:outcome(id, outcome)
  local fields = { "kind", '"outcome"', "id", quote(id),
    "at", timestamp(self.engine), "state", quote(outcome.state) }
  for _, name in ipairs(FACTS) do
    local value = outcome[name]
    if value ~= nil then
      fields[#fields + 1] = name
      fields[#fields + 1] = math.type(value) == "integer" and ("%d"):format(value)
        or quote(value)
    end
  end
  return (self.file.handle:append(object(table.unpack(fields))))
end

-- Whether what waited for a call is gone: the task was cancelled.
local function is_given_up(thread)
  return coroutine.status(thread) == "dead"
end

-- Remembers a call whose outcome is known, or that it was taken up: its line may be
-- on its way still.
local function remember(file, id, state)
  if file.ended_count >= limits.journal_ended_kept then
    file.ended, file.ended_before, file.ended_count = {}, file.ended, 0
  end
  file.ended[id] = state
  file.ended_count = file.ended_count + 1
end

--- The request ids of calls that are under way now, whose outcome this process
--- will say by itself, and of those that it has said it of last.
---@return table<string, true>
function methods:under_way()
  local ids = {}
  for _, ended in ipairs { self.file.ended_before, self.file.ended } do
    for id, state in pairs(ended) do ids[id] = state ~= "accepted" or nil end
  end
  for request, thread in pairs(self.file.pending) do
    if not is_given_up(thread) then ids[request.request_id] = true end
  end
  return ids
end

--- Whether the API took up what this process sent under a request id, of late.
---@param id string
---@return boolean
function methods:was_accepted(id)
  local file = self.file
  return (file.ended[id] or file.ended_before[id]) == "accepted"
end

local function let_go(file)
  for _, thread in pairs(file.pending) do
    if not is_given_up(thread) then return end
  end
  if file.users == 0 then file.handle:close() end
end

-- The call is over. Of one of which nothing was sent no more is said: the core
-- has said so where its intent was written.
local function leave(journal, request, outcome)
  local file, job = journal.file, request.announced_by
  file.pending[request] = nil
  if job and job:was_sent() or request.is_left_out then
    journal:outcome(request.request_id, outcome)
  end
  let_go(file)
end

--- What is sent all the same, though its intent could not be written: the client
--- warns of it, and how it ends is said where the disk takes that.
---@param client etoro.Client
---@param request table that `announce` was given
---@param err etoro.Error why
function methods:leave_out(client, request, err) -- luacheck: no self
  request.is_left_out = true
  client:warn(nil, "a position is closed without a line in the journal: "
    .. err.message)
end

--- Says how a call ended.
---@param request table that `announce` was given
---@param op etoro.Operation
---@param result any
---@param response etoro.Error|etoro.Response
function methods:finish(request, op, result, response)
  local outcome = outcomes.of(op, result, response)
  if outcome.state ~= "unknown" then
    remember(self.file, request.request_id, outcome.state)
  end
  leave(self, request, outcome)
end

--- Says what a call came to whose answer did not tell, or not all.
---@param id string request id
---@param outcome table see `outcome`
function methods:settle(id, outcome)
  remember(self.file, id, outcome.state)
  self:outcome(id, outcome)
end

-- A call that ended without a word, as that of a cancelled task does, may have
-- been carried out.
function announced_mt.__close(announced)
  local journal, request = announced.journal, announced.request
  if journal.file.pending[request] == nil then return end
  leave(journal, request, { state = "unknown", code = "cancelled" })
end

--- The client is closed: what waits is written, and the client warns of lines
--- that could not be. The last of a file's clients lets go of it, so that
--- another process can have it.
---@param client etoro.Client
function methods:close(client)
  local file = self.file
  local _, message = file.handle:sync()
  file.users = file.users - 1
  let_go(file)
  if not message then return end
  client:warn(nil, "the journal lacks lines that could not be written: "
    .. message)
end

M.each, M.read = reader.each, reader.read

return M
