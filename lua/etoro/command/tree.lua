-- The command line as plain data, read from the parser: what completion, the
-- manual and hints are made of. Here alone the parser's own fields are known.

local core = require "etoro.core"

local M = {}

---@class etoro.command.Option
---@field names string[] such as -y and --yes, in the order of their length
---@field name string the first that has two dashes
---@field text string what it does
---@field value? string what its value is called; none: a flag
---@field choices? string[]
---@field default? string what it is unless given
---@field is_repeated boolean
---@field element table the parser's own

---@class etoro.command.Argument
---@field name string
---@field usage string such as <symbol> ...
---@field text string
---@field choices? string[]
---@field is_repeated boolean
---@field is_optional boolean
---@field element table the parser's own

---@class etoro.command.Node a command
---@field name string with those above it, such as "tokens create"; "" at the top
---@field text string what it does
---@field options etoro.command.Option[] its own
---@field arguments etoro.command.Argument[]
---@field commands etoro.command.Node[]
---@field parser table the parser's own

local function value_of(element, name)
  local given = element._argname
  if type(given) == "string" then return given:match "^<(.*)>$" end
  return (name:gsub("^%-+", ""))
end

local function option_of(element)
  local names = { table.unpack(element._aliases) }
  table.sort(names, function(a, b)
    return #a < #b or #a == #b and core.before(a, b)
  end)
  local name
  for _, alias in ipairs(element._aliases) do
    if not name and alias:find "^%-%-" then name = alias end
  end
  return {
    names = names, name = name, text = element._description or "",
    value = element._maxargs > 0 and value_of(element, name) or nil,
    choices = element._choices, default = element._default,
    is_repeated = element._maxcount > 1, element = element,
  }
end

local function argument_of(element)
  return {
    name = element._name, usage = element:_get_usage(),
    text = element._description or "", choices = element._choices,
    is_repeated = element._maxargs > 1, is_optional = element._minargs == 0,
    element = element,
  }
end

local function each(list, make)
  local out = {}
  for i, element in ipairs(list) do out[i] = make(element) end
  return out
end

--- Reads a parser.
---@param parser table
---@param above? string the names of the commands above it
---@return etoro.command.Node
function M.read(parser, above)
  local name = not above and "" or above == "" and parser._name
    or above .. " " .. parser._name
  return {
    name = name, text = parser._description or "", parser = parser,
    options = each(parser._options, option_of),
    arguments = each(parser._arguments, argument_of),
    commands = each(parser._commands, function(command)
      return M.read(command, name)
    end),
  }
end

--- Calls a function with a node and all below it, in their order.
---@param node etoro.command.Node
---@param call fun(node: etoro.command.Node)
function M.walk(node, call)
  call(node)
  for _, command in ipairs(node.commands) do M.walk(command, call) end
end

--- The command of some words, and the first of them that is none.
---@param node etoro.command.Node the top
---@param words string[]
---@return etoro.command.Node
---@return string? wrong
function M.find(node, words)
  for _, word in ipairs(words) do
    local found
    for _, command in ipairs(node.commands) do
      if command.parser._name == word then found = command end
    end
    if not found then return node, word end
    node = found
  end
  return node
end

--- The last words of the names of the commands below a node.
---@param node etoro.command.Node
---@return string[]
function M.names(node)
  return each(node.commands, function(command) return command.parser._name end)
end

return M
