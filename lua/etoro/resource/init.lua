-- What resources have in common: one call of the client's, its answer checked.
-- A method that does no more than that is a row of a table.

local answers = require "etoro.resource.answers"
local blame = require "etoro.values.blame"
local errors = require "etoro.errors"
local operations = require "etoro.operations"
local links = require "etoro.resource.links"
local pages = require "etoro.resource.pages"
local types = require "etoro.values.types"

local M = {}

--- The client of a resource's method; raises where the method was not called
--- with a colon.
---@param self any
---@param what string for the message, such as "client.feeds:news"
---@return etoro.Client
function M.client_of(self, what)
  return links.of(self, what).client
end

--- Parameters as a method got them, with more of its own: see pages.with.
M.with = pages.with

--- Raises where the id that a method was given is of another type.
---@param noun string whose id, such as "post"
---@param id any
---@param kinds "string"|"string or integer"
---@return string|number id
function M.check_id(noun, id, kinds)
  if type(id) == "string" then return id end
  if type(id) == "number" and kinds ~= "string" then return id end
  blame.raise(("%s id: %s expected, got %s"):format(noun, kinds, type(id)))
end

--- The text of an id that the API takes as text, although many are numbers.
--- What is neither text nor number is given back for the operation's own check
--- to raise.
---@param value any
---@param name string of the parameter
---@return any text
---@return etoro.Error? err kind invalid, when text is nil
function M.id_text(value, name)
  if type(value) ~= "number" and type(value) ~= "string" then return value end
  if type(value) == "string" and not value:find("^[-+]?%d[%d.]*$") then
    return value
  end
  local number, message = types.value({ type = "integer", min = 1 }, value)
  if not number then
    return nil, errors.invalid(name, message)
  end
  return type(value) == "number" and ("%d"):format(value) or value
end

--- The failure of what is sent once: where it may have been carried out, with what
--- to look at before doing it again.
---@param err etoro.Error
---@param hint string
---@return nil
---@return etoro.Error err
function M.hinted(err, hint)
  if err.kind == "unknown_outcome" then err.hint = hint end
  return nil, err
end

--- Calls an operation; a failure inside a 2xx is a failure.
---@param client etoro.Client
---@param op etoro.Operation
---@param params? table
---@param options? etoro.RequestOptions
---@return any body true when the answer has none
---@return etoro.Response|etoro.Error
function M.send(client, op, params, options)
  local body, response = client:send(op, params, options)
  if body == nil then return nil, response end
  local err = answers.failure(body, response, op)
  if err then return nil, err end
  return body, response
end

--- The same for an answer that is an object, or has one in it.
---@param path string see answers.at
---@return table? object
---@return etoro.Response|etoro.Error
function M.object(client, op, path, params, options)
  local body, response = M.send(client, op, params, options)
  if body == nil then return nil, response end
  local object, err = answers.object(body, path, response, op)
  if not object then return nil, err end
  return object, response
end

local function list_in(body, path, response, op)
  local list, err = answers.list(body, path, response, op)
  if not list then return nil, err end
  response.meta = answers.rest(body, path)
  return list, response
end

--- The same for an answer that is a list, or has one in it; what else it holds
--- is in response.meta.
---@param path string see answers.at
---@return table? list
---@return etoro.Response|etoro.Error
function M.list(client, op, path, params, options)
  local body, response = M.send(client, op, params, options)
  if body == nil then return nil, response end
  return list_in(body, path, response, op)
end

--- Finds one item of an answer that is a list, or has one in it, where the API
--- has no call for one.
---@param path string see answers.at
---@param noun string what it is, such as "price alert"
---@param id_name string the item's field with the id
---@param id string
---@return table? item
---@return etoro.Response|etoro.Error err kind not_found when it is not listed
local function find_in_list(client, op, path, noun, id_name, id, options)
  local list, response = M.list(client, op, path, nil, options)
  if not list then return nil, response end
  for _, item in ipairs(list) do
    if type(item) == "table" and item[id_name] == id then
      return item, response
    end
  end
  return nil, errors.not_found(("the API lists no %s %s"):format(noun, id),
    response)
end

--- A resource of a client: its methods, and the module that makes it.
---@param name string such as "people"
---@return table collection its methods
---@return { new: fun(client: etoro.Client): table } module
function M.define(name)
  local collection = {}
  local mt = { __name = "etoro." .. name, __index = collection }
  local module = {}
  function module.new(client) return links.link(setmetatable({}, mt), client) end
  return collection, module
end

