-- Which specs run which line of src/core, src/binding and lua/etoro: a map made
-- by running each spec file once, on a build that counts (gcov) and under a
-- hook that notes lines of Lua.

local cjson = require "cjson"

local shell = require "spec.mutate.shell"

local M = {}

local function lines_of(text)
  return text:gmatch "[^\n]+"
end

local function read(path)
  local file = io.open(path, "rb")
  local text = file and file:read "a"
  if file then file:close() end
  return text
end

-- A line of code that no spec runs stands in the map, too, where it is known.
local function note(map, key, spec)
  local specs = map[key]
  if not specs then
    specs = {}
    map[key] = specs
  end
  if spec then specs[spec] = true end
end

local function add_lua(map, folder, spec)
  for name in io.popen(("ls '%s'"):format(folder)):lines() do
    for key in lines_of(read(folder .. "/" .. name) or "") do
      note(map, key, spec)
    end
  end
end

-- gcov writes a JSON document a line.
local function add_c(map, folder, spec, tree)
  local _, text = shell.run({ "sh", "-c", [[
    find "$1" -name '*.gcda' | while read -r data; do
      name=${data##*/build/cover/}
      cp "$2/build/cover/${name%.gcda}.gcno" "${data%.gcda}.gcno" &&
        gcov -t -j "$data" 2>/dev/null
    done
    ]], "sh", folder, tree }, {})
  for document in lines_of(text) do
    local ok, report = pcall(cjson.decode, document)
    for _, file in ipairs(ok and report.files or {}) do
      local path = file.file:match "(src/%a+/[%w_/]+%.[ch])$"
      for _, line in ipairs(path and file.lines or {}) do
        note(map, ("%s:%d"):format(path, line.line_number),
          line.count > 0 and spec)
      end
    end
  end
end

--- Runs one spec and adds what it ran.
---@param map table<string, table<string, boolean>> by "path:line"
---@param spec string
---@param tree string a copy of the project, built for counting
---@return boolean ok
---@return string output
function M.add(map, spec, tree)
  local name = spec:gsub("%W", "_")
  local folder = tree .. "/build/covered/" .. name
  os.execute(("mkdir -p '%s/lua' '%s/c'"):format(folder, folder))
  local code, output = shell.run({ "make", "-s", "run-test", "SPEC=" .. spec,
    "BUILD=build/cover", "LUA=" .. tree .. "/build/lua-covered" }, {
    cwd = tree, seconds = 600, env = { COVER_DIR = folder .. "/lua",
      GCOV_PREFIX = folder .. "/c", COVER_TREE = tree } })
  add_lua(map, folder .. "/lua", spec)
  add_c(map, folder .. "/c", spec, tree)
  os.execute(("rm -rf '%s'"):format(folder))
  return code == 0, output
end

local function last_line(map, path)
  local last = 0
  for key in pairs(map) do
    local file, line = key:match "^(.*):(%d+)$"
    if file == path then last = math.max(last, math.tointeger(line)) end
  end
  return last
end

local function nearest(map, path, from, to, step)
  for line = from, to, step do
    local specs = map[("%s:%d"):format(path, line)]
    if specs then return specs end
  end
  return {}
end

--- The specs that run a line. A line that is no code of its own (a brace, the
--- head of a function, the rest of a statement, a row of a table) is run with
--- the code next to it; a header of names alone, by the specs of its room.
---@param map table<string, table<string, boolean>>
---@param path string
---@param line integer
---@param is_head boolean whether what follows alone counts
---@param specs string[] all there are
---@return table<string, boolean>
function M.specs_of(map, path, line, is_head, specs)
  local own = map[("%s:%d"):format(path, line)]
  if own and next(own) then return own end
  if own and path:find "^src/" and not is_head then return {} end
  local found, last = {}, last_line(map, path)
  if last == 0 then
    local room = path:match "([%w_]+)/[^/]+$"
    for _, spec in ipairs(specs) do
      if spec:find("^spec/" .. room .. "/") then found[spec] = true end
    end
    return found
  end
  for spec in pairs(nearest(map, path, line + 1, last, 1)) do
    found[spec] = true
  end
  for spec in pairs(is_head and {} or nearest(map, path, line - 1, 1, -1)) do
    found[spec] = true
  end
  return found
end

--- Builds the copy for counting.
---@param tree string
function M.prepare(tree)
  local code, output = shell.run({ "make", "-s", "all", "programs",
    "BUILD=build/cover", "CFLAGS=-O0 -g --coverage" },
    { cwd = tree, seconds = 900 })
  if code ~= 0 then error("the copy cannot be built:\n" .. output, 0) end
  local file = assert(io.open(tree .. "/build/lua-covered", "wb"))
  file:write('#!/bin/sh\nLUA_INIT="@$COVER_TREE/spec/mutate/hook.lua" exec '
    .. (os.getenv "LUA" or "lua5.4") .. ' "$@"\n')
  file:close()
  os.execute(("chmod 755 '%s/build/lua-covered'"):format(tree))
end

return M
