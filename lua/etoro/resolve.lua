-- What became of a write whose answer was lost. The core leaves such writes as
-- uncertain; here the account is asked, and an order or a closing that is
-- known to be missing is sent again under the rules of its class. All of it
-- happens inside of the call that was made, under its one deadline.

local case_of = require "etoro.resolve.case"
local casing = require "etoro.casing"
local close = require "etoro.resolve.close"
local core = require "etoro.core"
local evidence = require "etoro.resolve.evidence"
local known = require "etoro.resolve.known"
local order = require "etoro.resolve.order"
local partial_close = require "etoro.resolve.partial_close"

local M = {}

local function is_part(body)
  local units = type(body) == "table" and body.UnitsToDeduct
  return units ~= nil and units ~= false and units ~= core.null
end

-- Which of the ways fits; nil: the caller has to look himself.
local function way_of(op, body)
  if op.class == "keyed" and op.trade == "open" then
    return order
  elseif op.trade == "close" and is_part(body) then
    return partial_close
  elseif op.trade == "close" and type(body) == "table" then
    return close
  end
end

-- Whether a failure says nothing about what became of a write, though the
-- account may.
local function is_open(op, err)
  if err.kind == "unknown_outcome" then return true end
  -- an order that a proxy doubled is refused as a duplicate of itself
  return op.class == "keyed" and err.status ~= nil and err.status < 500
    and (evidence.duplicate(err))
end

-- What has to be known of a write before it is sent.
local function begin(client, call, options)
  if call.op.trade == "close" and is_part(call.body) then
    partial_close.begin(client, call, options._position)
  end
end

-- Some servers answer a request id that was used before with the order that
-- was placed then, whatever is asked for now: an id of the caller's own may be
-- such a one.
local function check_own_id(client, call, options, result, response)
  local id = type(result) == "table" and casing.get(result, "orderId")
  if not options.request_id or call.op.class ~= "keyed" or not id then
    return result, response
  end
  local case = case_of.new(client, call, {
    request_id = response.request_id, attempts = response.attempts,
    ended = client._runtime.engine:now(),
  }, options)
  return order.verify(case, id, result, response)
end

--- Makes a call that places an order or closes a position, and finds out what
--- became of it when its answer is lost.
---@param client etoro.Client
---@param call etoro.Uncertain
---@param options etoro.RequestOptions
---@return any result as the operation's own answer has it
---@return etoro.Response|etoro.Error
function M.carry_out(client, call, options)
  begin(client, call, options)
  local result, response = call.again(options)
  if result ~= nil then
    if type(result) == "table" and call.op.trade == "open" then
      known.add(client, casing.get(result, "orderId"), response.request_id)
    end
    return check_own_id(client, call, options, result, response)
  end
  local way = is_open(call.op, response) and way_of(call.op, call.body)
  if way and response.request_id then
    local case = case_of.new(client, call, response, options)
    result, response = way.resolve(case)
  end
  if call.number and result == nil and not response.may_have_executed then
    partial_close.forget(client, call)
  end
  return result, response
end

return M
