-- Tools that write: an order or a close is prepared, shown with its figures, and
-- then done, once, however often that is asked for.

local core = require "etoro.core"
local errors = require "etoro.errors"
local once = require "etoro.tasks.once"
local operations = require "etoro.operations"
local run_limits = require "etoro.values.run_limits"
local schema = require "etoro.serve.schema"
local trading_prepared = require "etoro.trading.prepared"
local worth = require "etoro.serve.worth"

local tostring = core.text -- not up to the locale

local M = {}

local OPENING = "POST /api/v2/trading/execution/demo/orders"
local EDITING = "PATCH /api/v2/trading/demo/positions/{positionId}"

-- What an order's body has for closing, or for every order.
local NOT_OPENING = { action = true, positionIds = true }

local WAIT = { type = "number", min = 0, max = 60 }
local ID = { type = "integer", min = 1, required = true }

local function invalid(code, message, ...)
  return nil, errors.new { kind = "invalid", code = code,
    message = message:format(...) }
end

local function opening_fields()
  local fields = {}
  for name, spec in pairs(operations[OPENING].body) do
    if not NOT_OPENING[name] then fields[name] = spec end
  end
  return fields
end

-- Keeps what may be done under an id of its own. The oldest make room: they are
-- not prepared any more then. act(wait) does it, and may be called again after an
-- error; `is_single` says that it may not where that error leaves its outcome open.
local function keep(self, fields, act, is_single)
  local id = core.uuid()
  self.kept[id] = { once = once.new(), act = act, is_single = is_single }
  self.ids[#self.ids + 1] = id
  if #self.ids > run_limits.serve_prepared_max then
    self.kept[table.remove(self.ids, 1)] = nil
  end
  fields.prepared, fields.account = id, self.account
  fields.next_step = "nothing was sent; 'place' with this 'prepared' does it, once"
  return fields
end

local function prepare_order(self, client, arguments)
  local prepared, err = client.orders:prepare(arguments)
  if not prepared then return nil, err end
  return keep(self, { order = prepared.fields, costs = prepared.costs,
    costs_total = prepared.total, checked = prepared.checked,
    note = prepared.note, expires_at = prepared.expires_at },
    function(wait)
      local order, response = prepared:place()
      if not order then return nil, response end
      if wait > 0 then order:wait { timeout = wait } end
      return { order = order, state = order:state(),
        reference_id = prepared.request_id }
    end)
end

-- A part is closed by a call that nothing tells from another one like it.
local function prepare_close(self, client, arguments)
  local position, err = client.positions:get(arguments.positionId)
  if not position then return nil, err end
  local held = core.number(position.units)
  if arguments.units and held and core.number(arguments.units) > held then
    return invalid("too_many_units", "the position has %s units; you asked to close %s",
      tostring(position.units), tostring(arguments.units))
  end
  worth.add(client, { position })
  local lifetime = trading_prepared.lifetime(client)
  return keep(self, { position = position, expires_at = lifetime.expires_at,
    units = arguments.units or "all of it" },
    function(wait)
      if trading_prepared.is_over(client, lifetime) then
        return invalid("expired", "the close was prepared too long ago; look at the "
          .. "positions, then prepare it anew")
      end
      local closed, response = position:close({ units = arguments.units },
        { wait = wait })
      if not closed then return nil, response end
      return { position = closed, is_closed = closed:is_closed() }, response
    end, arguments.units ~= nil)
end

local function perform(kept, wait)
  local value, second = kept.act(wait)
  if value or kept.is_single and second.may_have_executed then
    kept.is_over, kept.value, kept.second, kept.act = true, value, second, nil
  end
  return value, second
end

local function place(self, client, arguments)
  local kept = self.kept[arguments.prepared]
  if not kept then
    return invalid("not_prepared", "nothing is prepared under '%s': prepare it"
      .. " first", tostring(arguments.prepared))
  end
  while kept.once:doer() do kept.once:wait(client:waiter()) end
  if kept.is_over then return kept.value, kept.second end
  return kept.once:run(perform, kept, arguments.wait or run_limits.serve_wait)
end

local function cancel_order(_, client, arguments)
  local order, err = client.orders:get(arguments.orderId)
  if not order then return nil, err end
  local cancelled, response = order:cancel()
  if not cancelled then return nil, response end
  return { order = order, state = order:state() }
end

local function edit_position(_, client, arguments)
  local position, err = client.positions:get(arguments.positionId)
  if not position then return nil, err end
  local changes = {}
  for name, value in pairs(arguments) do
    if name ~= "positionId" then changes[name] = value end
  end
  return position:edit(changes)
end

local function tool(self, name, title, description, fields, act, hints)
  local input = schema.object(fields)
  input.additionalProperties = false
  return { name = name, title = title, description = description,
    inputSchema = input, fields = fields, writes = true, is_strict = hints.strict,
    annotations = { readOnlyHint = false, openWorldHint = true,
      destructiveHint = hints.destructive or false,
      idempotentHint = hints.idempotent or false },
    run = function(client, arguments) return act(self, client, arguments) end }
end

local function edit_fields()
  local fields = { positionId = ID }
  for name, spec in pairs(operations[EDITING].body) do fields[name] = spec end
  return fields
end

--- The tools that write. They hold what was prepared.
---@param account "demo"|"real"
---@return etoro.ServeTool[]
function M.tools(account)
  local self = { account = account, kept = {}, ids = {} }
  local prepared = { type = "string", required = true }
  return {
    tool(self, "cancel_order", "Cancel an order", "Cancels an order that waits.",
      { orderId = ID }, cancel_order, { destructive = true, idempotent = true }),
    tool(self, "edit_position", "Move a stop or target", "Sets or clears stop "
      .. "loss and take profit of an open position. Rates, not distances.",
      edit_fields(), edit_position, { destructive = true, idempotent = true }),
    tool(self, "place", "Do what was prepared", "Places the order, or does the "
      .. "close, that was prepared, once: asked for again it gives what became "
      .. "of it. Waits so many seconds for the end of it.",
      { prepared = prepared, wait = WAIT }, place,
      { destructive = true, idempotent = true }),
    tool(self, "prepare_close", "Prepare a close", "Shows a position, whole or so "
      .. "many units of it, that 'place' will close. Sends nothing.",
      { positionId = ID, units = { type = "number", above = 0 } },
      prepare_close, { strict = true }),
    tool(self, "prepare_order", "Prepare an order", "Checks an order against what "
      .. "the account may do, and shows it with its costs; rails hold when it is "
      .. "placed. Sends "
      .. "nothing. Give exactly one of symbol and instrumentId, and one of amount "
      .. "(US dollars) and units.", opening_fields(), prepare_order, {}),
  }
end

return M
