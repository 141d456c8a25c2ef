-- What a run found: the share of faults that specs noticed, of each file, of
-- each room and of what money hangs on against the rest, and the survivors.

local M = {}

---@class spec.Verdict
---@field path string
---@field verdict "noticed"|"survived"|"equivalent"|"useless"
---@field by? string
---@field diff string

-- What a fault in it costs most, first; the first group that fits counts.
local GROUPS = {
  { name = "trading", "^lua/etoro/trading/", "^src/core/journal/",
    "^src/binding/ljournal%." },
  { name = "client", "^lua/etoro/client/", "^src/core/engine/client%.",
    "^src/binding/lclient%." },
  { name = "engine, dispatch, credentials, secret",
    "^src/core/engine/engine", "^src/core/engine/dispatch%.",
    "^src/core/engine/moves%.", "^src/core/engine/attempt%.",
    "^src/core/engine/credentials%.", "^src/core/bytes/secret%.",
    "^src/binding/lengine%.", "^src/binding/lsecret%." },
  { name = "the rest", "" },
}

local function group_of(path)
  for _, group in ipairs(GROUPS) do
    for _, pattern in ipairs(group) do
      if path:find(pattern) then return group.name end
    end
  end
end

local function room_of(path)
  return path:match "^lua/etoro/[^/]+%f[/]" or path:match "^(.*)/"
end

local function count(results, name_of)
  local by_name, names = {}, {}
  for _, result in ipairs(results) do
    if result.verdict == "noticed" or result.verdict == "survived" then
      local name = name_of(result.path)
      local row = by_name[name]
      if not row then
        row = { noticed = 0, all = 0 }
        by_name[name], names[#names + 1] = row, name
      end
      row.all = row.all + 1
      if result.verdict == "noticed" then row.noticed = row.noticed + 1 end
    end
  end
  table.sort(names)
  return by_name, names
end

local function share(row)
  return ("%7d %4d %6.1f"):format(row.noticed, row.all,
    100 * row.noticed / row.all)
end

local function show_table(results, title, name_of)
  local by_name, names = count(results, name_of)
  print(("\nnoticed   of      %%  %s"):format(title))
  for _, name in ipairs(names) do
    print(share(by_name[name]) .. "  " .. name)
  end
end

local function show_survivors(results)
  print "\nsurvivors"
  for _, result in ipairs(results) do
    if result.verdict == "survived" then
      print("\n" .. result.diff .. "\n(" .. result.by .. ")")
    end
  end
end

--- Prints all that a run found.
---@param results spec.Verdict[]
---@param seed integer
function M.show(results, seed)
  show_table(results, "file", function(path) return path end)
  show_survivors(results)
  show_table(results, "room", room_of)
  show_table(results, "group", group_of)
  local all = count(results, function() return "all" end).all
    or { noticed = 0, all = 0 }
  print(("\nseed %d: %d of %d faults noticed, %.1f %%"):format(seed,
    all.noticed, all.all, all.all > 0 and 100 * all.noticed / all.all or 0))
end

return M
