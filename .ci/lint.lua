-- lint.lua FILE...: what luacheck does not look for in the Lua files. Shows
-- each fault with its place; ends with 1 when there is one.
--
-- C files (FILE ends in .c or .h) are looked through for calls that go by the
-- locale, and for macros that are a statement without braces: one that stands
-- behind the caller's `if` would take its `else`.
--
-- It stands on luacheck's parser, which is pure Lua and runs under any.

package.path = package.path .. ";/usr/share/lua/5.1/?.lua"

local decoder = require "luacheck.decoder"
local parser = require "luacheck.parser"

-- Where code may be loaded inside of a function, and why that is never behind
-- a write that is under way.
local LATE = {
  ["lua/etoro/init.lua"] = "each part of etoro is loaded when it is touched",
  ["lua/etoro/client/init.lua"] = "a resource is loaded when it is touched; what"
    .. " a write needs, before it is sent; the cache, while a client is made",
  ["lua/etoro/client/options.lua"] = "what finds a profile: before the client is"
    .. " there",
  ["lua/etoro/operations.lua"] = "a part of the table, before any of it is sent",
  ["lua/etoro/values/later.lua"] = "what it makes is of a text that is there",
  ["lua/etoro/sandbox/init.lua"] = "the server: before it listens",
  ["lua/etoro/sandbox/answers/init.lua"] = "what answers reads, in the sandbox",
  ["lua/etoro/sandbox/box.lua"] = "the client in its process: before it is there",
  ["lua/etoro/command/init.lua"] = "help pays for nothing; the session has"
    .. " loaded all else before it sends",
}

-- What Lua makes of text and numbers goes by the process's locale, which is the
-- host's: core has what does not.
local BY_LOCALE = {
  lower = "core.lower", upper = "core.upper", tonumber = "core.number",
  tostring = "core.text", sort = "table.sort with an order, such as"
    .. " core.before", float = "core.fixed or core.figure",
  class = "a set of characters", date = "numbers of the date alone",
}

-- The functions of C that go by it, and the one file that may.
local C_BY_LOCALE = {}
for name in ([[isalnum isalpha isblank iscntrl isdigit isgraph islower isprint
  ispunct isspace isupper isxdigit tolower toupper strcasecmp strncasecmp strtod
  strtof strtold atof strcoll strxfrm setlocale localeconv
  lua_stringtonumber]]):gmatch "%S+"
do
  C_BY_LOCALE[name] = true
end
local C_PLACE = "src/core/bytes/decimal.c"

-- Whose line an error names is found when it is made, by values/blame: no
-- stack depth travels through calls.
local BLAME = "raise it with blame.raise: it finds the caller's line"

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
    if name[1] == "level" and is_shipped() then
      report(name, "a stack depth: " .. BLAME)
    end
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
  for i = 2, #node - 1 do walk(node[i], scope, depth) end
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

local function by_locale(node, what)
  if not is_shipped() then return end
  report(node, "goes by the process's locale: take " .. BY_LOCALE[what])
end

local PATTERN = { find = true, match = true, gmatch = true, gsub = true }

local function check_pattern(node, name, is_plain)
  if not node or node.tag ~= "String" or not PATTERN[name] or is_plain then
    return
  end
  if node[1]:gsub("%%%%", ""):find "%%[acglpsuwACGLPSUW]" then
    by_locale(node, "class")
  end
end

-- A format of floats; one that is joined of several texts too.
local function check_format(node, name)
  if not node or name ~= "format" then return end
  if node.tag == "Op" then
    check_format(node[2], name)
    check_format(node[3], name)
  elseif node.tag == "Paren" then
    check_format(node[1], name)
  elseif node.tag == "String"
      and node[1]:gsub("%%%%", ""):find "%%[-+ #0-9.]*[aAeEfFgG]" then
    by_locale(node, "float")
  end
end

-- string.find(text, pattern), os.date(format)
local function check_call(node)
  local fn = node[1]
  if fn.tag == "Id" then return end
  local library = fn.tag == "Index" and fn[1].tag == "Id" and fn[1][1]
  local name = fn.tag == "Index" and fn[2].tag == "String" and fn[2][1]
  if library == "table" and name == "sort" and #node < 3 then
    by_locale(node, "sort")
  elseif library == "os" and name == "date" and node[2]
      and node[2].tag == "String"
      and (node[2][1]:sub(1, 1) ~= "!" or node[2][1]:find "%%[^YmdHMSj%%]") then
    by_locale(node, "date")
  elseif library == "string" then
    if name == "lower" or name == "upper" then by_locale(node, name) end
    check_pattern(node[3], name, node[5])
    check_format(node[2], name)
  end
