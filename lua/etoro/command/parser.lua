-- Reads a command line: what was typed as values, or why reading it ended.

local guide = require "etoro.command.guide"
local nearest = require "etoro.values.nearest"
local stop = require "etoro.command.stop"
local syntax = require "etoro.command.syntax"
local tree = require "etoro.command.tree"

local argparse = require "argparse"

local M = {}

-- Its options are its own.
M.SANDBOX_FIRST = "'sandbox' comes first, then its options: etoro sandbox --port 8080"

local SUMMARY = [[
The eToro public API from the command line, on the demo account unless --real
is given. Keys come from etoro login, or from ETORO_API_KEY and ETORO_USER_KEY
(or ETORO_ACCESS_TOKEN); with --rehearse none are needed. 'etoro help COMMAND'
shows a command's options and examples.]]

-- A negative number is a value, wherever it stands; for the parser a minus
-- begins an option, unless it stands behind this.
local MARK = "\0"

local function mark(args)
  local out = {}
  for i, arg in ipairs(args) do
    out[i] = arg:find "^%-%.?%d" and MARK .. arg or arg
  end
  return out
end

-- Values lose the mark, and what is wrong with one is said with its name.
local function name_values(one)
  local convert = one.element._convert
  one.element:convert(function(text)
    if text:sub(1, #MARK) == MARK then text = text:sub(#MARK + 1) end
    if text == "" then return nil, one.name .. " is empty" end
    if not convert then return text end
    local value, message = convert(text)
    if value == nil then return nil, one.name .. ": " .. message end
    return value
  end)
end

-- A choice shows itself.
local function name_value_of(node, option)
  local value = guide.VALUES[node.name .. " " .. option.name]
    or guide.VALUES[option.name]
  if value and not option.choices then option.element:argname("<" .. value .. ">") end
end

local function finish(node)
  if node.name ~= "" then node.parser:epilog(guide.epilog(node.name)) end
  for _, option in ipairs(node.options) do
    if option.value then
      name_values(option)
      name_value_of(node, option)
    end
    -- the last --amount of two may not be the one that was meant; what stands
    -- for all commands may be in an alias of the shell, and is taken over
    if option.value and node.name ~= "" then option.element:overwrite(false) end
  end
  for _, argument in ipairs(node.arguments) do name_values(argument) end
end

local function add_groups(parser)
  local by_name = {}
  for _, command in ipairs(parser._commands) do by_name[command._name] = command end
  for _, group in ipairs(guide.GROUPS) do
    local members = {}
    for i = 2, #group do members[#members + 1] = by_name[group[i]] end
    parser:group(group[1], table.unpack(members))
  end
end

-- The names that could have been meant where a name is unknown.
local function known(node, kind, parser)
  if kind == "command" then return tree.names(node) end
  local names = {}
  while parser do -- options of the commands above it are taken too
    for _, option in ipairs(tree.read(parser).options) do
      for _, name in ipairs(option.names) do names[#names + 1] = name end
    end
    parser = parser._parent
  end
  return names
end

-- Where a command is like none that there is: what there is.
local function others(parser, node)
  if not parser._parent then return "; 'etoro help' lists them" end
  local names = tree.names(node)
  return #names > 0 and "; there are: " .. table.concat(names, ", ") or ""
end

-- Says what is wrong, and how the command at which it was found is used.
local function refuse(parser, message)
  message = message:gsub("\nDid you mean.*", ""):gsub(MARK, "")
    :gsub("must be used .*1 time$", "is given twice")
  local node = tree.read(parser)
  if parser._name == "sandbox" then
    stop.now { message = M.SANDBOX_FIRST, usage = parser:get_usage() }
  end
  local kind, name = message:match "^unknown ([a-z]+) '(.*)'$"
  if kind then
    local near = nearest.find(name, known(node, kind, parser))
    message = message .. (near and (". Did you mean '%s'?"):format(near)
      or kind == "command" and others(parser, node) or "")
  elseif message == "a command is required" then
    message = message .. ": " .. table.concat(tree.names(node), ", ")
  end
  stop.now { message = message, usage = parser:get_usage() }
end

--- Makes the parser.
---@return table
function M.new()
  local parser = argparse("etoro", SUMMARY,
    guide.first() .. "\n\n" .. guide.codes() .. "\n\nThe API is documented at "
      .. guide.API)
  parser:command_target "command"
  parser:help_max_width(79)
  parser:usage "Usage: etoro [options] <command> ..."
  parser.error = refuse
  syntax.add(parser)
  add_groups(parser)
  tree.walk(tree.read(parser), finish)
  return parser
end

--- How the command that was typed is used.
---@param parser table
---@param parsed table
---@return string
function M.usage(parser, parsed)
  local node = tree.find(tree.read(parser), { parsed.command, parsed.action })
  return node.parser:get_usage()
end

local function show_help(parser, topic)
  local node, wrong = tree.find(tree.read(parser), topic)
  if wrong then
    refuse(node.parser, ("unknown command '%s'"):format(wrong))
  elseif node.name == "sandbox" then
    stop.now { is_sandbox = true }
  end
  stop.now { help = node.parser:get_help() }
end

local function read(parser, args)
  local parsed = parser:parse(mark(args))
  if parsed.command == "help" then show_help(parser, parsed.topic) end
  return parsed
end

--- Reads a command line.
---@param parser table
---@param args string[]
---@return table? parsed
---@return etoro.command.Stop? stop
function M.parse(parser, args)
  local ok, result = pcall(read, parser, args)
  if ok then return result end
  if not stop.is(result) then error(result, 0) end
  return nil, result
end

return M
