-- A folder for a server that runs as an ordinary user, with the modules under
-- test in it: where specs run as root, that user cannot read a checkout of
-- root's own.
--
--   local place = place.new()
--   place.folder; place:write(name, text, mode); place:argv { program, ... }
local files = require "spec.support.files"
local process = require "spec.support.process"

local methods = {}
local mt = { __name = "spec.place", __index = methods }
local M = {}

local NOBODY = "65534"
local BUILD = os.getenv "BUILD" or "build"

local function must(argv)
  local done = process.run(argv)
  if done.code ~= 0 then
    error(("%s: %s"):format(table.concat(argv, " "), done.stderr), 3)
  end
  return done.stdout
end

function M.new()
  local self = setmetatable({ folder = process.scratch() }, mt)
  self.is_root = must { "id", "-u" } == "0\n"
  must { "mkdir", self.folder .. "/lua", self.folder .. "/lib" }
  must { "cp", "-R", "lua/etoro", self.folder .. "/lua" }
  must { "cp", "-R", BUILD .. "/etoro", self.folder .. "/lib" }
  self:give ""
  return self
end

--- What is in it belongs to the user who runs.
---@param name string below the folder
function methods:give(name)
  if self.is_root then
    must { "chown", "-R", NOBODY .. ":" .. NOBODY, self.folder .. "/" .. name }
  end
end

--- Writes a file that nobody else may read.
function methods:write(name, text)
  local path = self.folder .. "/" .. name
  files.write(path, text)
  must { "chmod", "600", path }
  self:give(name)
  return path
end

--- Makes a folder in it, and those above it.
function methods:mkdir(name)
  must { "mkdir", "-p", self.folder .. "/" .. name }
  self:give(name:match "^[^/]+")
  return self.folder .. "/" .. name
end

--- Where a Lua of that user finds the modules.
---@return table<string, string>
function methods:env()
  return { LUA_PATH = ("%s/lua/?.lua;%s/lua/?/init.lua;;"):format(self.folder,
      self.folder),
    LUA_CPATH = self.folder .. "/lib/?.so;;", HOME = self.folder,
    ASAN_OPTIONS = "detect_leaks=0", -- the host's own memory is the host's affair
    XDG_CACHE_HOME = false, XDG_STATE_HOME = false, XDG_CONFIG_HOME = false }
end

--- The arguments for process.spawn: as an ordinary user, and it ends with the
--- spec. A Lua has the sanitizer in front of it.
---@param argv string[]
function methods:argv(argv)
  local all = { "setpriv", "--pdeathsig", "KILL", is_bare = true,
    cwd = self.folder, env = self:env() }
  if self.is_root then
    for _, word in ipairs { "--reuid", NOBODY, "--regid", NOBODY,
      "--clear-groups" } do
      all[#all + 1] = word
    end
  end
  local sanitizer = os.getenv "SPEC_PRELOAD"
  all[#all + 1] = "env"
  if sanitizer then all[#all + 1] = "LD_PRELOAD=" .. sanitizer end
  for _, word in ipairs(argv) do all[#all + 1] = word end
  return all
end

function methods:remove() process.remove(self.folder) end

return M
