-- etoro completion: scripts for shells, written from the parser. They go by
-- themselves: what they complete stands in them, or in the files that
-- remembered.lua keeps, so that a completion starts no Lua and calls nobody.

local core = require "etoro.core"
local sandbox_arguments = require "etoro.sandbox.arguments"
local operations = require "etoro.operations"
local scopes = require "etoro.command.scopes"
local tree = require "etoro.command.tree"

local M = {}

local ACCOUNTS = "trading options cash moneyFarm" -- types of them

-- What a value is completed by: words as they are, and kinds:
-- @files, @profiles, @commands, and what remembered.lua keeps.
local ARGUMENTS = { symbol = "@symbols", position = "@positions", order = "@orders",
  portfolio = "@portfolios", token = "@tokens", file = "@files",
  journal = "@files",
  topic = "@commands", alert = "@symbols @alerts", copy = "@copies",
  from = ACCOUNTS, to = ACCOUNTS }
local OF_COMMAND = {
  ["close position"] = "@positions all", ["portfolios delete id"] = "@portfolios",
  ["data check file"] = "@files",
}
local OPTIONS = {
  ["--profile"] = "@profiles", ["--portfolio"] = "@portfolios",
  ["--base-url"] = "http://127.0.0.1:8080",
  ["--interval"] = "1m 5m 10m 15m 30m 1h 4h 1d 1w",
}
local FILES = { "data", "settings", "rails", "state", "log", "record", "report",
  "audit", "journal", "parity", "out", "costs" }
for _, name in ipairs(FILES) do OPTIONS["--" .. name] = "@files" end

local function all_scopes()
  local names, seen = {}, {}
  for _, op in pairs(operations) do
    for _, scope in ipairs(type(op) == "table" and op.scopes or {}) do
      local name = scopes.short(scope)
      if not seen[name] then names[#names + 1] = name end
      seen[name] = true
    end
  end
  table.sort(names, core.before)
  return table.concat(names, " ")
end

local function of_option(option)
  if option.choices then return table.concat(option.choices, " ") end
  if option.name:find "%-file$" then return "@files" end
  if option.name == "--scope" or option.name == "--scopes" then return all_scopes() end
  return OPTIONS[option.name] or ""
end

local function of_argument(node, argument)
  if argument.choices then return table.concat(argument.choices, " ") end
  if node.name:find "^watchlists " and argument.name == "name" then
    return node.name ~= "watchlists create" and "@watchlists" or ""
  end
  return OF_COMMAND[node.name .. " " .. argument.name] or ARGUMENTS[argument.name]
    or ""
end

---@class etoro.command.Completed what is completed behind one command
---@field path string
---@field commands { name: string, text: string }[]
---@field options { name: string, names: string[], text: string, value?: string }[]
---@field arguments string[] what each is completed by
---@field is_endless boolean the last one may be repeated

-- The sandbox has options of its own, and --json.
local function of_sandbox()
  local options = {}
  for _, row in ipairs(sandbox_arguments.OPTIONS) do
    local name = "--" .. row[1]
    options[#options + 1] = { name = name, names = { name }, text = row[4],
      value = "" }
  end
  for name, text in pairs { json = "Write JSON for programs.", help = "Show this help." } do
    options[#options + 1] = { name = "--" .. name, names = { "--" .. name }, text = text }
  end
  table.sort(options, function(a, b) return core.before(a.name, b.name) end)
  return { path = "sandbox", commands = {}, options = options, arguments = {},
    is_endless = false }
end

local function of_node(node, globals)
  if node.name == "sandbox" then return of_sandbox() end
  local item = { path = node.name, commands = {}, options = {}, arguments = {},
    is_endless = false }
  for i, command in ipairs(node.commands) do
    item.commands[i] = { name = command.parser._name, text = command.text }
  end
  local seen = {}
  for _, list in ipairs { node.options, globals } do
    for _, option in ipairs(list) do
      if not seen[option.name] then
        item.options[#item.options + 1] = { name = option.name,
          names = option.names, text = option.text,
          value = option.value and of_option(option) }
      end
      seen[option.name] = true
    end
  end
  for i, argument in ipairs(node.arguments) do
    item.arguments[i] = of_argument(node, argument)
    item.is_endless = argument.is_repeated
  end
  return item
end

--- What is completed behind each command, the top first.
---@param parser table
---@return etoro.command.Completed[]
function M.items(parser)
  local top, items = tree.read(parser), {}
  tree.walk(top, function(node) items[#items + 1] = of_node(node, top.options) end)
  return items
end

--- A text in single quotes of a shell.
---@param text string
---@return string
function M.quote(text)
  return "'" .. text:gsub("[ \n]+", " "):gsub("'", "'\\''") .. "'"
end

local function quoted(list)
  local out = {}
  for i, text in ipairs(list) do out[i] = M.quote(text) end
  return "(" .. table.concat(out, " ") .. ")"
end

--- For bash and zsh: a function that sets what is completed behind a command.
---@param items etoro.command.Completed[]
---@return string
function M.table_of(items)
  local lines = { "_etoro_about() {", "  case $1 in" }
  for _, item in ipairs(items) do
    local commands, texts, options, option_texts, valued, values = {}, {}, {}, {}, {}, {}
    for i, command in ipairs(item.commands) do
      commands[i], texts[i] = command.name, command.text
    end
    for _, option in ipairs(item.options) do
      options[#options + 1], option_texts[#option_texts + 1] = option.name,
        option.text
      for _, name in ipairs(option.names) do
        if option.value then
          valued[#valued + 1], values[#values + 1] = name, option.value
        end
      end
    end
    lines[#lines + 1] = ("    %s)"):format(M.quote(item.path))
    for _, pair in ipairs { { "commands", commands }, { "command_texts", texts },
      { "options", options }, { "option_texts", option_texts },
      { "valued", valued }, { "values", values },
      { "arguments", item.arguments } }
    do
      lines[#lines + 1] = ("      %s=%s"):format(pair[1], quoted(pair[2]))
    end
    lines[#lines + 1] = ("      endless=%d"):format(item.is_endless and 1 or 0)
    lines[#lines + 1] = "      ;;"
  end
  lines[#lines + 1] = "  esac\n}\n"
  return table.concat(lines, "\n")
end

return M
