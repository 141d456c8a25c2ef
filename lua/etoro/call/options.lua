-- The options of one call: what a caller may give as its last argument.

local blame = require "etoro.values.blame"
local core = require "etoro.core"
local limits = require "etoro.values.limits"
local merged = require "etoro.values.merged"
local named = require "etoro.values.named"

local M = {}

---@class etoro.RequestOptions
---@field timeout? number seconds one attempt may take
---@field deadline? number seconds for the call with all its attempts
---@field max_retries? integer
---@field priority? "order"|"read" who goes first where a rate limit makes calls
---wait; cancel and close go before all others anyway
---@field on_unknown? "resend"|"report"
---@field settle? number seconds after which a lost attempt cannot be under way
---@field request_id? string UUID to send as x-request-id
---@field keep_null? boolean keep null in the answer's objects as etoro.null

local OF_CALL = {
  timeout = "number", deadline = "number", max_retries = "number",
  priority = "string", on_unknown = "string", settle = "number",
  request_id = "string", keep_null = "boolean",
}

--- What to do about an order that is not known to have been placed.
M.ON_UNKNOWN = { "resend", "report" }

local CHOICES = { on_unknown = M.ON_UNKNOWN, priority = { "order", "read" } }

-- name = { least, whether it has to be whole }
local NUMBERS = {
  timeout = { limits.seconds_min }, max_retries = { 0, true }, settle = { 0 },
}
local MOST = {
  max_retries = limits.retries_max, max_connections = limits.connections_max,
}

local function check_choice(name, value, choices)
  if value ~= choices[1] and value ~= choices[2] then
    blame.raise(("bad option '%s': '%s' or '%s' expected, got '%s'"):format(
      name, choices[1], choices[2], value))
  end
end

--- Raises for an option that is none of the two it may be.
---@param options table
---@param all table<string, string[]> the two of each, by name
function M.check_choices(options, all)
  for name, choices in pairs(all) do
    local value = options[name]
    if value ~= nil then check_choice(name, value, choices) end
  end
end

--- Raises for a number that is out of range.
---@param name string
---@param value number
---@param least number
---@param is_whole? boolean it has to be one
function M.check_number(name, value, least, is_whole)
  local most = MOST[name] or limits.option_max
  if value ~= value or value < least or value > most
      or is_whole and value ~= math.floor(value) then
    blame.raise(("bad option '%s': a %s from %s to %s expected, got %s"):format(
      name, is_whole and "whole number" or "number", core.figure(least, 6),
      core.figure(most, 6), core.figure(value, 6)))
  end
end

--- Checks the options of one call; raises.
---@param options? etoro.RequestOptions
---@return etoro.RequestOptions
function M.of_call(options)
  if options == nil then return {} end
  named.options(options, OF_CALL, "option")
  for name, value in next, options do
    local rule, choices = NUMBERS[name], CHOICES[name]
    if rule then M.check_number(name, value, rule[1], rule[2]) end
    if choices then check_choice(name, value, choices) end
  end
  return options
end

--- Takes some options out of a call's options, and checks the others.
---@param options? table
---@param kinds table<string, string> their types, by name
---@return table<string, any> values
---@return etoro.RequestOptions rest a copy
local function take_options(options, kinds)
  if options == nil then return {}, {} end
  if type(options) ~= "table" then
    blame.raise("options must be a table, got " .. type(options))
  end
  local values, rest = {}, {}
  for key, value in pairs(options) do
    local kind = kinds[key]
    if kind and type(value) ~= kind then
      blame.raise(("bad option '%s': %s expected, got %s"):format(key, kind,
        type(value)))
    end
    if kind then values[key] = value else rest[key] = value end
  end
  rest = M.of_call(rest)
  return values, rest
end

--- Takes one option out of a call's options, and checks the others.
---@param options? table
---@param name string
---@param kind string its type
---@return any value
---@return etoro.RequestOptions rest a copy
function M.take_option(options, name, kind)
  if options == nil then return nil, {} end
  local values, rest = take_options(options, { [name] = kind })
  return values[name], rest
end

-- Seconds to wait, of one of a call's options.
local function take_seconds(name, options, default, kinds)
  local values, rest = take_options(options,
    merged({ [name] = "number" }, kinds))
  local seconds = values[name] or default
  if not (seconds >= 0 and seconds <= limits.option_max) then
    blame.raise(("bad option '%s': seconds expected"):format(name))
  end
  return seconds, rest, values
end

--- Takes the option `wait`: how long the outcome of a call is followed.
---@param options? table
---@param default number seconds
---@param kinds? table<string, string> types of further options to take
---@return number seconds
---@return etoro.RequestOptions rest
---@return table<string, any> values of the further options
function M.take_wait(options, default, kinds)
  return take_seconds("wait", options, default, kinds)
end

--- Takes the option `timeout` of what does nothing but wait.
---@param options? table
---@param default number seconds
---@return number seconds
function M.take_timeout(options, default)
  return (take_seconds("timeout", options, default))
end

local PRIORITY_OF_TRADE = {
  close = "exit", cancel = "exit", leave = "exit", open = "order", edit = "order",
}

--- Who goes first in a pool: cancel and close before orders before reads. A
--- caller may choose for all but cancel and close.
---@param op etoro.Operation
---@param wanted? "order"|"read"
---@return "exit"|"order"|"read"
function M.priority(op, wanted)
  local own = PRIORITY_OF_TRADE[op.trade] or "read"
  return own ~= "exit" and wanted or own
end

return M
