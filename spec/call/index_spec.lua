-- The operation that a path belongs to, against its definition: every template
-- compared with the path step by step.

local core = require "etoro.core"
local index = require "etoro.call.index"
local operations = require "etoro.operations"
local random = require "spec.support.random"

local function unescape(text)
  return (text:gsub("%%(%x%x)", function(hex)
    return string.char(tonumber(hex, 16))
  end))
end

-- Rule by rule what core.path_steps does in one pass.
local function lenient_steps(path)
  path = path:gsub("[?#].*$", "")
  repeat
    local before = path
    path = unescape(path)
  until path == before
  local steps = {}
  for text in core.lower(path):gmatch("[^/\\]+") do
    local step = text:gsub("[;?#\0-\31\127].*$", "")
    if step == ".." then
      steps[#steps] = nil
    else
      step = step:gsub("[ .]+$", "")
      if step ~= "" then steps[#steps + 1] = step end
    end
  end
  return steps
end

-- How many placeholders a template fits the steps with; nil when it does not.
local function holes_of(template, steps)
  local at, holes = 0, 0
  for part in core.lower(template):gmatch("[^/]+") do
    at = at + 1
    local is_hole = part:sub(1, 1) == "{"
    if not steps[at] or not is_hole and part ~= steps[at] then return nil end
    if is_hole then holes = holes + 1 end
  end
  return at == #steps and holes or nil
end

local function least_holes(method, steps)
  local least
  for _, op in pairs(operations) do
    local holes = op.method == method and holes_of(op.path, steps)
    if holes and (not least or holes < least) then least = holes end
  end
  return least
end

describe("a path's steps", function()
  it("are those of the most lenient reading, however it is written", function()
    local draw = random.new(20261127)
    local pieces = { "/", "\\", "%", "25", "2f", "2F", "5c", "3f", "%2e", ".",
      "..", ";", "a", "B", "api", " ", "%00", "%7f", "%23", "3", "%3", "\0",
      "\n", "\195\169", "%C3%A9", "Trading", "7", "4" }
    for _ = 1, 20000 do
      local parts = {}
      for i = 1, draw(12) do parts[i] = pieces[draw(#pieces)] end
      local path = "/" .. table.concat(parts)
      assert.same(lenient_steps(path), core.path_steps(path), path)
    end
    for _, tail in ipairs { "", "?a=/b", "#c", "?%2f", "/?/../x" } do
      assert.same({ "a", "b" }, core.path_steps("/a/%42" .. tail))
    end
    assert.same({}, core.path_steps "")
    assert.same({ "b" }, core.path_steps "/../../a/../b/.")
  end)
end)

describe("an operation is found", function()
  it("by every path that it has, the plainest of those that fit", function()
    local draw = random.new(7)
    local words = {}
    for _, op in pairs(operations) do
      for word in op.path:gmatch("[^/{}]+") do words[#words + 1] = word end
    end
    table.sort(words)
    for name, op in pairs(operations) do
      for _ = 1, 40 do
        local path = op.path:gsub("{.-}", function()
          return draw(3) == 1 and words[draw(#words)] or ("%d"):format(draw(999))
        end)
        if draw(4) == 1 then path = path .. "/" .. words[draw(#words)] end
        if draw(4) == 1 then path = path:gsub("/[^/]+$", "") end
        local steps = core.path_steps(path)
        local found = index.find(op.method, steps)
        local least = least_holes(op.method, steps)
        assert.equal(least, found and holes_of(found.path, steps), name
          .. " " .. path)
        assert.is_true(not found or found.method == op.method)
      end
    end
  end)

  it("by no other method, and by no path that is none", function()
    assert.is_nil(index.find("BREW", { "api", "v1", "me" }))
    assert.is_nil(index.find("GET", {}))
    assert.is_nil(index.find("GET", { "api", "v1" }))
    assert.equal(operations["GET /api/v1/me"],
      index.find("GET", { "api", "v1", "me" }))
    assert.is_nil(index.find("GET", { "api", "v1", "me", "me" }))
  end)

  it("or taken for one that moves real money where its end is such", function()
    local count = 0
    for _, op in pairs(operations) do
      if op.moves_money then
        count = count + 1
        local path = op.path:gsub("{.-}", "x")
        local tail = path:gsub("^/api/v%d+", "")
        for _, way in ipairs { path, tail, "/gw" .. path, "/v9" .. tail,
          core.upper(path), (tail:gsub("/", "//")) }
        do
          assert.is_true(index.may_move_money(op.method, core.path_steps(way)),
            way)
          assert.is_false(index.may_move_money("X", core.path_steps(way)))
        end
        assert.is_false(index.may_move_money(op.method,
          core.path_steps(tail .. "/more")))
      end
    end
    assert.is_true(count > 0)
    assert.is_false(index.may_move_money("POST", {}))
  end)
end)
