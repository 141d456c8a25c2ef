-- The trade history, all pages of it. (portal: Trading, Get Trade History)

local spelling = require "etoro.values.spelling"
local core = require "etoro.core"
local holdings = require "etoro.trading.account.holdings"
local times = require "etoro.values.times"
local limits = require "etoro.values.limits"

local tostring = core.text -- not up to the locale

local M = {}

local get = spelling.get

local PAGE, PAGES_MAX = limits.history_page, limits.history_pages_max

local function key_of(item)
  local parts = {}
  for i, name in ipairs { "positionId", "closeTimestamp", "units",
    "closeRate" }
  do
    parts[i] = tostring(get(item, name))
  end
  return table.concat(parts, " ")
end

-- Adds a page's items, but those that a page before had, which happens where
-- trades are closed meanwhile. Gives how many were new.
local function add_page(items, seen, list)
  local on_page, count = {}, 0
  for _, item in ipairs(list) do
    local key = type(item) == "table" and key_of(item)
    if key and not seen[key] then
      items[#items + 1], count = item, count + 1
      on_page[key] = true
    end
  end
  for key in pairs(on_page) do seen[key] = true end
  return count
end

--- Tells trades of pages apart from those that a page before had already: what is
--- closed while pages are read moves all behind it on. One that does not say which
--- it is, and when it was closed, is none of these.
---@return fun() begin_page
---@return fun(item: table): boolean is_new false where an earlier page had it
function M.pages()
  local page, page_of = 0, {}
  return function() page = page + 1 end, function(item)
    if not get(item, "positionId") or not get(item, "closeTimestamp") then
      return true
    end
    local key = key_of(item)
    local before = page_of[key]
    page_of[key] = before or page
    return before == nil or before == page
  end
end

-- When an item was closed.
local function time_of(item)
  local text = get(item, "closeTimestamp")
  return type(text) == "string" and times.parse(text) or nil
end

-- How far a list that was cut short goes back: to its last item where it is
-- in order, the latest first.
local function covered_since(items)
  local last = math.huge
  for _, item in ipairs(items) do
    local at = time_of(item)
    if not at or at > last then return math.huge end
    last = at
  end
  return last
end

--- The trade history since a day, as far as it is short enough to be read. It
--- tells no total, and a server may give shorter pages than it is asked for, so
--- that a short first page is not its end.
---@param case { read: fun(case: any, purpose: string, params: table): any }
---@param day string YYYY-MM-DD
---@return table[]? items nil when it could not be read
---@return number? since what was closed then (seconds since 1970) or later is
---in it: 0 where that is all since the day, math.huge where nobody can tell
function M.read(case, day)
  local items, seen, size = {}, {}, PAGE
  for page = 1, PAGES_MAX do
    local list = case:read("history", {
      minDate = day, page = page, pageSize = size,
    })
    if type(list) ~= "table" then return nil end
    local new = add_page(items, seen, list)
    if #list == 0 or page > 1 and #list < size then return items, 0 end
    -- the same page again: the server gives no further ones
    if new == 0 then return items, covered_since(items) end
    -- from now on just as many, so that no page begins behind what is left out
    if page == 1 and #list < size then size = #list end
  end
  return items, covered_since(items)
end

--- The same since a moment, and the day before it: its days are those of a
--- clock that nobody knows.
---@param case { read: fun(case: any, purpose: string, params: table): any }
---@param moment number seconds since 1970
---@return table[]? items
---@return number? since
function M.since(case, moment)
  return M.read(case, times.format(moment - times.DAY):sub(1, 10))
end

-- Items of histories by position, for as long as the history lives: thousands
-- of closes look at one. It must not change.
local indexes = setmetatable({}, { __mode = "k" })

local function index_of(items)
  local index = {}
  for _, item in ipairs(items) do
    local id = get(item, "positionId")
    if id then
      local key = holdings.key(id)
      index[key] = index[key] or {}
      table.insert(index[key], item)
    end
  end
  indexes[items] = index
  return index
end

--- The items of a position, and those of them that were closed at a moment or
--- later. One without a time is none of these.
---@param items table[] as they were read
---@param id integer|string
---@param since? number seconds since 1970, on the server's clock
---@return table[]
function M.of(items, id, since)
  local index = indexes[items] or index_of(items)
  local all = index[holdings.key(id)] or {}
  if not since then return all end
  local list = {}
  for _, item in ipairs(all) do
    local at = time_of(item)
    if at and at >= since then list[#list + 1] = item end
  end
  return list
end

return M
