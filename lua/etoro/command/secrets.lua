-- Where a new token's secret goes: a file of its own. It is made before the
-- token is, because the API tells a secret only once.

local core = require "etoro.core"
local exits = require "etoro.command.exits"
local has_native, native = pcall(require, "etoro.terminal")

local tostring = core.text -- not up to the locale

local methods = {}
local mt = { __name = "etoro.command.secret", __index = methods }
local M = {}

--- Makes the file, which must not be there yet.
---@param path string
---@return table file file:keep(secret), file:discard()
function M.reserve(path)
  if not has_native then
    exits.exit(exits.FAILED, "etoro.terminal is not built: no secret can be"
      .. " kept in a private file")
  end
  local ok, message = native.create_private(path)
  if not ok then exits.exit(exits.USAGE, message) end
  return setmetatable({ path = path }, mt)
end

local function write(path, secret)
  local file, message = io.open(path, "wb")
  if not file then return nil, message end
  local ok, closed
  ok, message = file:write(secret:reveal(), "\n")
  closed, message = file:close(), message
  return ok and closed, message
end

--- Writes the secret; without one the file goes again.
---@param secret? userdata
---@return boolean? ok
---@return string? message why it could not be written
function methods:keep(secret)
  if not secret then
    self:discard()
    return true
  end
  local ok, message = write(self.path, secret)
  if ok then return true end
  self:discard() -- half of a secret is none
  return nil, tostring(message or self.path)
end

--- What to do about a secret that is lost.
---@param session etoro.command.Session
---@param portfolio table
---@param token table
---@return string
function M.advice(session, portfolio, token)
  local id = tostring(portfolio.agentPortfolioId)
  local real = session.args.real and " --real" or ""
  return ("the API tells a secret only once: revoke this token ('etoro%s"
    .. " tokens revoke %s %s') and mint another ('etoro%s tokens create %s"
    .. " --name NAME --scope SCOPE --secret-file FILE')"):format(real, id,
    tostring(token.userTokenId), real, id)
end

--- Calls the function that makes the token; where there is none the file goes
--- again.
---@return any value
---@return any err
function methods:guard(make, ...)
  local ok, value, err = pcall(make, ...)
  if not ok or value == nil then self:discard() end
  if not ok then error(value, 0) end
  return value, err
end

function methods:discard()
  os.remove(self.path)
end

return M
