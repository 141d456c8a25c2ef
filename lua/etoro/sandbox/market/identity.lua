-- GET /api/v1/data/instruments/{instrumentId}/identity: what an instrument is called.

local refusals = require "etoro.sandbox.http.refusals"
local reply = require "etoro.sandbox.http.reply"

local handlers = {}
local M = { handlers = handlers, refuse = refusals.data }

handlers["GET /api/v1/data/instruments/{instrumentId}/identity"] = function(ctx)
  for _, instrument in ipairs(ctx.box.instruments) do
    if instrument.instrumentID == ctx.args.instrumentId then
      return reply.new(200, { instrumentId = instrument.instrumentID,
        symbol = instrument.symbolFull,
        instrumentDisplayName = instrument.instrumentDisplayName })
    end
  end
  return M.refuse(ctx, 404, "NOT_FOUND", "There is no such instrument")
end

return M
