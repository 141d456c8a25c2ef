-- The faults that may be planted in a file: small slips that a person could
-- make and that still compile.

local tokens = require "spec.mutate.tokens"

local M = {}

---@class spec.Fault
---@field path string
---@field line integer
---@field rule string
---@field from integer first byte that is replaced
---@field to integer last one; from - 1 where something is put in
---@field with string what stands there instead

local TURNED = {
  lua = { ["=="] = "~=", ["~="] = "==", ["<"] = ">=", [">"] = "<=",
    ["<="] = ">", [">="] = "<" },
  c = { ["=="] = "!=", ["!="] = "==", ["<"] = ">=", [">"] = "<=",
    ["<="] = ">", [">="] = "<" },
}
local BOUNDS = { ["<"] = "<=", ["<="] = "<", [">"] = ">=", [">="] = ">" }
local SWITCHED = {
  lua = { ["and"] = "or", ["or"] = "and", ["true"] = "false",
    ["false"] = "true" },
  c = { ["&&"] = "||", ["||"] = "&&", ["true"] = "false", ["false"] = "true" },
}
local OPENS = { ["("] = 1, ["["] = 1, ["{"] = 1, [")"] = -1, ["]"] = -1,
  ["}"] = -1 }
local SIMPLE = { name = true, number = true, text = true }
-- Functions whose first two arguments may change places.
local SYMMETRIC = { max = true, min = true, memcmp = true, strcmp = true,
  strncmp = true, same = true, is_same = true, same_text = true,
  same_side = true, units = true }

local function number_after(text)
  local whole = text:match "^%d+$" and math.tointeger(tonumber(text))
  if whole then return ("%d"):format(whole + 1) end
  if text:match "^%d+%.%d+$" then return text .. "9" end
end

-- The index of the token that closes what opens at an index.
local function closing(list, index)
  local depth = 0
  for i = index, #list do
    depth = depth + (list[i].kind == "op" and OPENS[list[i].text] or 0)
    if depth == 0 then return i end
  end
end

local function is_attribute(list, index)
  local next_one = list[index + 1]
  local before = list[index - 1]
  local name = list[index].text == "<" and next_one
    or list[index].text == ">" and before
  return name and (name.text == "const" or name.text == "close")
end

local RULES = {}

function RULES.comparison(list, i, language, add)
  local turned = TURNED[language][list[i].text]
  if list[i].kind ~= "op" or not turned or is_attribute(list, i) then return end
  add("comparison turned", list[i].from, list[i].to, turned)
  local bound = BOUNDS[list[i].text]
  if bound then add("bound off by one", list[i].from, list[i].to, bound) end
end

function RULES.switch(list, i, language, add)
  local other = SWITCHED[language][list[i].text]
  if other then add("switched", list[i].from, list[i].to, other) end
end

function RULES.negation(list, i, language, add)
  local word = language == "lua" and "not" or "!"
  if list[i].text == word and list[i].kind ~= "text" then
    add("negation dropped", list[i].from, list[i].to, "")
  end
end

function RULES.constant(list, i, _, add)
  local other = list[i].kind == "number" and number_after(list[i].text)
  if other then add("constant changed", list[i].from, list[i].to, other) end
end

local function end_of_condition(list, i, language)
  if language == "c" then return closing(list, i + 1) end
  local depth = 0
  for k = i + 1, #list do
    local text = list[k].text
    if list[k].kind == "name" then
      if text == "function" then depth = depth + 1 end
      if text == "end" then depth = depth - 1 end
      if text == "then" and depth == 0 then return k - 1 end
    end
  end
end

function RULES.condition(list, i, language, add)
  local word = list[i].text
  if list[i].kind ~= "name" or word ~= "if" and word ~= "elseif" then return end
  local last = end_of_condition(list, i, language)
  if not last then return end
  local source = list.source:sub(list[i + 1].from, list[last].to)
  local always, never = "(%s) or true", "(%s) and false"
  if language == "c" then always, never = "((%s) || 1)", "((%s) && 0)" end
  for rule, form in pairs { ["condition always holds"] = always,
    ["condition never holds"] = never } do
    add(rule, list[i + 1].from, list[last].to, (form:gsub("%%s", function()
      return source
    end)))
  end
end

