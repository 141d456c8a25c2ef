-- circles.lua FILE...: which part of the C code needs which, and whether there
-- is a circle. Shows each circle; ends with 1 when there is one.
--
-- A FILE that ends in .c or .h tells by what it includes, one that ends in .o
-- by its symbols, read with nm (NM in the environment names another). A part is
-- a pair of .c and .h with its object, named by its path from the folder below
-- src or the build folder on; a room is the folder it lies in. Neither parts
-- nor rooms may stand on each other in a circle: what does can neither be read
-- nor tested by itself.

local arrows = {}     -- part -> part -> why: an include or a symbol
local owners = {}     -- symbol -> the part that defines it
local wanted = {}     -- part -> list of symbols

local function part_of(path)
  return path:gsub("%.%w+$", ""):gsub("^.-/?(core/)", "%1")
    :gsub("^.-/?(binding/)", "%1"):gsub("^.-/?(httpd/)", "%1")
    :gsub("^.-/?(control/)", "%1")
end

local function add(from, to, why)
  arrows[from] = arrows[from] or {}
  if from ~= to then arrows[from][to] = arrows[from][to] or why end
end

local function read_source(path)
  local part = part_of(path)
  arrows[part] = arrows[part] or {}
  for line in io.lines(path) do
    local included = line:match '^%s*#%s*include%s*"(.+)"'
    if included then add(part, part_of(included), "includes " .. included) end
  end
end

local function read_object(path)
  local part = part_of(path)
  local quoted = "'" .. path:gsub("'", [['\'']]) .. "'"
  local pipe = assert(io.popen((os.getenv "NM" or "nm") .. " -P " .. quoted))
  arrows[part], wanted[part] = arrows[part] or {}, {}
  for line in pipe:lines() do
    local symbol, kind = line:match "^(%S+) (%a)"
    if kind == "U" then
      table.insert(wanted[part], symbol)
    elseif kind and kind:find "%u" then
      owners[symbol] = part
    end
  end
  assert(pipe:close(), "nm cannot read " .. path)
end

local function resolve_symbols()
  for part, symbols in pairs(wanted) do
    for _, symbol in ipairs(symbols) do
      if owners[symbol] then add(part, owners[symbol], "calls " .. symbol) end
    end
  end
end

-- The same arrows between rooms.
local function rooms()
  local graph = {}
  local function room_of(part) return part:match "^(.*)/" or "." end
  for from, targets in pairs(arrows) do
    local room = room_of(from)
    graph[room] = graph[room] or {}
    for to, why in pairs(targets) do
      if room_of(to) ~= room then
        graph[room][room_of(to)] = ("%s %s"):format(from, why)
      end
    end
  end
  return graph
end

local function sorted(set)
  local names = {}
  for name in pairs(set or {}) do table.insert(names, name) end
  table.sort(names)
  return names
end

-- Walks along the arrows; what is met again on the way closes a circle. Shows
-- one for each arrow that leads back, and gives their number.
local function show_circles(graph)
  local count, done, place, way = 0, {}, {}, {}
  local function walk(name)
    table.insert(way, name)
    place[name] = #way
    for _, to in ipairs(sorted(graph[name])) do
      if place[to] then
        count = count + 1
        io.stderr:write "a circle:\n"
        for step = place[to], #way do
          local target = way[step + 1] or to
          io.stderr:write(("  %s -> %s (%s)\n"):format(way[step], target,
            graph[way[step]][target]))
        end
      elseif not done[to] then
        walk(to)
      end
    end
    place[name], done[name] = nil, true
    table.remove(way)
  end
  for _, name in ipairs(sorted(graph)) do
    if not done[name] then walk(name) end
  end
  return count
end

for _, path in ipairs(arg) do
  (path:find "%.o$" and read_object or read_source)(path)
end
resolve_symbols()
os.exit(show_circles(arrows) + show_circles(rooms()) == 0)
