-- The types of lua/etoro as a language server reads them out of the annotations:
-- classes with their fields and methods, aliases, and what functions take and give.
--
--   local model = annotations.read { "lua/etoro/init.lua", ... }
--   model.classes["etoro.Client"].fields.market
--
-- A type is { tag = "name", name = } | { tag = "literal", value = } |
-- { tag = "union", ... } | { tag = "list", of = } | { tag = "map", key =, value = } |
-- { tag = "record", fields = } | { tag = "fun", params =, returns = } |
-- { tag = "choice", ... }: functions of one name
local M = {}

M.ANY = { tag = "name", name = "any" }
M.NIL = { tag = "name", name = "nil" }

--- A type that may be nil as well.
function M.optional(of)
  return { tag = "union", of, M.NIL }
end

-- A reader of one type: text and the place in it.
local reader = {}
reader.__index = reader

function reader:skip() self.at = self.text:match("^%s*()", self.at) end

function reader:take(token)
  self:skip()
  if self.text:sub(self.at, self.at + #token - 1) ~= token then return false end
  self.at = self.at + #token
  return true
end

function reader:match(pattern)
  self:skip()
  local found, rest = self.text:match("^(" .. pattern .. ")()", self.at)
  if found then self.at = rest end
  return found
end

function reader:params()
  local list = {}
  if self:take ")" then return list end
  repeat
    local name = self:match "[%a_][%w_]*" or self:match "%.%.%."
    local is_optional = self:take "?"
    local of = self:take ":" and self:type() or M.ANY
    list[#list + 1] = { name = name, type = is_optional and M.optional(of) or of }
  until not self:take ","
  self:take ")"
  return list
end

function reader:fun()
  local found = { tag = "fun", params = self:take "(" and self:params() or {},
    returns = {} }
  if self:take ":" then
    repeat
      self:match "[%a_][%w_]*:%s" -- a name of what is given
      local of = self:type()
      if of.tag == "name" and of.name == "..." then of = M.ANY end
      found.returns[#found.returns + 1] = of
    until not self:take ","
  end
  return found
end

function reader:record()
  local fields = {}
  repeat
    local name = self:match "[%a_][%w_]*" or self:match "%b[]"
    if not name then break end
    local is_optional = self:take "?"
    local of = self:take ":" and self:type() or M.ANY
    fields[name] = is_optional and M.optional(of) or of
  until not self:take ","
  self:take "}"
  return { tag = "record", fields = fields }
end

function reader:primary()
  if self:take "(" then
    local inner = self:type()
    self:take ")"
    return inner
  elseif self:take "{" then
    return self:record()
  end
  local text = self:match '"[^"]*"'
  if text then return { tag = "literal", value = text:sub(2, -2) } end
  local number = self:match "%-?%d[%d.]*"
  if number then return { tag = "literal", value = tonumber(number) } end
  local name = self:match "[%a_][%w_.]*%*?" or self:match "%.%.%." or "any"
  if name == "fun" then return self:fun() end
  if name == "table" and self:take "<" then
    local key = self:type()
    self:take ","
    local value = self:type()
    self:take ">"
    return { tag = "map", key = key, value = value }
  end
  return { tag = "name", name = name }
end

function reader:type()
  local members = {}
  repeat
    local one = self:primary()
    while self.text:sub(self.at, self.at + 1) == "[]" do
      self.at = self.at + 2
      one = { tag = "list", of = one }
    end
    if self.text:sub(self.at, self.at) == "?" then
      self.at = self.at + 1
      one = M.optional(one)
    end
    members[#members + 1] = one
  until not self:take "|"
  members.tag = "union"
  return #members == 1 and members[1] or members
end

--- Reads the type that a text begins with.
function M.type(text)
  return setmetatable({ text = text, at = 1 }, reader):type()
end

-- Takes a line of a block of comments.
local TAKE = {}

function TAKE.class(model, block, rest)
  local name, parents = rest:match "^([%w_.]+):?%s*([%w_., ]*)"
  local class = model.classes[name] or { name = name, fields = {}, parents = {} }
  for parent in parents:gmatch "etoro%.[%w_.]+" do
    class.parents[#class.parents + 1] = parent
  end
  model.classes[name], block.class = class, class
end

-- A field that is told several times is one of several functions.
local function enter(class, name, of)
  local known = class.fields[name]
  if known and known.tag == "fun" and of.tag == "fun" then
    of = { tag = "choice", known, of }
  elseif known and known.tag == "choice" then
    known[#known + 1] = of
    of = known
  end
  class.fields[name] = of
end

function TAKE.field(_, block, rest)
  local name, mark, text = rest:match "^([%w_]+)(%??)%s+(.*)$"
  if name then
    local of = M.type(text)
    enter(block.class, name, mark == "?" and M.optional(of) or of)
  elseif rest:find "^%[string%]" then
    block.class.is_open = true
  end
end

function TAKE.alias(model, block, rest)
  local name, text = rest:match "^([%w_.]+)%s*(.*)$"
  local of = text ~= "" and M.type(text) or { tag = "union" }
  model.aliases[name], block.alias = of, of
end

function TAKE.param(_, block, rest)
  local name, mark, text = rest:match "^([%w_.]+)(%??)%s+(.*)$"
  local of = M.type(text)
  block.params[#block.params + 1] = { name = name,
    type = mark == "?" and M.optional(of) or of }
end

TAKE["return"] = function(_, block, rest)
  block.returns[#block.returns + 1] = M.type(rest)
end

local function take_line(model, block, text)
  local kind, rest = text:match "^@(%l+)%s*(.*)$"
  local value = text:match '^|%s*("[^"]*")'
  if TAKE[kind] then
    TAKE[kind](model, block, rest)
  elseif value and block.alias then
    table.insert(block.alias, M.type(value))
  end
end

-- Takes the line behind a block: what it is about.
local function finish(variables, block, line)
  local variable = line:match "^local ([%a_][%w_]*)"
  if variable and block.class then variables[variable] = block.class end
  local owner, separator, name = line:match "^function ([%w_]+)([.:])([%w_]+)%s*%("
  local class = owner and variables[owner]
  if class and not (class.fields[name] and #block.params + #block.returns == 0) then
    enter(class, name, { tag = "fun", params = block.params, returns = block.returns,
      is_method = separator == ":" })
  end
end

local function new_block()
  return { params = {}, returns = {} }
end

local function read_file(model, path)
  local variables, block = {}, new_block()
  for line in io.lines(path) do
    local text = line:match "^%-%-%-(.*)$"
    if text then
      take_line(model, block, text)
    else
      finish(variables, block, line)
      block = new_block()
    end
  end
end

--- Reads the annotations of files.
function M.read(paths)
  local model = { classes = {}, aliases = {} }
  for _, path in ipairs(paths) do read_file(model, path) end
  return model
end

return M
