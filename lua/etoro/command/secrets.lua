-- Where a new token's secret goes: a file of its own. It is made before the
-- token is, because the API tells a secret only once.

local core = require "etoro.core"
local exits = require "etoro.command.exits"
local key_file = require "etoro.client.key_file"
local has_native, native = pcall(require, "etoro.terminal")

local tostring = core.text -- not up to the locale

local methods = {}
local mt = { __name = "etoro.command.secret", __index = methods }
local M = {}

-- Whether a secret's file is there, to be replaced; ends the command where
-- something else is.
local function is_secret_file(path)
  local file = io.open(path, "rb")
  if not file then return false end
  file:close()
  local secret, message = key_file.open("--out", path)
  if not secret then exits.exit(exits.USAGE, message) end
  return true
end

--- Makes the file, which must not be there yet unless it is replaced: then it
--- stays as it is until the new secret is written.
---@param path string
---@param is_replaced? boolean
---@return table file file:guard(make, ...), file:tell(session, made)
function M.reserve(path, is_replaced)
  if not has_native then
    exits.exit(exits.FAILED, "etoro.terminal is not built: no secret can be"
      .. " kept in a private file")
  end
  local reserved = path
  -- the file beside it that it is written into, see core.write_file
  if is_replaced and is_secret_file(path) then reserved = path .. ".new" end
  local ok, message = native.create_private(reserved)
  if not ok then exits.exit(exits.USAGE, message) end
  return setmetatable({ path = path, reserved = reserved }, mt)
end

--- In place of a file: the secret is printed.
---@return table file
function M.printed() return setmetatable({}, mt) end

-- Writes the secret; without one the file goes again. What it gives is why it
-- could not be written, nil where it was, or there is none.
local function keep(file, secret)
  if not file.path then return nil end
  local ok, message
  if secret then ok, message = secret:save(file.path) end
  if not ok then file:discard() end -- half of a secret is none
  if ok or not secret then return nil end
  message = tostring(message)
  local named = file.path .. ": "
  return message:sub(1, #named) == named and message:sub(#named + 1) or message
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
  if self.reserved then os.remove(self.reserved) end
end

-- Where people find the secret, and what JSON has of it.
local function place_of(file, secret, shape)
  if not secret then return nil end
  if not file.path then
    shape.secret = secret:reveal()
    return shape.secret
  end
  shape.secretFile = file.path
  return file.path
end

--- Writes the secret of a token that was made, and says what was made and where
--- its secret is; ends the program where that is lost.
---@param session etoro.command.Session
---@param made table portfolio and token?; text, up to where the secret is;
---rows and shape; none: what is told where the answer has no secret
function methods:keep(session, made)
  local token, shape = made.token, made.shape
  local secret = token and token.userToken
  local message = keep(self, secret)
  local place = not message and place_of(self, secret, shape) or nil
  made.rows[#made.rows + 1] = { "secret", place or made.none }
  session:did { shape = shape, rows = made.rows, text = made.text
    .. (not place and " not there" or self.path and " in " .. place or " shown") }
  if message then
    exits.exit(exits.DONE, ("the secret could not be written (%s); %s"):format(
      message, advice(session, made.portfolio, token)))
  end
end

--- The same, and the JSON of it.
---@param session etoro.command.Session
---@param made table
function methods:tell(session, made)
  self:keep(session, made)
  if session.out.is_json then session.out:json(made.shape) end
end

return M
