-- The short way of an operation's arguments and the long one take the same for
-- right, and make the same of it: over arguments drawn for all operations.

local arguments = require "etoro.call.arguments"
local compiled = require "etoro.call.compiled"
local core = require "etoro.core"
local operations = require "etoro.operations"
local random = require "spec.support.random"
local targets = require "etoro.call.targets"
local types = require "etoro.values.types"

local SEED = tonumber(os.getenv "ETORO_SEED") or 20261127
local TRIES = tonumber(os.getenv "ETORO_TRIES") or 120 -- of each operation

local ODD = { 0, -1, 1.5, 3.0, 2 ^ 53, 2 ^ 63, -2 ^ 63, 1 / 0, 0 / 0,
  math.maxinteger, math.mininteger, "7", "07", "1.50", "-3", "1e3", "", ".",
  "..", " a", "a ", "a\n", "a/b", "a,b", "\195\169", "\255", "\237\160\128",
  "x", ("x"):rep(11), ("x"):rep(2000), "9223372036854775807",
  "9223372036854775808", "2026-02-30", "2026-01-31", "2026-01-31T12:00:00Z",
  "10.0.0.1", "USD", true, false, core.null, print, io.stdout }

local OF_TYPE = {
  uuid = { "2f1c6f0e-7d62-4d5c-9a3b-0c1d2e3f4a5b",
    "2F1C6F0E-7D62-4D5C-9A3B-0C1D2E3F4A5B" },
  datetime = { "2026-01-31T12:00:00Z", "2026-01-31", 1798761599, 1.5 },
  date = { "2026-01-31", 1798761599 },
  ipv4 = { "192.0.2.1", "203.0.113.255" }, boolean = { true, false },
  binary = { "\137PNG\r\n\26\n", "" }, any = { "x", 1, true },
}

local draw -- whole numbers from 1

