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
---@return table file file:guard(make, ...), file:tell(session, made)
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
  local ok, closed, why
  ok, message = file:write(secret:reveal(), "\n")
  closed, why = file:close() -- which is when it is written
  return ok and closed, message or why
end

-- Writes the secret; without one the file goes again. What it gives is why it
-- could not be written, nil where it was, or there is none.
local function keep(file, secret)
  local ok, message
  if secret then ok, message = write(file.path, secret) end
  if not ok then file:discard() end -- half of a secret is none
  return secret and not ok and tostring(message or file.path) or nil
end

-- What to do about a secret that is lost.
local function advice(session, portfolio, token)
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

--- Writes the secret of a token that was made, tells what was and where its
--- secret is; ends the program where that is lost.
---@param session etoro.command.Session
---@param made table portfolio and token?; text, up to where the secret is;
---rows and shape; none: what is told where the answer has no secret
function methods:tell(session, made)
  local token, shape = made.token, made.shape
  local secret = token and token.userToken
  local message = keep(self, secret)
  local place = secret and not message and self.path or nil
  shape.secretFile = place
  made.rows[#made.rows + 1] = { "secret", place or made.none }
  session:did { shape = shape, rows = made.rows,
    text = made.text .. (place and " in " .. place or " not there") }
  if message then
    exits.exit(exits.DONE, ("the secret could not be written (%s); %s"):format(
      message, advice(session, made.portfolio, token)))
  end
  if session.out.is_json then session.out:json(shape) end
end

return M
