-- Writes operations as a Lua file that a person can read: what occurs more
-- than once becomes a local, everything stands in the order of its name, so
-- the same input makes the same bytes.

local common = require "src.generate.common"
local read = require "src.generate.read"

local M = {}

local WIDTH = 79
local MAX_LOCALS = 180 -- Lua takes 200 in a function

-- Order of keys that are not names of the API's
local FIRST = {
  "type", "in_path", "in_query", "in_header", "filters", "body", "body_kind",
}
local LAST = {
  "success", "class", "class_by", "key", "pool", "account", "twin", "trade",
  "reads", "final", "scopes", "one_of", "any_of", "at_most_one", "together",
  "none_of", "max_together", "in_order", "at_least_one", "paging",
  "moves_money", "since", "until", "instead", "deprecated",
}
local RANK = {}
for i, name in ipairs(FIRST) do RANK[name] = i - 1000 end
for i, name in ipairs(LAST) do RANK[name] = i + 1000 end

local KEYWORDS = {}
for word in ([[and break do else elseif end false for function goto if in
  local nil not or repeat return then true until while]]):gmatch("%a+") do
  KEYWORDS[word] = true
end

-- Names of locals that would hide something
local TAKEN = { add = true, type = true, error = true, string = true,
  table = true, math = true }

