-- One value of an answer, plausible by the name of its field and its type.

local core = require "etoro.core"
local json = require "etoro.values.json"
local people_fixture = require "etoro.sandbox.people.fixture"
local times = require "etoro.values.times"

local M = {}

local DAY = 86400
local LATEST = 1767225600 -- 2026-01-01: nothing made up is later
local WORDS = { "Harbour", "Lantern", "Meadow", "Compass", "Orchard", "Signal",
  "Granite", "Willow", "Beacon", "Ledger", "Summit", "Tide" }
local COUNTRIES = { "Malta", "Norway", "Portugal", "Japan", "Chile", "Ghana" }

local function chosen(list, random) return list[random:range(1, #list)] end

local function one_of(list)
  return function(_, random) return chosen(list, random) end
end

local word, country = one_of(WORDS), one_of(COUNTRIES)

local function uuid(_, random) return random:uuid() end

local function words(box, random)
  return word(box, random) .. " " .. core.lower(word(box, random))
end

local function sentence(box, random)
  return words(box, random) .. " and " .. core.lower(word(box, random)) .. "."
end

local function sum(_, random)
  return ("%d.%02d"):format(random:range(1, 4000), random:range(0, 99))
end

local function url(_, random, name)
  return ("https://example.org/%s/%d"):format(core.lower(name),
    random:range(1, 999))
end

local function digits(_, random)
  return ("%d"):format(random:range(1000, 9999999))
end

local function person(field)
  return function(_, random) return chosen(people_fixture, random)[field] end
end

local function moment(_, random)
  return times.format(LATEST - random:range(1, 730 * 24) * DAY / 24)
end

-- A moment that is still to come.
local function later(_, random)
  return times.format(LATEST + random:range(5 * 365, 9 * 365) * DAY)
end

local function date(_, random)
  return times.date(LATEST - random:range(1, 730) * DAY)
end

local function instrument(box, random)
  return chosen(box.instruments, random).instrumentID
end

local function loss(_, random) return -random:range(0, 40) / 4 end

local function number(_, random) return random:range(1, 9999) end

local function share(_, random) return random:range(0, 400) / 4 end

-- By type: { pattern of a field's name, maker }; the first that fits counts.
local NAMED = {
  string = {
    { "[uU]rl$", url }, { "Link$", url }, { "^uuid$", uuid },
    { "[iI]d$", digits }, { "[nN]umber$", digits }, { "Reference$", digits },
    { "^phone$", digits }, { "^zipCode$", digits },
    { "^Gender$", one_of { "Female", "Male" } },
    { "^Club$", one_of { "Bronze", "Silver", "Gold" } },
    { "^email$", function(_, r)
      return chosen(people_fixture, r).username .. "@example.org"
    end },
    { "^firstName$", person "first_name" },
    { "^lastName$", person "last_name" },
    { "[cC]ountry$", country },
    { "Color$", function(_, r)
      return ("#%06X"):format(r:range(0, 0xFFFFFF))
    end },
    { "^maskedPan$", function(_, r)
      return ("************%04d"):format(r:range(0, 9999))
    end },
    { "[aA]mount$", sum }, { "Balance$", sum }, { "pnl$", sum },
    { "^small$", url }, { "^medium$", url }, { "^large$", url },
    { "[dD]escription$", sentence }, { "^message$", sentence },
    { "^aboutMe", sentence }, { "", words },
  },
  number = {
    { "Pct$", share }, { "Ratio$", share },
    { "D[dD]$", loss }, { "Valley$", loss },
    { "", function(_, r) return r:range(0, 4000) / 4 end },
  },
  integer = {
    { "[iI]nstrumentI[dD]$", instrument },
    { "I[dD]$", number }, { "^id$", number },
    { "Activity$", function(_, r) return LATEST - r:range(1, 730) * DAY end },
    { "", function(_, r) return r:range(0, 9) end },
  },
  boolean = { { "", function(_, r) return r:range(0, 1) == 1 end } },
  datetime = { { "^expir", later }, { "", moment } }, date = { { "", date } },
  uuid = { { "", uuid } },
  list = { { "", function() return json.list() end } },
  object = { { "", function() return {} end } },
  any = { { "", function() return json.null end } },
}

local function within(value, spec)
  if type(value) ~= "number" then return value end
  return math.max(spec.min or value, math.min(spec.max or value, value))
end

--- A value of a spec that is no object with fields, and no list of something.
---@param box etoro.Sandbox
---@param spec table in the words of etoro.operations
---@param name string of the field
---@param random table
---@return any
function M.of(box, spec, name, random)
  if spec.enum then return chosen(spec.enum, random) end
  for _, rule in ipairs(NAMED[spec.type]) do
    if name:find(rule[1]) then
      return within(rule[2](box, random, name), spec)
    end
  end
end

return M
