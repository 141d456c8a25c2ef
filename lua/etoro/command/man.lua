-- etoro man: the manual's page, written from the parser.

local command_parser = require "etoro.command.parser"
local guide = require "etoro.command.guide"
local output = require "etoro.command.output"
local tree = require "etoro.command.tree"
local version = require "etoro.values.version"

local M = {}

-- Prose of the page.
local function prose(text)
  text = text:gsub("\\", "\\(rs"):gsub("%-%-", "\\-\\-"):gsub("\n", " ")
  return (text:gsub("^([.'])", "\\&%1"))
end

-- What is typed: each hyphen is one that can be copied.
local function typed(text)
  text = text:gsub("\\", "\\(rs"):gsub("%-", "\\-"):gsub("~", "\\(ti")
    :gsub("%^", "\\(ha"):gsub("'", "\\(aq"):gsub("`", "\\(ga")
  return (text:gsub("^([.])", "\\&%1"))
end

local function bold(text) return "\\fB" .. typed(text) .. "\\fR" end
local function italic(text) return "\\fI" .. typed(text) .. "\\fR" end

local function add(lines, ...)
  for _, line in ipairs { ... } do lines[#lines + 1] = line end
end

-- A tagged paragraph.
local function tagged(lines, tag, text)
  add(lines, ".TP", tag, text ~= "" and prose(text) or "\\&")
end

local function tag_of(option)
  local names = {}
  for i, name in ipairs(option.names) do
    names[i] = bold(name)
    if option.value then
      names[i] = names[i] .. " " .. (option.choices
        and table.concat(option.choices, "|") or italic(option.value))
    end
  end
  return table.concat(names, ", ")
end

local function add_options(lines, options)
  for _, option in ipairs(options) do
    if option.name ~= "--help" then
      tagged(lines, tag_of(option), option.text .. (option.default
        and (" (default: %s)"):format(option.default) or ""))
    end
  end
end

local function add_examples(lines, examples)
  if not examples then return end
  add(lines, ".PP", ".nf")
  for _, example in ipairs(examples) do
    for line in example:gmatch "[^\n]+" do add(lines, typed(line)) end
  end
  add(lines, ".fi")
end

local function head_of(node)
  local words = { bold("etoro " .. node.name) }
  for _, argument in ipairs(node.arguments) do
    local word = italic(argument.name) .. (argument.is_repeated and " ..." or "")
    words[#words + 1] = argument.is_optional and "[" .. word .. "]" or word
  end
  return table.concat(words, " ")
end

local function add_command(lines, node)
  tagged(lines, head_of(node), node.text)
  add(lines, ".RS")
  for _, argument in ipairs(node.arguments) do
    if argument.text ~= "" then
      tagged(lines, italic(argument.name), argument.text)
    end
  end
  add_options(lines, node.options)
  add_examples(lines, guide.EXAMPLES[node.name])
  add(lines, ".RE")
  for _, command in ipairs(node.commands) do add_command(lines, command) end
end

local function add_commands(lines, top)
  add(lines, ".SH COMMANDS")
  for _, group in ipairs(guide.GROUPS) do
    add(lines, ".SS " .. prose(group[1]))
    for i = 2, #group do add_command(lines, (tree.find(top, { group[i] }))) end
  end
end

local function add_pairs(lines, title, pairs_of)
  add(lines, ".SH " .. title)
  for _, pair in ipairs(pairs_of) do tagged(lines, bold(pair[1]), pair[2]) end
end

--- The page, as roff.
---@param parser table
---@return string
function M.page(parser)
  local top, lines = tree.read(parser), {}
  add(lines, (".TH ETORO 1 \"\" \"etoro %s\" \"User Commands\""):format(
    typed(version)), ".SH NAME",
    "etoro \\- the eToro public API from the command line",
    ".SH SYNOPSIS", bold "etoro" .. " [" .. italic "options" .. "] "
      .. italic "command" .. " ...", ".SH DESCRIPTION")
  for paragraph in (guide.ABOUT .. "\n\n"):gmatch "(.-)\n\n" do
    add(lines, prose(paragraph), ".PP")
  end
  lines[#lines] = ".SH OPTIONS"
  add_options(lines, top.options)
  add_commands(lines, top)
  add(lines, ".SH EXAMPLES")
  add_examples(lines, guide.EXAMPLES[""])
  add_pairs(lines, "EXIT STATUS", guide.CODES)
  add_pairs(lines, "ENVIRONMENT", guide.VARIABLES)
  add_pairs(lines, "FILES", guide.FILES)
  add(lines, ".SH SEE ALSO", "The API's documents are on", ".UR " .. guide.API,
    "eToro's portal", ".UE .")
  return table.concat(lines, "\n") .. "\n"
end

---@param session etoro.command.Session
function M.man(session)
  local _ = session
  output.write(M.page(command_parser.new()))
end

return M
