-- How what operations answer with differs between two documents: fields by their
-- places, whatever the schemas around them are called.

local common = require "src.generate.common"

local M = {}

local WORDS = { s = "string", n = "number", i = "integer", b = "boolean",
  o = "object", a = "anything" }

local flatten

local function flatten_one(types, kind, path, out, above)
  local item = kind:match "^%[(.+)%]$"
  if item then
    out[path] = "list"
    return flatten(types, item, path .. "[]", out, above)
  end
  local fields = types[kind]
  out[path] = WORDS[kind] or "object"
  if not fields or above[kind] then return end -- a schema may hold itself
  above[kind] = true
  for name, field in pairs(fields) do
    flatten(types, field.kind, path .. "." .. name, out, above)
  end
  above[kind] = nil
end

-- Puts the type of each place below a kind into `out`.
function flatten(types, kind, path, out, above)
  local is_nullable = kind:sub(-1) == "?"
  if is_nullable then kind = kind:sub(1, -2) end
  local first, rest = kind:match "^([^%[|]+)|(.+)$"
  if first then
    flatten(types, rest, path, out, above)
    local other = out[path]
    flatten_one(types, first, path, out, above)
    out[path] = out[path] .. " or " .. other
  else
    flatten_one(types, kind, path, out, above)
  end
  if is_nullable then out[path] = out[path] .. " or null" end
end

-- "a.b[]" of "a.b[].c"
local function parent_of(path)
  return path:match "^(.*)%[%]$" or path:match "^(.*)%.[^.]*$"
end

local function compare(old, new, out)
  local all = {}
  for _, side in ipairs { old, new } do
    for path in pairs(side) do all[path] = true end
  end
  for _, path in ipairs(common.sorted_keys(all)) do
    local parent, left, right = parent_of(path), old[path], new[path]
    -- by what is around it, or by the list that came or went with its items
    local is_told = parent and (old[parent] == nil or new[parent] == nil)
      or path:sub(-2) == "[]" and (left == nil or right == nil)
    local place = path == "" and "answer" or ("answer field '%s'"):format(
      (path:gsub("^%.", "")))
    if not is_told and left ~= right then
      out[#out + 1] = left and right and ("%s: %s -> %s"):format(place, left, right)
        or place .. (right and " added" or " removed")
    end
  end
end

local function flat(shapes, kind)
  local out = {}
  if kind ~= "" then flatten(shapes.types, kind, "", out, {}) end
  return out
end

--- Tells how answers differ; statuses that only one side has are left out.
---@param old { types: table, answers: table<string, string> } of shapes.read
---@param new { types: table, answers: table<string, string> }
---@return table<string, string[]> lines by operation
function M.lines(old, new)
  local by_name = {}
  for _, key in ipairs(common.sorted_keys(new.answers)) do
    if old.answers[key] then
      local name = key:match "^(%S+ %S+)"
      by_name[name] = by_name[name] or {}
      compare(flat(old, old.answers[key]), flat(new, new.answers[key]), by_name[name])
    end
  end
  return by_name
end

return M
