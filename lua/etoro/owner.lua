-- Which client and parent a portfolio or token table belongs to, and whether
-- it has ended. Kept here under weak keys rather than in the tables: so they
-- hold the API's fields alone, and a loop, an inspector or an encoder over
-- one never meets a client.

local errors = require "etoro.errors"

local M = {}

---@class etoro.Link
---@field client etoro.Client what the table's methods call through
---@field parent? table the portfolio of a token
---@field ended? string "deleted" or "revoked"

-- weak keys are ephemerons: a link that reaches its own key holds nothing
local links = setmetatable({}, { __mode = "k" })

local ENDED = {
  deleted = "this agent-portfolio was deleted; nothing more can be done with"
    .. " it or its tokens",
  revoked = "this token was revoked; mint another with"
    .. " portfolio:create_token",
}

--- Links a table to its client; linking again replaces the link.
---@param object table
---@param client etoro.Client
---@param parent? table
---@return table object
function M.link(object, client, parent)
  links[object] = { client = client, parent = parent }
  return object
end

--- Gives the client and parent of a method's self. Raises at the caller of
--- that method (level 2, counted from there) when self is something else.
---@param object any
---@param what string for the message, such as "portfolio:delete"
---@param level integer
---@return etoro.Link
function M.of(object, what, level)
  local link = type(object) == "table" and links[object]
  if not link then
    error(string.format("bad self: call this as %s(...), with a colon", what),
      level + 1)
  end
  return link
end

--- Remembers that a table's subject is gone.
---@param object table
---@param how string "deleted" or "revoked"
function M.finish(object, how)
  links[object].ended = how
end

--- The error for a table whose subject, or whose parent's, is gone.
---@param link etoro.Link
---@return etoro.Error? err nil while it lives
function M.ended(link)
  local how = link.ended
  if not how and link.parent then
    how = links[link.parent].ended
  end
  return how and errors.closed(how, ENDED[how]) or nil
end

return M
