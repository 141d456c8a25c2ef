-- lint.lua FILE...: what luacheck does not look for in the Lua files. Shows
-- each fault with its place; ends with 1 when there is one.
--
-- It stands on luacheck's parser, which is pure Lua and runs under any.

package.path = package.path .. ";/usr/share/lua/5.1/?.lua"

local decoder = require "luacheck.decoder"
local parser = require "luacheck.parser"

-- Where code may be loaded inside of a function, and why that is never behind
-- a write that is under way.
local LATE = {
  ["lua/etoro/init.lua"] = "each part of etoro is loaded when it is touched",
  ["lua/etoro/client.lua"] = "a resource is loaded when it is touched; what a"
    .. " write needs, before it is sent",
  ["lua/etoro/raw.lua"] = "the table of operations, before anything is sent",
  ["lua/etoro/options.lua"] = "while a client is made",
  ["lua/etoro/tasks.lua"] = "a circle: runtime stands on tasks, and whatever"
    .. " makes clients has loaded it",
  ["lua/etoro/sandbox/init.lua"] = "the box's client and server: one of them"
    .. " is wanted, and it is loaded before it is there",
  ["lua/etoro/sandbox/trading/mirrors.lua"] = "a circle: trading has loaded"
    .. " positions",
  ["lua/etoro/command/init.lua"] = "help pays for nothing; the session has"
    .. " loaded all else before it sends",
}

local file, source, faults = nil, nil, 0

local function report(node, message)
  faults = faults + 1
  io.stderr:write(("%s:%d: %s\n"):format(file, node.line, message))
end

local function is_shipped() return file:find("^lua/etoro/") ~= nil end

-- Scopes: name -> "loop" for the control variable of a loop, else true. Each
-- looks further in the one outside of it.
local function inner(scope)
  return setmetatable({}, { __index = scope })
end

local function declare(scope, names, kind)
  for _, name in ipairs(names) do
    if name.tag == "Id" then scope[name[1]] = kind or "plain" end
  end
end

local walk

local function walk_all(nodes, scope, depth)
  for _, node in ipairs(nodes) do walk(node, scope, depth) end
end

local function walk_block(nodes, scope, depth)
  walk_all(nodes, inner(scope), depth)
end

local visit = {}

function visit.Local(node, scope, depth)
  if node[2] then walk_all(node[2], scope, depth) end
  declare(scope, node[1])
end

function visit.Localrec(node, scope, depth)
  declare(scope, { node[1][1] or node[1] })
  walk(node[2][1] or node[2], scope, depth)
end

function visit.Function(node, scope, depth)
  local own = inner(scope)
  declare(own, node[1])
  walk_block(node[2], own, depth + 1)
end

function visit.Fornum(node, scope, depth)
  for index = 2, #node - 1 do walk(node[index], scope, depth) end
  local own = inner(scope)
  declare(own, { node[1] }, "loop")
  walk_block(node[#node], own, depth)
end

function visit.Forin(node, scope, depth)
  walk_all(node[2], scope, depth)
  local own = inner(scope)
  declare(own, node[1])
  declare(own, { node[1][1] }, "loop")
  walk_block(node[3], own, depth)
end

function visit.Repeat(node, scope, depth)
  local own = inner(scope)
  walk_all(node[1], own, depth)
  walk(node[2], own, depth) -- which sees the block's locals
end

function visit.Set(node, scope, depth)
  for _, target in ipairs(node[1]) do
    if target.tag == "Id" and scope[target[1]] == "loop" then
      report(target, ("assigns to the loop's own '%s', a constant from Lua 5.5"
        .. " on"):format(target[1]))
    end
  end
  walk_all(node[1], scope, depth)
  walk_all(node[2], scope, depth)
end

function visit.Id(node, scope, depth)
  if node[1] == "require" and depth > 0 and not scope.require
    and is_shipped() and not LATE[file]
  then
    report(node, "loads code inside of a function: it may be gone by then")
  end
end

-- A block in an if, a while or a do has no tag, and a scope of its own.
function walk(node, scope, depth)
  if type(node) ~= "table" then return end
  if not node.tag then return walk_block(node, scope, depth) end
  local own = visit[node.tag]
  if own then return own(node, scope, depth) end
  local is_block = node.tag == "Do"
  walk_all(node, is_block and inner(scope) or scope, depth)
end

-- Words of Lua 5.5 that were names before.
local WORDS = { ["global"] = true }

local function check_words(node)
  if type(node) ~= "table" then return end
  local name = (node.tag == "Id" or node.tag == "String") and node[1]
  local first = node.offset
  if name and WORDS[name] and source:sub(first, first + #name - 1) == name then
    report(node, ("'%s' is a word of Lua 5.5"):format(name))
  end
  for _, part in ipairs(node) do check_words(part) end
end

local function lint(path)
  file = path
  local handle = assert(io.open(path, "rb"))
  source = handle:read "a"
  handle:close()
  local text = source:gsub("^#[^\n]*", "")
  local ok, ast = pcall(parser.parse, decoder.decode(text))
  if not ok then
    report({ line = ast.line or 1 }, ast.msg or tostring(ast))
    return
  end
  source = text
  walk_block(ast, {}, 0)
  check_words(ast)
end

for _, path in ipairs(arg) do lint(path) end
os.exit(faults == 0)
