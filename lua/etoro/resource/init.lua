-- What resources have in common: one call of the client's, its answer checked.

local answers = require "etoro.resource.answers"
local blame = require "etoro.values.blame"
local errors = require "etoro.errors"
local owner = require "etoro.resource.links"
local values = require "etoro.values.types"

local M = {}

--- The client of a resource's method; raises where the method was not called
--- with a colon.
---@param self any
---@param what string for the message, such as "client.feeds:news"
---@return etoro.Client
function M.client_of(self, what)
  return owner.of(self, what).client
end

--- The link of an object's method; nil, err when the object's subject is gone.
---@param self any
---@param what string for the message, such as "watchlist:rename"
---@return etoro.Link? link
---@return etoro.Error? err kind closed
function M.alive(self, what)
  local link = owner.of(self, what)
  local err = owner.ended(link)
  if err then return nil, err end
  return link
end

--- Parameters as a method got them, with more of its own.
---@param params? table not changed
---@param more table wins
---@return table copy
function M.with(params, more)
  if params ~= nil and type(params) ~= "table" then
    blame.raise("parameters must be a table, got " .. type(params))
  end
  local copy = {}
  for name, value in pairs(params or {}) do copy[name] = value end
  for name, value in pairs(more) do copy[name] = value end
  return copy
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
  local number, message = values.value({ type = "integer", min = 1 }, value)
  if not number then
    local err = errors.invalid(name, message)
    return nil, err
  end
  return type(value) == "number" and string.format("%d", value) or value
end

--- Calls an operation; a failure inside a 2xx is a failure.
---@param client etoro.Client
---@param op etoro.Operation
---@param params? table
---@param options? etoro.RequestOptions
---@return any body true when the answer has none
---@return etoro.Response|etoro.Error
function M.send(client, op, params, options)
  local body, response = client:_send(op, params, options)
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

--- The same for an answer that is a list, or has one in it; what else it holds
--- is in response.meta.
---@param path string see answers.at
---@return table? list
---@return etoro.Response|etoro.Error
function M.list(client, op, path, params, options)
  local body, response = M.send(client, op, params, options)
  if body == nil then return nil, response end
  local list, err = answers.list(body, path, response, op)
  if not list then return nil, err end
  response.meta = answers.rest(body, path)
  return list, response
end

--- The same for an answer that says nothing but that it is done.
---@return true? done
---@return etoro.Response|etoro.Error
function M.done(client, op, params, options)
  local body, response = M.send(client, op, params, options)
  if body == nil then return nil, response end
  return true, response
end

return M
