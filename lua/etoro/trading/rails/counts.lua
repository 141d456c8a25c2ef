-- What rails count: writes of a minute and of a day, the day's first equity, the
-- highest one, and when a loss has stopped entries. Kept beside the journal, so
-- that a program which crashes again and again gets no new limits each time.

local errors = require "etoro.errors"
local json = require "etoro.values.json"
local limits = require "etoro.values.limits"
local times = require "etoro.values.times"
local values_kept = require "etoro.values.kept"

---@class etoro.RailCounts
---@field path? string
---@field day integer of UTC, since 1970
---@field writes integer of that day
---@field recent number[] when the writes of the last minute were
---@field first? number the day's first equity
---@field lowest? number the day's lowest equity
---@field highest? number
---@field stopped? number when a loss has stopped entries
---@field lost_day? integer whose loss has stopped them
local counts = {}
counts.__index = counts
counts.__name = "etoro.rails.counts"

local M = {}

local NUMBERS = { "day", "writes", "first", "lowest", "highest", "stopped", "lost_day" }

local function refusal(path, message)
  return errors.new { kind = "invalid", code = "rails", field = "rails",
    message = ("what rails have counted, in %s, %s"):format(path, message) }
end

local function is_number(value)
  return type(value) == "number" and math.abs(value) < math.huge
end

-- Whether what was kept has the shape that rails write: what has not would reset a
-- limit.
local function is_whole(kept)
  for _, name in ipairs(NUMBERS) do
    if kept[name] ~= nil and not is_number(kept[name]) then return false end
  end
  if kept.recent ~= nil and type(kept.recent) ~= "table" then return false end
  for i, at in pairs(kept.recent or {}) do
    if math.type(i) ~= "integer" or not is_number(at) then return false end
  end
  return true
end

local function read(path)
  local kept, why, problem = values_kept.read(path)
  if why == "absent" then return {} end
  if kept and is_whole(kept) then return kept end
  return nil, refusal(path, why == "unreadable" and "cannot be read: " .. problem
    or "is broken: look at the account, then move it away")
end

--- Opens the counts.
---@param path? string a file that they are kept in
---@return etoro.RailCounts? counts
---@return etoro.Error? err
function M.open(path)
  local kept, err
  if path then
    kept, err = read(path)
    if not kept then return nil, err end
  end
  kept = kept or {}
  local self = setmetatable({ path = path, recent = {}, day = 0, writes = 0 },
    counts)
  for _, name in ipairs(NUMBERS) do self[name] = kept[name] or self[name] end
  table.move(kept.recent or {}, 1, #(kept.recent or {}), 1, self.recent)
  return self
end

-- Lets go of what is past. What was in the future, by a clock that is set back since,
-- may have been a moment ago, and not longer in force than that.
local function pass(self, now)
  local day = now // times.DAY
  -- a clock that is set back makes no new day
  if day > self.day then
    self.day, self.writes, self.first, self.lowest = day, 0, nil, nil
  end
  local recent = {}
  for _, at in ipairs(self.recent) do
    if at > now - limits.rails_minute then recent[#recent + 1] = math.min(at, now) end
  end
  self.recent = recent
  self.stopped = self.stopped and math.min(self.stopped, now)
end

--- How many writes there were.
---@param now number
---@return integer minute
---@return integer day
function counts:seen(now)
  pass(self, now)
  return #self.recent, self.writes
end

--- Writes what is counted down.
---@return true? done
---@return etoro.Error? err
function counts:save()
  if not self.path then return true end
  local kept = { recent = self.recent[1] and self.recent or nil }
  for _, name in ipairs(NUMBERS) do kept[name] = self[name] end
  local ok, problem = values_kept.write(self.path, json.encode(kept))
  if ok then return true end
  return nil, refusal(self.path, "cannot be written: " .. problem)
end

--- Counts a write, before it leaves.
---@param now number
---@return true? done
---@return etoro.Error? err
function counts:add(now)
  pass(self, now)
  self.recent[#self.recent + 1], self.writes = now, self.writes + 1
  return self:save()
end

--- Takes an equity into account.
---@param now number
---@param equity number
---@return number lost since the day began, USD, at the day's worst look
---@return number drawdown below the highest, a fraction
function counts:worth(now, equity)
  pass(self, now)
  self.first = self.first or equity
  self.lowest = math.min(self.lowest or equity, equity)
  self.highest = math.max(self.highest or equity, equity)
  return self.first - self.lowest, self.highest > 0
    and (self.highest - equity) / self.highest or 0
end

--- A loss stops entries.
---@param now number
function counts:stop(now) self.stopped = self.stopped or now end

--- The same for a day's loss, once: what is asked for later that day prolongs no
--- cool-down.
---@param now number
function counts:stop_for_day(now)
  if self.lost_day == self.day then return end
  self.lost_day = self.day
  self:stop(now)
end

--- Begins to count the drawdown anew.
---@param equity number
function counts:anew(equity) self.highest, self.stopped = equity, nil end

return M
