-- A client for programs in any language: JSON-RPC 2.0, a message a line, which is
-- a server of the Model Context Protocol too.
--
-- Whoever has the lines drives it: server:line(text) takes one, options.write
-- gets each answer. Calls are tasks, so that one which waits holds up no other.

local blame = require "etoro.values.blame"
local check = require "etoro.values.fields"
local core = require "etoro.core"
local errors = require "etoro.errors"
local json = require "etoro.values.json"
local nearest = require "etoro.values.nearest"
local reading = require "etoro.serve.reading"
local run_limits = require "etoro.values.run_limits"
local tasks = require "etoro.tasks"
local version = require "etoro.values.version"
local words = require "etoro.serve.words"
local writing = require "etoro.serve.writing"

local tostring = core.text -- not up to the locale

---@class etoro.ServeModule
local M = {}

-- Versions of the protocol in which what is said here means the same.
local VERSIONS = { ["2024-11-05"] = true, ["2025-03-26"] = true,
  ["2025-06-18"] = true, ["2025-11-25"] = true }
local NEWEST = "2025-11-25"

local PARSE, REQUEST, METHOD, PARAMS, INTERNAL = -32700, -32600, -32601, -32602,
  -32603

local INSTRUCTIONS = {
  reads = "Reads an eToro account. Money is in US dollars, times are UTC. There "
    .. "are no tools that change anything.",
  writes = "Reads and trades an eToro account, within rails that its owner has "
    .. "set. Money is in US dollars, times are UTC. Prepare an order or a close, "
    .. "show its figures, then place it, once. An answer that says the outcome is "
    .. "unknown is not to be tried again: look first.",
}

---@class etoro.ServeOptions
---@field client etoro.Client whose account it is; its rails hold
---@field write fun(line: string) gets each answer, without an end of line
---@field audit? fun(entry: table): true?, etoro.Error? gets each call before it is
---made and after it; what it refuses is not done
---@field writes? boolean whether there are tools that write; the client has to
---have rails

---@class etoro.Server
local methods = {}
local mt = { __name = "etoro.server", __index = methods }

local function is_object(value)
  return type(value) == "table" and value[1] == nil
end

-- One that raises says so to who called it: codes of JSON-RPC, not of the API.
local function fault(code, message)
  return { code = code, message = errors.one_line(message, run_limits.serve_message_max) }
end

-- The id that a message was asked with, where it is one.
local function id_of(message)
  local id = is_object(message) and message.id
  return (type(id) == "string" or type(id) == "number") and id or nil
end

local function reply(id, result, wrong)
  local message = { jsonrpc = "2.0", id = id == nil and core.null or id }
  if wrong then message.error = wrong else message.result = result end
  return message
end