local function sorted_keys(t)
  local keys = {}
  for key in pairs(t) do keys[#keys + 1] = key end
  table.sort(keys, function(a, b)
    local left, right = RANK[a] or 0, RANK[b] or 0
    if left ~= right then return left < right end
    if type(a) ~= type(b) then return type(a) == "number" end
    return a < b
  end)
  return keys
end

local function is_list(t) return #t > 0 end

local function key_text(key)
  if key:find("^[%a_][%w_]*$") and not KEYWORDS[key] then return key end
  return ("[%q]"):format(key)
end

local function scalar(value)
  if type(value) == "string" then return ("%q"):format(value) end
  return tostring(value)
end

-- A long string in pieces that fit, cut after slashes.
local function scalar_lines(value, indent, room)
  local text = scalar(value)
  if #text <= room or type(value) ~= "string" then return text end
  local cut
  for at in value:gmatch("()/") do
    if at > 1 and at + 1 < room then cut = at end
  end
  if not cut then return text end
  return scalar(value:sub(1, cut - 1)) .. "\n" .. indent .. "  .. "
    .. scalar_lines(value:sub(cut), indent, WIDTH - #indent - 5)
end

-- The text of a value without line breaks and without locals: what tells
-- whether two are the same.
local function canonical(value, memo)
  if type(value) ~= "table" then return scalar(value) end
  if memo[value] then return memo[value] end
  local parts = {}
  for _, key in ipairs(sorted_keys(value)) do
    local text = canonical(value[key], memo)
    parts[#parts + 1] = type(key) == "string" and key_text(key) .. "=" .. text
      or text
  end
  memo[value] = "{" .. table.concat(parts, ",") .. "}"
  return memo[value]
end

local function snake(name)
  name = name:gsub("(%l)(%u)", "%1_%2"):gsub("[^%w]+", "_"):lower()
  name = name:gsub("^_+", ""):gsub("_+$", "")
  if name == "" or name:find("^%d") then name = "v" .. name end
  return (KEYWORDS[name] or TAKEN[name]) and name .. "_value" or name
end

local TYPE_NAMES = { string = "text", boolean = "flag", list = "list_of" }

-- A spec of a type and flags has a name of these.
local function spec_name(spec)
  local name, positive = TYPE_NAMES[spec.type] or spec.type, false
  for key, value in pairs(spec) do
    if key == "min" and value == 1 or key == "above" and value == 0 then
      positive = true
    elseif key ~= "type" and value ~= true then
      return nil
    end
  end
  if spec.commas then name = "comma_" .. name end
  if positive then name = "positive_" .. name end
  if spec.required then name = "required_" .. name end
  if spec.nullable then name = name .. "_or_null" end
  if spec.deprecated then name = "old_" .. name end
  return name
end

local function first_text(list)
  while type(list) == "table" do list = list[1] end
  return type(list) == "string" and snake((list:gsub("^[%w-]+:", "")))
end

local function last_value(path)
  return snake(path:match(".*{(.-)}"))
end

local function resource(path)
  local last
  for part in path:gmatch("[^/]+") do
    if not part:find("{", 1, true) then last = part end
  end
  return snake(last)
end

-- What a shared value is called, by the place it is first met at.
local function local_name(value, hint, path)
  local is_spec = type(value.type) == "string"
  local name = is_spec and spec_name(value)
  if name then return name end
  if hint == "in_path" then return last_value(path) .. "_path" end
  if hint == "in_query" then return resource(path) .. "_query" end
  if hint == "body" or hint == "paging" then
    return resource(path) .. "_" .. hint
  end
  local first = not is_spec and first_text(value)
  return snake(hint) .. (first and "_" .. first or "")
end

local methods = {}
methods.__index = methods

-- How often each table occurs; what is inside one counts once with it.
function methods:count(value)
  if type(value) ~= "table" then return end
  local text = canonical(value, self.memo)
  self.uses[text] = (self.uses[text] or 0) + 1
  if self.uses[text] > 1 then return end
  for _, key in ipairs(sorted_keys(value)) do self:count(value[key]) end
end

function methods:is_shared(value)
  local text = canonical(value, self.memo)
  return self.uses[text] > 1 and #text > 14
end

-- Writes the locals that a value needs, and its own where it is shared.
function methods:define(value, hint, path, is_root)
  if type(value) ~= "table" then return end
  local text = canonical(value, self.memo)
  if self.names[text] then return end
  for _, key in ipairs(sorted_keys(value)) do
    self:define(value[key], type(key) == "string" and key or hint, path)
  end
  if is_root or not self:is_shared(value) then return end
  local base, number = local_name(value, hint, path), 1
  local name
  repeat
    name = number == 1 and base or base .. "_" .. number
    number = number + 1
  until not self.taken[name]
  self.taken[name] = true
  local head = "local " .. name .. " = "
  self.lines[#self.lines + 1] = head .. self:text(value, "", #head, true)
  self.names[text] = name
  self.count_of_locals = self.count_of_locals + 1
end

-- The text of a value whose first line starts after `column` characters.
function methods:text(value, indent, column, is_own)
  if type(value) ~= "table" then
    return scalar_lines(value, indent, WIDTH - column - 1)
  end
  local name = self.names[canonical(value, self.memo)]
  if name and not is_own then return name end
  local keys = sorted_keys(value)
  if #keys == 0 then return "{}" end
  local flat, inner = {}, indent .. "  "
  for i, key in ipairs(keys) do
    local text = self:text(value[key], inner, 0)
    flat[i] = type(key) == "string" and key_text(key) .. " = " .. text
      or text
  end
  local line = "{ " .. table.concat(flat, ", ") .. " }"
  if column + #line < WIDTH and not line:find("\n") then return line end
  return self:block(value, keys, indent, inner)
end

function methods:block(value, keys, indent, inner)
  local out, row = {}, nil
  for _, key in ipairs(keys) do
    if type(key) == "string" then
      local head = inner .. key_text(key) .. " = "
      out[#out + 1] = head .. self:text(value[key], inner, #head) .. ","
    else -- as many items on a line as fit
      local text = self:text(value[key], inner, #inner) .. ","
      if row and #out[row] + #text + 1 <= WIDTH and is_list(value) then
        out[row] = out[row] .. " " .. text
      else
        out[#out + 1] = inner .. text
        row = #out
      end
    end
  end
  return "{\n" .. table.concat(out, "\n") .. "\n" .. indent .. "}"
end

local function new_writer()
  return setmetatable({ memo = {}, uses = {}, names = {}, taken = {},
    lines = {}, count_of_locals = 0 }, methods)
end

-- An entry in the order it is written, with what add() fills in left out.
local function written_form(entry)
  local out = {}
  for key, value in pairs(entry) do out[key] = value end
  out.method, out.path, out.params, out.trap = nil, nil, nil, nil
  if next(entry.params.path) then out.in_path = entry.params.path end
  if next(entry.params.query) then out.in_query = entry.params.query end
  out.in_header, out.filters = entry.params.header, entry.params.filters
  out.quota, out.has_scopes = nil, nil -- the documents' alone
  if out.pool == "default" then out.pool = nil end
  return out
end

local HEAD = [[
-- Generated by src/generate from the OpenAPI document %s; do not edit.
--
-- The operations of the API that this module knows, as plain data.
--
-- Key: method and path template. Fields of an entry:
--   params.path     spec or type of each value in the path, by name (their
--                   order is the template's)
--   params.query    spec of each query parameter, by name
--   params.header   spec of each header that the caller gives, by name; nil
--                   where there is none
--   params.filters  further query parameters: types by name in `names` and
--                   `more`; with `ranges` numbers also take the name with
--                   Min or Max after it
--   body            specs of the JSON body's fields, by name; or the spec of
--                   a body that is no object; {}: an empty object has to be
--                   sent; nil: no body
--   body_kind       "multipart" where the body is no JSON
--   success         documented success statuses
--   class           how it may be sent again: "safe", "keyed", "close",
--                   "never"; class_by: the class is `present` when the body
--                   gives `field` with another value than `but`, where there
--                   is one, or gives `without` and no `field` (see
--                   rules.class_of)
--   key             the name of what keeps a request from being carried out
--                   twice, where that is a query parameter or a field of the
--                   body; it is made where the caller gives none
--   pool            the quota pool it draws on (see etoro.pools)
--   account, twin   "real" or "demo", and the other account's operation
--   trade           what it does to orders: open, close, cancel, edit, and
--                   leave a copy
--   reads           a POST that changes nothing
--   final           codes that make a 429 final
--   scopes          any one of these scopes is enough
--   one_of, any_of, at_most_one, together, none_of
--                   lists of names of which exactly one, at least one, at
--                   most one, all or none, or none have to be given; with
--                   `when` only if those fields have those values, or numbers
--                   above those, or none (absent)
--   max_together    a number, and lists that hold no more items than that
--   in_order        pairs of names of dates, the first not after the second
--   at_least_one    a body without a field is refused before it is sent
--   paging          how to go on: style "page", "offset", "cursor" or
--                   "whole" (all at once), the parameters' names, and where
--                   the answer has its items
--   moves_money     takes real money from, or gives it back to, the caller
--   since           the first version of the API's document that was seen to
--                   have it, where the oldest one that was read has not
--   until           the first version of the document that was seen to lack
--                   it
--   instead         what to use where a server lacks it
--   deprecated      the API names a successor
-- Spec of a value: type ("string", "number", "integer", "boolean",
-- "datetime", "date", "ipv4", "uuid", "binary", "list", "object", "any"),
-- items (spec or type of a list's items), fields (specs of an object's
-- fields), required, nullable, enum (what answers spell in other letters, or
-- with underscores, is sent as it stands here), spellings (the same, where
-- other values go as they are), default (what the API takes when there is
-- none), min, max, above (a number has to be greater), min_length and
-- max_length (characters), max_bytes, min_items, max_items, commas (a text
-- or a list of texts, joined by commas), repeated (a list, its name written once
-- for each item; else joined by commas), deprecated, open (answers hold such
-- objects, and one is taken as it came: its required fields alone are judged).
--
-- The entries stand in parts, which are loaded when one of them is asked for:
-- by name, or all of them by pairs. etoro.call.index finds the entry that a
-- request of the caller's own making belongs to.
]]

local CLASS = [[
---@class etoro.OperationParams
---@field path table<string, string|table>
---@field query table<string, table>
---@field header? table<string, table>
---@field filters? table

---@class etoro.Operation
---@field method string
---@field path string
---@field params etoro.OperationParams
---@field body? table<string, any>
---@field body_kind? "multipart"
---@field success integer[]
---@field class "safe"|"keyed"|"close"|"never"
---@field class_by? { field: string, present: string, but?: string, without?: string }|false
---@field key? string
---@field pool string
---@field account? "real"|"demo"
---@field twin? string
---@field trade? "open"|"close"|"cancel"|"edit"|"leave"
---@field reads? boolean
---@field final? string[]
---@field scopes? string[]
---@field one_of? table[]
---@field any_of? table[]
---@field at_most_one? table[]
---@field together? table[]
---@field none_of? table[]
---@field max_together? table
---@field in_order? table[]
---@field at_least_one? boolean
---@field paging? table
---@field moves_money? boolean
---@field since? string
---@field until? string
---@field instead? string
---@field deprecated? boolean

]]

local LOADER = [[
-- A part that has the name, or what only looks like it.
local function part_of(name)
  if type(name) ~= "string" then return nil end
  local line = name:gsub(" /api/", " ", 1) .. "\n"
  for part, names in pairs(PARTS) do
    if names:find(line, 1, true) then return part end
  end
end

---@type table<string, etoro.Operation>
local M = {}

local function take(part)
  for name, entry in pairs(require("etoro.operations." .. part)) do
    rawset(M, name, entry)
  end
end

local has_all = false

return setmetatable(M, {
  __index = function(_, name)
    local part = part_of(name)
    if not part then return nil end
    take(part)
    return rawget(M, name)
  end,
  __pairs = function()
    if not has_all then
      for part in pairs(PARTS) do take(part) end
      has_all = true
    end
    return next, M
  end,
})
]]

local function part_of(path, parts)
  local first = path:match("^/api/v%d+/([%w-]+)")
  for part, steps in pairs(parts or {}) do
    for _, step in ipairs(steps) do
      if step == first then return part end
    end
  end
  return "other"
end

--- Parts the operations by the first step of their paths.
---@param operations table<string, table>
---@param parts? table<string, string[]> steps by part; all others are "other"
---@return table<string, table<string, table>> operations by part
function M.parts(operations, parts)
  local out = {}
  for name, entry in pairs(operations) do
    local part = part_of(entry.path, parts)
    out[part] = out[part] or {}
    out[part][name] = entry
  end
  return out
end

--- Writes the file that finds an operation's part.
---@param by_part table<string, table<string, table>>
---@param version string of the document
---@return string text of operations.lua
function M.index(by_part, version)
  local lines = {}
  for _, part in ipairs(sorted_keys(by_part)) do
    lines[#lines + 1] = "  " .. key_text(part) .. " = [["
    for _, name in ipairs(common.by_path(by_part[part])) do
      lines[#lines + 1] = name:gsub(" /api/", " ", 1)
    end
    lines[#lines + 1] = "]],"
  end
  return HEAD:format(version) .. "\n" .. CLASS
    .. "\n-- A name without its /api/ in each line: texts cost a start less than lists.\n"
    .. "local PARTS = {\n"
    .. table.concat(lines, "\n") .. "\n}\n\n" .. LOADER
end

local PART_HEAD = [[
-- Generated by src/generate from the OpenAPI document %s; do not edit.
--
-- A part of etoro.operations, which says what the fields mean.
]]

local ADDS = [[
local M, add = require("etoro.values.operation").part()
]]

--- Writes a part of the operations.
---@param operations table<string, table>
---@param version string of the document
---@return string text of a file in operations/
function M.part(operations, version)
  local writer, forms = new_writer(), {}
  local names = common.by_path(operations)
  for i, name in ipairs(names) do
    forms[i] = written_form(operations[name])
    writer:count(forms[i])
  end
  local calls = {}
  for i, name in ipairs(names) do
    local entry, form = operations[name], forms[i]
    writer:define(form, "", entry.path, true)
    local trap = entry.trap and "-- trap: " .. entry.trap .. "\n" or ""
    local head = ('add("%s", '):format(entry.method)
    local path = scalar_lines(entry.path, "", WIDTH - #head - 4)
    local column = #(head .. path):match("[^\n]*$") + 2
    calls[i] = trap .. head .. path .. ", "
      .. writer:text(form, "", column, true) .. ")"
  end
  if writer.count_of_locals > MAX_LOCALS then
    error("more shared values than Lua has locals", 0)
  end
  return PART_HEAD:format(version) .. "\n" .. table.concat(writer.lines, "\n")
    .. (#writer.lines > 0 and "\n\n" or "") .. ADDS .. "\n"
    .. table.concat(calls, "\n\n") .. (#calls > 0 and "\n\n" or "")
    .. "return M\n"
end

local ANSWERS = [[
-- Generated by src/generate from the OpenAPI document %s; do not edit.
--
-- What answers hold that the sandbox makes up: the spec of each operation's
-- first success with a body, in the words of etoro.operations. Of what holds
-- itself, the inner one is "any".

]]

-- A spec with what tells how a value is made up, and nothing else.
local function trimmed(spec, above)
  spec = common.long(spec)
  if above[spec.fields or 0] then return "any" end
  local first = spec.choices and trimmed(spec.choices[1], above)
  if first then return first end
  local out = { type = spec.type, enum = spec.enum, nullable = spec.nullable,
    min = spec.min, max = spec.max }
  if spec.items then out.items = trimmed(spec.items, above) end
  if spec.fields then
    above[spec.fields], out.fields = true, {}
    for name, field in pairs(spec.fields) do
      out.fields[name] = trimmed(field, above)
    end
    above[spec.fields] = nil
  end
  return read.short(out)
end

--- Writes the file of answers that the sandbox makes up.
---@param bodies table<string, table> of read.bodies
---@param names string[] of their operations
---@param version string of the document
---@return string text
function M.answers(bodies, names, version)
  local writer, specs = new_writer(), {}
  for _, name in ipairs(names) do
    if bodies[name] then specs[name] = trimmed(bodies[name], {}) end
  end
  writer:count(specs)
  writer:define(specs, "answers", "", true)
  return ANSWERS:format(version) .. table.concat(writer.lines, "\n")
    .. (#writer.lines > 0 and "\n\n" or "") .. "return "
    .. writer:text(specs, "", 7, true) .. "\n"
end

local POOLS = [[
-- Generated by src/generate from its knowledge.lua; do not edit.
--
-- Quota pools: calls that one user key may make in a rolling window of so
-- many seconds; of `reserve` slots only cancel and close may have any. Headers
-- of real replies correct the numbers.

---@type table<string, { limit: integer, window: number, reserve?: integer }>
]]

--- Writes the file of pools.
---@param pools table<string, table>
---@return string text
function M.pools(pools)
  local lines = {}
  for _, name in ipairs(sorted_keys(pools)) do
    local pool = pools[name]
    lines[#lines + 1] = ("  %s = { limit = %d, window = %d%s },"):format(
      key_text(name), pool.limit, pool.window,
      pool.reserve and ", reserve = " .. pool.reserve or "")
  end
  return POOLS .. "return {\n" .. table.concat(lines, "\n") .. "\n}\n"
end

return M
