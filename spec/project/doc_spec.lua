-- The pages of doc/ say all that there is to call, and nothing else.
local docs = require "spec.support.docs"
local etoro = require "etoro"
local operations = require "etoro.operations"
local process = require "spec.support.process"
local resources = require "spec.support.resources"

local PAGES = docs.pages "doc"
local SUBJECTS = resources.subjects()
local NAMES = {}
for name in pairs(SUBJECTS) do NAMES[#NAMES + 1] = name end
table.sort(NAMES)

local texts = {}
for _, path in ipairs(PAGES) do
  texts[path:match "([^/]+)%.md$"] = docs.read(path)
end

local function sorted(set)
  local list = {}
  for name in pairs(set) do list[#list + 1] = name end
  table.sort(list)
  return list
end

-- Calls visit(page, owner, name) for all that looks like a method's call.
local function each_call(visit)
  for page, text in pairs(texts) do
    for owner, name in text:gmatch "%f[%w_]([%a_][%w_.]*):([%a_][%w_]*)" do
      visit(page, owner, name)
    end
  end
end

-- Names in a class's annotations: name = true
local function fields_of(path, class)
  local text = docs.read(path)
  local part = assert(text:match("%-%-%-@class " .. class .. "\n(.-)\n\n"),
    "no class " .. class)
  local found = {}
  for name in part:gmatch "%-%-%-@field ([%w_]+)" do found[name] = true end
  return found
end

-- Whether the files of the library define such a type.
local function is_class(name)
  return process.run { "grep", "-rqFx", "-e", "---@class " .. name,
    "lua/etoro" }.code == 0
end

describe("doc/ #lua", function()
  for _, name in ipairs(NAMES) do
    local subject = SUBJECTS[name]
    it("tells of each method of " .. name, function()
      local text = assert(texts[subject.page], "no page " .. subject.page)
      local missing = {}
      for method in pairs(subject.methods) do
        local mention = name:gsub("%.", "%%.") .. ":" .. method .. "%f[^%w_]"
        missing[method] = not text:find(mention) or nil
      end
      assert.same({}, sorted(missing))
    end)
  end

  it("tells of no method that is not there", function()
    local wrong = {}
    each_call(function(page, owner, name)
      local subject = SUBJECTS[owner]
      if subject and not subject.methods[name]
          or not subject and owner:find "^client%." then
        wrong[page .. ": " .. owner .. ":" .. name] = true
      end
    end)
    assert.same({}, sorted(wrong))
  end)

  it("names nothing of the module that is not there", function()
    local wrong = {}
    for page, text in pairs(texts) do
      for name in text:gmatch "[^%w_.-]etoro%.([%a_]+)%f[%W]" do
        if etoro[name] == nil and name ~= "secret" and not is_class("etoro." .. name) then
          wrong[page .. ": etoro." .. name] = true
        end
      end
    end
    assert.same({}, sorted(wrong))
  end)

  it("tells which operations are sent, all but those out of use", function()
    local named, wrong, missing = {}, {}, {}
    for page, text in pairs(texts) do
      for name in text:gmatch "`(%u+ /api/[^`]*)`" do
        named[name] = true
        if not operations[name] then wrong[page .. ": " .. name] = true end
      end
    end
    for name, op in pairs(operations) do
      local is_named = named[name] or op.twin and named[op.twin]
      missing[name] = not (is_named or op.deprecated) or nil
    end
    assert.same({}, sorted(wrong))
    assert.same({}, sorted(missing))
  end)

  it("has a program on the page of each resource", function()
    for _, name in ipairs(resources.RESOURCES) do
      local has_program = false
      for _, block in ipairs(docs.blocks("doc/" .. name .. ".md")) do
        has_program = has_program or block.language == "lua"
      end
      assert(has_program, name)
    end
  end)

  it("leads to each page, and nowhere else", function()
    local linked = {}
    for page, text in pairs(texts) do
      for target in text:gmatch "%]%(([^)#]+)[^)]*%)" do
        if page == "README" then linked[target] = true end
        local file = io.open("doc/" .. target)
        assert(file, page .. ".md leads to " .. target)
        file:close()
      end
    end
    for name in pairs(texts) do
      assert(name == "README" or linked[name .. ".md"], name)
    end
  end)

  it("names each room of the code", function()
    local missing = {}
    for room in process.run { "find", "lua/etoro", "src/core", "src",
      "-mindepth", "1", "-maxdepth", "2", "-type", "d" }.stdout
      :gmatch "[^\n]+" do
      local name = room:gsub("^lua/etoro/", ""):gsub("^src/", "") .. "/"
      local is_inside = name:find "^sandbox/." or name == "core/"
      missing[room] = not is_inside and not texts.architecture
        :find("`" .. name .. "`", 1, true) or nil
    end
    assert.same({}, sorted(missing))
  end)

  it("tells of each option of a client and of a call", function()
    local missing = {}
    for class, room in pairs { ["etoro.ClientOptions"] = "client",
      ["etoro.RequestOptions"] = "call" }
    do
      for name in pairs(fields_of("lua/etoro/" .. room .. "/options.lua",
        class))
      do
        missing[name] = not texts.client:find("`" .. name .. "`", 1, true)
          or nil
      end
    end
    assert.same({}, sorted(missing))
  end)

  it("tells of each kind of error", function()
    local kinds = docs.read("lua/etoro/errors.lua")
      :match "@field kind string (.-)\n%-%-%-@field"
    local missing = {}
    for kind in kinds:gmatch "[%l_]+" do
      missing[kind] = kind ~= "or"
        and not texts.client:find("`" .. kind .. "`", 1, true) or nil
    end
    assert.same({}, sorted(missing))
  end)

  it("tells of each option and fault of the sandbox", function()
    local missing = {}
    for _, option in ipairs(require("etoro.sandbox.arguments").OPTIONS) do
      local name = option[1]:gsub("-", "_")
      missing[name] = not texts.sandbox:find("`" .. name .. "`", 1, true)
        or nil
    end
    for name in docs.read("lua/etoro/sandbox/http/faults.lua")
      :gmatch "\nfunction %l+%.([%l_]+)%(" do
      missing[name] = not texts.sandbox:find("`" .. name .. "`", 1, true)
        or nil
    end
    assert.same({}, sorted(missing))
  end)

  it("tells of each command", function()
    local parser = docs.read "lua/etoro/command/init.lua"
    for name in parser:match("local FILES = (%b{})"):gmatch "([%l_]+) =" do
      assert(texts.command:find("`etoro " .. name .. "%f[%A]"), name)
    end
  end)
end)
