-- What etoro run FILE --help tells of the file: its settings, as --set takes them.

local core = require "etoro.core"
local etoro = require "etoro"
local output = require "etoro.command.output"
local run_files = require "etoro.command.run_files"
local types = require "etoro.values.types"

local tostring = core.text -- not up to the locale

local M = {}

local function range_of(setting)
  if setting.min and setting.max then
    return ("%s to %s"):format(tostring(setting.min), tostring(setting.max))
  elseif setting.min then
    return "at least " .. tostring(setting.min)
  elseif setting.max then
    return "at most " .. tostring(setting.max)
  elseif setting.choices then
    local words = {}
    for i, choice in ipairs(setting.choices) do words[i] = tostring(choice) end
    return table.concat(words, " | ")
  end
end

local function line_of(name, width, setting)
  local parts = { etoro.encode(setting.default) }
  parts[#parts + 1] = range_of(setting)
  parts[#parts + 1] = setting.help and tostring(setting.help)
  return ("   %s%s  %s"):format(name, (" "):rep(width - #name),
    output.clean(table.concat(parts, "; ")))
end

local function add(lines, path)
  local strategy, err = etoro.strategy.load(path, { print = function() end })
  lines[#lines + 1] = ""
  if not strategy then
    lines[#lines + 1] = output.clean(tostring(err))
    return
  end
  local names, width = types.sorted_names(strategy.declared), 0
  for _, name in ipairs(names) do width = math.max(width, #name) end
  lines[#lines + 1] = ("Settings of %s, for --set NAME=VALUE:%s"):format(
    output.clean(path), #names == 0 and " none" or "")
  for _, name in ipairs(names) do
    lines[#lines + 1] = line_of(name, width, strategy.declared[name])
  end
end

--- The lines that a command line with strategies adds to its help.
---@param args string[] of the command line
---@return string empty without files
function M.text(args)
  local lines = {}
  for _, word in ipairs(args) do
    local path = run_files.of_word(word).path
    if path:find "%.lua$" then add(lines, path) end
  end
  return #lines > 0 and table.concat(lines, "\n") .. "\n" or ""
end

return M
