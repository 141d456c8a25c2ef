-- Says of a script what a language server would: names that no class has, arguments
-- that are too many, too few or of another type, fields of tables that their class
-- does not know or lacks, and values that may be nil where one is looked into. What
-- it does not know the type of it lets pass.
--
--   local check = type_check.new(annotations.read(paths))
--   check("examples/ticker.lua", text) --> { "examples/ticker.lua:5: ...", ... }
package.path = package.path .. ";/usr/share/lua/5.1/?.lua"

local annotations = require "spec.support.annotations"
local decoder = require "luacheck.decoder"
local parser = require "luacheck.parser"

local ANY, NIL = annotations.ANY, annotations.NIL
local M = {}

local checker = {}
checker.__index = checker

local function named(name) return { tag = "name", name = name } end

-- Aliases laid open, unions flat: a list of types.
function checker:members(of, list)
  list = list or {}
  local alias = of.tag == "name" and self.model.aliases[of.name]
  if alias then return self:members(alias, list) end
  if of.tag ~= "union" then
    list[#list + 1] = of
  else
    for _, one in ipairs(of) do self:members(one, list) end
  end
  return list
end

local function is_nil(of) return of.tag == "name" and of.name == "nil" end

function checker:may_be_nil(of)
  for _, one in ipairs(self:members(of)) do
    if is_nil(one) then return true end
  end
  return false
end

function checker:without_nil(of)
  local left = { tag = "union" }
  for _, one in ipairs(self:members(of)) do
    if not is_nil(one) then left[#left + 1] = one end
  end
  return #left == 1 and left[1] or #left == 0 and ANY or left
end

function checker:class(of)
  return of.tag == "name" and self.model.classes[of.name] or nil
end

-- The type of a class's field: nil where it has none, and no others.
function checker:field_of_class(class, name)
  if class.fields[name] then return class.fields[name] end
  if class.is_open then return ANY end
  for _, parent in ipairs(class.parents) do
    local above = self.model.classes[parent]
    local found = above and self:field_of_class(above, name)
    if found then return found end
  end
end

function checker:field(of, name)
  local class = self:class(of)
  if class then return self:field_of_class(class, name) end
  if of.tag == "record" then return of.fields[name] end
  if of.tag == "map" then return annotations.optional(of.value) end
  return ANY
end

function checker:report(node, text, ...)
  self.found[#self.found + 1] = ("%s:%d: %s"):format(self.path, node.line or 0,
    text:format(...))
end

-- Basic types that stand for themselves.
local PLAIN = { string = true, number = true, integer = true, boolean = true,
  ["nil"] = true, table = true, ["function"] = true }

local KIND = { list = "table", map = "table", record = "table", fun = "function" }

function checker:kind(of)
  if of.tag == "literal" then return type(of.value) end
  if KIND[of.tag] then return KIND[of.tag] end
  if self.model.classes[of.name] then return "table" end
  return PLAIN[of.name] and of.name or nil
end

-- Whether a value of one type may stand where another is expected; both are no
-- unions.
function checker:fits_one(value, wanted)
  local given, kind = self:kind(value), self:kind(wanted)
  if not given or not kind then return true end
  if given == "integer" then given = "number" end
  if kind == "integer" and value.tag ~= "literal" and value.name == "integer" then
    return true
  end
  if kind == "integer" then kind = "number" end
  if given ~= kind then return false end
  return wanted.tag ~= "literal" or value.tag ~= "literal"
    or value.value == wanted.value
end

function checker:fits(value, wanted)
  for _, one in ipairs(self:members(value)) do
    local fits = false
    for _, other in ipairs(self:members(wanted)) do
      fits = fits or self:fits_one(one, other)
    end
    if not fits then return false end
  end
  return true
end

function checker:show(of)
  local texts = {}
  for i, one in ipairs(self:members(of)) do
    texts[i] = one.tag == "literal" and ("%q"):format(one.value)
      or one.name or one.tag
  end
  return table.concat(texts, "|")
end

-- The class that a table in a script is meant to be.
function checker:class_wanted(wanted)
  local found
  for _, one in ipairs(self:members(wanted)) do
    local class = self:class(one)
    if found and class then return nil end -- any of several
    found = class or found
  end
  return found
end

function checker:required(class, visit)
  for name, of in pairs(class.fields) do
    if of.tag ~= "fun" and of ~= ANY and not self:may_be_nil(of) then visit(name) end
  end
  for _, parent in ipairs(class.parents) do
    local above = self.model.classes[parent]
    if above then self:required(above, visit) end
  end
end

function checker:check_pair(class, pair, given)
  local key, value = pair[1], pair[2]
  if key.tag ~= "String" then return end
  given[key[1]] = true
  local of = self:field_of_class(class, key[1])
  if not of then
    self:report(key, "%s has no field '%s'", class.name, key[1])
  else
    self:check_value(value, of, "field '" .. key[1] .. "'")
  end
end

function checker:check_table(node, wanted)
  local class = self:class_wanted(wanted)
  if not class then return self:infer(node) end
  local given, is_whole = {}, true
  for _, item in ipairs(node) do
    if item.tag == "Pair" then
      self:check_pair(class, item, given)
    else
      is_whole = false
      self:infer(item)
    end
  end
  self:required(class, function(name)
    if is_whole and not given[name] then
      self:report(node, "%s lacks the field '%s'", class.name, name)
    end
  end)
end

function checker:check_value(node, wanted, what)
  if node.tag == "Table" then return self:check_table(node, wanted) end
  local of = self:infer(node)
  if not self:fits(of, wanted) then
    self:report(node, "%s: %s expected, got %s", what, self:show(wanted),
      self:show(of))
  end
end

-- The last argument may be any number of values.
local function is_many(node)
  return node and (node.tag == "Call" or node.tag == "Invoke" or node.tag == "Dots")
end

-- nodes: a call's, of which arguments begin at `first`
function checker:check_arguments(node, fun, first, what)
  local params, count = fun.params, #node - first + 1
  local last = params[#params]
  local is_open = last and last.name == "..."
  if count > #params and not is_open and not is_many(node[#node]) then
    self:report(node, "%s takes %d arguments, got %d", what, #params, count)
  end
  for i, param in ipairs(params) do
    local argument = node[first + i - 1]
    if argument and param.name ~= "..." then
      self:check_value(argument, param.type, ("%s, %s"):format(what, param.name))
    elseif not argument and param.name ~= "..." and not is_many(node[#node])
        and not self:may_be_nil(param.type) and param.type ~= ANY
        and not (param.type.name == "any") then
      self:report(node, "%s lacks the argument '%s'", what, param.name)
    end
  end
  for i = first + #params, #node do self:infer(node[i]) end
end

-- What a function gives, by place.
function checker.given(_, fun, place)
  return fun.returns[place] or (#fun.returns == 0 and ANY or NIL)
end

local NARROWING = { assert = true, must = true }

local infer = {}

function infer.String(_, node) return { tag = "literal", value = node[1] } end
function infer.Number(_, node)
  return named(math.type(tonumber(node[1])) == "integer" and "integer" or "number")
end
function infer.True() return named "boolean" end
infer.False = infer.True
function infer.Nil() return NIL end
function infer:Paren(node) return (self:infer(node[1])) end

function infer:Id(node) return self.scope[node[1]] or ANY end

function infer:Table(node)
  for _, item in ipairs(node) do
    self:infer(item.tag == "Pair" and item[2] or item)
  end
  return named "table"
end

function infer:Function(node)
  local outer = self.scope
  self.scope = setmetatable({}, { __index = outer })
  for _, param in ipairs(node[1]) do self.scope[param[1]] = ANY end
  self:block(node[2])
  self.scope = outer
  return named "function"
end

-- Variables that a condition looks at are taken for looked at from there on.
function checker:narrow(node)
  if type(node) ~= "table" then return end
  if node.tag == "Id" and self.scope[node[1]] then
    self.scope[node[1]] = self:without_nil(self.scope[node[1]])
  elseif node.tag == "Index" then
    self.looked[self:name_of(node)] = true
  end
  for _, inner in ipairs(node) do self:narrow(inner) end
end

local TEXT = { concat = true }
local CONDITION = { ["and"] = true, ["or"] = true, ["not"] = true }

function infer:Op(node)
  local op = node[1]
  local left = self:infer(node[2])
  if CONDITION[op] then self:narrow(node[2]) end
  local right = node[3] and self:infer(node[3])
  if op == "or" then
    local both = { tag = "union", self:without_nil(left), right }
    return both
  end
  if op == "len" then return named "integer" end
  return TEXT[op] and named "string" or ANY
end

-- The type of what is looked into.
function checker:looked_into(node)
  local of = self:infer(node)
  if not self:may_be_nil(of) then return of end
  if not self.looked[self:name_of(node)] then
    self:report(node, "%s may be nil", self:name_of(node))
  end
  return self:without_nil(of)
end

function infer:Index(node)
  local of, key = self:looked_into(node[1]), node[2]
  if key.tag ~= "String" then
    self:infer(key)
    return of.tag == "list" and of.of or ANY
  end
  if of.tag == "union" then return ANY end
  local found = self:field(of, key[1])
  if found then return found end
  self:report(node, "%s has no '%s'", self:show(of), key[1])
  return ANY
end

function checker:name_of(node)
  if node.tag == "Id" then return node[1] end
  if node.tag == "Index" and node[2].tag == "String" then
    return self:name_of(node[1]) .. "." .. node[2][1]
  end
  return "what is called"
end

function checker:call(node, of, first, what)
  if of.tag ~= "fun" then
    for i = first, #node do self:infer(node[i]) end
    return { ANY }
  end
  self:check_arguments(node, of, first, what)
  local given = {}
  for i = 1, math.max(1, #of.returns) do given[i] = self:given(of, i) end
  return given
end

local function iterated(self, node, name)
  local of = self:infer(node[2])
  if self:may_be_nil(of) then self:report(node, "what %s goes through may be nil", name) end
  of = self:without_nil(of)
  local value = of.tag == "list" and of.of or of.tag == "map" and of.value or ANY
  local fun = { tag = "fun", params = {}, returns = {
    name == "ipairs" and named "integer" or of.tag == "map" and of.key or ANY, value } }
  return { fun }
end

function checker:call_all(node)
  local callee = node[1]
  if callee.tag == "Id" and callee[1] == "require" and node[2]
      and node[2].tag == "String" then
    local name = node[2][1]
    if name == "etoro" then return { named "etoro" } end
    return { name == "etoro.indicators" and named "etoro.Indicators" or ANY }
  end
  if callee.tag == "Id" and (callee[1] == "ipairs" or callee[1] == "pairs") then
    return iterated(self, node, callee[1])
  end
  if callee.tag == "Id" and NARROWING[callee[1]] then
    local given = self:all(node[2])
    for i = 3, #node do self:infer(node[i]) end
    given[1] = self:without_nil(given[1] or ANY)
    self:narrow(node[2])
    return given
  end
  return self:call(node, self:infer(callee), 2, self:name_of(callee))
end

-- A field that takes its object first, called with a colon.
local function as_method(of)
  local first = of.tag == "fun" and of.params[1]
  if not first or first.name ~= "self" then return of end
  return { tag = "fun", params = { table.unpack(of.params, 2) }, returns = of.returns }
end

-- Of functions of one name the one that is for the text that is given first.
local function chosen(of, argument)
  if of.tag ~= "choice" then return as_method(of) end
  for _, one in ipairs(of) do
    local fun = as_method(one)
    local wanted = fun.params[1] and fun.params[1].type
    if argument and argument.tag == "String" and wanted.tag == "literal"
        and wanted.value == argument[1] then
      return fun
    end
  end
  return ANY
end

function checker:invoke_all(node)
  local of = self:looked_into(node[1])
  local what = self:name_of(node[1]) .. ":" .. node[2][1]
  local found = of.tag ~= "union" and self:class(of) and self:field(of, node[2][1])
  if self:class(of) and not found then
    self:report(node, "%s has no '%s'", self:show(of), node[2][1])
  end
  return self:call(node, chosen(found or ANY, node[3]), 3, what)
end

-- All values of an expression.
function checker:all(node)
  if node == nil then return {} end
  if node.tag == "Call" then return self:call_all(node) end
  if node.tag == "Invoke" then return self:invoke_all(node) end
  local one = infer[node.tag]
  return { one and one(self, node) or ANY }
end

function checker:infer(node) return self:all(node)[1] or NIL end

-- The types of a list of expressions, the last of which may give several.
function checker:values(nodes)
  local list = {}
  for i, node in ipairs(nodes) do
    local all = self:all(node)
    if i == #nodes then table.move(all, 1, #all, i, list)
    else list[i] = all[1] end
  end
  local is_known = #nodes > 0 and not is_many(nodes[#nodes])
  return list, is_known and NIL or ANY
end

local statement = {}

function statement:Local(node)
  local list = self:values(node[2] or {})
  for i, name in ipairs(node[1]) do
    local of = list[i] or ANY
    -- it may be set to something else later
    self.scope[name[1]] = of.tag == "literal" and named(type(of.value)) or of
  end
end

function statement:Set(node)
  local list = self:values(node[2])
  for i, target in ipairs(node[1]) do
    if target.tag == "Id" then
      if self.scope[target[1]] then self.scope[target[1]] = list[i] or ANY end
    else
      self:infer(target[1])
    end
  end
end

function statement:Localrec(node)
  self.scope[node[1][1][1]] = ANY
  self:infer(node[2][1])
end

function statement:Forin(node)
  local fun = self:values(node[2])[1] or ANY
  self.scope = setmetatable({}, { __index = self.scope })
  for i, name in ipairs(node[1]) do
    local given = fun.tag == "fun" and self:given(fun, i) or ANY
    self.scope[name[1]] = i == 1 and self:without_nil(given) or given
  end
  self:block(node[3])
  self.scope = getmetatable(self.scope).__index
end

function statement:Fornum(node)
  self.scope[node[1][1]] = named "number"
  for i = 2, #node do
    if node[i].tag then self:infer(node[i]) else self:block(node[i]) end
  end
end

function statement:If(node)
  for _, part in ipairs(node) do
    if part.tag then
      self:infer(part)
      self:narrow(part)
    else
      self:block(part)
    end
  end
end

function statement:While(node)
  self:infer(node[1])
  self:narrow(node[1])
  self:block(node[2])
end

function statement:Repeat(node)
  self:block(node[1])
  self:infer(node[2])
end

function statement:Do(node) self:block(node) end

function statement:Return(node) self:values(node) end

function checker:block(nodes)
  for _, node in ipairs(nodes) do
    local one = statement[node.tag]
    if one then one(self, node) else self:all(node) end
  end
end

--- Makes a check by annotations. It takes the name and the text of a script, and the
--- name of the class of what that returns.
function M.new(model)
  return function(path, text, returned)
    local self = setmetatable({ model = model, path = path, found = {}, scope = {},
      looked = {} }, checker)
    local nodes = parser.parse(decoder.decode(text))
    self:block(nodes)
    local last = nodes[#nodes]
    if returned and last and last.tag == "Return" then
      self:check_value(last[1], named(returned), "what is returned")
    end
    return self.found
  end
end

return M
