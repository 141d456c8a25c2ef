-- What an answer holds: failures that come in a 2xx, and the lists that it has
-- to have.

local spelling = require "etoro.values.spelling"
local core = require "etoro.core"
local errors = require "etoro.errors"
local failures = require "etoro.call.failures"
local json = require "etoro.values.json"

local tonumber = core.number -- not up to the locale

local M = {}

--- An answer as text, for err.response; one that cannot be written shows none.
---@param body any
---@return string?
function M.text(body)
  local ok, text = pcall(json.show, body)
  return ok and text or nil
end

local get = spelling.get

-- Watchlists put an HTTP status of their own into the body.
local function status_of(body)
  local status = tonumber(get(body, "status"))
  return status and status >= 400 and status < 600 and status or 422
end

--- The error for an answer that says it failed although its status is a 2xx:
--- watchlists with isSucceeded = false, price alerts with success = false
--- (portal: Watchlists; Price Alerts).
---@param body any decoded answer
---@param response etoro.Response
---@param op etoro.Operation
---@return etoro.Error? err nil when it did not fail; details: invalidItems
function M.failure(body, response, op)
  if type(body) ~= "table" then return nil end
  if get(body, "isSucceeded") ~= false and get(body, "success") ~= false then
    return nil
  end
  local exception = get(body, "exception")
  if type(exception) == "string" then exception = { message = exception } end
  if type(exception) ~= "table" then exception = {} end
  local shown = { errorCode = get(exception, "reason"),
    errorMessage = get(exception, "message"), error = get(body, "error"),
    errors = get(body, "errors"), code = get(body, "code"),
    message = get(body, "message") }
  local err = failures.from_reply {
    status = status_of(body), body = shown, text = M.text(body), op = op,
    request_id = response.request_id,
  }
  err.status, err.attempts = response.status, response.attempts
  err.server_request_id = response.server_request_id
  err.details = err.details or get(exception, "invalidItems")
  if op.moves_money or op.trade then
    -- no answer that the API has for money; what was done it does not say
    err.kind, err.retryable, err.may_have_executed = "unknown_outcome", false, true
  end
  return err
end

-- A field of an answer under its name, be it in other letters: curatedLists
-- comes as CuratedLists too.
local function field(body, name)
  local value = get(body, name)
  if value ~= nil or type(name) ~= "string" then return value end
  name = core.lower(name)
  for key, other in pairs(body) do
    if type(key) == "string" and core.lower(key) == name then return other end
  end
end

--- What stands at a place in an answer.
---@param body any
---@param path string such as "paging.next" or "watchlists.1.items"; "" is the
---answer itself
---@return any value nil where there is nothing; etoro.null does not count
function M.at(body, path)
  for name in path:gmatch("[^.]+") do
    if type(body) ~= "table" then return nil end
    body = field(body, tonumber(name) or name)
  end
  if type(body) == "userdata" then return nil end
  return body
end

--- Whether a value may be a list: without items it looks like an object.
---@param value any
---@return boolean
function M.is_list(value)
  return type(value) == "table" and (value[1] ~= nil or next(value) == nil)
end

--- The list that an answer has to have.
---@param body any
---@param path string see answers.at
---@param response etoro.Response
---@param op etoro.Operation
---@return table? list
---@return etoro.Error? err kind protocol
function M.list(body, path, response, op)
  local list = M.at(body, path)
  if M.is_list(list) then return list end
  local what = path == "" and "the answer is no list"
    or "the answer has no list '" .. path .. "'"
  return nil, errors.unexpected(what, response, op)
end

--- What an answer holds besides its list.
---@param body any
---@param path string see answers.at
---@return table? rest nil where the answer is the list
function M.rest(body, path)
  if path == "" then return nil end
  local rest, list = {}, M.at(body, path)
  for name, value in pairs(body) do
    if value ~= list then rest[name] = value end
  end
  return rest
end

--- The object that an answer has to have.
---@param body any
---@param path string see answers.at
---@param response etoro.Response
---@param op etoro.Operation
---@return table? object
---@return etoro.Error? err kind protocol
function M.object(body, path, response, op)
  local object = M.at(body, path)
  if type(object) == "table" then return object end
  local what = path == "" and "the answer is no object"
    or "the answer has no '" .. path .. "'"
  return nil, errors.unexpected(what, response, op)
end

return M
