-- Splits Lua or C into tokens, so that faults are planted in code alone:
-- comments, texts and C's preprocessor lines are passed over as one each.

local M = {}

---@class spec.Token
---@field kind "name"|"number"|"text"|"comment"|"op"
---@field text string
---@field from integer byte
---@field to integer byte
---@field line integer

local OPERATORS = {
  lua = { "...", "==", "~=", "<=", ">=", "<<", ">>", "//", "::", ".." },
  c = { "<<=", ">>=", "...", "==", "!=", "<=", ">=", "<<", ">>", "&&", "||",
    "->", "++", "--", "+=", "-=", "*=", "/=", "%=", "|=", "&=", "^=" },
}

local function long_end(source, at)
  local level = source:match("^%[(=*)%[", at)
  return level and select(2, source:find("]" .. level .. "]", at, true))
end

local function quoted_end(source, at)
  local quote, index = source:sub(at, at), at + 1
  while index <= #source do
    local char = source:sub(index, index)
    if char == quote then return index end
    index = index + (char == "\\" and 2 or 1)
  end
  return #source
end

local function line_end(source, at)
  return (source:find("\n", at, true) or #source + 1) - 1
end

local SKIPPED = {}

function SKIPPED.lua(source, at)
  if source:sub(at, at + 1) == "--" then
    return "comment", long_end(source, at + 2) or line_end(source, at)
  end
  local last = long_end(source, at)
  if last then return "text", last end
end

function SKIPPED.c(source, at)
  local two = source:sub(at, at + 1)
  if two == "//" then return "comment", line_end(source, at) end
  if two == "/*" then
    return "comment", select(2, source:find("*/", at + 2, true)) or #source
  end
  if source:sub(at, at) == "#" then
    local last = line_end(source, at)
    while source:sub(last, last) == "\\" do last = line_end(source, last + 2) end
    return "comment", last
  end
end

local function token_at(source, at, language)
  local kind, last = SKIPPED[language](source, at)
  if kind then return kind, last end
  local char = source:sub(at, at)
  if char == '"' or char == "'" then return "text", quoted_end(source, at) end
  last = select(2, source:find("^[%a_][%w_]*", at))
  if last then return "name", last end
  last = select(2, source:find("^%d[%w.]*", at))
  if last then return "number", last end
  for _, operator in ipairs(OPERATORS[language]) do
    if source:sub(at, at + #operator - 1) == operator then
      return "op", at + #operator - 1
    end
  end
  return "op", at
end

--- The tokens of a source, in order; comments are left out.
---@param source string
---@param language "lua"|"c"
---@return spec.Token[]
function M.of(source, language)
  local tokens, at, line = {}, 1, 1
  while at <= #source do
    local blank = select(2, source:find("^%s+", at))
    local kind, last
    if blank then last = blank else kind, last = token_at(source, at, language) end
    local text = source:sub(at, last)
    if kind and kind ~= "comment" then
      tokens[#tokens + 1] = { kind = kind, text = text, from = at, to = last,
        line = line }
    end
    line = line + select(2, text:gsub("\n", ""))
    at = last + 1
  end
  return tokens
end

return M
