-- A copy of this checkout in a folder of its own, to be built and installed
-- as a reader would: with nothing of the run that the spec is part of.
--
--   local place = checkout.new "a name"
--   place.folder, place.tree, place.home; place:run(argv, env), place:spawn(argv, env)
--   place:move()   its home is new: nothing that was kept is there
local process = require "spec.support.process"

local methods = {}
local mt = { __name = "spec.checkout", __index = methods }
local M = {}

local PARTS = { "Makefile", "LICENSE", "README.md", "CHANGELOG.md", ".busted", "doc",
  ".ci", "examples", "src", "lua", "rockspec", "spec" }

local CLEAN = { BUILD = false, CC = false, CFLAGS = false, LUA = false,
  MAKEFLAGS = false, MFLAGS = false, MAKELEVEL = false, MAKEOVERRIDES = false,
  LUA_PATH = false, LUA_CPATH = false, SPEC_PRELOAD = false, SPEC = false,
  ETORO_API_KEY = false, ETORO_USER_KEY = false, ETORO_ACCESS_TOKEN = false,
  ETORO_BASE_URL = false, XDG_CACHE_HOME = false, PREFIX = false,
  DESTDIR = false }

--- Copies it to a scratch folder, whose part of this name is the checkout.
---@param name string may hold blanks
function M.new(name)
  local folder = process.scratch()
  local self = setmetatable({ folder = folder, home = folder .. "/home",
    tree = folder .. "/" .. name }, mt)
  self:must { "mkdir", self.home, self.tree, cwd = "/" }
  for _, part in ipairs(PARTS) do
    self:must { "cp", "-R", part, self.tree, cwd = "." }
  end
  return self
end

-- In the checkout if argv.cwd does not say otherwise.
local function placed(self, argv, env)
  argv.env = { HOME = self.home }
  for name, value in pairs(CLEAN) do argv.env[name] = value end
  for name, value in pairs(env or {}) do argv.env[name] = value end
  argv.cwd = argv.cwd or self.tree
  return argv
end

--- Runs a program, in the checkout if argv.cwd does not say otherwise.
---@param argv table as for process.run
---@param env? table<string, string|false>
function methods:run(argv, env) return process.run(placed(self, argv, env)) end

--- Starts one there.
function methods:spawn(argv, env) return process.spawn(placed(self, argv, env)) end

--- The same, which has to end well.
function methods:must(argv, env)
  local done = self:run(argv, env)
  if done.code ~= 0 then
    error(("%s: code %d\n%s%s"):format(table.concat(argv, " "), done.code,
      done.stdout, done.stderr), 2)
  end
  return done
end

--- Gives it a new home.
function methods:move()
  self.moves = (self.moves or 0) + 1
  self.home = ("%s/home-%d"):format(self.folder, self.moves)
  self:must { "mkdir", self.home, cwd = "/" }
end

function methods:remove() process.remove(self.folder) end

return M
