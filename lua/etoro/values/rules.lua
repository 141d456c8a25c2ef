-- Rules over several values of one call, as etoro.operations has them: of
-- which names how many have to be given.

local core = require "etoro.core"
local count = require "etoro.values.count"
local merged = require "etoro.values.merged"

local tostring = core.text -- not up to the locale

local M = {}

local null = core.null
local NONE = {} -- never written to

-- null says that there is none
local function is_given(value) return value ~= nil and value ~= null end

local function applies(rule, given)
  if not rule.when then return true end
  for name, value in next, rule.when do
    if given[name] ~= value then return false end
  end
  return true
end

local function list(names, conjunction)
  if #names < 2 then return names[1] end
  return table.concat(names, ", ", 1, #names - 1) .. " " .. conjunction .. " "
    .. names[#names]
end

local function condition(rule)
  local parts = {}
  for name, value in pairs(rule.when or {}) do
    parts[#parts + 1] = ("%s is '%s'"):format(name, tostring(value))
  end
  if #parts == 0 then return "" end
  table.sort(parts, core.before)
  return " where " .. table.concat(parts, " and ")
end

local function count_given(rule, given)
  local number = 0
  for i = 1, #rule do
    local value = given[rule[i]]
    if value ~= nil and value ~= null then number = number + 1 end
  end
  return number
end

local function names_given(rule, given)
  local names = {}
  for _, name in ipairs(rule) do
    if is_given(given[name]) then names[#names + 1] = name end
  end
  return names
end

-- Whether so many of a rule's names may be given.
local HOLDS = {
  one_of = function(number) return number == 1 end,
  any_of = function(number) return number > 0 end,
  at_most_one = function(number) return number < 2 end,
  together = function(number, all) return number == 0 or number == all end,
}

-- What is wrong with the number of values given.
local MESSAGES = {
  one_of = function(rule, names)
    return ("give exactly one of %s%s, got %s"):format(
      list(rule, "and"), condition(rule),
      #names == 0 and "none" or list(names, "and"))
  end,
  any_of = function(rule)
    return ("give %s%s%s"):format(#rule > 1 and "at least one of " or "",
      list(rule, "and"), condition(rule))
  end,
  at_most_one = function(rule, names)
    return ("give at most one of %s, got %s"):format(list(rule, "and"),
      list(names, "and"))
  end,
  together = function(rule, names)
    return ("give %s together or not at all, got %s"):format(
      list(rule, "and"), list(names, "and"))
  end,
}
local ORDER = { "one_of", "any_of", "at_most_one", "together" }

local function check_total(rule, given)
  local total, names = 0, {}
  for i = 2, #rule do
    local value = given[rule[i]]
    names[#names + 1] = rule[i]
    if type(value) == "table" then total = total + #value end
  end
  if total <= rule[1] then return nil end
  return ("%s may hold %s together, got %d"):format(
    list(names, "and"), count(rule[1], "item"), total)
end

-- Dates, be they text or seconds, compare as they are.
local function check_order(rules, given)
  for _, rule in ipairs(rules) do
    local first, last = given[rule[1]], given[rule[2]]
    if first and type(first) == type(last) and core.before(last, first) then
      return ("%s (%s) is after %s (%s)"):format(rule[1],
        tostring(first), rule[2], tostring(last))
    end
  end
end

local kept = setmetatable({}, { __mode = "k" }) -- by operation

-- An operation's rules over how many of some names are given, in their order.
local function counted(op)
  local counts = kept[op]
  if not counts then
    counts = {}
    for _, kind in ipairs(ORDER) do
      for _, rule in ipairs(op[kind] or NONE) do
        counts[#counts + 1] = { rule = rule, kind = kind }
      end
    end
    kept[op] = counts
  end
  return counts
end

--- Checks an operation's rules.
---@param op etoro.Operation
---@param given table body fields, or parameters of an operation without body
---@return string? message what is wrong; nil when nothing is
function M.broken(op, given)
  for _, count_of in ipairs(counted(op)) do
    local rule, kind = count_of.rule, count_of.kind
    if applies(rule, given)
        and not HOLDS[kind](count_given(rule, given), #rule) then
      return MESSAGES[kind](rule, names_given(rule, given))
    end
  end
  return op.max_together and check_total(op.max_together, given)
    or op.in_order and check_order(op.in_order, given) or nil
end

--- The class that a request of an operation has. Bodies that are text say
--- nothing: they get the class of the field's presence.
---@param op etoro.Operation
---@param body any
---@return "safe"|"keyed"|"close"|"never"
function M.class_of(op, body)
  local by = op.class_by
  if not by or body == nil then return op.class end
  if type(body) == "table" and not is_given(body[by.field]) then
    return op.class
  end
  return by.present
end

local variants = setmetatable({}, { __mode = "k" }) -- by operation

--- An operation as one request of it goes out: with the class it has then.
---@param op etoro.Operation
---@param body any
---@return etoro.Operation op itself where it has one class only
function M.as_sent(op, body)
  local class = M.class_of(op, body)
  if class == op.class then return op end
  local sent = variants[op]
  if not sent then
    sent = merged(op, { class = class }) -- there is but one other
    variants[op] = sent
  end
  return sent
end

return M
