-- The manual's page, and where `make install` puts it and the completions.
local checkout = require "spec.support.checkout"
local commands = require "spec.support.commands"
local docs = require "spec.support.docs"
local guide = require "etoro.command.guide"
local parser = require "etoro.command.parser"
local process = require "spec.support.process"
local tree = require "etoro.command.tree"

local function has(program)
  return process.run({ "sh", "-c", "command -v " .. program }).code == 0
end

describe("etoro man #lua", function()
  local page, path, dir

  setup(function()
    local done = process.run { os.getenv "LUA" or "lua5.4", "src/command/etoro", "man" }
    assert(done.code == 0, done.stderr)
    page, dir = done.stdout, process.scratch()
    path = dir .. "/etoro.1"
    local file = assert(io.open(path, "w"))
    file:write(page)
    file:close()
  end)
  teardown(function() process.remove(dir) end)

  it("has each command, option and exit code", function()
    local plain = page:gsub("\\%-", "-"):gsub("\\f[BIR]", ""):gsub("\\&", "")
    for _, name in ipairs(commands.names()) do
      assert.truthy(plain:find("\netoro " .. name, 1, true), name)
    end
    tree.walk(tree.read(parser.new()), function(node)
      for _, option in ipairs(node.options) do
        assert.truthy(plain:find(option.name, 1, true), node.name .. option.name)
      end
    end)
    for _, code in ipairs(guide.CODES) do
      assert.truthy(plain:find("\n" .. code[1] .. "\n" .. code[2]:sub(1, 4), 1,
        true), code[1])
    end
    assert.truthy(plain:find(guide.API, 1, true))
    assert.truthy(plain:find(".SH EXAMPLES\n", 1, true))
  end)

  it("and the help name the exit codes that the page does", function()
    local documented, told = {}, {}
    for codes in docs.read("doc/command.md"):match "| exit code |.-\n\n"
      :gmatch "\n| ([%d, ]+) |"
    do
      for code in codes:gmatch "%d+" do documented[code] = true end
    end
    for _, one in ipairs(guide.CODES) do
      for code in one[1]:gmatch "%d+" do told[code] = true end
    end
    assert.same(documented, told)
  end)

  it("tells what may be left out, and what holds then", function()
    local plain = page:gsub("\\%-", "-"):gsub("\\f[BIR]", ""):gsub("\\&", "")
    for _, line in ipairs { "etoro quote symbol ...", "etoro watch [symbol ...]",
      "etoro alerts remove alert [price]", "etoro order symbol" }
    do
      assert.truthy(plain:find("\n" .. line .. "\n", 1, true), line)
    end
    tree.walk(tree.read(parser.new()), function(node)
      for _, option in ipairs(node.options) do
        if option.default then
          assert.truthy(plain:find("(default: " .. option.default .. ")", 1, true),
            node.name .. option.name)
        end
      end
    end)
  end)

  it("is taken by groff, man and mandoc without a warning", function()
    local judges = {
      groff = { "groff", "-ww", "-man", "-Tutf8", "-z", path },
      man = { "man", "--warnings", "-l", path },
      mandoc = { "mandoc", "-T", "lint", "-W", "warning", path },
    }
    local count = 0
    for name, argv in pairs(judges) do
      if has(name) then
        argv.env = { MANWIDTH = "80", LC_ALL = "C.UTF-8" }
        local done = process.run(argv)
        assert.equal("", done.stderr, name)
        if name == "mandoc" then -- a page that is always the same has no date
          assert.equal("", (done.stdout:gsub("[^\n]*missing date[^\n]*\n", "")))
        else
          assert.equal(0, done.code, done.stdout:sub(1, 500))
        end
        count = count + 1
      end
    end
    if count == 0 then pending "none of them is installed" end
  end)

  it("shows hyphens that can be copied, and every backslash", function()
    assert.truthy(page:find("\\-\\-stop\\-loss", 1, true))
    assert.is_nil(page:find "\n%.[^TSPRUnf]")
    assert.is_nil(page:find "\n'")
  end)
end)

describe("make install #slow", function()
  it("puts the manual and the completions where they are looked for, and"
    .. " uninstall takes them back", function()
    local place = checkout.new "checkout"
    finally(function() place:remove() end)
    local prefix = place.folder .. "/it's  x"
    place:must { "make", "-s", "install", "PREFIX=" .. prefix }
    local files = { man = "/share/man/man1/etoro.1",
      bash = "/share/bash-completion/completions/etoro.bash",
      zsh = "/share/zsh/site-functions/_etoro",
      fish = "/share/fish/vendor_completions.d/etoro.fish" }
    for name, file in pairs(files) do
      local wanted = process.run { os.getenv "LUA" or "lua5.4",
        "src/command/etoro", name == "man" and "man" or "completion",
        name ~= "man" and name or nil }
      assert.equal(wanted.stdout, docs.read(prefix .. file), name)
    end
    place:must { "make", "-s", "uninstall", "PREFIX=" .. prefix }
    for _, file in pairs(files) do assert.is_nil((io.open(prefix .. file))) end
  end)
end)