--- A method in one line.
---
--- The operation is followed by what the method's arguments are, in their
--- order and but for the options, which come last: names of parameters, or
--- `params` for a table of several; { name, read } where read makes the
--- parameter of the argument, or gives nil and an error. Without a further
--- field it gives the answer, an object.
---@class etoro.Row
---@field [integer] string|table|fun(client: etoro.Client): etoro.Operation the
---operation, by its name or of an account; then the arguments
---@field default? table parameters where the arguments name none; a function
---makes one of the table it is called on, or gives nil and an error
---@field at? string where the object is that it gives; the answer itself
---@field list? string where the list is that it gives; "" is the answer
---@field none? "body"|"list" without which an answer is a list of none
---@field find? string the parameter that is not sent: it gives the item of the
---list whose field of that name is the same
---@field noun? string what `find` finds, such as "price alert"
---@field pick? fun(list: table, params: table, response: etoro.Response, op:
---etoro.Operation): table?, etoro.Error? the item of the list that it gives
---@field done? boolean gives true
---@field each? boolean gives an iterator over all pages
---@field page? boolean gives one page
---@field fill? true|fun(self: table, item: table, client: etoro.Client) the
---object that it reads fills the table it is called on
---@field changes? true|fun(self: table, params: table, answer: any) gives the
---table it is called on, in which this shows what was changed
---@field ends? string what it is the end of, such as "post"; gives true
---@field wrap? fun(item: any, client: etoro.Client, self: table, params: table):
---any what is made of the object, or of each item

-- The parameters with what one argument is in them; what stood there before
-- wins over a table of several.
local function with_argument(params, argument, value)
  local name = argument
  if type(argument) == "table" then
    local err
    name = argument[1]
    value, err = argument[2](value, name)
    if err then return nil, err end
  end
  if name == "params" then return M.with(value, params) end
  params[name] = value
  return params
end

local function add_defaults(self, row, params)
  for name, default in pairs(row.default or {}) do
    if params[name] == nil then
      local err
      if type(default) == "function" then default, err = default(self) end
      if err then return nil, err end
      params[name] = default
    end
  end
  return params
end

local function is_none(row, body)
  return row.none == "body" and body == true
    or row.none == "list" and type(body) == "table"
    and answers.at(body, row.list) == nil
end

local function read_list(client, op, row, params, options)
  local body, response = M.send(client, op, params, options)
  if body == nil then return nil, response end
  if is_none(row, body) then return {}, response end
  return list_in(body, row.list, response, op)
end

local function read_item(client, op, row, params, options)
  if row.find then
    return find_in_list(client, op, row.list, row.noun, row.find, params[row.find],
      options)
  elseif not row.pick then
    return M.object(client, op, row.at or "", params, options)
  end
  local list, response = read_list(client, op, row, params, options)
  if not list then return nil, response end
  local item, err = row.pick(list, params, response, op)
  if not item then return nil, err end
  return item, response
end

-- What is done to the table itself.
local function act(self, client, op, row, params, options)
  local body, response = M.send(client, op, params, options)
  if body == nil then return nil, response end
  if row.ends then links.finish(self, "deleted", row.ends) end
  if not row.changes then return true, response end
  if row.changes ~= true then row.changes(self, params, body) end
  return self, response
end

local function fill(self, client, row, item, response)
  if not item then return nil, response end
  if row.fill == true then
    links.refill(self, item)
  else
    row.fill(self, item, client)
  end
  return self, response
end

local function read(client, op, row, params, options, wrap)
  if row.find or row.pick or not row.list then
    local item, response = read_item(client, op, row, params, options)
    return item and wrap(item), response
  end
  local list, response = read_list(client, op, row, params, options)
  for i = 1, list and #list or 0 do list[i] = wrap(list[i]) end
  return list, response
end

local function carry_out(self, client, op, row, params, options)
  local function wrap(item)
    if not row.wrap then return item end
    return row.wrap(item, client, self, params)
  end
  if row.each then return pages.each(client, op, params, options, wrap) end
  if row.page then return pages.page(client, op, params, options, wrap) end
  if row.done or row.changes or row.ends then
    return act(self, client, op, row, params, options)
  elseif row.fill then
    return fill(self, client, row, read_item(client, op, row, params, options))
  end
  return read(client, op, row, params, options, wrap)
end

local function of_collection(self, what)
  return M.client_of(self, what), {}
end

-- The parameters of a call: what names its subject, then its arguments.
local function params_of(self, row, params, count, ...)
  for i = 1, count do
    local err
    params, err = with_argument(params, row[i + 1], (select(i, ...)))
    if not params then return nil, err end
  end
  return add_defaults(self, row, params)
end

-- An iterator has no second value to give: it raises.
local function refuse(row, err)
  if row.each then error(err, 0) end
  return nil, err
end

local function method(what, row, subject)
  local op_of = row[1]
  if type(op_of) == "string" then
    local op = operations[op_of]
    op_of = function() return op end
  end
  local count = #row - 1
  return function(self, ...)
    local client, params = subject(self, what)
    if not client then return refuse(row, params) end
    local err
    params, err = params_of(self, row, params, count, ...)
    if not params then return refuse(row, err) end
    return carry_out(self, client, op_of(client), row, params,
      (select(count + 1, ...)))
  end
end

--- Makes methods of rows.
---@param collection table
---@param name string for messages, such as "client.people"
---@param rows table<string, etoro.Row>
---@param subject? fun(self: any, what: string): etoro.Client?, table|etoro.Error
---the client of a method's self, and a table of parameters that name it; nil and
---an error when it is gone. Otherwise it is a resource's, and none name it
function M.rows(collection, name, rows, subject)
  for of_method, row in pairs(rows) do
    collection[of_method] = method(name .. ":" .. of_method, row,
      subject or of_collection)
  end
end

return M
