-- What a server says of itself: OpenID Connect's discovery document.

local core = require "etoro.core"
local errors = require "etoro.errors"

local M = {}

--- Options, and what the document calls them.
M.ENDPOINTS = {
  authorize_url = "authorization_endpoint", token_url = "token_endpoint",
  revoke_url = "revocation_endpoint",
}

local function unexpected(message)
  return errors.new {
    kind = "protocol", code = "unexpected_body",
    message = "the discovery document cannot be used: " .. message,
  }
end

-- An endpoint may lie on another host than the issuer, but not on a weaker
-- one: https, or all of them on this machine.
local function check_endpoint(name, url, from)
  local base, message = core.base(type(url) == "string" and url or "")
  if not base then return unexpected(name .. ": " .. message) end
  if base.loopback ~= from.loopback then
    return unexpected(name .. " lies "
      .. (base.loopback and "on this machine" or "elsewhere"))
  end
end

--- What is wrong with a document.
---@param document any
---@param url string where it was read
---@return etoro.Error?
function M.check(document, url)
  if type(document) ~= "table" then return unexpected "it is empty" end
  local from = core.base(url)
  local issuer = type(document.issuer) == "string"
    and core.base(document.issuer)
  if not issuer or issuer.origin ~= from.origin then
    return unexpected("its issuer is not " .. from.origin)
  end
  for option, name in pairs(M.ENDPOINTS) do
    local endpoint = document[name]
    if endpoint ~= nil or option ~= "revoke_url" then
      local err = check_endpoint(name, endpoint, from)
      if err then return err end
    end
  end
end

return M
