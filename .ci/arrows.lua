-- arrows.lua [--figures] [ROOT]: draws which file of lua/etoro requires which,
-- from the files themselves, and holds that against .ci/layers.lua: an arrow
-- that goes up, a circle, a file that nobody requires, one without a room.
-- ROOT: the folder that holds .ci/layers.lua and lua/etoro. Shows each fault,
-- and ends with 1 when there is one; with --figures it shows the figures.
--
-- What counts as an arrow: the name of a module in any text of a file, so that
-- tables of names and late loading are seen too. Where a file requires
-- `"etoro.command." .. name`, its texts are names behind that as well.

package.path = package.path .. ";/usr/share/lua/5.1/?.lua"

local decoder = require "luacheck.decoder"
local parser = require "luacheck.parser"

local root, wants_figures = ".", false
for _, argument in ipairs(arg) do
  if argument == "--figures" then wants_figures = true else root = argument end
end

local layers = dofile(root .. "/.ci/layers.lua")
local faults = {}

local function report(text, ...)
  faults[#faults + 1] = text:format(...)
end

local function sorted(set)
  local names = {}
  for name in pairs(set) do names[#names + 1] = name end
  table.sort(names)
  return names
end

-- Names of files as modules are named, without "etoro": "trading.orders"; a
-- folder's init.lua by the folder's name, as it is required.
local function find_modules()
  local modules = {}
  local list = assert(io.popen("cd '" .. root:gsub("'", "'\\''")
    .. "' && find lua/etoro -name '*.lua'"))
  for path in list:lines() do
    local name = path:match("^lua/etoro/(.*)%.lua$"):gsub("/", ".")
    modules[name == "init" and name or name:gsub("%.init$", "")] = path
  end
  list:close()
  return modules
end

local modules = find_modules()

-- The module of a text such as "etoro.market.cache".
local function module_of(text)
  if text == "etoro" then return "init" end
  local name = text:match "^etoro%.(.+)$"
  return name and modules[name] and name
end

local is_native = {}
for _, name in ipairs(layers.native) do is_native["etoro." .. name] = true end

-- Texts in a file, beginnings of names that it requires, and names that it
-- requires in plain text.
local function look_through(node, found)
  if type(node) ~= "table" then return end
  if node.tag == "String" then found.texts[node[1]] = true end
  if node.tag == "Pair" and node[1].tag == "String"
      and node[1][1] == "__name" then
    return -- what a type is called
  end
  if node.tag == "Call" and node[1].tag == "Id" and node[1][1] == "require"
      and node[2] then
    local what = node[2]
    if what.tag == "String" then found.required[what[1]] = true end
    if what.tag == "Op" and what[1] == "concat" and what[2].tag == "String" then
      found.beginnings[what[2][1]] = true
    end
  end
  for _, part in ipairs(node) do look_through(part, found) end
end

local function read(path)
  local file = assert(io.open(root .. "/" .. path, "rb"))
  local source = file:read("a"):gsub("^#[^\n]*", "")
  file:close()
  local found = { texts = {}, required = {}, beginnings = {} }
  look_through(parser.parse(decoder.decode(source)), found)
  return found
end

-- name -> set of the modules it requires
local function draw()
  local arrows = {}
  for name, path in pairs(modules) do
    local found, to = read(path), {}
    for text in pairs(found.texts) do
      for beginning in pairs(found.beginnings) do
        local target = module_of(beginning .. text)
        if target then to[target] = true end
      end
      if module_of(text) then to[module_of(text)] = true end
    end
    for text in pairs(found.required) do
      if text:find "^etoro" and not module_of(text) and not is_native[text] then
        report("%s requires %s, which is not there", path, text)
      end
    end
    to[name] = nil
    arrows[name] = to
  end
  return arrows
end

-- Rooms: the place of each in the list, and the room of a module.
local place, room_list = {}, {}
for i, room in ipairs(layers.rooms) do
  place[room[1]], room_list[i] = i, room
end

-- A folder's init.lua has a room of its own where the list has one for it.
local function room_of(name)
  if place[name .. ".init"] then return name .. ".init" end
  while name and not place[name] do name = name:match "^(.*)%.[^.]+$" end
  return name
end

local function may_use(from, to)
  if from == to then return true end
  if place[to] > place[from] then return false end
  local only = room_list[place[from]].only
  if not only then return true end
  for _, name in ipairs(only) do
    if name == to then return true end
  end
  return false
end

local function check_rooms(arrows)
  local of_rooms = {}
  for _, from in ipairs(sorted(arrows)) do
    local room = room_of(from)
    if not room then report("%s stands in no room", modules[from]) end
    for _, to in ipairs(sorted(arrows[from])) do
      local other = room_of(to)
      if room and other and room ~= other then
        of_rooms[room .. " -> " .. other] = true
      end
      if room and other and not may_use(room, other) then
        report("%s requires %s: %s may not use %s", modules[from],
          to == "init" and "etoro" or "etoro." .. to, room, other)
      end
    end
  end
  for _, room in ipairs(layers.rooms) do
    local is_used = false
    for name in pairs(modules) do
      is_used = is_used or room_of(name) == room[1]
    end
    if not is_used then
      report(".ci/layers.lua: there is nothing in %s", room[1])
    end
  end
  return of_rooms
end

-- The circles, each a list of modules: parts of the graph in which any file
-- leads to any other (Tarjan).
local function find_circles(arrows)
  local number, lowest, on_stack, stack, count = {}, {}, {}, {}, 0
  local circles = {}
  local function visit(name)
    count = count + 1
    number[name], lowest[name] = count, count
    stack[#stack + 1], on_stack[name] = name, true
    for _, to in ipairs(sorted(arrows[name])) do
      if not number[to] then
        visit(to)
        lowest[name] = math.min(lowest[name], lowest[to])
      elseif on_stack[to] then
        lowest[name] = math.min(lowest[name], number[to])
      end
    end
    if lowest[name] < number[name] then return end
    local members = {}
    repeat
      local member = table.remove(stack)
      on_stack[member] = nil
      members[#members + 1] = member
    until member == name
    if #members > 1 then
      table.sort(members)
      circles[#circles + 1] = members
    end
  end
  for _, name in ipairs(sorted(arrows)) do
    if not number[name] then visit(name) end
  end
  return circles
end

local function check_entries(arrows)
  local is_required = {}
  for _, to in pairs(arrows) do
    for name in pairs(to) do is_required[name] = true end
  end
  for _, name in ipairs(sorted(modules)) do
    local room = room_of(name) -- an entry may stand for a room
    if not is_required[name] and not layers.entries[name]
        and not (room and layers.entries[room]) then
      report("%s is required by nobody", modules[name])
    end
  end
  for _, name in ipairs(sorted(layers.entries)) do
    if not modules[name] and not place[name] then
      report(".ci/layers.lua: there is no file of the entry %s", name)
    end
  end
end

local function size(set) return #sorted(set) end

local arrows = draw()
local of_rooms = check_rooms(arrows)
local circles = find_circles(arrows)
for _, members in ipairs(circles) do
  report("a circle of %s", table.concat(members, ", "))
end
check_entries(arrows)

if wants_figures then
  local count = 0
  for _, to in pairs(arrows) do count = count + size(to) end
  print(("%d files, %d arrows; %d rooms, %d arrows; %d circles"):format(
    size(modules), count, #layers.rooms, size(of_rooms), #circles))
end

-- Faults that are known are passed over; one that is none any more has to leave
-- the list.
local is_known, count = {}, 0
for _, text in ipairs(layers.known) do is_known[text] = true end
table.sort(faults)
for _, fault in ipairs(faults) do
  if not is_known[fault] then
    io.stderr:write(fault, "\n")
    count = count + 1
  end
  is_known[fault] = nil
end
for _, text in ipairs(sorted(is_known)) do
  io.stderr:write(".ci/layers.lua: no fault any more: ", text, "\n")
  count = count + 1
end
os.exit(count == 0)
