-- Price alerts.

local assets = require "etoro.sandbox.market.assets"
local refusals = require "etoro.sandbox.http.refusals"
local reply = require "etoro.sandbox.http.reply"
local times = require "etoro.values.times"

local handlers = {}
local M = { handlers = handlers, refuse = refusals.alert }

local function alerts_of(ctx)
  local owner = ctx.caller.owner
  owner.alerts = owner.alerts or {}
  return owner.alerts
end

local function show(ctx, alert)
  return {
    alertId = alert.id, instrumentId = alert.instrument.instrumentID,
    symbol = alert.instrument.symbolFull, targetPrice = alert.target,
    currentPrice = assets.price(ctx.box, alert.instrument),
    createdAt = times.format(alert.created), updatedAt = times.format(alert.updated),
  }
end

local function find(ctx)
  local alert, at = reply.find(alerts_of(ctx), ctx.args.alertId)
  if alert then return alert, at end
  reply.stop(M.refuse(ctx, 404, "ALERT_NOT_FOUND",
    "There is no such price alert"))
end

handlers["GET /api/v1/price-alerts"] = function(ctx)
  return reply.new(200, { results = reply.each(alerts_of(ctx),
    function(alert) return show(ctx, alert) end) })
end

handlers["POST /api/v1/price-alerts"] = function(ctx)
  local box, alerts = ctx.box, alerts_of(ctx)
  local target = ctx.body.targetPrice
  local instrument = assets.by_symbol(box, ctx.body.symbol)
  if not instrument then
    return M.refuse(ctx, 404, "INSTRUMENT_NOT_FOUND",
      "No instrument has this symbol", "symbol")
  end
  if #alerts >= box.options.max_alerts then
    return M.refuse(ctx, 422, "MAX_ALERTS_EXCEEDED",
      "There are as many price alerts as there may be")
  end
  for _, alert in ipairs(alerts) do
    if alert.instrument == instrument and alert.target == target then
      return M.refuse(ctx, 422, "DUPLICATE_ALERT",
        "There is such an alert already", "targetPrice")
    end
  end
  local alert = { id = box.rng:uuid(), instrument = instrument,
    target = target, created = box:now(), updated = box:now() }
  alerts[#alerts + 1] = alert
  return reply.new(201, { success = true, data = show(ctx, alert) })
end

handlers["PATCH /api/v1/price-alerts/{alertId}"] = function(ctx)
  local alert = find(ctx)
  alert.target, alert.updated = ctx.body.targetPrice, ctx.box:now()
  return reply.new(200, { success = true, data = show(ctx, alert) })
end

handlers["DELETE /api/v1/price-alerts/{alertId}"] = function(ctx)
  local alert, at = find(ctx)
  table.remove(alerts_of(ctx), at)
  return reply.new(200, { success = true, data = { alertId = alert.id } })
end

return M
