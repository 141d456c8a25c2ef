-- Objects that answers hold, such as an alert: what makes one of an item, and
-- the path values that name it in requests.

local errors = require "etoro.errors"
local links = require "etoro.resource.links"

local M = {}

---@class etoro.ObjectKind
---@field is fun(value: any): boolean
---@field wrap fun(item: any, client: etoro.Client): any makes one of an item in
---an answer, in place; what is no object stays as it came
---@field wrap_in fun(item: any, client: etoro.Client, parent?: table, ids?:
---table): any the same for one of a parent, or whose path values are no fields
---@field alive fun(self: any, what: string): etoro.Client?, table|etoro.Error
---the client of a method's self, and a new table of the path values that name
---it; nil, err when it is gone, or came without an id

-- The value that names an object in a path: kept with its link, or its own
-- field, or one of its parent's.
local function value_of(object, link, name)
  if link.ids then return link.ids[name] end
  if object[name] == nil and link.parent then return link.parent[name] end
  return object[name]
end

local function path_values(object, link, ids, lacks)
  local values = {}
  for _, id in ipairs(ids) do
    local name, read = id, nil
    if type(id) == "table" then name, read = id[1], id[2] end
    local value = value_of(object, link, name)
    if read then
      local err
      value, err = read(value, name)
      if err then return nil, err end
    end
    if type(value) ~= "string" then
      return nil, errors.unexpected("the API gave this " .. lacks)
    end
    values[name] = value
  end
  return values
end

--- Makes a kind of objects.
---@param name string such as "alert"
---@param methods table what its objects can do
---@param ids (string|table)[] names of the path values that name one, which are
---texts; { name, read } where read makes the text of an id, or gives nil and an
---error
---@param lacks string what to say of one without them, such as "alert no
---alertId"
---@return etoro.ObjectKind
function M.kind(name, methods, ids, lacks)
  local mt = { __name = "etoro." .. name, __index = methods }
  local kind = {}
  function kind.is(value) return getmetatable(value) == mt end
  function kind.wrap_in(item, client, parent, path_ids)
    if type(item) ~= "table" or kind.is(item) then return item end
    links.link(item, client, parent, path_ids)
    return setmetatable(item, mt)
  end
  function kind.wrap(item, client) return kind.wrap_in(item, client) end
  function kind.alive(self, what)
    local link = links.of(self, what)
    local err = links.ended(link)
    if err then return nil, err end
    local values
    values, err = path_values(self, link, ids, lacks)
    if not values then return nil, err end
    return link.client, values
  end
  return kind
end

return M
