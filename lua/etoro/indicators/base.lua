-- What all indicators have in common: one value or bar in, one value out, and
-- a few of the last ones kept for looking back.
--
-- A kind of indicator is made by `define` from a table that says what it takes
-- and how one step goes. The values of an indicator are finite numbers or
-- nothing: an input that is no number raises.

local blame = require "etoro.values.blame"
local core = require "etoro.core"
local run_limits = require "etoro.values.run_limits"

local tostring = core.text -- not up to the locale

local M = {}

local SOURCES = {
  hl2 = function(bar) return (bar.high + bar.low) / 2 end,
  hlc3 = function(bar) return (bar.high + bar.low + bar.close) / 3 end,
  ohlc4 = function(bar)
    return (bar.open + bar.high + bar.low + bar.close) / 4
  end,
}
for _, name in ipairs { "open", "high", "low", "close", "volume" } do
  SOURCES[name] = function(bar) return bar[name] end
end

---@class etoro.Line
---@field value number? the newest, nil until it is ready
---@field ready boolean
---@field [integer] nil

---@class etoro.Indicator: etoro.Line
---@field name string
---@field needs integer how many values or bars it takes until its start has no
---weight any more: until what it began with weighs less than a thousandth
---@field count integer how many it has had
---@field settled boolean whether it has had as many as it needs

---@class etoro.IndicatorOptions
---@field source? "open"|"high"|"low"|"close"|"volume"|"hl2"|"hlc3"|"ohlc4"|fun(bar: table): number
---what `add_bar` reads of a bar; "close"
---@field of? etoro.Indicator it is fed with the values of this one
---@field keep? integer how many values `back` reaches; 64

local line = {}
line.__index = line

local function new_line(keep)
  return setmetatable({ value = nil, ready = false, keep = keep, at = 0 }, line)
end

-- Kept values stand in a ring, in the list part of the line itself.
local function push(self, value)
  local at = self.at + 1
  self.at = at
  self[(at - 1) % self.keep + 1] = value
  self.value = value
end

--- The value of k steps ago: `back(0)` is the newest, nil where there was none
--- yet. Raises where k is no whole number, or reaches further than is kept.
---@param k integer
---@return number?
function line:back(k)
  if math.type(k) ~= "integer" or k < 0 or k >= self.keep then
    blame.raise(("bad argument 'k' (a whole number from 0 to %d expected; "
      .. "{ keep = N } keeps more)"):format(self.keep - 1))
  end
  local at = self.at - k
  if at < 1 then return nil end
  return self[(at - 1) % self.keep + 1]
end

local function check_number(name, value)
  if type(value) ~= "number" or value ~= value or value == math.huge
      or value == -math.huge then
    blame.raise(("%s takes numbers that are finite, got %s"):format(name,
      type(value) == "number" and tostring(value) or type(value)))
  end
end

local function check_bar(name, bar)
  if type(bar) ~= "table" then
    blame.raise(("%s takes bars, got %s"):format(name, type(bar)))
  end
  check_number(name, bar.high)
  check_number(name, bar.low)
  check_number(name, bar.close)
end

local function put_out(self, value)
  self.ready = true
  push(self, value)
  for i, output in ipairs(self.outputs) do
    local own = self.lines[i]
    own.ready = true
    push(own, self[output])
  end
  return value
end

local function take(self, input)
  self.count = self.count + 1
  if self.count >= self.own_needs then self.settled = true end
  local value = self.kind.step(self, input)
  if value == nil then return nil end
  return put_out(self, value)
end

local indicator = setmetatable({}, { __index = line })

-- An indicator in the place of its value is a slip: `now.rsi > 70`.
local function no_number()
  blame.raise "an indicator is no number: its newest one is .value"
end

-- Has an object's operators tell that it is no number.
local function refuse_operators(mt)
  for _, name in ipairs { "lt", "le", "add", "sub", "mul", "div", "unm", "pow", "mod" } do
    mt["__" .. name] = no_number
  end
end

refuse_operators(line)

--- Takes the next value, or the next bar where the indicator is one of bars.
--- Raises for what is no finite number, or no bar.
---@param input number|table
---@return number? value nil until it is ready
function indicator:add(input)
  if self.kind.takes == "bar" then
    check_bar(self.name, input)
  else
    check_number(self.name, input)
  end
  return take(self, input)
end

--- Takes the next bar: { open =, high =, low =, close =, volume = }.
---@param bar table
---@return number? value nil until it is ready
function indicator:add_bar(bar)
  local inner = self.of
  if inner then
    local value = inner:add_bar(bar)
    if value == nil then return nil end
    return self:add(value)
  end
  if self.kind.takes == "bar" then return self:add(bar) end
  if type(bar) ~= "table" then
    blame.raise(("%s takes bars, got %s"):format(self.name, type(bar)))
  end
  local value = self.source(bar)
  check_number(self.name, value)
  return take(self, value)
end

--- One of its lines, to look back at or to look for crossings of: of `macd`
--- "signal" and "histogram", of `bollinger` and `donchian` "upper", "middle" and
--- "lower", of `stochastic` "signal", of `adx` "plus" and "minus".
---@param name string
---@return etoro.Line
function indicator:line(name)
  for i, output in ipairs(self.outputs) do
    if output == name then return self.lines[i] end
  end
  return blame.raise(("%s has no line '%s'%s"):format(self.name, tostring(name),
    self.outputs[1] and ", it has " .. table.concat(self.outputs, ", ") or ""))
