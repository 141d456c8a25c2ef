-- What the language server is told: of each public method its parameters and
-- what it gives, in types that are defined somewhere.
local docs = require "spec.support.docs"
local process = require "spec.support.process"
local resources = require "spec.support.resources"
local rows = require "src.generate.rows"

local SOURCES = {}
for path in process.run { "find", "lua/etoro", "src/binding", "-name",
  "*.lua" }.stdout:gmatch "[^\n]+" do
  SOURCES[#SOURCES + 1] = path
end
table.sort(SOURCES)

-- What users call besides methods of resources: file = pattern of a name.
local OTHERS = {
  ["init.lua"] = "M%.(%l+)", ["client/events.lua"] = "M%.(%l+)",
  ["trading/journal/init.lua"] = "M%.(read)",
  ["oauth/init.lua"] = "[M%l]+[:.](%l[%l_]+)",
  ["tasks/init.lua"] = "[%l.]+[:.](%l+)", ["tasks/task.lua"] = "methods:(%l+)",
  ["tasks/loop.lua"] = "loop%.(%l+)",
  ["sandbox/init.lua"] = "[M%l]+[:.](%l[%l_]+)",
}

local lines_of = {}
for _, path in ipairs(SOURCES) do
  local lines = {}
  for line in io.lines(path) do lines[#lines + 1] = line end
  lines_of[path] = lines
end

-- The comment above a line: its prose, names of parameters, whether it says
-- what is given.
local function comment_above(lines, number)
  local first = number
  while first > 1 and lines[first - 1]:find "^%-%-%-" do first = first - 1 end
  local prose, params, gives = "", {}, false
  for i = first, number - 1 do
    local text = lines[i]:sub(4)
    local name = text:match "^@param ([%w_.]+)%??%s"
    if name then
      params[#params + 1] = name
    elseif text:find "^@return%s" then
      gives = true
    elseif not text:find "^@" and #params == 0 and not gives then
      prose = prose .. text
    end
  end
  return prose, params, gives
end

local function names_in(list)
  local names = {}
  for name in list:gmatch "[%w_.]+" do
    if name ~= "_" then names[#names + 1] = name end
  end
  return names
end

-- What is wrong with the annotations of the function that starts at a line.
local function complaint(path, number)
  local lines = lines_of[path]
  local _, _, list = lines[number]:find "%(([^)]*)%)?"
  local prose, params, gives = comment_above(lines, number)
  local expected = names_in(list)
  if prose == "" then return "says nothing" end
  if table.concat(expected, ",") ~= table.concat(params, ",") then
    return "parameters: " .. list .. "; annotated: "
      .. table.concat(params, ", ")
  end
  local returns = false
  for i = number + 1, #lines do
    if lines[i]:find "^end" then break end
    returns = returns or lines[i]:find "^%s*return%s+[^%s]" ~= nil
  end
  if lines[number]:find "%f[%w]return%s" then returns = true end
  if returns and not gives then return "does not say what it gives" end
end

-- Names of types in an annotation; etoro.null and the like are values.
local function types_in(text)
  local found = {}
  for name in text:gmatch "%f[%w_.]etoro%.[%w_.]*" do
    if name:find "%.%u" then found[#found + 1] = name end
  end
  return found
end

-- Methods that are rows of a table, by "client.people:gain".
local rows_of, row_texts = {}, {}
for _, path in ipairs(SOURCES) do
  local text = docs.read(path)
  if path:find "^lua/etoro/" then row_texts[#row_texts + 1] = text end
  for _, row in ipairs(rows.of(text)) do
    rows_of[row.of .. ":" .. row.name] = row
  end
end

local function complaint_of_row(row)
  local prose, params, gives = comment_above(row.comment, #row.comment + 1)
  if prose == "" then return "says nothing" end
  if params[#params] ~= "options" then return "its options are not annotated" end
  if not gives then return "does not say what it gives" end
end

-- The file that has the rows of "client.feeds".
local function text_with_rows(of)
  for _, text in ipairs(row_texts) do
    if text:find(('resource.rows(collection, "%s", {'):format(of), 1, true) then
      return text
    end
  end
  return ""
end

describe("annotations #lua", function()
  it("tell editors of the methods that are rows: make rows", function()
    assert(next(rows_of))
    assert.equal(docs.read "lua/etoro/meta/resources.meta.lua",
      rows.meta(row_texts))
  end)

  it("are there for each public method", function()
    local wrong, count = {}, 0
    for name, subject in pairs(resources.subjects()) do
      for method, fn in pairs(subject.methods) do
        local info = debug.getinfo(fn, "S")
        local path = info.source:match "(lua/etoro/.*)$"
        local line = lines_of[path][info.linedefined]
        local is_own = line:find "^function "
        count = count + 1
        local problem
        local row = rows_of[name .. ":" .. method]
        if is_own then
          problem = complaint(path, info.linedefined)
        elseif row then
          problem = complaint_of_row(row)
        elseif not text_with_rows(name):find("@field " .. method .. " ") then
          problem = "has no field in its class" -- a row made in a loop
        end
        if problem then
          wrong[#wrong + 1] = name .. ":" .. method .. ": " .. problem
        end
      end
    end
    table.sort(wrong)
    assert.same({}, wrong)
    assert(count > 150, count)
  end)

  it("are there for what is no resource's", function()
    local wrong = {}
    for name_of_file, pattern in pairs(OTHERS) do
      local path = "lua/etoro/" .. name_of_file
      for number, line in ipairs(lines_of[path]) do
        local name = line:match("^function " .. pattern .. "%f[%A]")
        local problem = name and not name:find "^next_"
          and complaint(path, number)
        if problem then
          wrong[#wrong + 1] = ("%s:%d: %s: %s"):format(path, number, name,
            problem)
        end
      end
    end
    table.sort(wrong)
    assert.same({}, wrong)
  end)

  it("name only types that are defined, once each", function()
    local defined, used, twice = {}, {}, {}
    for _, path in ipairs(SOURCES) do
      for number, line in ipairs(lines_of[path]) do
        local name = line:match "^%-%-%-@class ([%w_.]+)"
          or line:match "^%-%-%-@alias ([%w_.]+)"
        if name then
          local earlier = defined[name] or path
          defined[name] = path
          -- a file may go on with its class, and what is generated with one
          if earlier ~= path and not (earlier .. path):find "%.meta%.lua" then
            twice[#twice + 1] = name
          end
        end
        local kind, rest = line:match "^%-%-%-@(%l+) (.*)$"
        if kind and kind ~= "meta" and not path:find "%.meta%.lua" then
          for _, type_name in ipairs(types_in(rest)) do
            used[type_name] = used[type_name] or path .. ":" .. number
          end
        end
      end
    end
    for line in docs.read("lua/etoro/meta/api.meta.lua"):gmatch "[^\n]+" do
      for _, name in ipairs(types_in(line:match "^%-%-%-@%l+ (.*)" or "")) do
        used[name] = used[name] or "lua/etoro/meta/api.meta.lua"
      end
    end
    local unknown = {}
    for name, place in pairs(used) do
      if not defined[name] then
        unknown[#unknown + 1] = place .. ": " .. name
      end
    end
    table.sort(unknown)
    assert.same({}, unknown)
    assert.same({}, twice)
  end)

  it("have each type on one line", function()
    local open = {}
    for _, path in ipairs(SOURCES) do
      for number, line in ipairs(lines_of[path]) do
        local rest = line:match "^%-%-%-@%l+ (.*)$" or ""
        local _, opened = rest:gsub("[{<]", "")
        local _, closed = rest:gsub("[}>]", "")
        if opened ~= closed then open[#open + 1] = path .. ":" .. number end
      end
    end
    assert.same({}, open)
  end)

  it("list each resource of a client", function()
    local class = docs.read("lua/etoro/client/init.lua")
      :match "%-%-%-@class etoro.Client:[^\n]*\n(.-)\nlocal"
    for _, name in ipairs(resources.RESOURCES) do
      assert.matches("---@field " .. name .. " etoro.", class, 1, true)
    end
  end)

  -- A class's file, its lines, and the number of the line behind its fields. What
  -- is generated of rows opens a class again that has its fields elsewhere.
  local function find_class(name)
    for path, lines in pairs(lines_of) do
      for number, line in ipairs(lines) do
        if line:match "^%-%-%-@%l+ ([%w_.]+)" == name
            and not path:find "resources%.meta"
            and line:find "^%-%-%-@[ac]l[ia]%a+ " then
          local last = number + 1
          while (lines[last] or ""):find "^%-%-%-" do last = last + 1 end
          return path, lines, number, last
        end
      end
    end
    error("no class " .. name)
  end

  it("type each part of the module as that part", function()
    local etoro = require "etoro"
    local wrong, count = {}, 0
    for name, class in docs.read("lua/etoro/init.lua")
      :gmatch "%-%-%-@field (%l+) (etoro%.[%w.]+)"
    do
      local _, lines, _, last = find_class(class)
      local variable = lines[last]:match "^local ([%w_]+) = "
      local text = table.concat(lines, "\n")
      for key, value in pairs(etoro[name]) do
        if type(value) == "function" then
          count = count + 1
          if not variable or not (text:find(
              "\nfunction " .. variable .. "." .. key .. "(", 1, true)
              or text:find("\n---@field " .. key .. " ", 1, true)) then
            wrong[#wrong + 1] = name .. "." .. key .. " is not in " .. class
          end
        end
      end
    end
    assert.same({}, wrong)
    assert(count >= 6, count)
  end)

  it("take each way to write an interval, and no other", function()
    local candles = require "etoro.market.candles"
    local _, lines, first = find_class "etoro.Interval"
    local typed, known = {}, {}
    for number = first + 1, #lines do
      local value = lines[number]:match '^%-%-%-| "(.-)"'
      if not value then break end
      typed[#typed + 1] = value
      assert(candles.interval(value), value)
    end
    local intervals
    for i = 1, 20 do
      local name, value = debug.getupvalue(candles.interval, i)
      if name == "INTERVALS" then intervals = value end
    end
    for _, one in ipairs(intervals) do
      known[#known + 1], known[#known + 2] = one[1], one[2]
    end
    assert.same(known, typed)
  end)

  -- Of our own making, or given as they came.
  local CLOSED = { Budget = true, Client = true, CloseResult = true,
    Costs = true, EligibilityAnswer = true, Equity = true, Error = true,
    OrderState = true, PreparedOrder = true, Recovered = true, RecoverReport = true,
    Response = true, Stream = true }

  it("let what a resource gives be read in any spelling", function()
    local wrong, seen = {}, {}
    for _, subject in pairs(resources.subjects()) do
      for _, fn in pairs(subject.methods) do
        local info = debug.getinfo(fn, "S")
        local lines = lines_of[info.source:match "(lua/etoro/.*)$"]
        local number = info.linedefined - 1
        while lines[number]:find "^%-%-%-" do
          local given = lines[number]:match "^%-%-%-@return (.*)" or ""
          for name in given:gmatch "etoro%.(%u%w*)" do seen[name] = true end
          number = number - 1
        end
      end
    end
    for name in pairs(seen) do
      local _, lines, first, last = find_class("etoro." .. name)
      local text = table.concat(lines, "\n", first, last - 1)
      if not CLOSED[name] and not text:find("@field [string] any", 1, true) then
        wrong[#wrong + 1] = name
      end
    end
    table.sort(wrong)
    assert.same({}, wrong)
  end)
end)
