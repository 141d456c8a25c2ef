-- The tables of ceilings and defaults, read as text: what stands beside a number
-- counts as well as the number.
local docs = require "spec.support.docs"

local M = {}

M.HEADER, M.TABLE = "src/core/limits.h", "lua/etoro/values/limits.lua"
M.RUN = "lua/etoro/values/run_limits.lua"
M.BOX = "lua/etoro/sandbox/ceilings.lua"

-- Adds the entry that a comment and a value make; raises for half of one.
local function add(list, path, name, value, text, is_inside)
  assert(text, ("%s: nothing stands above %s"):format(path, name))
  local unit, reason = text:match "^([%l_ ,]+): (.+)$"
  assert(unit, ("%s: no unit and reason above %s"):format(path, name))
  list[#list + 1] = { name = name, unit = unit, reason = reason, path = path,
    is_inside = is_inside, value = assert(load("return " .. value))() }
end

local function section(list, text)
  if not text:find ": " or text:find "^Inside: " then
    list.is_inside = text:find "^Inside: " ~= nil
    return true
  end
  return false
end

--- The entries of the header, in order: { name, unit, reason, value, path,
--- is_inside }.
function M.of_c()
  local list = {}
  local code = docs.read(M.HEADER):match "#define ETORO_LIMITS_H\n(.*)#endif"
  for comment, rest in code:gmatch "/%*(.-)%*/\n([^/]*)" do
    local text = comment:match "^%s*(.-)%s*$":gsub("%s+", " ")
    if not section(list, text) then
      local name, value = rest:match "^#define (%u[%u_]+) ([^\n]+)\n%s*$"
      assert(name, M.HEADER .. ": not one #define under " .. text)
      add(list, M.HEADER, name, value, text, list.is_inside)
    end
  end
  return list
end

--- The same of a Lua table: M.TABLE, unless another is named.
function M.of_lua(path)
  path = path or M.TABLE
  local list, text = {}, nil
  for line in docs.read(path):match "\nreturn {\n(.*)\n}":gmatch "[^\n]*" do
    local comment = line:match "^  %-%- (.*)$"
    local name, value = line:match "^  ([%l_]+) = (.*),$"
    if comment then
      text = text and text .. " " .. comment or comment
    elseif name then
      add(list, path, name, value, text, list.is_inside)
      text = nil
    else
      assert(line == "", path .. ": what is this? " .. line)
      if text then assert(section(list, text), "no section: " .. text) end
      text = nil
    end
  end
  return list
end

--- The name under which both tables hold the same: without its ETORO_, small.
function M.shared(name)
  return (name:gsub("^ETORO_", ""):lower())
end

--- A value with its unit, as the page has it: "64 KiB", "0.5 seconds".
function M.shown(entry)
  local value, unit = entry.value, entry.unit:gsub("^bytes.*", "bytes")
  if unit == "bytes" and value % 1024 == 0 then
    local size = value / 1024
    if size % 1024 == 0 then return ("%d MiB"):format(size / 1024) end
    return ("%d KiB"):format(size)
  end
  unit = unit:gsub(" or .*$", ""):gsub(",.*$", "")
  return ("%.16g %s"):format(value, unit)
end

return M
