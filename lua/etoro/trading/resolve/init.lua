-- What became of a write whose answer was lost, or says nothing. The core
-- leaves such writes as uncertain; here the account is asked, and an order or a
-- closing that is known to be missing is sent again under the rules of its
-- class. All of it happens inside of the call that was made, under its one
-- deadline.

local answers = require "etoro.resource.answers"
local resolve_case = require "etoro.trading.resolve.case"
local close = require "etoro.trading.resolve.close"
local core = require "etoro.core"
local errors = require "etoro.errors"
local error_body = require "etoro.call.error_body"
local known = require "etoro.trading.resolve.known"
local limits = require "etoro.values.limits"
local order = require "etoro.trading.resolve.order"
local order_answer = require "etoro.trading.order.answer"
local resolve_refusal = require "etoro.trading.resolve.refusal"

local tostring = core.text -- not up to the locale

local M = {}

-- Which of the ways fits; nil: the caller has to look himself.
local function way_of(op, body)
  if op.class == "keyed" and op.trade == "open" then
    return order
  elseif op.trade == "close" and type(body) == "table" then
    return close
  end
end

-- Whether a failure says nothing about what became of a write, though the
-- account may. An order that a proxy doubled is refused as a duplicate of
-- itself, and no document says in which words: a conflict may be one.
local function is_open(op, err)
  if err.kind == "unknown_outcome" then return true end
  if op.class ~= "keyed" then
    return op.class == "close" and resolve_refusal.is_broken(err)
  end
  return err.status ~= nil and err.status < 500
    and (err.status == 409 or resolve_refusal.is_broken(err) or resolve_refusal.names_request(err)
      or (resolve_refusal.duplicate(err)))
end

-- What an answer says of a failure, in its own words.
local function words_of(result)
  local said, words = error_body.read(result), {}
  words[1] = said.code and tostring(said.code)
  if said.message ~= words[1] then words[#words + 1] = said.message end
  if #words == 0 then return "" end
  return (" (it says: %s)"):format(errors.said(
    core.masked(table.concat(words, ": ")), limits.error_message_max))
end

-- The error for an answer that does not say what was done: as good as a lost
-- one.
local function doubt(client, call, result, response)
  return errors.unknown_outcome {
    code = "unexpected_body", status = response.status,
    message = ("%s %s: the answer names no order that could be%s;"
      .. " it may have been carried out all the same"):format(
    call.op.method, call.op.path, words_of(result)),
    request_id = response.request_id, attempts = response.attempts,
    server_request_id = response.server_request_id,
    response = answers.text(result), started = call.started,
    ended = client:now(),
  }
end

-- Some servers answer a request id that was used before with the order that
-- was placed then, whatever is asked for now: an id of the caller's own may be
-- such a one.
local function check_own_id(client, call, options, result, response)
  local id = order_answer.id(result)
  if not options.request_id then return result, response end
  local case = resolve_case.new(client, call, doubt(client, call, result, response),
    options)
  return order.verify(case, id, result, response)
end

-- Whether an answer says what it has to: which order was placed, or that the
-- closing was taken up.
local function tells(call, result)
  if call.op.trade == "close" then
    return order_answer.is_closing(result, call.params.positionId)
  end
  return order_answer.id(result) ~= nil
end

--- Whether a write must not leave without its intent in the journal, where there is
--- one. Closing all of a position twice does no harm, and a disk that is full is no
--- reason to keep it.
---@param op etoro.Operation
---@param body any as it is sent, decoded
---@return boolean
function M.needs_record(op, body)
  return op.trade ~= "close" or type(body) ~= "table" or close.units_of(body) ~= nil
end

--- Makes a call that places an order or closes a position, and finds out what
--- became of it when its answer is lost, or does not tell.
---@param client etoro.Client
---@param call etoro.Uncertain
---@param options etoro.RequestOptions
---@return any result as the operation's own answer has it
---@return etoro.Response|etoro.Error
function M.carry_out(client, call, options)
  if call.op.trade == "close" then close.begin(client, call) end
  local result, response = call.again(options)
  local way = way_of(call.op, call.body)
  if result ~= nil and way and not tells(call, result) then
    result, response = nil, doubt(client, call, result, response)
  elseif result ~= nil and way == order then
    known.add(client, order_answer.id(result), response.request_id)
    return check_own_id(client, call, options, result, response)
  elseif result ~= nil then
    return result, response
  end
  if way and response.request_id and is_open(call.op, response) then
    local case = resolve_case.new(client, call, response, options)
    result, response = way.resolve(case)
  end
  if call.closing and result == nil and not response.may_have_executed then
    close.forget(call)
  end
  return result, response
end

return M
