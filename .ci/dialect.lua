-- dialect.lua FILE...: one way to say a thing in all Lua files. Shows each
-- place that says it another way; ends with 1 when there is one.

package.path = package.path .. ";/usr/share/lua/5.1/?.lua"

local decoder = require "luacheck.decoder"
local parser = require "luacheck.parser"

-- Modules that are called by another name, and only by that.
local CALLED = {
  -- `fields` is what it looks at, nearly wherever it is used
  ["etoro.values.fields"] = "check",
  -- a `task` is one of them
  ["etoro.tasks.task"] = "tasks",
  -- beside copies, transfers, outcomes and a desk
  ["etoro.trading.resolve.copy"] = "proof",
  ["etoro.trading.resolve.transfer"] = "proof",
  ["etoro.trading.journal.outcome"] = "outcomes",
}

-- Modules that may be called so, too: etoro.ta is an alias.
local ALIASES = { ["etoro.indicators"] = "ta" }

-- An index is i, and k inside of one.
local INDEXES = { index = true, idx = true, ix = true, j = true }

local file, faults = nil, 0

local function report(line, message)
  faults = faults + 1
  io.stderr:write(("%s:%d: %s\n"):format(file, line, message))
end

-- Whether a name is the last of a module's names, or that with names before
-- it: fields, order_fields.
local function fits(name, module)
  if CALLED[module] then return name == CALLED[module] end
  if ALIASES[module] == name then return true end
  local path = ("." .. module):gsub("%.", "_")
  return path:sub(-#name - 1) == "_" .. name
end

local function is_ours(module)
  return module:find "^etoro%f[.\0]" or module:find "^spec%."
    or module:find "^src%."
end

local function check_module(target, value)
  if value.tag ~= "Call" or value[1][1] ~= "require" or not value[2]
      or value[2].tag ~= "String" then
    return
  end
  local name, module = target[1], value[2][1]
  if is_ours(module) and not fits(name, module) then
    report(target.line, ("'%s' holds %s: it is called as the module is")
      :format(name, module))
  end
end

local function check_index(name)
  if INDEXES[name[1]] then
    report(name.line, ("'%s' counts: an index is i"):format(name[1]))
  end
end

local visit = {}

function visit.Local(node)
  for i, target in ipairs(node[1]) do
    local value = node[2] and node[2][i]
    if value then check_module(target, value) end
  end
end

function visit.Fornum(node) check_index(node[1]) end

function visit.Forin(node) check_index(node[1][1]) end

function visit.Call(node)
  local fn = node[1]
  if fn.tag == "Index" and fn[1].tag == "Id" and fn[1][1] == "string"
      and fn[2][1] == "format" then
    report(node.line, 'string.format(...): take ("..."):format(...)')
  end
end

local function walk(node)
  if type(node) ~= "table" then return end
  if visit[node.tag] then visit[node.tag](node) end
  for _, part in ipairs(node) do walk(part) end
end

local function check_lines(text)
  local number = 0
  for line in (text .. "\n"):gmatch "(.-)\n" do
    number = number + 1
    local word = line:match "^%s*(%l+)%s*$"
    if word == "then" then
      report(number, "'then' stands at the end of the condition's last line")
    end
  end
end

local function lint(path)
  file = path
  local handle = assert(io.open(path, "rb"))
  local text = handle:read("a"):gsub("^#[^\n]*", "")
  handle:close()
  local ok, ast = pcall(parser.parse, decoder.decode(text))
  if not ok then return report(ast.line or 1, ast.msg or tostring(ast)) end
  walk(ast)
  check_lines(text)
end

for _, path in ipairs(arg) do lint(path) end
os.exit(faults == 0)
