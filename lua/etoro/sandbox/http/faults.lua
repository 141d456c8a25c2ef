-- Faults: what goes wrong with which requests. Each is registered for a
-- route, for a number of times, and takes effect before the work (nothing was
-- done), in it, or after it (the work is done, the answer suffers).
--
-- What only the wire can do is left to the one who holds it: the reply gets
-- `fault = { action = "cut" | "stall" | "delay" | "truncate" | "raw" | "drip",
-- ... }`.

local bounds = require "etoro.sandbox.bounds"
local ceilings = require "etoro.sandbox.ceilings"
local core = require "etoro.core"
local errors = require "etoro.errors"
local reply = require "etoro.sandbox.http.reply"
local rng = require "etoro.sandbox.rng"
local stream_faults = require "etoro.sandbox.stream.faults"

local types = require "etoro.values.types"

local tostring = core.text -- not up to the locale

-- RFC 6455: the most of a control frame, but for the code.
local REASON_MAX = 123

---@class etoro.SandboxFaults
local methods = {}
local mt = { __name = "etoro.sandbox.http.faults", __index = methods }
local M = {}

local function wire(answer, action, fields)
  answer = answer or { status = 0, headers = {}, body = "" }
  answer.fault = fields or {}
  answer.fault.action = action
  return answer
end

