-- Who may speak to the served sandbox. A page in a browser reaches every
-- server on its machine, under a name of its own if it likes, so a request
-- has to name this server by an address of this machine, and must not come
-- out of a page of another origin.

local core = require "etoro.core"
local reply = require "etoro.sandbox.http.reply"

local M = {}

--- The authorities that are this server, as a set.
---@param host string the address that it listens on, as it stands in a URL
---@param port integer
---@return table<string, true>
function M.names(host, port)
  local out = {}
  for _, name in ipairs { "127.0.0.1", "localhost", "[::1]", host } do
    out[("%s:%d"):format(name, port)] = true
    if port == 80 then out[name] = true end
  end
  return out
end

local function refused(message)
  return reply.fail(403, "Forbidden", "sandbox: " .. message)
end

-- The path of a target that spells out the address, and that address.
local function split_target(path)
  local host, rest = path:match("^[hH][tT][tT][pP]://([^/]*)(.*)$")
  if not host then return path end
  return rest == "" and "/" or rest, host
end

--- The answer to a request that is not for this server or comes from a page
--- elsewhere; nil when it may come in, its path without any address in it.
---@param names table<string, true> see M.names
---@param request table
---@return table? refusal
function M.refusal(names, request)
  local headers = request.headers
  local path, host = split_target(request.path)
  if path:sub(1, 1) ~= "/" or host and not names[core.lower(host)] then
    return refused "the request's target is no path of this server"
  elseif not names[core.lower(headers.host or "")] then
    return refused("the Host header must be 127.0.0.1, localhost or [::1] "
      .. "with the sandbox's port")
  end
  local origin, site = headers.origin, headers["sec-fetch-site"]
  if origin and not names[core.lower(origin):match("^http://(.+)$") or ""]
      or site and site ~= "same-origin" and site ~= "none" then
    return refused "requests of web pages elsewhere are not answered"
  end
  request.path = path
  -- what a form can send, a page can send without asking first
  if path:find("^/sandbox/") and request.body ~= ""
      and not reply.is_json(request) then
    return reply.not_json()
  end
end

return M
