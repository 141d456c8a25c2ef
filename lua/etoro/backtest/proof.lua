-- Whether a strategy's decisions are what they seem: not made of the future, and
-- not of where the bars happen to begin.

local core = require "etoro.core"
local once = require "etoro.backtest.once"
local run_limits = require "etoro.values.run_limits"
local sources = require "etoro.backtest.sources"
local times = require "etoro.values.times"
local types = require "etoro.values.types"

local M = {}

---@class etoro.BacktestProof
---@field is_ok boolean
---@field runs integer that were compared
---@field decisions integer of the whole run
---@field differences etoro.BacktestDifference[] the first of each run
---@field sources etoro.BacktestSource[] that have what is still to come
---@field files table<string, string> that were read: where, by path
---@field modules table<string, string> from elsewhere, which nobody has looked into: where, by name

---@class etoro.BacktestDifference
---@field kind "future"|"file"|"repeat"|"machine"|"start" what it comes of: bars that were
---cut off; lines of a file that were; nothing, but another run of the same; the machine's clock
---or memory; where the bars begin
---@field at string
---@field time string
---@field expected string
---@field got string
---@field path? string of the file
---@field place? string where it is read

-- What was decided before a time, in words: orders, whatever became of them, and
-- what the strategy told.
local function decisions(result, from, before)
  local list = {}
  local function add(time, text)
    if time >= from and time < before then
      list[#list + 1] = { time = time, text = text }
    end
  end
  for _, order in ipairs(result.orders) do
    local size = order.amount and core.text(order.amount) .. " USD"
      or order.units and core.text(order.units) .. " units" or ""
    add(order.time, ("%s %s %s"):format(order.side, order.symbol, size))
  end
  for _, note in ipairs(result.notes) do
    if note.kind == "log" or note.kind == "notify" then
      add(note.time, note.text)
    end
  end
  return list
end

local function shown(one)
  return one and ("%s at %s"):format(one.text, one.time) or "nothing"
end

local function first_difference(expected, got)
  for i = 1, math.max(#expected, #got) do
    local a, b = expected[i], got[i]
    if not (a and b) or a.time ~= b.time or a.text ~= b.text then
      return { time = (a or b).time, expected = shown(a), got = shown(b) }
    end
  end
end

local function quiet(options)
  local all = {}
  for name, value in pairs(options) do all[name] = value end
  all.on_note, all.print = nil, nil
  return all
end

-- When a run decided last before a cut.
local function last_before(result, cut)
  local last
  for _, point in ipairs(result.equity) do
    if point.time >= cut then break end
    last = point.time
  end
  return times.parse(last or cut)
end

-- Times of points of a run, spread over it.
local function spread(result, count)
  local points, list = result.equity, {}
  for i = 1, count do
    local k = 1 + (#points - 1) * i // (count + 1)
    local time = points[k].time
    if k > 1 and time ~= list[#list] then list[#list + 1] = time end
  end
  return list
end

local function add(proof, kind, at, one)
  one.kind, one.at, proof.is_ok = kind, at, false
  proof.differences[#proof.differences + 1] = one
  return one
end

local function compare(proof, kind, at, expected, got)
  proof.runs = proof.runs + 1
  local one = first_difference(expected, got)
  return one and add(proof, kind, at, one)
end

local function new_proof(count)
  return { is_ok = true, runs = 0, decisions = count, differences = {},
    sources = {}, files = {}, modules = {} }
end

-- A whole run, and what it has read: files, modules, the machine's figures.
local function whole(options, kept, seen, machine)
  local function note(list, name, place) list[name] = list[name] or place end
  local result, err = once.run(options, { kept = kept,
    on_read = function(path, place) note(seen.files, path, place) end,
    on_module = function(name, place) note(seen.modules, name, place) end,
    machine = function(name, value, place)
      note(seen.machine, name, place)
      return machine and machine(value) or value
    end })
  if not result then return nil, err end
  if result.err then return nil, result.err end
  return result, decisions(result, "", "~")
end

local function new_seen() return { files = {}, modules = {}, machine = {} } end

-- The same bars once more: what differs is of a clock, of chance, or of what an
-- earlier run has left behind.
local function repeated(proof, options, kept, all, expected)
  local _, got = whole(options, kept, new_seen())
  local last = all.equity[#all.equity].time
  local one = type(got) == "table" and first_difference(expected, got)
  return one and add(proof, "repeat", last, one)
end

-- The same once more on a machine whose clock leaps, and whose memory does.
local function on_another_machine(proof, options, kept, all, expected, asked)
  local name = types.sorted_names(asked)[1]
  if not name then return end
  local leap = 0
  local _, got = whole(options, kept, new_seen(), function(value)
    leap = leap + run_limits.causality_leap
    return value + leap
  end)
  local one = type(got) == "table" and first_difference(expected, got)
  if not one then return end
  one.path, one.place = name, asked[name]
  add(proof, "machine", all.equity[#all.equity].time, one)
end

-- The run to a cut once more, without those lines of files that are of later.
local function without_lines(proof, options, kept, cut, last, expected)
  for _, path in ipairs(types.sorted_names(proof.files)) do
    local copy = sources.cut(path, last)
    if copy then
      local part = once.run(options, { ends_before = times.parse(cut), kept = kept,
        on_read = function(other) return other == path and copy or nil end })
      os.remove(copy)
      local one = part and first_difference(expected, decisions(part, "", cut))
      if one then
        one.path, one.place = path, proof.files[path]
        add(proof, "file", cut, one)
      end
    end
  end
end

-- The strategy's own text, and that of what it requires.
local function texts_of(options)
  local strategy = once.strategy(options)
  local texts = { [options.file] = strategy.text }
  for name, text in pairs(strategy.modules) do texts[name] = text end
  return texts
end

--- See backtest.causality.
---@param options etoro.BacktestOptions
---@return etoro.BacktestProof? proof
---@return etoro.Error? err
function M.causality(options)
  local plain, kept, seen = quiet(options), {}, new_seen()
  local all, expected = whole(plain, kept, seen)
  if not all then return nil, expected end
  local proof = new_proof(#expected)
  proof.files, proof.modules = seen.files, seen.modules
  proof.sources = sources.telling(texts_of(plain), seen.files, kept.data)
  proof.is_ok = #proof.sources == 0
  if not repeated(proof, plain, kept, all, expected) then
    on_another_machine(proof, plain, kept, all, expected, seen.machine)
  end
  for _, cut in ipairs(spread(all, run_limits.causality_cuts)) do
    local part, err = once.run(plain, { ends_before = times.parse(cut),
      kept = kept })
    if not part then return nil, err end
    -- what is told at the end of the bars belongs to the end alone
    local until_then = decisions(all, "", cut)
    if not compare(proof, "future", cut, until_then, decisions(part, "", cut)) then
      without_lines(proof, plain, kept, cut, last_before(all, cut), until_then)
    end
  end
  return proof
end

--- See backtest.warmup_check.
---@param options etoro.BacktestOptions
---@return etoro.BacktestProof? proof
---@return etoro.Error? err
function M.warmup(options)
  local plain, kept = quiet(options), {}
  local all, decided = whole(plain, kept, new_seen())
  if not all then return nil, decided end
  local proof = new_proof(#decided)
  for _, start in ipairs(spread(all, run_limits.warmup_starts)) do
    local begins = times.parse(start)
    local long, err = once.run(plain, { begins = begins, kept = kept })
    if not long then return nil, err end
    local short
    short, err = once.run(plain, { begins = begins, warm_bars = true, kept = kept })
    if not short then return nil, err end
    compare(proof, "start", start, decisions(long, "", "~"),
      decisions(short, "", "~"))
  end
  return proof
end

return M
