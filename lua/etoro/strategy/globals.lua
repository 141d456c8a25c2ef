-- Finds the globals that a file sets, before it runs. It reads words and brackets, not
-- the whole grammar: a name that the file declares anywhere as a local counts as one
-- everywhere, so that nothing is found that is none; what that misses is found when it
-- is set.

local M = {}

local OPENS = { ["do"] = true, ["then"] = true, ["repeat"] = true,
  ["function"] = true, ["("] = true, ["["] = true, ["{"] = true }
local ENDS = { ["end"] = true, ["until"] = true, ["elseif"] = true, ["else"] = true,
  [")"] = true, ["]"] = true, ["}"] = true }
local NO_BLOCK = { ["("] = true, ["["] = true, ["{"] = true }

local RESERVED = {}
for word in ([[and break do else elseif end false for function goto if in local nil not
    or repeat return then true until while]]):gmatch "[a-z]+" do
  RESERVED[word] = true
end

-- Where a long bracket that begins here ends.
local function long_end(text, at)
  local signs = text:match("^%[(=*)%[", at)
  if not signs then return nil end
  local _, last = text:find("]" .. signs .. "]", at, true)
  return last or #text
end

local function quoted_end(text, at)
  local quote = text:sub(at, at)
  at = at + 1
  while at <= #text do
    local sign = text:sub(at, at)
    if sign == quote then return at end
    at = at + (sign == "\\" and 2 or 1)
  end
  return #text
end

local function comment_end(text, at)
  return long_end(text, at + 2) or (text:find("\n", at, true) or #text + 1) - 1
end

-- The end of what begins here, and whether it is a name; nothing for what is no word of
-- the file: a comment or a gap.
local function word_at(text, at)
  if text:find("^[ \t-\r]", at) then return select(2, text:find("^[ \t-\r]+", at)) end
  if text:find("^%-%-", at) then return comment_end(text, at) end
  local last = select(2, text:find("^[A-Za-z_][A-Za-z0-9_]*", at))
  if last then return last, "name" end
  if text:find("^[\"']", at) then return quoted_end(text, at), "value" end
  last = long_end(text, at)
  if last then return last, "value" end
  last = select(2, text:find("^%.?[0-9][A-Za-z0-9_.]*", at))
  while last and text:find("^[eEpP][+-]", last) do
    last = select(2, text:find("^[+-][A-Za-z0-9_.]*", last + 1))
  end
  if last then return last, "value" end
  for _, sign in ipairs { "^%.%.%.?", "^::", "^[=~<>]=" } do
    last = select(2, text:find(sign, at))
    if last then return last, "sign" end
  end
  return at, "sign"
end

-- The words of a text, each with its line.
local function read(text)
  local words, at, line = {}, 1, 1
  while at <= #text do
    local last, kind = word_at(text, at)
    local word = text:sub(at, last)
    if kind then
      words[#words + 1] = { text = kind == "value" and "" or word, line = line,
        is_name = kind == "name" and not RESERVED[word] }
    end
    line = line + select(2, word:gsub("\n", ""))
    at = last + 1
  end
  return words
end

local function text_at(words, i) return words[i] and words[i].text or "" end

-- Behind an attribute, "<const>", where one stands.
local function past_attribute(words, i)
  return text_at(words, i) == "<" and i + 3 or i
end

-- Enters the names of a list, "a <const>, b".
local function declare(names, words, i)
  i = past_attribute(words, i)
  while words[i] and words[i].is_name do
    names[words[i].text] = true
    i = past_attribute(words, i + 1)
    if text_at(words, i) ~= "," then return end
    i = i + 1
  end
end

-- Enters the names of a function's parameters.
local function declare_parameters(names, words, i)
  while words[i] and words[i].text ~= "(" do i = i + 1 end
  while words[i] and words[i].text ~= ")" do
    if words[i].is_name then names[words[i].text] = true end
    i = i + 1
  end
end

-- Every name that is a local, a parameter or a loop's somewhere.
local function locals_of(words)
  local names = {}
  for i, word in ipairs(words) do
    local is_function = text_at(words, i + 1) == "function"
    if word.text == "local" then
      declare(names, words, is_function and i + 2 or i + 1)
    elseif word.text == "for" then
      declare(names, words, i + 1)
    elseif word.text == "function" then
      declare_parameters(names, words, i + 1)
    end
  end
  return names
end

-- A name that no dot or colon makes a field.
local function is_plain(words, i)
  local before = text_at(words, i - 1)
  return words[i] and words[i].is_name and before ~= "." and before ~= ":"
end

-- The first of the names that are set up to here, "a, b =".
local function first_set(words, i, names)
  local found
  while is_plain(words, i) do
    if not names[words[i].text] then found = words[i] end
    if text_at(words, i - 1) ~= "," then break end
    i = i - 2
  end
  return found
end

--- The first global that a text sets.
---@param text string that compiles
---@return string? name
---@return integer? line
function M.first(text)
  local words = read((text:gsub("\r\n?", "\n")))
  local names, open = locals_of(words), {}
  if names._ENV then return nil end -- which table its globals are of nobody knows
  for i, word in ipairs(words) do
    local found
    if ENDS[word.text] then open[#open] = nil end
    if word.text == "function" and text_at(words, i + 2) == "("
        and text_at(words, i - 1) ~= "local" then
      found = first_set(words, i + 1, names)
    elseif word.text == "=" and not NO_BLOCK[open[#open]] then
      found = first_set(words, i - 1, names)
    end
    if found then return found.text, found.line end
    if OPENS[word.text] or word.text == "else" then open[#open + 1] = word.text end
  end
end

return M
