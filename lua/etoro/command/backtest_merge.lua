-- etoro backtest merge: parts of a sweep that ran apart, put together.

local core = require "etoro.core"
local exits = require "etoro.command.exits"
local json = require "etoro.values.json"
local report_files = require "etoro.command.report_files"
local sweep_grid = require "etoro.backtest.sweep_grid"
local sweep_page = require "etoro.backtest.sweep_page"
local sweep_ranks = require "etoro.backtest.sweep_ranks"
local sweep_show = require "etoro.command.sweep_show"

local M = {}

local function fail(text, ...) exits.exit(exits.FAILED, text:format(...)) end

-- What a part's best came to by the wire.
local function replay_of(summary)
  local replay = type(summary) == "table" and summary.replay
  return type(replay) == "table" and type(replay.text) == "string" and replay or nil
end

-- The lines of a part as they are needed: the next run, or nil at the end; of its
-- summary what is kept.
local function lines_of(path, summary)
  local handle, problem = io.open(path, "rb")
  if not handle then exits.exit(exits.USAGE, "merge: " .. problem) end
  local number = 0
  return function()
    while true do
      local text = handle:read "L"
      if not text then
        handle:close()
        return nil
      end
      number = number + 1
      local line = text:sub(-1) == "\n" and json.decode(text, true) or nil
      if type(line) ~= "table" then
        fail("%s:%d: this line is cut off, or no JSON", path, number)
      end
      if not line.summary then return line, number end
      summary.replay = replay_of(line.summary)
    end
  end
end

local function is_axis(axis)
  return type(axis) == "table" and type(axis.name) == "string"
    and type(axis.values) == "table" and #axis.values > 0
end

local function is_shard(shard)
  return type(shard) == "table" and math.type(shard.k) == "integer"
    and math.type(shard.n) == "integer" and shard.k >= 1 and shard.k <= shard.n
end

local function is_head(head)
  if type(head) ~= "table" or type(head.axes) ~= "table" or #head.axes == 0
      or type(head.by) ~= "string" or math.type(head.runs) ~= "integer"
      or head.shard ~= nil and not is_shard(head.shard) then
    return false
  end
  local count = 1
  for _, axis in ipairs(head.axes) do
    if not is_axis(axis) then return false end
    count = count * #axis.values
  end
  return count == head.runs
end

-- Whether a line is a run, or what became of one that failed.
local function is_run(one)
  if type(one.error) == "string" then return true end
  for _, name in ipairs { "settings", "measures", "returns" } do
    if type(one[name]) ~= "table" then return false end
    for _, value in pairs(one[name]) do
      if name ~= "settings" and type(value) ~= "number" then return false end
    end
  end
  return true
end

-- A part: its header, and its first run.
local function open(path)
  local summary = {}
  local read = lines_of(path, summary)
  local first = read()
  local head = first and first.sweep
  if not is_head(head) then
    exits.exit(exits.USAGE, path .. " is no part of a sweep: etoro backtest FILE "
      .. "--sweep ... --shard K/N --json writes one")
  end
  local shard = head.shard or { k = 1, n = 1 }
  return { path = path, head = head, shard = shard, read = read, one = (read()),
    due = shard.k, summary = summary }
end

local SHARED = { "hash", "by", "axes", "runs", "settings", "name" }

local WHAT = { hash = "the bars, the file, the costs or what else was given",
  by = "what ranks them", axes = "the settings that are swept over",
  runs = "the number of runs", settings = "other settings", name = "the strategy" }

local function check_alike(parts)
  local first = parts[1]
  for i = 2, #parts do
    local one = parts[i]
    for _, name in ipairs(SHARED) do
      if json.show { one.head[name] } ~= json.show { first.head[name] } then
        fail("%s and %s are not of one sweep: %s differ", first.path, one.path,
          WHAT[name])
      end
    end
    if one.shard.n ~= first.shard.n then
      fail("%s is part %d of %d, and %s part %d of %d", first.path, first.shard.k,
        first.shard.n, one.path, one.shard.k, one.shard.n)
    end
  end
end

-- Each part once, and all of them.
local function check_parts(parts)
  local by_k, n = {}, parts[1].shard.n
  for _, one in ipairs(parts) do
    local other = by_k[one.shard.k]
    if other then
      fail("%s and %s are both part %d of %d", other.path, one.path, one.shard.k, n)
    end
    by_k[one.shard.k] = one
  end
  local missing = {}
  for k = 1, math.min(n, parts[1].head.runs) do
    if not by_k[k] then missing[#missing + 1] = ("%d/%d"):format(k, n) end
  end
  if #missing > 0 then
    fail("parts are missing: %s", table.concat(missing, ", "))
  end
  return by_k
end

-- The run of a number, from the part that has to have it.
local function take(by_k, index)
  local n = by_k[1].shard.n
  local part = by_k[(index - 1) % n + 1]
  local one = part.one
  if not one then
    fail("%s ends before run %d: its sweep was stopped, or still goes on", part.path,
      index)
  elseif one.run ~= index then
    fail("%s has run %s where run %d should be", part.path, core.text(one.run), index)
  elseif not is_run(one) then
    fail("%s: run %d has not what a run has", part.path, index)
  end
  part.one = part.read()
  return one
end

local function check_ends(parts)
  for _, part in ipairs(parts) do
    if part.one then
      fail("%s has run %s more than once, or one too many", part.path,
        core.text(part.one.run))
    end
  end
end

-- The best of all is the best of its part, where it was run once more.
local function replay_of_best(parts, ranks)
  local best = ranks.best[1]
  for _, part in ipairs(parts) do
    local replay = part.summary.replay
    if best and replay and replay.run == best.run then return replay end
  end
end

--- Puts parts together.
---@param session etoro.command.Session
---@param paths string[]
---@return integer code
function M.run(session, paths)
  if #paths == 0 then
    exits.exit(exits.USAGE, "merge takes the files that the parts have written")
  end
  report_files.check(session)
  local parts = {}
  for i, path in ipairs(paths) do parts[i] = open(path) end
  check_alike(parts)
  local by_k, head = check_parts(parts), parts[1].head
  local grid = sweep_grid.of(head.axes)
  local ranks = sweep_ranks.new(grid, head.by)
  head.shard = nil
  if session.out.is_json then session.out:json { sweep = head } end
  for run = 1, grid.count do
    local one = take(by_k, run)
    ranks:add(one)
    if session.out.is_json then session.out:json(one) end
  end
  check_ends(parts)
  local replay = replay_of_best(parts, ranks)
  sweep_show.all(session, { ranks = ranks, runs = grid.count, base = head,
    replay = replay })
  report_files.write(session, sweep_page, { ranks = ranks, runs = grid.count,
    name = head.name, hash = head.hash, is_free = head.is_free, costs = head.costs,
    settings = head.settings, replay = replay })
  return ranks.failures > 0 and exits.RUN or exits.OK
end

return M
