-- Modules whose text is read now and made into code when it is first asked for:
-- a program that comes to use none of it starts sooner, and one that does finds
-- it also when its files cannot be reached any more, as behind a write that has
-- left.

local texts = {} -- of those that are not made yet, by name

-- Where a text cannot be had by itself (a host has its own way to load, or none
-- of load) the module is made at once.
local function read(name)
  if package.loaded[name] or texts[name] then return end
  local path = load and not package.preload[name]
    and package.searchpath(name, package.path)
  local file = path and io.open(path, "rb")
  local text = file and file:read "a"
  if file then file:close() end
  if text then
    texts[name] = { text = text, path = path }
  else
    require(name)
  end
end

local function make(name)
  local one = texts[name]
  texts[name] = nil
  if not one or package.loaded[name] then return end
  local chunk = assert(load(one.text, "@" .. one.path))
  package.loaded[name] = chunk(name, one.path) or true
end

--- Reads modules, each after those that it requires.
---@param ... string their names
---@return fun(): any module makes them, and gives the last one
return function(...)
  local names, module = { ... }, nil
  for _, name in ipairs(names) do read(name) end
  return function()
    if not module then
      for _, name in ipairs(names) do make(name) end
      module = require(names[#names])
    end
    return module
  end
end
