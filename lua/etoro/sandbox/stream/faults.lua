-- What goes wrong on the stream. Faults are scripted like those of requests, see
-- http/faults.lua; what they hit are moments, whose method is WS and whose path
-- is an operation (its answer), a topic (a push) or `open` (a connection).

local core = require "etoro.core"

local tostring = core.text -- not up to the locale

local M = {}

--- By name: what a fault can hit; "any" is an answer or a push.
M.PARTS = {
  ws_cut = "any", ws_stall = "any", ws_garbage = "any", ws_close = "any",
  ws_lost = "any", ws_twice = "any", ws_late = "any",
  ws_refuse = "answer", ws_other_id = "answer", ws_no_pong = "open",
}

-- RFC 6455: a server that goes away.
local GOING_AWAY = 1001

--- Whether a fault is of the moments of a part; nil asks for requests.
---@param name string of the fault
---@param part? "answer"|"push"|"open"
---@return boolean
function M.suits(name, part)
  local own = M.PARTS[name]
  if own == "any" then return part == "answer" or part == "push" end
  return own == part
end

-- What takes the place of a message: connection, fault, bytes -> whether it
-- counts as said
local actions = {}

-- In the midst of its frame.
function actions.ws_cut(one, fault, bytes)
  one.hub:leave(one)
  one.door.part(bytes, math.floor(fault.keep or #bytes / 2))
  return true
end

function actions.ws_stall(one, fault, bytes)
  one:stall(fault.seconds)
  return one:say(bytes)
end

function actions.ws_garbage(one, fault)
  local bytes = fault.bytes or "garbage"
  if not fault.raw and utf8.len(bytes) then return one:say(bytes) end
  one.hub:leave(one)
  one.door.garbage(bytes, fault.raw)
  return true
end

function actions.ws_close(one, fault)
  one.hub:leave(one)
  one.door.close(fault.code or GOING_AWAY, fault.reason or "")
  return true
end

function actions.ws_lost() return true end

function actions.ws_twice(one, _, bytes)
  return one:say(bytes) and one:say(bytes)
end

function actions.ws_late(one, fault, bytes)
  one:say_later(bytes, fault.seconds or 1)
  return true
end

--- Says a message as a fault leaves it.
---@param fault? table
---@param one etoro.SandboxConnection
---@param bytes string
---@return boolean done false where the client takes in too little for it
function M.say(fault, one, bytes)
  local act = fault and actions[fault.fault]
  if act then return act(one, fault, bytes) end
  return one:say(bytes)
end

--- The refusal that takes the place of an operation.
---@param fault? table
---@return string? code
---@return string? message
function M.refusal(fault)
  if not fault or fault.fault ~= "ws_refuse" then return nil end
  return tostring(fault.errorCode or "UnhandledException"), fault.errorMessage
end

return M
