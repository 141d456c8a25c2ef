-- Who can be looked up: the people of the fixture and the box's owners, and
-- what their results were. Those are made up from the date alone.

local core = require "etoro.core"
local people_fixture = require "etoro.sandbox.people.fixture"
local times = require "etoro.values.times"

local tonumber = core.number -- not up to the locale

local M = {}

local DAY = 86400

-- What an owner is as a person.
local DEFAULTS = { country = 0, level = 0, gain = 0, risk = 1, copiers = 0,
  tier = 0, strategy = 1, trades = 0, weeks = 0, assets = {} }
local owner_mt = { __index = DEFAULTS }

local function as_person(owner)
  return setmetatable({ gcid = owner.gcid, real_cid = owner.real_cid,
    demo_cid = owner.demo_cid, username = owner.username,
    first_name = owner.first_name, last_name = owner.last_name }, owner_mt)
end

local function find_owner(box, field, value)
  for _, owner in pairs(box.owners) do
    if owner[field] == value then return as_person(owner) end
  end
end

function M.by_name(box, name)
  return people_fixture.by_name(name) or find_owner(box, "username", core.lower(name))
end

--- By the number of the real account; a gcid will do as well, and is not
--- told apart.
function M.by_cid(box, cid)
  return people_fixture.by_id(cid) or find_owner(box, "real_cid", cid)
end

M.all = people_fixture

function M.day_of(text)
  return math.floor(times.parse(text) / DAY)
end

function M.date_of(day)
  return times.date(day * DAY)
end

function M.today(box)
  return math.floor(box:now() / DAY)
end

--- What a person won on a day, in percent: something about -2 to 2.
function M.gain_on(person, day)
  return ((day * 7919 + person.gcid * 31) % 401 - 200) / 100
    + person.gain / 365
end

--- From one day to another, both included, one day after the other added up.
function M.gain_between(person, first, last)
  local factor = 1
  for day = first, last do
    factor = factor * (1 + M.gain_on(person, day) / 100)
  end
  return math.floor((factor - 1) * 1e4 + 0.5) / 100
end

local BACK = { OneMonthAgo = 30, TwoMonthsAgo = 61, ThreeMonthsAgo = 91,
  SixMonthsAgo = 182, OneYearAgo = 365, LastTwoYears = 730 }

--- First and last day of a named period.
function M.period(name, today)
  if BACK[name] then return today - BACK[name], today end
  local year, month = M.date_of(today):match "^(%d+)%-(%d+)"
  year, month = tonumber(year), tonumber(month)
  local function first_of(y, m)
    return M.day_of(("%04d-%02d-01"):format(y, m))
  end
  if name == "LastYear" then
    return first_of(year - 1, 1), first_of(year, 1) - 1
  elseif name == "CurrYear" then
    return first_of(year, 1), today
  elseif name == "CurrQuarter" then
    return first_of(year, month - (month - 1) % 3), today
  end
  return first_of(year, month), today
end

return M