-- What a tool's caller sees of an answer: a text of JSON, and behind it what there
-- is to be said of it.
local function content(value, is_error, warning)
  local text = json.show(value)
  if #text > run_limits.serve_answer_max then
    is_error = true
    text = json.show { kind = "invalid", code = "too_large",
      message = ("the answer has %d bytes, more than %d: ask for less of it")
        :format(#text, run_limits.serve_answer_max) }
  end
  local parts = json.list { { type = "text", text = text } }
  if warning then
    parts[2] = { type = "text", text = "warning: " .. json.readable(warning) }
  end
  return { content = parts, isError = is_error or false }
end

local function error_of(err)
  if type(err) ~= "table" then
    return { kind = "invalid", code = "invalid_argument", message = tostring(err) }
  end
  return errors.is(err) and words.turn(err) or err
end

-- Runs a tool with what its schema lets through.
local function perform(self, tool, arguments)
  local err
  if tool.fields then -- else it is an operation, and the client checks it
    check.fields(tool.fields, arguments, "argument")
    arguments, err = check.values(tool.fields, arguments)
    if not arguments then return nil, err end
  end
  return tool.run(self.client, arguments)
end

-- What a write did, for who reads the audit: which order, which position.
local function note_write(entry, value)
  if not value.order and not value.position then value = { position = value } end
  entry.prepared, entry.state, entry.is_closed = value.prepared, value.state,
    value.is_closed
  entry.orderId = value.order and value.order.orderId
  entry.positionID = value.position and value.position.positionID
end

local function note_error(entry, err)
  entry.ok, entry.kind, entry.code, entry.message = false, err.kind, err.code,
    err.message
  entry.request_id, entry.may_have_executed = err.request_id, err.may_have_executed
end

local function run_tool(self, tool, arguments, entry)
  local ok, value, err = pcall(perform, self, tool, arguments)
  if not ok then
    value, err = nil, errors.is(value) and value
      or { kind = "invalid", code = "invalid_argument",
        message = errors.one_line(tostring(value), run_limits.serve_message_max) }
  end
  if value == nil then
    err = error_of(err)
    note_error(entry, err)
    return content(err, true)
  end
  entry.ok = true
  if tool.writes then note_write(entry, value) end
  return content(value, false, type(err) == "table" and err.warning)
end

-- What is null was not given, but where leaving it out means more than it says.
local function without_nulls(tool, given)
  local arguments = {}
  for name, value in pairs(given or {}) do
    if value ~= core.null or tool.is_strict then arguments[name] = value end
  end
  return arguments
end

local function audited(self, entry)
  if not self.audit then return true end
  return self.audit(entry)
end

-- It is done by then: what hinders the audit must not hide what became of it.
local function tell_end(self, entry, result)
  local ran, kept, err = pcall(audited, self, entry)
  if ran and kept then return end
  local problem = ran and type(err) == "table" and err.message or ran and err or kept
  result.content[#result.content + 1] = { type = "text", text = "warning: what became "
    .. "of it is not in the audit: " .. json.readable(tostring(problem)) }
end

-- Why there is nothing to be called; nil where there is.
local function misfit(self, params)
  local name = is_object(params) and params.name
  if type(name) ~= "string" then
    return "params have to be an object with the name of a tool"
  elseif not self.by_name[name] then
    return ("unknown tool '%s'%s"):format(name, nearest.hint(name, self.by_name))
  elseif params.arguments ~= nil and not is_object(params.arguments) then
    return "arguments have to be an object"
  end
end

local function call_tool(self, id, params)
  local message = misfit(self, params)
  if message then
    local wrong = fault(PARAMS, message)
    audited(self, { what = "refused", id = id, message = wrong.message })
    return nil, wrong
  end
  local tool = self.by_name[params.name]
  local arguments = without_nulls(tool, params.arguments)
  local entry = { what = "asked", id = id, tool = tool.name,
    arguments = arguments }
  local ok, err = audited(self, entry)
  if not ok then return content(err, true) end
  local began = core.monotonic()
  entry = { what = "answered", id = id, tool = tool.name }
  local result = run_tool(self, tool, arguments, entry)
  entry.seconds = core.number(core.fixed(core.monotonic() - began, 3))
  tell_end(self, entry, result)
  return result
end

local function initialize(self, _, params)
  local wanted = is_object(params) and params.protocolVersion
  return { protocolVersion = VERSIONS[wanted] and wanted or NEWEST,
    capabilities = { tools = { listChanged = false } },
    serverInfo = { name = "lua-etoro", title = "eToro account",
      version = version },
    instructions = self.writes and INSTRUCTIONS.writes or INSTRUCTIONS.reads }
end

local function list_tools(self)
  return { tools = self.listed }
end

local METHODS = {
  initialize = initialize,
  ping = function() return {} end,
  ["tools/list"] = list_tools,
  ["tools/call"] = call_tool,
}

-- A call is over once: at its end, or where it was given up before it began.
local function leave(self, call)
  if not self.calls[call] then return end
  self.calls[call] = nil
  self.count = self.count - 1
end

-- A write is followed to its end.
local function give_up(self, call)
  if call.is_write then return end
  call.task:cancel()
  leave(self, call)
  audited(self, { what = "given up", id = call.id, tool = call.tool })
  call.done(nil)
end

-- Ends calls for which is_wanted gives true.
local function give_up_some(self, is_wanted)
  local some = {}
  for call in pairs(self.calls) do
    if is_wanted(call) then some[#some + 1] = call end
  end
  for _, call in ipairs(some) do give_up(self, call) end
end

local function cancel(self, params)
  local id = is_object(params) and params.requestId
  give_up_some(self, function(call) return call.id == id end)
end

-- Answers a request; nil where none is due.
local function answer(self, message)
  local id = message.id
  if message.method == "notifications/cancelled" then cancel(self, message.params) end
  if id == nil then return nil end
  local method = METHODS[message.method]
  if not method then
    return reply(id, nil, fault(METHOD, "there is no method '"
      .. tostring(message.method) .. "'"))
  end
  local ok, result, wrong = pcall(method, self, id, message.params)
  if not ok then
    return reply(id, nil, fault(INTERNAL, tostring(result)))
  end
  return reply(id, result, wrong)
end

local function is_request(message)
  return is_object(message) and message.jsonrpc == "2.0"
    and type(message.method) == "string"
    and (message.id == nil or message.id == core.null or id_of(message) ~= nil)
end

local function is_answer(message)
  return is_object(message) and message.jsonrpc == "2.0"
    and message.method == nil and message.id ~= nil
end

local function send(self, message)
  if message then self.write(json.show(message)) end
end

-- Calls take time: each is a task, whose answer `done` gets, or nil.
local function begin_call(self, message, done)
  if self.count >= run_limits.serve_calls_max then
    return done(reply(message.id, nil, fault(REQUEST, ("%d calls are under way, "
      .. "more than there may be"):format(self.count))))
  end
  local tool = is_object(message.params) and self.by_name[message.params.name]
  local call = { id = message.id, is_write = tool and tool.writes,
    tool = tool and tool.name, done = done }
  self.count, self.calls[call] = self.count + 1, true
  call.task = tasks.spawn(function()
    local _ <close> = setmetatable({}, { __close = function() leave(self, call) end })
    done(answer(self, message))
  end)
end

local function take(self, message, done)
  if not is_request(message) then
    if is_answer(message) then return done(nil) end
    return done(reply(id_of(message), nil, fault(REQUEST, "this is no request of "
      .. "JSON-RPC 2.0")))
  end
  if message.id == core.null then message.id = nil end
  if message.method == "tools/call" and message.id ~= nil then
    return begin_call(self, message, done)
  end
  done(answer(self, message))
end

local function take_batch(self, list)
  if #list > run_limits.serve_calls_max then
    return send(self, reply(nil, nil, fault(REQUEST, ("a batch may have %d messages")
      :format(run_limits.serve_calls_max))))
  end
  local answers, left = json.list {}, #list
  for _, message in ipairs(list) do
    take(self, message, function(one)
      answers[#answers + 1], left = one, left - 1
      if left == 0 and #answers > 0 then send(self, answers) end
    end)
  end
end

--- Takes a line. Raises nothing for what is in it.
---@param text string
function methods:line(text)
  if #text > run_limits.serve_line_max then
    return send(self, reply(nil, nil, fault(REQUEST, ("a message may have %d bytes")
      :format(run_limits.serve_line_max))))
  end
  local message = json.decode(text, true)
  if message == nil then
    if text:find "[^ \t\r]" then
      send(self, reply(nil, nil, fault(PARSE, "this is no JSON")))
    end
  elseif type(message) == "table" and message[1] ~= nil then
    take_batch(self, message)
  else
    take(self, message, function(one) send(self, one) end)
  end
end

--- How many calls are under way.
---@return integer
function methods:busy() return self.count end

--- Gives up what reads; what writes goes on.
function methods:stop()
  give_up_some(self, function() return true end)
end

--- Makes a server.
---@param options etoro.ServeOptions
---@return etoro.Server
function M.new(options)
  if type(options) ~= "table" or not options.client or not options.write then
    blame.raise("options: client and write are needed")
  end
  local account = options.client:environment()
  local self = setmetatable({ client = options.client, write = options.write,
    audit = options.audit, writes = options.writes or false, calls = {},
    count = 0, by_name = {}, listed = json.list {} }, mt)
  local tools = reading.tools(account)
  if self.writes then
    for _, tool in ipairs(writing.tools(account)) do tools[#tools + 1] = tool end
  end
  for i, tool in ipairs(tools) do
    self.by_name[tool.name] = tool
    self.listed[i] = { name = tool.name, title = tool.title,
      description = tool.description, inputSchema = tool.inputSchema,
      annotations = tool.annotations }
  end
  return self
end

return M