local function one_of(list) return list[draw(#list)] end

local value_of

local function number_of(spec)
  local low, high = spec.min or spec.above or 0, spec.max
  local value = math.floor(low) + draw(3) - 1
  if high and draw(3) == 1 then value = math.floor(high) - draw(2) + 1 end
  if draw(4) == 1 then return ("%d"):format(value) end
  if draw(5) == 1 then return value + 0.0 end
  return spec.type == "number" and draw(4) == 1 and value + 0.25 or value
end

local function text_of(spec)
  local least, most = spec.min_length or 0, spec.max_length or 12
  local length = draw(3) == 1 and one_of { least, most }
    or math.min(most, math.max(least, draw(12)))
  return one_of { "x", "\195\169", "a-b_c~d." }:rep(length):sub(1, length)
end

-- A documented word, as answers may spell it.
local function word_of(words)
  local word = one_of(words)
  if type(word) ~= "string" or draw(2) == 1 then return word end
  return (one_of { core.upper, core.lower }(word):gsub("^(.)(.)",
    one_of { "%1%2", "%1_%2" }))
end

local function list_of(spec)
  local list = {}
  for i = 1, one_of { spec.min_items or 0, spec.max_items or 3, draw(4) } do
    list[i] = value_of(spec.items or "any")
  end
  if draw(12) == 1 then list.name = 1 end
  if draw(12) == 1 then list[#list + 2] = 1 end
  if draw(8) == 1 then types.note_answered(list) end
  if draw(8) == 1 then setmetatable(list, core.empty_list) end
  return list
end

local function fields_of(schema)
  local fields, sparse = {}, draw(3)
  for _, name in ipairs(types.sorted_names(schema)) do
    local spec = types.spec_of(schema[name])
    if spec.required and draw(25) > 1 or draw(sparse + 1) == 1 then
      fields[name] = value_of(spec)
    end
  end
  if draw(20) == 1 then fields[one_of { "other", 1, true }] = "x" end
  return fields
end

local function right_of(spec)
  if spec.nullable and draw(4) == 1 then return core.null end
  if spec.enum then return word_of(spec.enum) end
  if spec.spellings and draw(2) == 1 then return word_of(spec.spellings) end
  if spec.type == "integer" or spec.type == "number" then
    return number_of(spec)
  elseif spec.type == "string" then
    return spec.commas and draw(3) == 1 and list_of { items = "string" }
      or text_of(spec)
  elseif spec.type == "list" then
    return list_of(spec)
  elseif spec.type == "object" then
    return spec.fields and fields_of(spec.fields) or { a = 1 }
  end
  return one_of(OF_TYPE[spec.type])
end

function value_of(spec)
  spec = types.spec_of(spec)
  if draw(14) == 1 then return one_of(ODD) end
  if draw(60) == 1 then return one_of { {}, { 1 }, { a = 1 } } end
  return right_of(spec)
end

local function add_filters(op, params)
  local filters = op.params.filters
  if not filters then return end
  local kinds = {}
  for _, part in ipairs { filters.names, filters.more or {} } do
    for name, kind in pairs(part) do kinds[name] = kind end
  end
  local names = types.sorted_names(kinds)
  for _ = 1, draw(4) - 1 do
    local name = one_of(names)
    local ending = one_of { "", "", "Max", "Min" }
    params[name .. ending] = value_of { type = kinds[name] }
  end
end

-- Whether a rule may be about what is given.
local function applies(rule, given)
  for name, wanted in pairs(rule.when or {}) do
    if type(wanted) ~= "table" and given[name] ~= wanted then return false end
  end
  return true
end

-- Leaves one name of those that exclude each other, and gives one of those that are
-- needed, most of the time.
local function obey(op, given)
  for _, rule in ipairs(op.any_of or {}) do
    local name = one_of(rule)
    local spec = (op.body or op.params.query)[name]
    if draw(6) > 1 and given[name] == nil and applies(rule, given) then
      given[name] = spec and right_of(types.spec_of(spec))
    end
  end
  for _, rule in ipairs(op.none_of or {}) do
    if draw(6) > 1 and applies(rule, given) then
      for _, name in ipairs(rule) do given[name] = nil end
    end
  end
  for _, kind in ipairs { "one_of", "at_most_one" } do
    for _, rule in ipairs(op[kind] or {}) do
      local kept = draw(6) > 1 and one_of(rule)
      for _, name in ipairs(rule) do
        if kept and name ~= kept then given[name] = nil end
      end
    end
  end
end

local function draw_params(op)
  local params = fields_of(op.params.query)
  for _, specs in ipairs { op.params.path, op.params.header } do
    for _, name in ipairs(types.sorted_names(specs)) do
      if draw(40) > 1 then params[name] = value_of(specs[name]) end
    end
  end
  add_filters(op, params)
  if op.body and type(op.body.type) == "string" then
    params.body = value_of(op.body)
  elseif op.body and draw(30) > 1 then
    params.body = fields_of(op.body)
    obey(op, params.body)
  elseif draw(50) == 1 then
    params.body = {}
  end
  if not op.body then obey(op, params) end
  return params
end

-- A value as text, in which an integer is no float and a list no copy of it.
local function shown(value, depth)
  if type(value) ~= "table" or depth == 0 then
    return type(value) == "number"
      and math.type(value) .. " " .. ("%a"):format(value) or tostring(value)
  end
  local names, out = types.sorted_names(value), {}
  for i, name in ipairs(names) do
    out[i] = tostring(name) .. "=" .. shown(value[name], depth - 1)
  end
  return "{" .. table.concat(out, ",") .. "}"
    .. tostring(getmetatable(value) or "")
end

local function long_way(op, params)
  local ok, path, query, body, headers = pcall(arguments.params, op, params)
  if not ok or not path then return nil end
  return targets.build(op, path, query) .. " " .. shown(path, 1) .. " "
    .. shown(body, 9) .. " " .. shown(headers, 1)
end

local function short_way(op, params)
  local target, path, body, headers = compiled.read(op, params)
  return target and target .. " " .. shown(path, 1) .. " " .. shown(body, 9) .. " "
    .. shown(headers, 1)
end

describe("arguments drawn at random", function()
  it("are read alike by both ways, for every operation", function()
    local names, right, wrong = types.sorted_names(operations), 0, 0
    draw = random.new(SEED)
    for _, name in ipairs(names) do
      local op, rights = operations[name], 0
      for try = 1, TRIES do
        local params = draw_params(op)
        if next(params) == nil and draw(2) == 1 then params = nil end
        local long, short = long_way(op, params), short_way(op, params)
        if long ~= short then
          error(("%s, try %d of seed %d: %s\nlong:  %s\nshort: %s"):format(name,
            try, SEED, shown(params, 9), tostring(long), tostring(short)))
        end
        if long then rights = rights + 1 end
      end
      assert.is_true(rights > 0, name .. " was never called right")
      right, wrong = right + rights, wrong + TRIES - rights
    end
    assert.is_true(right > 2000 and wrong > 2000, right .. " " .. wrong)
  end)

  it("go the long way where a metatable may have a say", function()
    local op = operations["DELETE /api/v1/watchlists/{watchlistId}"]
    local given = setmetatable({}, { __index = { watchlistId = "a" } })
    assert.is_nil((compiled.read(op, given)))
    assert.equal("/api/v1/watchlists/a", arguments.request(op, given).target)
  end)
end)
