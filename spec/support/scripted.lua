-- An API that is one Lua function of the spec's, in the client's own process
-- under a driven clock: no socket, no sandbox.
--
--   local api = scripted.new(function(line, request) return 200, "{}" end)
--   local client = api:client()
--   api.lines           { "GET /api/v1/me?a=b", ... } in the order they came
--
-- The function gets the request line with its query as sent, and the request;
-- it gives status, body text and further headers.
local assert = require "luassert"

local methods = {}
local mt = { __name = "spec.scripted", __index = methods }
local M = {}

--- Makes an API of an answering function.
function M.new(answer)
  return setmetatable({ answer = answer, lines = {}, requests = {},
    options = { api_key = "scripted-api-key",
      user_key = "scripted-user-key" }, start = 1780000000 }, mt)
end

-- What etoro.sandbox.wire asks of a box.
function methods:now() return self.start end
function methods:set_clock(now) self.now = now end

function methods:handle(request)
  local line = request.method .. " " .. request.path
  if request.query ~= "" then line = line .. "?" .. request.query end
  self.lines[#self.lines + 1] = line
  self.requests[#self.requests + 1] = request
  local status, body, headers = self.answer(line, request)
  local all = { ["Content-Type"] = "application/json" }
  for name, value in pairs(headers or {}) do all[name] = value end
  return { status = status, body = body or "", headers = all }
end

--- A client; options as for etoro.client.
function methods:client(options)
  local all = { rate_limit = false }
  for name, value in pairs(options or {}) do all[name] = value end
  return assert(require("etoro.sandbox.wire").client(self, all))
end

--- Moves the clock.
function methods:advance(seconds) self.pump.engine:advance(seconds) end

--- What a call gave says that it was wrong, and nothing was sent.
function methods:refused(message, result, err)
  assert.is_nil(result)
  assert.equal("invalid", err.kind)
  assert.equal(message, err.message)
  assert.same({}, self.lines)
end

--- Forgets what has arrived.
function methods:clear() self.lines, self.requests = {}, {} end

--- Percent-decodes a part of a request line.
function M.unescape(text)
  return (text:gsub("%%(%x%x)", function(hex)
    return string.char(tonumber(hex, 16))
  end))
end

return M
