-- rockspec.lua [FOLDER [URL]]: writes FOLDER/etoro-VERSION-1.rockspec, by default in
-- rockspec/: the one of scm with the version that lua/etoro/values/version.lua
-- names, and the tag of its source. URL is where that source is published: without
-- it the address is an example, which `luarocks make` never asks.
local version = dofile "lua/etoro/values/version.lua"

local file = assert(io.open "rockspec/etoro-scm-1.rockspec")
local text = file:read "a"
file:close()

local function replace(from, to)
  local first, last = text:find(from, 1, true)
  assert(first and not text:find(from, last, true), "not there once: " .. from)
  text = text:sub(1, first - 1) .. to .. text:sub(last + 1)
end

replace('version = "scm-1"', ('version = "%s-1"'):format(version))
replace('.git" }', ('.git",\n  tag = "v%s" }'):format(version))
local url = arg[2]
if url and url ~= "" then
  assert(url:find "^[%w+.-]+://[^%s\"\\]+$", "no address of a source: " .. url)
  replace("git+https://example.org/lua-etoro.git", url)
end

local path = ("%s/etoro-%s-1.rockspec"):format(arg[1] or "rockspec", version)
local out = assert(io.open(path, "w"))
assert(out:write(text))
assert(out:close())
print(path)
