-- The sandbox's options as they are typed: --port=8080 or --port 8080.

local core = require "etoro.core"
local sandbox_options = require "etoro.sandbox.options"
local nearest = require "etoro.values.nearest"

local M = {}

local tonumber = core.number -- not up to the locale

local function boolean(text)
  if text == "true" then return true end
  if text == "false" then return false end
end

local function text_or_false(text)
  if text == "false" then return false end
  return text
end

local function number_or_false(text)
  if text == "false" then return false end
  return tonumber(text)
end

local function text_of(text) return text end

local NUMBER = { read = tonumber, needs = "a number" }
local FLAG = { read = boolean, needs = "true or false" }
local TEXT = { read = text_of, needs = "a text" }
local NUMBER_OR_FALSE = { read = number_or_false, needs = "a number or false" }
local TEXT_OR_FALSE = { read = text_or_false, needs = "a text" }

-- How the default's type is read. What is false until it is given is a flag only
-- where true may stand for it.
local KINDS = { number = NUMBER, boolean = FLAG, string = TEXT }

local function kind_of(default, typed)
  if default ~= false or typed:find "true" then return KINDS[type(default)] end
  return typed:find "^%d" and NUMBER_OR_FALSE or TEXT_OR_FALSE
end

--- Name, kind, how its value is shown, what it does.
M.OPTIONS = {
  { "port", NUMBER, "N", "a port of this machine; any that is free" },
  { "host", TEXT, "127.0.0.1", "an address of this machine" },
}
for _, row in ipairs(sandbox_options.TYPED) do
  M.OPTIONS[#M.OPTIONS + 1] = { (row[1]:gsub("_", "-")),
    kind_of(row[2], row[4]), row[4], row[5] }
end

local BY_NAME, NAMES = {}, {}
for i, option in ipairs(M.OPTIONS) do
  BY_NAME[option[1]], NAMES[i] = option, option[1]
end

--- What --help shows.
---@param program string
---@return string
function M.help(program)
  local lines = { ("Usage: %s [--port 8080] [OPTION VALUE] ..."):format(program),
    "", "Serves a stand-in for the eToro API on this machine.", "",
    "Options, as --name VALUE or --name=VALUE, and what stands for them:" }
  for _, option in ipairs(M.OPTIONS) do
    lines[#lines + 1] = ("   --%s %s\n        %s"):format(option[1], option[3],
      option[4])
  end
  lines[#lines + 1] = "   -h, --help\n        show this help"
  return table.concat(lines, "\n") .. "\n"
end

-- The value of an option: behind its "=", or the next argument. A flag needs
-- none. Gives how many arguments that took.
local function value_of(option, value, after)
  if value then return value, 1 end
  if option[2] ~= FLAG then return after, 2 end
  if after == "true" or after == "false" then return after, 2 end
  return "true", 1
end

local function unusable(text, name)
  return ("cannot use '%s'%s"):format(text, name and nearest.hint(name, NAMES)
    :gsub("'(.-)'", "'--%1'") or "")
end

--- Reads the arguments.
---@param args string[]
---@return table? options as etoro.sandbox.serve takes them; options.help: only
---the help is asked for
---@return string? message what is wrong
function M.parse(args)
  local options, at = {}, 1
  while at <= #args do
    local text = args[at]
    if text == "--help" or text == "-h" then return { help = true } end
    local name, value = text:match "^%-%-([A-Za-z0-9-]+)=(.*)$"
    name = name or text:match "^%-%-([A-Za-z0-9-]+)$"
    local option = BY_NAME[name]
    if not option then return nil, unusable(text, name) end
    local count
    value, count = value_of(option, value, args[at + 1])
    if value == nil then return nil, ("--%s needs a value"):format(name) end
    -- an empty port is what make gives for an empty PORT=
    if value ~= "" or name ~= "port" then
      local result
      if value ~= "" then result = option[2].read(value) end
      if result == nil then
        return nil, ("cannot use '%s': --%s takes %s"):format(value, name,
          option[2].needs)
      end
      options[name:gsub("-", "_")] = result
    end
    at = at + count
  end
  return options
end

return M
