-- As much of XMPP as a spec says to a server of its own: a stream over plain
-- TCP, SASL PLAIN, one resource, stanzas as text.
--
--   local talk = xmpp.connect { port =, host = "localhost", user =, password = }
--   talk:message(to, text); talk:ping "1"
--   talk:await(pattern, seconds) -> what it captures, of all that was said
local mime = require "mime"
local socket = require "socket"
local patience = require "spec.support.patience"

local methods = {}
local mt = { __name = "spec.xmpp", __index = methods }
local M = {}

local ESCAPES = { ["<"] = "&lt;", [">"] = "&gt;", ["&"] = "&amp;", ['"'] = "&quot;" }

local function escaped(text) return (text:gsub('[<>&"]', ESCAPES)) end

function methods:say(text) assert(self.sock:send(text)) end

-- Takes what is there, for so many seconds at most.
local function read(self, seconds)
  self.sock:settimeout(seconds)
  local data, problem, part = self.sock:receive(1)
  if data then
    self.sock:settimeout(0)
    local more, _, rest = self.sock:receive "*a"
    self.text = self.text .. data .. (more or rest or "")
  elseif problem ~= "timeout" then
    error(("the stream ended: %s\n%s%s"):format(problem, part or "", self.text), 0)
  end
end

--- Waits for a stanza; what came before it counts as well.
---@param pattern string
function methods:await(pattern)
  local ends = socket.gettime() + patience
  while not self.text:find(pattern) do
    if socket.gettime() > ends then
      error(("not heard: %s\n%s"):format(pattern, self.text), 2)
    end
    read(self, 0.1)
  end
  return self.text:match(pattern)
end

--- Where in all that was said the pattern stands, nil where it does not.
function methods:place(pattern) return (self.text:find(pattern)) end

local function open(self)
  self:say(("<?xml version='1.0'?><stream:stream to='%s' version='1.0' "
    .. "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>")
    :format(self.host))
  self:await "</stream:features>"
end

--- Logs in, with a resource of the server's choice.
---@param options { port: integer, host: string, user: string, password: string }
function M.connect(options)
  local self = setmetatable({ text = "", host = options.host }, mt)
  self.sock = assert(socket.connect("127.0.0.1", options.port))
  open(self)
  self:say(("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>"
    .. "%s</auth>"):format((mime.b64(("\0%s\0%s"):format(options.user,
      options.password)))))
  self:await "<success"
  self.text = ""
  open(self)
  self:say "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"
  self.jid = self:await "<jid>([^<]+)</jid>"
  self:say "<presence/>"
  return self
end

function methods:message(to, text)
  self:say(("<message to='%s' type='chat'><body>%s</body></message>"):format(
    to, escaped(text)))
end

--- Asks the server for a sign of life; `await "id='ID'"` is the answer.
function methods:ping(id)
  self:say(("<iq type='get' id='%s' to='%s'><ping xmlns='urn:xmpp:ping'/></iq>")
    :format(id, self.host))
end

function methods:close() self.sock:close() end

return M
