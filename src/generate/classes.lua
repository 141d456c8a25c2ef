-- Classes of objects: those of the same fields are one, and have one name.
--
-- The text of a class stands for other classes by their marks. Which classes
-- are equal is found for all at once, so that classes that hold themselves, or
-- each other, may be equal too.

local M = {}

local MARK = "\1%d+\1"

local methods = {}
methods.__index = methods

--- A mark for a class that is to be described.
---@return string mark
function methods:reserve()
  self.size = self.size + 1
  return ("\1%d\1"):format(self.size)
end

--- Describes a class.
---@param mark string
---@param text string its fields, with marks of other classes
---@param prefix string
---@param name etoro.generate.Name what it is called when it is alone
function methods:describe(mark, text, prefix, name)
  self.classes[#self.classes + 1] = { mark = mark, text = text,
    name = { prefix = prefix, rank = name.rank, words = name.words } }
end

-- Numbers of classes by their marks, the same for those that are equal: all
-- are, until their texts tell them apart.
local function group(classes)
  local numbers, count = {}, 1
  for _, class in ipairs(classes) do numbers[class.mark] = 1 end
  repeat
    local before, by_text, finer = count, {}, {}
    count = 0
    for _, class in ipairs(classes) do
      local text = numbers[class.mark] .. " " .. class.text:gsub(MARK, numbers)
      if not by_text[text] then
        count = count + 1
        by_text[text] = count
      end
      finer[class.mark] = by_text[text]
    end
    numbers = finer
  until count == before
  return numbers, count
end

local function full_name(name)
  return name.prefix .. table.concat(name.words)
end

-- The longest row of words that both have, in order.
local function common_words(one, two)
  local lengths = {}
  for i = #one + 1, 1, -1 do
    lengths[i] = {}
    for k = #two + 1, 1, -1 do
      if i > #one or k > #two then
        lengths[i][k] = 0
      elseif one[i] == two[k] then
        lengths[i][k] = lengths[i + 1][k + 1] + 1
      else
        lengths[i][k] = math.max(lengths[i + 1][k], lengths[i][k + 1])
      end
    end
  end
  local words, i, k = {}, 1, 1
  while i <= #one and k <= #two do
    if one[i] == two[k] then
      words[#words + 1] = one[i]
      i, k = i + 1, k + 1
    elseif lengths[i + 1][k] >= lengths[i][k + 1] then
      i = i + 1
    else
      k = k + 1
    end
  end
  return words
end

-- Methods and versions say nothing of a class, and fields are the same field.
local function says_enough(words, names)
  local last = words[#words]
  for _, name in ipairs(names) do
    local own = name.words[#name.words]
    if own:find "^%." and own ~= last then return false end
  end
  for i, word in ipairs(words) do
    local is_method = i == 1 and word:find "^%u%l+$" and #words > 1
      and words[2]:find "^V%d+$"
    if not is_method and not word:find "^V%d+$" and not word:find "^%." then
      return true
    end
  end
  return false
end

local function shortest(names)
  local best
  for _, name in ipairs(names) do
    local text = full_name(name)
    if not best or #text < #best or #text == #best and text < best then
      best = text
    end
  end
  return best
end

-- What classes have in common in their names, if that says enough, else the
-- shortest of the names.
local function choose(names, is_free)
  local words = names[1].words
  for i = 2, #names do words = common_words(words, names[i].words) end
  local text = full_name { prefix = names[1].prefix, words = words }
  if says_enough(words, names) and is_free(text) then return text end
  text = shortest(names)
  local number, base = 1, text
  while not is_free(text) do
    number = number + 1
    text = base .. number
  end
  return text
end

local function lowest(members)
  local names, rank = {}, math.huge
  for _, class in ipairs(members) do
    local name = class.name
    if name.rank < rank then names, rank = {}, name.rank end
    if name.rank == rank then names[#names + 1] = name end
  end
  return names
end

-- Names of groups: no group has what a class of another is called by itself.
local function name_groups(groups)
  local owners, taken, names = {}, {}, {}
  for number, members in ipairs(groups) do
    for _, name in ipairs(lowest(members)) do
      local text = full_name(name)
      owners[text] = owners[text] or number
    end
  end
  for number, members in ipairs(groups) do
    names[number] = choose(lowest(members), function(text)
      return not taken[text] and (owners[text] or number) == number
    end)
    taken[names[number]] = true
  end
  return names
end

--- The classes, each once, where the first of those that are equal stands.
---@return { name: string, text: string, rank: integer }[] classes with marks
---replaced by names; `rank`: the lowest
---@return fun(text: string): string named replaces marks in a text by names
function methods:settle()
  local numbers, count = group(self.classes)
  local groups = {}
  for number = 1, count do groups[number] = {} end
  for _, class in ipairs(self.classes) do
    local members = groups[numbers[class.mark]]
    members[#members + 1] = class
  end
  local names, by_mark, out = name_groups(groups), {}, {}
  for _, class in ipairs(self.classes) do
    by_mark[class.mark] = names[numbers[class.mark]]
  end
  local function named(text) return (text:gsub(MARK, by_mark)) end
  for number, members in ipairs(groups) do
    out[number] = { name = names[number], text = named(members[1].text),
      rank = lowest(members)[1].rank }
  end
  return out, named
end

--- An empty collection.
function M.new()
  return setmetatable({ classes = {}, size = 0 }, methods)
end

return M
