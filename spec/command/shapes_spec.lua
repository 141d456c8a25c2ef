-- Each command of the etoro command has its shape in doc/json.md, and writes it.
local commands = require "spec.support.commands"
local docs = require "spec.support.docs"
local json = require "etoro.values.json"
local null = require("etoro").null
local process = require "spec.support.process"
local support_server = require "spec.support.server"

local LUA = os.getenv "LUA" or "lua5.4"
local PAGE = docs.read "doc/json.md"

-- Whether a value is of a type that the page knows.
local FITS = {
  number = function(value) return type(value) == "number" end,
  text = function(value) return type(value) == "string" end,
  list = function(value) return json.show(value):sub(1, 1) == "[" end,
  object = function(value)
    return type(value) == "table" and json.show(value):sub(1, 1) == "{"
  end,
  ["true"] = function(value) return value == true end,
  ["false"] = function(value) return value == false end,
  boolean = function(value) return type(value) == "boolean" end,
  null = function(value) return value == null end,
  absent = function(value) return value == nil end,
}

-- The rows of the first table below a heading: { names, types }.
local function rows_of(section)
  local rows = {}
  local text = section:match "| %-%-%- [^\n]+\n(.-)\n\n" or ""
  for cell, types in (text .. "\n"):gmatch "| (`.-) | (.-) |[^\n]*\n" do
    for name in cell:gmatch "`(%w+)`" do rows[name] = types end
  end
  return rows
end

-- The page's sections: the heading, and what stands below it.
local function sections()
  local list = {}
  for line in (PAGE .. "\n"):gmatch "([^\n]*)\n" do
    local heading = line:match "^## (.*)"
    if heading then
      list[#list + 1] = { heading = heading, lines = {} }
    elseif list[1] then
      table.insert(list[#list].lines, line)
    end
  end
  return list
end

-- What the page says of each command: how many, and which fields.
local function read_page()
  local shapes = {}
  for _, section in ipairs(sections()) do
    local text = "\n" .. table.concat(section.lines, "\n") .. "\n\n"
    for part in (section.heading .. ";"):gmatch "([^;]+);" do
      local names, count = part:match "^(.-): (.*)$"
      for name in (names or ""):gmatch "`([^`]+)`" do
        assert.is_nil(shapes[name], name)
        shapes[name] = { count = count, rows = rows_of(text), text = text }
      end
    end
  end
  return shapes
end

local function has_shape(item, rows, what)
  assert.equal("table", type(item), what)
  assert(next(rows), what .. " has no table in doc/json.md")
  for name, types in pairs(rows) do
    local fits = false
    for kind in types:gmatch "%a+" do
      if kind ~= "or" then
        fits = fits or assert(FITS[kind], what .. ": " .. kind)(item[name])
      end
    end
    assert(fits, ("%s: %s is %s, not %s"):format(what, name,
      tostring(item[name]), types))
  end
end

describe("doc/json.md #lua", function()
  local server, dir, world, shapes

  setup(function()
    server = support_server.start { limits = false, portfolio_lag = 0 }
    dir = process.scratch()
    world = commands.world(server, dir)
    shapes = read_page()
  end)
  teardown(function()
    server:stop()
    process.remove(dir)
  end)
  before_each(function() server:reset() end)

  local function run(name)
    local argv = { LUA, "src/command/etoro", "--json", env = commands.env(world),
      input = commands.ALL[name].input, table.unpack(commands.line(name, world)) }
    return process.run(argv)
  end

  it("knows each command, and no other", function()
    local seen = { ["close all"] = true }
    for _, name in ipairs(commands.names()) do
      assert(shapes[name], name .. " has no shape in doc/json.md")
      assert(commands.ALL[name], name .. " is not in spec/support/commands.lua")
      seen[name] = true
    end
    for name in pairs(shapes) do assert(seen[name], name .. " is no command") end
  end)

  for _, name in ipairs(commands.names()) do
    local command = commands.ALL[name] or {}
    if not command.is_text and not command.is_endless then
      it("has the shape of " .. name, function()
        local shape, done = shapes[name], run(name)
        assert.equal(0, done.code, done.stderr)
        if shape.count == "lines" then
          local last
          for line in done.stdout:gmatch "[^\n]+" do
            last = assert(json.decode(line, true), line)
            has_shape(last, shape.rows, name)
          end
          local section = shape.text:match "\n### The last line.*"
          has_shape(last, rows_of(section), name .. ", at its end")
          return
        end
        assert.equal(1, select(2, done.stdout:gsub("\n", "")), done.stdout)
        local answer = assert(json.decode(done.stdout, true))
        if shape.count == "a list" then
          assert.equal("[", done.stdout:sub(1, 1))
          for i, item in ipairs(answer) do
            has_shape(item, shape.rows, ("%s[%d]"):format(name, i))
          end
          assert(#answer > 0 or not name:find " ", name)
        elseif shape.count ~= "the answer" then
          assert.equal("one", shape.count)
          assert.equal("{", done.stdout:sub(1, 1))
          has_shape(answer, shape.rows, name)
        end
      end)
    end
  end

  it("has the shape of watch", function()
    local child = process.spawn { LUA, "src/command/etoro", "--json", "watch",
      "AAPL", env = commands.env(world) }
    child:expect '"kind":"quote".*\n.*\n'
    local text = child:stdout()
    child:stop()
    for line in text:gmatch "([^\n]+)\n" do
      local item = json.decode(line, true)
      has_shape(item, shapes.watch.rows, "watch")
      if item.kind == "quote" then
        for _, name in ipairs { "symbol", "instrumentId", "bid", "ask", "last",
          "date", "isMarketOpen" }
        do
          assert(item[name] ~= nil, name)
        end
      end
    end
  end)

  it("finds a field that is of another type, or not there", function()
    local rows = shapes.quote.rows
    assert.has_error(function() has_shape({}, rows, "quote") end)
    local item = { symbol = "A", instrumentId = 1, name = "A", bid = "1",
      ask = null, lastExecution = 1, date = null }
    assert.has_error(function() has_shape(item, rows, "quote") end)
  end)
end)
