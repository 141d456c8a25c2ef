-- What a request for the account in sums is about: which positions, which parts of
-- the answer, and since when daily gains count. The two requests for it say the same
-- in different words.

local answers = require "etoro.sandbox.trading.answers"
local auth = require "etoro.sandbox.http.auth"
local core = require "etoro.core"
local reply = require "etoro.sandbox.http.reply"
local times = require "etoro.values.times"

local M = {}

local field = answers.field

local DAY, LONGEST, AHEAD = 86400, 2 * 86400, 300 -- seconds

---@class etoro.SandboxScope
---@field gains "none"|"pnl"|"dailypnl"
---@field since? number when the day began, for daily gains
---@field has_totals boolean
---@field has_instruments boolean
---@field has_mirrors boolean
---@field of fun(mirror_id: integer): (fun(instrument_id: integer): boolean)? what
---of a mirror, or with 0 of what is held by hand, is shown; nil: nothing

local function refuse() reply.stop(reply.new(400)) end

-- The day begins where a request says, at midnight where it does not.
local function since_of(ctx, gains, text, is_needed)
  if gains ~= "dailypnl" then
    if text then refuse() end
    return nil
  end
  local now = ctx.box:now()
  if not text then
    if is_needed then refuse() end
    return now - now % DAY
  end
  local since = times.moment(text)
  if since < now - LONGEST or since > now + AHEAD then refuse() end
  return since
end

local function any() return true end

local function of_ids(ids)
  local set = ids and auth.set(ids)
  if not set then return any end
  return function(id) return set[id] ~= nil end
end

--- Reads GET's query.
---@param ctx table
---@return etoro.SandboxScope
function M.of_query(ctx)
  local args = ctx.args
  local passes = of_ids(args.instrumentIds)
  local mirrors = args.mirrorIds and auth.set(args.mirrorIds)
  local is_older = ctx.box:is_older() -- and overlooks what it does not know
  local gains = core.lower(not is_older and args.pnlLevel or "Pnl")
  return { gains = gains, since = since_of(ctx, gains,
      not is_older and args.dailyCutoffUtc or nil, false),
    has_totals = true, has_instruments = true, has_mirrors = true,
    of = function(id) return (not mirrors or mirrors[id]) and passes or nil end }
end

local function none() return false end

-- What a filter shows; its mode says whose instruments count.
local function of_filter(filter, passes)
  local mode, ids = field(filter, "instrumentMode") or "default",
    field(filter, "instrumentIds")
  if (mode == "custom") ~= (ids ~= nil) then refuse() end
  if mode == "custom" then return of_ids(ids) end
  return mode == "all" and any or mode == "none" and none or passes
end

local function read_filters(filters, passes)
  local by_id = {}
  for _, filter in ipairs(filters) do
    by_id[filter.mirrorId] = of_filter(filter, passes)
  end
  return by_id
end

--- Reads POST's body.
---@param ctx table
---@return etoro.SandboxScope
function M.of_body(ctx)
  local body = ctx.body
  local function is_shown(name) return field(body, name) ~= "none" end
  local passes = of_ids(field(body, "instrumentIds"))
  local filters = field(body, "mirrorFilters")
  if filters and not is_shown "mirrorLevel" then refuse() end
  local by_id = filters and read_filters(filters, passes)
  local gains = core.lower(field(body, "pnlLevel") or "pnl")
  return { gains = gains,
    since = since_of(ctx, gains, field(body, "dailyCutoffUtc"), true),
    has_totals = is_shown "accountLevel",
    has_instruments = is_shown "instrumentLevel",
    has_mirrors = is_shown "mirrorLevel",
    of = function(id)
      if by_id then return by_id[id] end
      return passes
    end }
end

return M