end

--- The values of a whole series, by an indicator like this one that starts
--- anew. Where there is no value the lists have nil.
---@param series table a list of numbers, or of bars
---@return table values by the index of what went in
---@return table<string, table> lines the same of each of its lines
function indicator:over(series)
  if type(series) ~= "table" then
    blame.raise(("bad argument 'series' (list expected, got %s)"):format(
      type(series)))
  end
  local own = self.again()
  local values, lines = {}, {}
  for _, output in ipairs(own.outputs) do lines[output] = {} end
  for i = 1, #series do
    local item = series[i]
    local value
    if type(item) == "table" then
      value = own:add_bar(item)
    else
      value = own:add(item)
    end
    values[i] = value
    if value ~= nil then
      for _, output in ipairs(own.outputs) do lines[output][i] = own[output] end
    end
  end
  return values, lines
end

--- How many steps it takes until an average that gives the newest value this
--- share of the weight has forgotten what it began with.
---@param share number
---@return integer
function M.memory(share)
  return math.ceil(math.log(run_limits.indicator_forgotten) / math.log(1 - share))
end

local OPTIONS = { source = true, of = true, keep = true }

local function read_options(kind, options)
  for name in pairs(options) do
    if not OPTIONS[name] then
      blame.raise(("unknown option '%s' of %s: it takes source, of and keep")
        :format(tostring(name), kind.name))
    end
  end
  local source = options.source or "close"
  if type(source) ~= "function" then
    source = SOURCES[source] or blame.raise(("bad option 'source' of %s: open, "
      .. "high, low, close, volume, hl2, hlc3, ohlc4 or a function expected")
      :format(kind.name))
  end
  local keep = options.keep or run_limits.indicator_kept
  if math.type(keep) ~= "integer" or keep < 2 or keep > run_limits.indicator_length_max then
    blame.raise(("bad option 'keep' of %s: a whole number from 2 to %d expected")
      :format(kind.name, run_limits.indicator_length_max))
  end
  return source, keep, options.of
end

-- The lengths and factors that it was asked for, by their names.
local function read_parameters(kind, self, given)
  for i, parameter in ipairs(kind.parameters) do
    local name, default, is_whole = parameter[1], parameter[2],
      not parameter.fraction
    local value = given[i]
    if value == nil then value = default end
    if type(value) ~= "number" or value ~= value
        or value < (parameter.least or 1) or value > run_limits.indicator_length_max
        or (is_whole and math.type(value) ~= "integer") then
      blame.raise(("bad argument '%s' of %s: a %snumber from %d to %d expected")
        :format(name, kind.name, is_whole and "whole " or "",
          parameter.least or 1, run_limits.indicator_length_max))
    end
    self[name] = value
  end
  if given.n > #kind.parameters then
    blame.raise(("%s takes %d numbers and a table of options"):format(kind.name,
      #kind.parameters))
  end
end

local function is_fed_by(of)
  return type(of) == "table" and getmetatable(of) ~= nil
    and getmetatable(of).is_indicator == true
end

local function new(kind, mt, given)
  local options = {}
  if type(given[given.n]) == "table" and given.n > 0 then
    options = given[given.n]
    given[given.n], given.n = nil, given.n - 1
  end
  local source, keep, of = read_options(kind, options)
  if of ~= nil and (not is_fed_by(of) or kind.takes == "bar") then
    blame.raise(("bad option 'of' of %s: %s"):format(kind.name,
      kind.takes == "bar" and "it takes bars" or "an indicator expected"))
  end
  local self = new_line(keep)
  self.name, self.kind, self.source, self.of = kind.name, kind, source, of
  self.count, self.settled = 0, false
  self.outputs, self.lines = kind.outputs or {}, {}
  for i = 1, #self.outputs do self.lines[i] = new_line(keep) end
  read_parameters(kind, self, given)
  kind.start(self)
  self.own_needs = self.needs
  if of then self.needs = self.needs + of.needs - 1 end
  self.again = function()
    local anew = {}
    for name, value in pairs(options) do anew[name] = value end
    anew.of = of and of.again()
    local all = table.pack(table.unpack(given, 1, given.n))
    all.n = all.n + 1
    all[all.n] = anew
    return new(kind, mt, all)
  end
  return setmetatable(self, mt)
end

---@class etoro.IndicatorKind
---@field name string
---@field takes "number"|"bar"
---@field parameters table[] a name, what it is if not given, least, fraction
---@field outputs? string[] the fields that a step sets beside its value
---@field start fun(self: table) sets needs, and what the steps keep
---@field step fun(self: table, input: any): number? the value, if there is one

--- Makes a kind of indicator: what gives one, called with its numbers and a
--- table of options.
---@param kind etoro.IndicatorKind
---@return fun(...): etoro.Indicator
function M.define(kind)
  local mt = { __index = indicator, __name = "etoro.indicators." .. kind.name,
    is_indicator = true }
  refuse_operators(mt)
  return function(...)
    return new(kind, mt, table.pack(...))
  end
end

--- A window over the last n numbers.
---@param n integer
---@return table
function M.window(n)
  return { n = n, at = 0, count = 0 }
end

--- Puts the next one in.
---@param window table
---@param value number
---@return number? old what it pushed out, nil while the window fills
function M.slide(window, value)
  local at = window.at % window.n + 1
  local old = window[at]
  window[at] = value
  window.at = at
  if old == nil then window.count = window.count + 1 end
  return old
end

return M
