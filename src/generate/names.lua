-- What classes are called, as words.

---@class etoro.generate.Name
---@field rank integer of equal classes those of the lowest rank give the name
---@field words string[] one that begins with a dot is a field inside of what
---comes before

local M = {}

-- The rank of a name: of what is sent, of a schema, of an object inside.
local SCHEMA, INSIDE = 2, 3

local function capital(word) return word:sub(1, 1):upper() .. word:sub(2) end

--- Words and one more.
---@param words string[]
---@param word string
---@return string[]
function M.inside(words, word)
  local out = table.move(words, 1, #words, 1, {})
  out[#out + 1] = word
  return out
end

--- Get, V1, Posts, PostId: the words of an operation.
---@param method string
---@param path string
---@return string[]
function M.of_operation(method, path)
  local words = { method:sub(1, 1) .. method:sub(2):lower() }
  for word in path:gsub("^/api/", "/"):gmatch "%w+" do
    words[#words + 1] = capital(word)
  end
  return words
end

-- What says nothing of an answer
local SILENT = { Get = true, Trading = true, Execution = true, Info = true,
  Demo = true, Real = true }

--- The name of a schema, without that of the API's part which newer documents
--- put in front of it.
---@param schema string
---@return etoro.generate.Name
function M.of_schema(schema)
  return { rank = SCHEMA, words = { capital((schema:gsub("^%w+Api_", ""))) } }
end

--- The name of an answer without a schema: by the operation's path, without
--- values and what is the same for all of an area.
---@param method string
---@param path string
---@return etoro.generate.Name
function M.of_answer(method, path)
  local words = {}
  local is_trading = path:find "/trading/"
  for _, word in ipairs(M.of_operation(method, (path:gsub("{.-}", "")))) do
    local is_silent = word:find "^V%d+$"
      or SILENT[word] and (is_trading or word == "Get")
    if not is_silent then words[#words + 1] = word end
  end
  return { rank = INSIDE, words = words }
end

-- One of many: posts, entries.
local function singular(word)
  if word:find "ies$" then return (word:gsub("ies$", "y")) end
  return (word:gsub("s$", ""))
end

--- The name of what a field, or each item of it, is.
---@param name etoro.generate.Name of what has the field
---@param field string
---@param spec table of the field
---@return etoro.generate.Name
function M.of_field(name, field, spec)
  local word = capital(field)
  if spec.type == "list" then word = singular(word) end
  return { rank = INSIDE, words = { table.concat(name.words) .. word } }
end

return M
