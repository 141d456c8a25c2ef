local core = require "etoro.core"

local STUB = "lua/etoro/meta/core.meta.lua"

-- Names in the stub: module names, and per class the names of its methods.
local function read_stub()
  local file = assert(io.open(STUB))
  local class, owner, names, classes = nil, {}, {}, {}
  for line in file:lines() do
    class = line:match "^%-%-%-@class ([%w_.]+)" or class
    local variable = line:match "^local ([%w_]+) *= *{"
    if variable and class and class ~= "etoro.core" then
      owner[variable] = class
      classes[class] = {}
    end
    class = not variable and class or nil
    local object, name = line:match "^function ([%w_]+)[.:]([%w_]+)"
    if not object then object, name = line:match "^([%w_]+)%.([%w_]+) *=" end
    if object == "core" then
      names[#names + 1] = name
    elseif object and owner[object] then
      table.insert(classes[owner[object]], name)
    end
  end
  file:close()
  return names, classes
end

local function sorted_names(t)
  local list = {}
  for name in pairs(t) do list[#list + 1] = name end
  table.sort(list)
  return list
end

local function sorted(list)
  table.sort(list)
  return list
end

describe("the stub of etoro.core #lua", function()
  local names, classes = read_stub()

  it("has each name of the module and no other", function()
    assert.same(sorted_names(core), sorted(names))
  end)

  it("has each userdata type with each of its methods", function()
    local found = {}
    for key, value in pairs(debug.getregistry()) do
      if type(key) == "string" and key:find "^etoro%."
          and key ~= "etoro.httpd" -- another module's
          and type(value) == "table" and type(value.__index) == "table"
          and next(value.__index) then
        found[key] = sorted_names(value.__index)
      end
    end
    for _, list in pairs(classes) do sorted(list) end
    assert.same(found, classes)
  end)
end)
