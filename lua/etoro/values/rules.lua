-- Rules over several values of one call, as etoro.operations has them: of
-- which names how many have to be given, and how a request with these values may
-- be sent again.

local core = require "etoro.core"
local count = require "etoro.values.count"
local merged = require "etoro.values.merged"

local tostring = core.text -- not up to the locale

local M = {}

local null = core.null
local NONE = {} -- never written to

-- null says that there is none
local function is_given(value) return value ~= nil and value ~= null end

-- A condition is a value, that there is none, or what a number, which may be text,
-- has to be above.
local function is_met(value, wanted)
  if type(wanted) ~= "table" then return value == wanted end
  if wanted.absent then return not is_given(value) end
  local number = type(value) == "string" and core.number(value) or value
  return type(number) == "number" and number > wanted.above
end

local function applies(rule, given)
  for name, wanted in next, rule.when or NONE do
    if not is_met(given[name], wanted) then return false end
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
    parts[#parts + 1] = type(value) == "table"
      and (value.absent and name .. " is not given"
        or ("%s is above %d"):format(name, value.above))
      or ("%s is '%s'"):format(name, tostring(value))
  end
  if #parts == 0 then return "" end
  table.sort(parts, core.before)
  return " where " .. table.concat(parts, " and ")
end

local function names_given(rule, given)
  local names = {}
  for _, name in ipairs(rule) do
    if is_given(given[name]) then names[#names + 1] = name end
  end
  return names
end

-- How many of a rule's names may be given: least, most, and one number besides.
local COUNTS = {
  one_of = function() return 1, 1, 1 end,
  any_of = function(all) return 1, all, 1 end,
  at_most_one = function() return 0, 1, 0 end,
  together = function(all) return all, all, 0 end,
  none_of = function() return 0, 0, 0 end,
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
  none_of = function(rule, names)
    return ("leave out %s%s"):format(list(names, "and"), condition(rule))
  end,
}
local ORDER = { "one_of", "any_of", "at_most_one", "together", "none_of" }

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

-- Whether the last comes before the first. Numbers may be text; dates, be they text
-- or seconds, compare as they are.
local function is_reversed(first, last)
  local low, high = core.number(first), core.number(last)
  if low and high then return low > high end
  return first ~= nil and type(first) == type(last) and core.before(last, first)
end

local function check_order(rules, given)
  for _, rule in ipairs(rules) do
    local first, last = given[rule[1]], given[rule[2]]
    if is_reversed(first, last) then
      return ("%s (%s) is %s %s (%s)"):format(rule[1], tostring(first),
        rule[1]:find "Min$" and "above" or "after", rule[2], tostring(last))
    end
  end
end

local kept = setmetatable({}, { __mode = "k" }) -- by operation

-- What a rule says, made once. Of what it depends on, the first name and value
-- are at hand: there is rarely more.
local function count_of(rule, kind)
  local one = { rule = rule, kind = kind, size = #rule }
  one.least, one.most, one.besides = COUNTS[kind](#rule)
  local name, value = next(rule.when or NONE)
  if type(value) == "table" then
    one.has_more = true
  elseif name then
    one.name, one.value = name, value
    one.has_more = next(rule.when, name) ~= nil
  end
  return one
end

-- An operation's rules over how many of some names are given, in their order.
local function counted(op)
  local counts = {}
  for _, kind in ipairs(ORDER) do
    for _, rule in ipairs(op[kind] or NONE) do
      counts[#counts + 1] = count_of(rule, kind)
    end
  end
  kept[op] = counts
  return counts
end

local function holds(one, given)
  local rule, number = one.rule, 0
  for i = 1, one.size do
    local value = given[rule[i]]
    if value ~= nil and value ~= null then number = number + 1 end
  end
  return number >= one.least and number <= one.most or number == one.besides
end

--- Checks an operation's rules.
---@param op etoro.Operation
---@param given table body fields, or parameters of an operation without body
---@return string? message what is wrong; nil when nothing is
function M.broken(op, given)
  local counts = kept[op] or counted(op)
  for i = 1, #counts do
    local one = counts[i]
    local name = one.name
    if (name == nil or given[name] == one.value) and not holds(one, given)
        and (not one.has_more or applies(one.rule, given)) then
      return MESSAGES[one.kind](one.rule, names_given(one.rule, given))
    end
  end
  return op.max_together and check_total(op.max_together, given)
    or op.in_order and check_order(op.in_order, given) or nil
end

-- A body's values under a name in any letters: whether there is one, and whether
-- one is another than `but`.
local function values_of(body, wanted, but)
  local is_there, is_other = false, false
  wanted = core.lower(wanted)
  for name, value in next, body do
    if type(name) == "string" and #name == #wanted and core.lower(name) == wanted
        and is_given(value) then
      is_there = true
      is_other = is_other or but == nil or value ~= but
    end
  end
  return is_there, is_other
end

--- The class that a request of an operation has. Names count in any letters: the
--- server takes them so. Bodies that are text say nothing: they get the class of
--- the field's presence.
---@param op etoro.Operation
---@param body any
---@return "safe"|"keyed"|"close"|"never"
function M.class_of(op, body)
  local by = op.class_by
  if not by or body == nil then return op.class end
  if type(body) ~= "table" then return by.present end
  local is_there, is_other = values_of(body, by.field, by.but)
  if is_other then return by.present end
  if by.without and not is_there and values_of(body, by.without) then
    return by.present
  end
  return op.class
end

local variants = setmetatable({}, { __mode = "k" }) -- by operation

-- An operation as it is sent with a class, which no body changes any more.
local function of_class(op, class)
  local all = variants[op] or {}
  variants[op] = all
  all[class] = all[class] or merged(op, { class = class, class_by = false })
  return all[class]
end

--- An operation as one request of it goes out: with the class it has then.
---@param op etoro.Operation
---@param body any
---@return etoro.Operation op itself where that is its own class
function M.as_sent(op, body)
  local class = M.class_of(op, body)
  return class ~= op.class and of_class(op, class) or op
end

--- An operation of several classes as it is where the caller knows, of what it
--- concerns, what a body does not say: that it has its own class.
---@param op etoro.Operation one with class_by
---@return etoro.Operation
function M.as_known(op) return of_class(op, op.class) end

return M