-- f(a, b) with names and constants alone becomes f(b, a).
function RULES.arguments(list, i, _, add)
  if list[i].text ~= "(" or not list[i - 1] or list[i - 1].kind ~= "name" then
    return
  end
  local a, comma, b, after = list[i + 1], list[i + 2], list[i + 3], list[i + 4]
  local before = list[i - 2] and list[i - 2].text
  if not after or before == "function" or SYMMETRIC[list[i - 1].text]
      or not SIMPLE[a.kind]
      or comma.text ~= "," or not SIMPLE[b.kind] or a.text == b.text
      or after.text ~= "," and after.text ~= ")" then
    return
  end
  add("arguments swapped", a.from, b.to, b.text .. ", " .. a.text)
end

function RULES.early(list, i, language, add)
  if language == "c" then
    -- a function's brace stands at the start of a line, or ends its head
    local before = list[i - 1]
    if list[i].text == "{" and list[i].depth == 0 and before
        and before.text == ")" then
      add("return early", list[i].to + 1, list[i].to, " return 0; ")
      add("return early", list[i].to + 1, list[i].to, " return; ")
    end
  elseif list[i].text == "function" and list[i].kind == "name" then
    local open = i
    while list[open] and list[open].text ~= "(" do open = open + 1 end
    local last = list[open] and closing(list, open)
    if last then
      add("return early", list[last].to + 1, list[last].to, " do return end ")
    end
  end
end

local KEPT = { ["local"] = true, ["return"] = true, ["break"] = true,
  ["goto"] = true, ["else"] = true, ["end"] = true, ["case"] = true,
  ["default"] = true, ["static"] = true, ["const"] = true, ["if"] = true,
  ["for"] = true, ["while"] = true, ["do"] = true, ["until"] = true,
  ["function"] = true, ["elseif"] = true, ["continue"] = true }

local function is_statement(text, language)
  local word = text:match "^([%a_][%w_]*)" or text:match "^%*([%a_][%w_]*)"
  if not word or KEPT[word] then return false end
  if language == "c" then
    return text:find ";$" ~= nil and (text:find "^[%w_%->%.%[%]]+%s*%("
      or text:find "^%*?[%w_%->%.%[%]]+%s*[%+%-|&*]?=[^=]"
      or text:find "^[%w_%->%.%[%]]+[%+%-][%+%-];") and true or false
  end
  return (text:find "^[%w_%.:%[%]]+%b()$" or text:find "^[%w_%.%[%]]+ = .+")
    and true or false
end

local function balance(text)
  local sum = 0
  for char in text:gmatch "[%(%)%[%]{}]" do sum = sum + OPENS[char] end
  return sum
end

local function add_statements(source, language, code_lines, add)
  local at, line = 1, 1
  for text in (source .. "\n"):gmatch "([^\n]*)\n" do
    local body = text:match "^%s*(.-)%s*$"
    if code_lines[line] and is_statement(body, language)
        and balance(body) == 0 then
      local from = at + #text:match "^%s*"
      add("statement removed", from, from + #body - 1,
        language == "c" and ";" or "do end", line)
    end
    at, line = at + #text + 1, line + 1
  end
end

-- How deep in braces each token stands, for C.
local function mark_depths(list)
  local depth = 0
  for _, token in ipairs(list) do
    if token.text == "}" then depth = depth - 1 end
    token.depth = depth
    if token.text == "{" then depth = depth + 1 end
  end
end

--- All faults that may be planted in a file.
---@param path string
---@param source string
---@return spec.Fault[]
function M.of(path, source)
  local language = path:find "%.lua$" and "lua" or "c"
  local list = tokens.of(source, language)
  list.source = source
  mark_depths(list)
  local found, line = {}, nil
  local function add(rule, from, to, with, own_line)
    found[#found + 1] = { path = path, line = own_line or line, rule = rule,
      from = from, to = to, with = with }
  end
  local code_lines = {}
  local names = {}
  for name in pairs(RULES) do names[#names + 1] = name end
  table.sort(names)
  for i, token in ipairs(list) do
    line, code_lines[token.line] = token.line, true
    for _, name in ipairs(names) do RULES[name](list, i, language, add) end
  end
  add_statements(source, language, code_lines, add)
  table.sort(found, function(a, b)
    if a.from ~= b.from then return a.from < b.from end
    if a.rule ~= b.rule then return a.rule < b.rule end
    return a.with < b.with
  end)
  return found
end

--- The source with the fault in it.
---@param source string
---@param fault spec.Fault
---@return string
function M.plant(source, fault)
  return source:sub(1, fault.from - 1) .. fault.with
    .. source:sub(fault.to + 1)
end

return M
