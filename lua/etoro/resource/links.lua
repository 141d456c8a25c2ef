-- Which client and parent the table of a resource or of an object, such as a
-- token, belongs to, and whether it has ended. Kept here under weak keys rather
-- than in the tables: so they hold the API's fields alone, and a loop, an
-- inspector or an encoder over one never meets a client.

local blame = require "etoro.values.blame"
local errors = require "etoro.errors"

local M = {}

---@class etoro.Link
---@field client etoro.Client what the table's methods call through
---@field parent? table the portfolio of a token, the post of a comment
---@field ids? table what its paths are made of, where the table may lack it
---@field ended? string "deleted" or "revoked"
---@field farewell? string what to say then

-- weak keys are ephemerons: a link that reaches its own key holds nothing
local links = setmetatable({}, { __mode = "k" })

-- The same for whole kinds of a client's tables, by their metatable.
local shared = setmetatable({}, { __mode = "k" })

local shared_mt = {
  __name = "etoro.link",
  __newindex = function() error("this link is of many tables: see own") end,
}

---@class etoro.Kind tables of one kind, such as positions
---@field of fun(client: etoro.Client): table the metatable of a client's: it
---links them to it, however many they are
---@field is fun(value: any): boolean

--- Makes a kind of tables that a client's are linked by their metatable alone.
---@param name string
---@param index function|table their __index
---@return etoro.Kind
function M.kind(name, index)
  local of_clients = setmetatable({}, { __mode = "k" })
  local kind = {}
  function kind.of(client)
    local mt = of_clients[client]
    if not mt then
      mt = { __name = name, __index = index }
      shared[mt] = setmetatable({ client = client, kind = kind }, shared_mt)
      of_clients[client] = mt
    end
    return mt
  end
  function kind.is(value)
    local link = shared[getmetatable(value)]
    return link ~= nil and link.kind == kind
  end
  return kind
end

local function link_of(object)
  return type(object) == "table"
    and (links[object] or shared[getmetatable(object)]) or nil
end

local plain = setmetatable({}, { __mode = "k" }) -- by client

-- The link of all tables that have nothing but a client.
local function plain_of(client)
  local link = plain[client]
  if not link then
    link = setmetatable({ client = client }, shared_mt)
    plain[client] = link
  end
  return link
end

--- Links a table to its client; linking again replaces the link.
---@param object table
---@param client etoro.Client
---@param parent? table
---@param ids? table
---@return table object
function M.link(object, client, parent, ids)
  links[object] = (parent or ids)
    and { client = client, parent = parent, ids = ids } or plain_of(client)
  return object
end

--- Fills a table with what was read of its subject anew; its link stays.
---@param object table
---@param item table the answer's fields
function M.refill(object, item)
  for name in pairs(object) do object[name] = nil end
  for name, value in pairs(item) do object[name] = value end
end

--- Gives the client and parent of a method's self; to be read alone. Raises at
--- the caller of that method when self is something else.
---@param object any
---@param what string for the message, such as "portfolio:delete"
---@return etoro.Link
function M.of(object, what)
  local link = link_of(object)
  if not link then
    blame.raise(("bad self: call this as %s(...), with a colon"):format(what))
  end
  return link
end

--- The link of a method's self, to remember something in. Raises as `of`.
---@param object any
---@param what string see of
---@return etoro.Link
function M.own(object, what)
  local link = M.of(object, what)
  if getmetatable(link) == shared_mt then
    link = { client = link.client }
    links[object] = link
  end
  return link
end

--- Remembers that a table's subject is gone.
---@param object table
---@param how string "deleted" or "revoked"
---@param what string what it was, such as "post"
---@param advice? string what to do then
function M.finish(object, how, what, advice)
  local link = M.own(object, what)
  link.ended = how
  link.farewell = ("this %s was %s; %s"):format(what, how,
    advice or "nothing more can be done with it")
end

--- The error for a table whose subject, or whose parent's, is gone.
---@param link etoro.Link
---@return etoro.Error? err nil while it lives
function M.ended(link)
  if not link.ended and link.parent then link = links[link.parent] end
  return link.ended and errors.closed(link.ended, link.farewell) or nil
end

return M