local function raw_head(answer)
  return ("HTTP/1.1 %d Sandbox\r\nContent-Type: %s\r\nContent-Length: %d\r\n")
    :format(answer.status, answer.headers["Content-Type"] or "text/plain",
      #answer.body)
end

-- A header value from JSON: a text, a number, or a list of texts.
local function header(value)
  if type(value) == "number" and value % 1 == 0 then
    return ("%d"):format(value)
  end
  return type(value) == "table" and value or tostring(value)
end

-- Instead of the work: fault, box -> reply
local before = {}

function before.cut_before(fault)
  return wire(nil, "cut", { reset = fault.reset })
end

function before.stall(fault)
  if not fault.work then
    return wire(nil, "stall", { seconds = fault.seconds })
  end
end

-- The connection goes at once, the work is done later all the same.
before.late_work = before.cut_before

local function answer_of(fault)
  local status = fault.status or 500
  local answer
  if type(fault.body) == "string" then
    answer = { status = status, headers = {}, body = fault.body }
  else
    answer = reply.new(status, fault.body)
  end
  for name, value in pairs(fault.headers or {}) do
    answer.headers[name] = header(value)
  end
  return answer
end

function before.rate_limit(fault)
  local seconds = fault.seconds or 1
  return reply.fail(429, "TooManyRequests", "Too many requests",
    { ["Retry-After"] = ("%d"):format(math.ceil(seconds)) })
end

function before.redirect(fault)
  return { status = fault.status or 302, body = "",
    headers = { Location = fault.location or "/api/v1/me" } }
end

function before.error_shape(fault, box)
  return reply.shape(fault.shape or 1, fault.status, box.rng:uuid(),
    box:now())
end

function before.raw(fault)
  return wire(nil, "raw", { bytes = fault.bytes or "garbage\r\n" })
end

function before.oversize(fault)
  local size = fault.size or 65 * 2 ^ 20
  local padding = math.max(0, math.floor(size) - 14)
  return reply.new(200, { padding = ("x"):rep(padding) })
end

-- After the work: fault, answer -> answer
local after = {}

-- Another answer: in place of the work, or, with `work`, behind it.
local function instead(name, make)
  before[name] = function(fault)
    return not fault.work and make(fault) or nil
  end
  after[name] = function(fault, answer)
    return fault.work and make(fault) or answer
  end
end
instead("status", answer_of)
instead("html", function(fault) return reply.html(fault.status or 403) end)

function after.lost_reply(fault, answer)
  return wire(answer, "cut", { reset = fault.reset })
end

function after.cut_during(fault, answer)
  local head = raw_head(answer)
  local keep = math.floor(fault.keep or #head / 2)
  return wire(answer, "raw", { bytes = head:sub(1, keep) })
end

local function whole(answer)
  return raw_head(answer) .. "\r\n" .. answer.body
end

-- The answer comes, and the connection goes without a word. A wire without
-- connections has nothing to do for these two: is_whole tells it.
function after.cut_after(_, answer)
  return wire(answer, "raw", { bytes = whole(answer), is_whole = true })
end

function after.double_reply(_, answer)
  return wire(answer, "raw", { bytes = whole(answer):rep(2),
    is_whole = true })
end

function after.truncate(fault, answer)
  local keep = math.floor(fault.keep or #answer.body / 2)
  return wire(answer, "truncate", { keep = keep })
end

function after.stall(fault, answer)
  return wire(answer, "stall", { seconds = fault.seconds })
end

function after.delay(fault, answer)
  return wire(answer, "delay", { seconds = fault.seconds or 1 })
end

function after.drip(fault, answer)
  return wire(answer, "drip", { seconds = fault.seconds or 0.05,
    bytes = whole(answer),
    step = fault.keep or 16 })
end

function after.garble(fault, answer)
  local text = answer.body
  answer.body = type(fault.body) == "string" and fault.body
    or text:sub(1, math.floor(#text / 2)) .. "}]\1"
  answer.headers["Content-Type"] = answer.headers["Content-Type"]
    or "application/json; charset=utf-8"
  return answer
end

-- In the work: the model asks for these. Where the route is not named, they
-- wait for a POST whose path ends like this.
local effects = {
  token_failed = { "agent-portfolios" }, suffix = { "agent-portfolios" },
  grant = { "agent-portfolios", "user-tokens" },
  max_tokens = { "user-tokens" }, duplicate = {},
}

-- A header's value: a text, a number, or a list of texts, in one line.
local function line(value)
  return not (type(value) == "string" and not value:find("[%z\r\n]"))
    and "a text of one line"
end
local header_value = bounds.either(bounds.either(line,
  bounds.number(-ceilings.box_sum_max, ceilings.box_sum_max)), bounds.list(line))
local function header_name(value)
  return not (type(value) == "string"
    and value:find("^[A-Za-z0-9!#$%%&'*+.^_`|~-]+$")) and "words"
end

local function anything() end

-- What a good-bye has room for.
local function reason_text(value)
  return not (type(value) == "string" and #value <= REASON_MAX
    and utf8.len(value)) and "a text of 123 bytes at most"
end

local WAIT = bounds.number(0, ceilings.box_year_max)
local BYTES = bounds.whole(0, ceilings.box_fault_bytes_max)
local COUNT = bounds.whole(0, ceilings.box_count_max)
local KINDS = { route = bounds.text, fault = bounds.text,
  times = COUNT, after = COUNT, seconds = WAIT,
  status = bounds.whole(200, 599),
  headers = bounds.map(header_name, header_value), keep = BYTES, size = BYTES,
  shape = bounds.whole(1, reply.SHAPES), reset = bounds.flag,
  work = bounds.flag, bytes = bounds.text, location = line,
  suffix = bounds.text, scopeNames = bounds.list(bounds.text),
  share = bounds.number(0, 1), body = anything, raw = bounds.flag,
  code = bounds.whole(1000, 4999), reason = reason_text,
  errorCode = bounds.text, errorMessage = bounds.text }

function M.new(seed)
  return setmetatable({ list = {}, last_id = 0, rng = rng.new(seed or 1) },
    mt)
end

local function names_of(groups)
  local all = {}
  for _, group in ipairs(groups) do
    for name in pairs(group) do all[name] = true end
  end
  return types.sorted_names(all)
end

--- Those of requests.
---@return string[]
function M.names() return names_of { before, after, effects } end

--- What is wrong with a fault; nil when nothing is.
function M.problem(fault)
  if type(fault) ~= "table" then return "a fault is an object" end
  local message = bounds.problem(fault, KINDS, "field")
  if message then return message end
  local name = fault.fault
  if not (before[name] or after[name] or effects[name]
      or stream_faults.PARTS[name]) then
    return ("unknown fault '%s'; there are: %s"):format(tostring(name),
      table.concat(names_of { before, after, effects, stream_faults.PARTS },
        ", "))
  elseif name == "error_shape" and not fault.shape then
    return "field 'shape' is missing; it must be " .. KINDS.shape()
  elseif name == "drip" and fault.keep == 0 then
    return "field 'keep' must be at least 1: the bytes that come at a time"
  end
end

--- Registers a fault; its number, or nil and an error.
--- `route` is "METHOD /path", where the path is the documented template or
--- the one sent, either part may be "*"; none means every request. `after`
--- matching requests pass first; then `times` are hit (1; 0 is no end), of
--- these only a `share` (0 to 1) by chance, where one is given.
---@param fault table
---@return integer? id
---@return etoro.Error? err
function methods:add(fault)
  local message = M.problem(fault)
  if message then return nil, errors.invalid(nil, message) end
  local copy = {}
  for field, value in pairs(fault) do copy[field] = value end
  self.last_id = self.last_id + 1
  copy.id = self.last_id
  copy.skip = fault.after or 0
  copy.left = fault.times or 1
  if copy.left == 0 then copy.left = math.huge end
  self.list[#self.list + 1] = copy
  return copy.id
end

local function suits(endings, request)
  if #endings == 0 then return true end
  for _, ending in ipairs(endings) do
    if request.method == "POST" and request.path:sub(-#ending) == ending then
      return true
    end
  end
  return false
end

local function matches(fault, request, route)
  if not stream_faults.suits(fault.fault, request.part) then return false end
  if not fault.route then
    return suits(effects[fault.fault] or {}, request)
  end
  if fault.route == "*" then return true end
  local method, path = fault.route:match("^([^ \t-\r]+)[ \t-\r]+([^ \t-\r]+)$")
  if not method then method, path = "*", fault.route end
  return (method == "*" or method == request.method)
    and (path == "*" or path == request.path
      or (route ~= nil and path == route.path))
end

--- The fault that hits this request, if any; it counts as used.
function methods:take(request, route)
  for i, fault in ipairs(self.list) do
    if matches(fault, request, route) then
      if fault.skip > 0 then
        fault.skip = fault.skip - 1
      elseif not fault.share or self.rng:next() / 2147483563 < fault.share then
        fault.left = fault.left - 1
        if fault.left <= 0 then table.remove(self.list, i) end
        return fault
      end
    end
  end
end

--- The answer that takes the place of the work, or nil.
function M.before(fault, box)
  local act = fault and before[fault.fault]
  return act and act(fault, box)
end

--- The answer as the fault leaves it.
function M.after(fault, answer)
  local act = fault and after[fault.fault]
  return act and act(fault, answer) or answer
end

--- What the model asks for: { name = fault }.
function M.effects(fault)
  if fault and effects[fault.fault] then return { [fault.fault] = fault } end
  return {}
end

return M