end

-- error(message, level): 0 is for what is passed on as it is.
local function check_error(node, scope)
  local fn, depth = node[1], node[3]
  if fn[1] == "error" and not scope.error and depth and is_shipped()
      and not (depth.tag == "Number" and tonumber(depth[1]) == 0) then
    report(node, "names a line by its depth: " .. BLAME)
  end
end

-- What a client is made of is known to its own room and to that of its calls.
local function check_private(node)
  local owner, name = node[1], node[2].tag == "String" and node[2][1]
  local whose = owner.tag == "Id" and owner[1]
    or owner.tag == "Index" and owner[2].tag == "String" and owner[2][1]
  if whose == "client" and name and name:sub(1, 1) == "_" and is_shipped()
      and not file:find "^lua/etoro/client/"
      and not file:find "^lua/etoro/call/" then
    report(node, ("reaches for a client's private '%s': ask it by a method"
      .. " (client/inside.lua)"):format(name))
  end
end

-- What a spec waits for has one bound, which no machine is too slow for.
local BOUND_AT = { expect = 4, await = 4, settimeout = 3, eventually = 4 }

local function check_bound(node, name, least)
  local bound = node[BOUND_AT[name] or 3]
  if file:find "^spec/.*_spec%.lua$" and bound and bound.tag == "Number"
      and tonumber(bound[1]) >= least then
    report(node, "waits by a number of its own: spec.support.patience")
  end
end

function visit.Op(node, scope, depth)
  local fn = node[2].tag == "Call" and node[2][1]
  if node[1] == "add" and fn and fn.tag == "Index" and fn[2][1] == "monotonic" then
    check_bound(node, "monotonic", 10)
  end
  walk_all(node, scope, depth)
end

function visit.Index(node, scope, depth)
  check_private(node)
  walk_all(node, scope, depth)
end

function visit.Call(node, scope, depth)
  check_call(node)
  check_error(node, scope)
  if node[1].tag == "Index" and node[1][2][1] == "eventually" then
    check_bound(node, "eventually", 1)
  end
  node[1].has_base = node[1][1] == "tonumber" and #node == 3
  walk_all(node, scope, depth)
end

function visit.Invoke(node, scope, depth)
  check_private(node)
  local name = node[2][1]
  if name == "lower" or name == "upper" then by_locale(node, name) end
  check_pattern(node[3], name, node[5])
  check_format(node[1], name)
  if BOUND_AT[name] then check_bound(node, name, 1) end
  walk_all(node, scope, depth)
end

local NUMBERS = { tonumber = true, tostring = true }

function visit.Id(node, scope, depth)
  if NUMBERS[node[1]] and not scope[node[1]] and not node.has_base then
    by_locale(node, node[1])
  end
  if node[1] == "require" and depth > 0 and not scope.require
      and is_shipped() and not LATE[file] then
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

local STATEMENT = { ["if"] = true, ["for"] = true, ["while"] = true,
  ["switch"] = true }

local function lint_macros()
  local joined = ("\n" .. source):gsub("\\\n", "  ") -- as many bytes
  for place, body in joined:gmatch "\n()[ \t]*#%s*define%s+[%w_]+%b()%s*([^\n]*)" do
    if STATEMENT[body:match "^%l+"] then
      local _, line = ("\n" .. source):sub(1, place - 1):gsub("\n", "")
      report({ line = line }, "a macro that is a statement without braces")
    end
  end
end

local function lint_c()
  local number = 0
  for line in (source .. "\n"):gmatch "(.-)\n" do
    number = number + 1
    for name in line:gsub("/%*.-%*/", ""):gmatch "([%a_][%w_]*)%s*%(" do
      if C_BY_LOCALE[name] and file ~= C_PLACE then
        report({ line = number }, name .. " goes by the process's locale")
      end
    end
  end
  lint_macros()
end

local function lint(path)
  file = path
  local handle = assert(io.open(path, "rb"))
  source = handle:read "a"
  handle:close()
  if path:find "%.[ch]$" then return lint_c() end
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
