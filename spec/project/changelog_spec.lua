-- CHANGELOG.md has the form of Keep a Changelog, and its newest version is ours.
local docs = require "spec.support.docs"
local times = require "etoro.values.times"
local version = require "etoro.values.version"

local CATEGORIES = { Added = true, Changed = true, Deprecated = true,
  Removed = true, Fixed = true, Security = true }

local function numbers(text)
  local list = {}
  for number in text:gmatch "%d+" do
    list[#list + 1] = ("%09d"):format(number)
  end
  return table.concat(list, ".")
end

-- The sections of a changelog, newest first, or what is wrong with its form.
local function sections_of(text)
  local list, section, category = {}, nil, nil
  local at = 0
  for line in text:gmatch "([^\n]*)\n" do
    at = at + 1
    local function wrong(what) return nil, ("line %d: %s"):format(at, what) end
    local name, day = line:match "^## %[([%d.]+)%] %- (%d%d%d%d%-%d%d%-%d%d)$"
    if line == "## [Unreleased]" then name = "Unreleased" end
    if line:find "^## " then
      if not name then return wrong "no version and day" end
      if (name == "Unreleased") ~= (#list == 0) then
        return wrong "[Unreleased] comes first, once"
      end
      section = { name = name, day = day, categories = {} }
      category, list[#list + 1] = nil, section
    elseif line:find "^### " then
      category = line:match "^### (%u%l+)$"
      if not section or not CATEGORIES[category] then return wrong "no category" end
      if section.categories[category] then return wrong "a category twice" end
      section.categories[category] = 0
    elseif section and line:find "^%- " then
      if not category then return wrong "a change without a category" end
      section.categories[category] = section.categories[category] + 1
    elseif section and line ~= "" and not line:find "^  %S" then
      return wrong "neither heading nor change"
    end
  end
  for _, each in ipairs(list) do
    for name, count in pairs(each.categories) do
      if count == 0 then return nil, ("%s: %s is empty"):format(each.name, name) end
    end
  end
  return list
end

describe("CHANGELOG.md #lua", function()
  local sections = assert(sections_of(docs.read "CHANGELOG.md"))

  it("has the version of the code as its newest one", function()
    assert.equal("Unreleased", sections[1].name)
    assert.equal(version, sections[2].name)
  end)

  it("has versions and days in order", function()
    for i = 3, #sections do
      assert.is_true(numbers(sections[i].name) < numbers(sections[i - 1].name))
      assert.is_true(sections[i].day <= sections[i - 1].day)
    end
    for i = 2, #sections do
      assert(times.parse(sections[i].day .. "T00:00:00Z"), sections[i].day)
    end
  end)

  it("is told from others", function()
    local function wrong(text)
      local _, problem = sections_of(text)
      return problem
    end
    assert.equal("line 1: no version and day", wrong "## Unreleased\n")
    assert.equal("line 1: [Unreleased] comes first, once",
      wrong "## [1.0.0] - 2026-01-01\n")
    assert.equal("line 2: no category", wrong "## [Unreleased]\n### News\n")
    assert.equal("line 2: a change without a category",
      wrong "## [Unreleased]\n- It works.\n")
    assert.equal("line 2: neither heading nor change",
      wrong "## [Unreleased]\nIt works.\n")
    assert.equal("Unreleased: Added is empty", wrong "## [Unreleased]\n### Added\n")
    assert.equal("line 4: a category twice",
      wrong "## [Unreleased]\n### Added\n- x\n### Added\n")
  end)
end)
