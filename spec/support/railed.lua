-- A client behind rails, in a sandbox whose clock stands while nobody waits.
local assert = require "luassert"
local etoro = require "etoro"
local process = require "spec.support.process"

local M = {}

M.START = 1772800000 -- 2026-03-06T12:26:40Z, a Friday

--- A sandbox, and a folder of the spec's own.
function M.new()
  return etoro.sandbox.new { limits = false, now = function() return M.START end },
    process.scratch()
end

function M.client(box, rails, more)
  local options = { rails = rails }
  for name, value in pairs(more or {}) do options[name] = value end
  return assert(box:client(options))
end

--- The fields of a small order; false takes one away.
function M.order(changes)
  local fields = { symbol = "AAPL", transaction = "buy", amount = 100 }
  for name, value in pairs(changes or {}) do fields[name] = value or nil end
  return fields
end

--- What a call gave is a refusal by that rail. Gives its message.
function M.refused(rule, result, err)
  assert.is_nil(result)
  assert.equal("rejected", err.kind)
  assert.equal("rail", err.code)
  assert.equal(rule, err.rule)
  assert.is_false(err.may_have_executed)
  return err.message
end

--- A position that the portfolio shows, opened by a client without rails.
function M.hold(box, amount, symbol)
  local client = assert(box:client())
  local placed = assert(client.orders:open(M.order { amount = amount,
    symbol = symbol }))
  assert(placed:wait())
  assert(placed:positions())
  box:advance(30)
  return assert(client.positions:list())[1]
end

return M
