-- Links of README.md, CHANGELOG.md and doc/: each leads to a file, and to a heading of
-- it. What looks at the pages of `make site` finds what is wrong with them.
local docs = require "spec.support.docs"
local process = require "spec.support.process"

local LUA = os.getenv "LUA" or "lua5.4"
local PAGES = { "README.md", "CHANGELOG.md", table.unpack(docs.pages "doc") }

-- The text of a page without its blocks.
local function prose(path)
  return (docs.read(path):gsub("\n *```.-\n *```", ""))
end

-- The names by which headings are linked to: as GitHub and pandoc make them.
local function anchors(path)
  local names, counts = {}, {}
  for heading in ("\n" .. prose(path)):gmatch "\n#+ +([^\n]+)" do
    local name = heading:lower():gsub("[^%w%s_-]", ""):gsub(" ", "-")
    local count = counts[name]
    counts[name] = (count or 0) + 1
    names[count and name .. "-" .. count or name] = true
  end
  return names
end

-- "doc/../README.md" is "README.md"
local function plain(path) return (path:gsub("[^/.]+/%.%./", "")) end

local function check_links(path, text)
  local wrong = {}
  for target in text:gmatch "%]%(([^)%s]+)%)" do
    local name, anchor = target:match "^([^#]*)#?(.*)$"
    if not target:find "^https://" then
      name = name == "" and path or plain((path:match "^(.*/)" or "") .. name)
      local file = io.open(name)
      if file then file:close() end
      if not file or anchor ~= "" and not anchors(name)[anchor] then
        wrong[#wrong + 1] = path .. " leads to " .. target
      end
    end
  end
  return wrong
end

describe("links #lua", function()
  for _, path in ipairs(PAGES) do
    it("of " .. path, function()
      assert.same({}, check_links(path, prose(path)))
    end)
  end

  it("that lead nowhere are found", function()
    assert.same({ "doc/x.md leads to nowhere.md", "doc/x.md leads to ../nowhere.md",
      "doc/x.md leads to client.md#no-such-place" },
      check_links("doc/x.md", "[a](nowhere.md) [b](../nowhere.md) [c](client.md)"
        .. " [d](client.md#no-such-place) [e](../README.md#installing)"))
  end)

  it("of README.md begin with the quickstart", function()
    assert.equal("doc/quickstart.md", (prose("README.md"):match "%]%(([^)]+)%)"))
  end)
end)

describe(".ci/site/check.lua #lua", function()
  local folder
  before_each(function() folder = process.scratch() end)
  after_each(function() process.remove(folder) end)

  local function write(name, title, body)
    local file = assert(io.open(folder .. "/" .. name, "w"))
    file:write('<title>', title, '</title>'
      .. '<link rel="stylesheet" href="style.css"><h1 id="top">T</h1>', body)
    file:close()
  end

  local function look()
    local done = process.run { LUA, ".ci/site/check.lua", folder }
    return done.stdout, done.code
  end

  it("finds nothing wrong where nothing is", function()
    write("style.css", "", "")
    write("index.html", "A", '<a href="b.html#top">b</a> <a href="#top">up</a>'
      .. ' <a href="https://example.org/">far</a>')
    write("b.html", "B", '<a href="./index.html">a</a>')
    assert.same({ "2 pages, 0 faults\n", 0 }, { look() })
  end)

  it("finds links that lead nowhere, pages that none leads to, ids that come"
    .. " twice", function()
    write("style.css", "", "")
    write("index.html", "A", '<a href="b.html#none">b</a> <a href="c.html">c</a>'
      .. ' <a href="doc/d.md">d</a> <img src="e.png"> <p id="top">'
      .. ' <a href="http://example.org/">plain</a>')
    write("b.html", "", '<h1>two</h1>')
    write("f.html", "F", "")
    assert.same({ [[
b.html: 0 titles and 2 first headings
f.html: no page leads to it
index.html: a link to doc/d.md
index.html: a link to http://example.org/
index.html: b.html#none has no such place
index.html: c.html is not there
index.html: e.png is not there
index.html: two places are called top
3 pages, 8 faults
]], 1 }, { look() })
  end)
end)
