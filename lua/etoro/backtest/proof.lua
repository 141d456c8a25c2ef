-- Whether a strategy's decisions are what they seem: not made of the future, and
-- not of where the bars happen to begin.

local broker = require "etoro.backtest.broker"
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

local function words(value)
  if type(value) ~= "table" then return core.text(value) end
  local parts = {}
  for i, name in ipairs(types.sorted_names(value)) do
    parts[i] = name .. " " .. core.text(value[name])
  end
  return table.concat(parts, ", ")
end

local ASKED = { "place", "close", "cancel", "edit" }

-- A broker that tells what it is asked for, with rates and the position that it is
-- about: orders tell of their size alone, and nothing of stops that are changed.
local function telling(list)
  return function(...)
    local made = broker.new(...)
    for _, name in ipairs(ASKED) do
      local method = made[name]
      made[name] = function(self, what, more, ...)
        local text = name .. " " .. words(what)
        if name == "edit" then text = text .. ": " .. words(more) end
        list[#list + 1] = { time = self.now, text = text }
        return method(self, what, more, ...)
      end
    end
    return made
  end
end

-- What a broker was asked for before a time.
local function asked_before(list, cut)
  local told, before = {}, times.parse(cut) or math.huge
  for _, one in ipairs(list) do
    if one.time < before then
      told[#told + 1] = { time = times.format(one.time), text = one.text }
    end
  end
  return told
end

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

-- The first thing that another run has decided otherwise, or has asked for otherwise,
-- before a time.
local function first_other(all, asked, got, other, cut)
  return first_difference(decisions(all, "", cut), decisions(got, "", cut))
    or first_difference(asked_before(asked, cut), asked_before(other, cut))
end

local function new_proof(count)
  return { is_ok = true, runs = 0, decisions = count, differences = {},
    sources = {}, files = {}, modules = {} }
end

---@class etoro.BacktestWhole a run of all bars, and what it has come by
---@field options etoro.BacktestOptions
---@field kept table where the bars are kept
---@field result etoro.BacktestResult
---@field asked table[] what its broker was asked for
---@field files table<string, string> that it has read: where, by path
---@field modules table<string, string>
---@field machine table<string, string> figures of the machine

---@return etoro.BacktestWhole? whole
---@return etoro.Error? err
local function whole(options, kept, machine)
  local seen = { options = options, kept = kept, asked = {}, files = {}, modules = {},
    machine = {} }
  local function note(list, name, place) list[name] = list[name] or place end
  local result, err = once.run(options, { kept = kept, new_broker = telling(seen.asked),
    on_read = function(path, place) note(seen.files, path, place) end,
    on_module = function(name, place) note(seen.modules, name, place) end,
    machine = function(name, value, place)
      note(seen.machine, name, place)
      return machine and machine(value) or value
    end })
  if not result then return nil, err end
  if result.err then return nil, result.err end
  seen.result = result
  return seen
end

-- The same once more: the first thing that differs.
local function once_more(all, machine)
  local again = whole(all.options, all.kept, machine)
  return again and first_other(all.result, all.asked, again.result, again.asked, "~")
end

local function end_of(all) return all.result.equity[#all.result.equity].time end

-- The same bars once more: what differs is of a clock, of chance, or of what an
-- earlier run has left behind.
local function repeated(proof, all)
  local one = once_more(all)
  return one and add(proof, "repeat", end_of(all), one)
end

-- The same once more on a machine whose clock leaps, and whose memory does.
local function on_another_machine(proof, all)
  local name = types.sorted_names(all.machine)[1]
  if not name then return end
  local leap = 0
  local one = once_more(all, function(value)
    leap = leap + run_limits.causality_leap
    return value + leap
  end)
  if not one then return end
  one.path, one.place = name, all.machine[name]
  add(proof, "machine", end_of(all), one)
end

-- Runs to a cut: the first thing that is decided otherwise before it, or false.
local function to_cut(all, cut, on_read)
  local asked = {}
  local part, err = once.run(all.options, { ends_before = times.parse(cut),
    kept = all.kept, on_read = on_read, new_broker = telling(asked) })
  if not part then return nil, err end
  return first_other(all.result, all.asked, part, asked, cut) or false
end

-- The run to a cut once more, without those lines of files that are of later.
local function without_lines(proof, all, cut)
  local last = last_before(all.result, cut)
  for _, path in ipairs(types.sorted_names(proof.files)) do
    local copy = sources.cut(path, last)
    if copy then
      local one = to_cut(all, cut, function(other) return other == path and copy or nil end)
      os.remove(copy)
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
  local plain = quiet(options)
  local all, problem = whole(plain, {})
  if not all then return nil, problem end
  local proof = new_proof(#decisions(all.result, "", "~"))
  proof.files, proof.modules = all.files, all.modules
  proof.sources = sources.telling(texts_of(plain), all.files, all.kept.data)
  proof.is_ok = #proof.sources == 0
  if not repeated(proof, all) then on_another_machine(proof, all) end
  for _, cut in ipairs(spread(all.result, run_limits.causality_cuts)) do
    -- what is told at the end of the bars belongs to the end alone
    local one, err = to_cut(all, cut)
    if one == nil then return nil, err end
    proof.runs = proof.runs + 1
    if one then add(proof, "future", cut, one) else without_lines(proof, all, cut) end
  end
  return proof
end

--- See backtest.warmup_check.
---@param options etoro.BacktestOptions
---@return etoro.BacktestProof? proof
---@return etoro.Error? err
function M.warmup(options)
  local plain, kept = quiet(options), {}
  local all, problem = whole(plain, kept)
  if not all then return nil, problem end
  local proof = new_proof(#decisions(all.result, "", "~"))
  for _, start in ipairs(spread(all.result, run_limits.warmup_starts)) do
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
