-- Markdown pages: their fenced blocks, and running those that are programs.
local files = require "spec.support.files"
local process = require "spec.support.process"
local wanted = require "spec.support.wanted"

local M = {}

--- Reads a file's text.
function M.read(path)
  return assert(files.read(path))
end

--- Fenced blocks of a page, in order: { language =, text =, line =, page = }.
function M.blocks(path)
  local blocks, open = {}, nil
  local number, before = 0, nil
  for line in io.lines(path) do
    number = number + 1
    local fence = line:match "^ *```(.*)$"
    if fence and open then
      blocks[#blocks + 1] = open
      open = nil
    elseif fence then
      open = { language = fence, line = number, text = "", page = path }
    elseif open then
      open.text = open.text .. line .. "\n"
    elseif line:find "^    %S" and before == "" then
      error(("%s:%d: a block without fences"):format(path, number), 2)
    end
    before = line
  end
  assert(not open, path .. ": a block does not end")
  return blocks
end

--- The pages of a folder, in order.
function M.pages(folder)
  local uv = require "luv"
  local list, found = {}, assert(uv.fs_scandir(folder))
  for name in function() return uv.fs_scandir_next(found) end do
    if name:find "%.md$" then list[#list + 1] = folder .. "/" .. name end
  end
  table.sort(list)
  return list
end

-- What a block promises to print: the text after each "--> ".
local function promised(text)
  local lines = {}
  for line in text:gmatch "[^\n]+" do
    lines[#lines + 1] = line:match "%-%-> (.*)$"
  end
  return lines
end

-- nil, or the first promise that the output does not keep, in order.
local function broken_promise(text, stdout)
  local at = 1
  stdout = "\n" .. stdout:gsub("\t", " ")
  for _, line in ipairs(promised(text)) do
    local first, last = stdout:find("\n" .. line .. "\n", at, true)
    if not first then return line end
    at = last
  end
end

--- Where Debian has what it packages for an older Lua, and any Lua takes.
M.LUA_PATH = (os.getenv "LUA_PATH" or ";") .. ";/usr/share/lua/5.1/?.lua"

local LUA = process.find(os.getenv "LUA" or "lua5.4")

-- Modules of hosts that a block may need, and Debian's packages of them.
local PACKAGES = { copas = "lua-copas", cqueues = "lua-cqueues", luv = "lua-luv" }

--- Why a block cannot be run here, nil where it can. A host that is there and
--- does not load is the distribution's fault: its package lacks another.
---@return string? reason
function M.lacks(block)
  for name, package in pairs(PACKAGES) do
    if block.language == "lua" and block.text:find(('require "%s"'):format(name), 1, true) then
      local done = process.run { LUA, "-e", ("require %q"):format(name),
        env = { LUA_PATH = M.LUA_PATH } }
      local is_there = not done.stderr:find("module '" .. name .. "' not found", 1, true)
      return wanted.lacks(package, is_there)
        or done.code ~= 0 and done.stderr:match "[^\n]+" or nil
    end
  end
end

-- Runs a file where nothing is yet, in a process of its own.
local function run_file(path, folder, sandbox)
  return process.run { LUA, path,
    input = "n\n", cwd = folder,
    env = { ETORO_BASE_URL = sandbox.url, ETORO_ACCESS_TOKEN = false,
      ETORO_API_KEY = "sandbox-api-key", HOME = folder,
      XDG_CACHE_HOME = false, ETORO_USER_KEY = "sandbox-user-key",
      LUA_PATH = M.LUA_PATH } }
end

--- Runs a Lua block against a sandbox that is as new. It may print, and
--- nothing else; its input is "n" and a line end.
function M.run_lua(block, sandbox)
  sandbox:reset()
  local folder = process.scratch()
  local path = folder .. "/block.lua"
  local file = assert(io.open(path, "w"))
  -- so that line numbers in messages are those of the page
  file:write(("\n"):rep(block.line), block.text)
  file:close()
  local done = run_file(path, folder, sandbox)
  process.remove(folder)
  local said = done.stdout .. done.stderr
  local place = block.page .. ", block at line " .. block.line .. ": "
  if done.code ~= 0 then error(place .. said, 0) end
  if done.stderr ~= "" then error(place .. "on stderr: " .. said, 0) end
  local broken = broken_promise(block.text, done.stdout)
  if broken then
    error(place .. "did not print '" .. broken .. "' but\n" .. said, 0)
  end
end

--- Runs a block of shell commands in a checkout, against a sandbox that is as
--- new. "..." stands for a key, /usr/local is a folder beside the checkout, its
--- input is a key pair, and `make test` runs one short spec.
function M.run_sh(block, sandbox, place, path)
  sandbox:reset()
  local text = block.text
    :gsub("ETORO_API_KEY=%.%.%.", "ETORO_API_KEY=sandbox-api-key")
    :gsub("ETORO_USER_KEY=%.%.%.", "ETORO_USER_KEY=sandbox-user-key")
    :gsub("/usr/local", place.folder .. "/local")
  local done = place:run({ "sh", "-eu", "-c", text,
    input = "sandbox-api-key\nsandbox-user-key\n" }, {
    ETORO_BASE_URL = sandbox.url, ETORO_API_KEY = "sandbox-api-key",
    ETORO_USER_KEY = "sandbox-user-key", SPEC = "spec/values/times_spec.lua",
    PATH = path,
  })
  if done.code ~= 0 then
    error(("%s, block at line %d: code %d\n%s%s"):format(block.page,
      block.line, done.code, done.stdout, done.stderr), 0)
  end
  return done
end

--- Checks any block but one of shell commands.
function M.check(block, sandbox)
  if block.language == "lua" then
    M.run_lua(block, sandbox)
  else
    error(("%s:%d: a block in '%s'"):format(block.page, block.line,
      block.language), 2)
  end
end

return M
