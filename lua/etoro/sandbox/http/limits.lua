-- Rate limits: rolling windows, one for each pool and caller. An accepted
-- request holds a slot for one window; a refused one holds none.

local pools = require "etoro.client.pools"

local methods = {}
local mt = { __name = "etoro.sandbox.http.limits", __index = methods }
local M = {}

local MINUTE = 60
local NONE = {} -- never written to

-- Which headers tell of them.
M.FAMILIES = { ["RateLimit"] = true, ["X-RateLimit"] = true, none = true }

--- options: true, false, or { pool = number, window = seconds }; a pool that
--- is unknown has the number of `default`, but a window of its own. window:
--- seconds that stand for a pool's minute. family: the headers' names begin
--- with "RateLimit" or "X-RateLimit", or there are "none"
function M.new(options, window, family)
  local self = setmetatable({ windows = {}, pools = {}, family = family },
    mt)
  self.enabled = options ~= false
  self.shares = {} -- of the window, by pool
  for name, pool in pairs(pools) do
    self.pools[name], self.shares[name] = pool.limit, pool.window / MINUTE
  end
  if type(options) == "table" then
    for name, limit in pairs(options) do
      if name ~= "window" then self.pools[name] = limit end
    end
    window = options.window or window
  end
  self.window = window or MINUTE
  return self
end

local function live(times, now, window)
  while times[times.first] and times[times.first] <= now - window do
    times[times.first] = nil
    times.first = times.first + 1
  end
  return times.last - times.first + 1
end

local function headers(self, pool, limit, used, reset, now, window)
  local left = math.max(0, limit - used)
  local seconds = math.ceil(reset)
  if self.family == "none" then return {} end
  if pool == "older" or self.family == "X-RateLimit" then
    return { ["X-RateLimit-Limit"] = ("%d"):format(limit),
      ["X-RateLimit-Remaining"] = ("%d"):format(left),
      ["X-RateLimit-Reset"] = ("%d"):format(math.ceil(now + reset)) }
  end
  return {
    ["RateLimit-Limit"] = ("%d"):format(limit),
    ["RateLimit-Remaining"] = ("%d"):format(left),
    ["RateLimit-Reset"] = ("%d"):format(seconds),
    ["RateLimit-Policy"] = ("%d;w=%d"):format(limit, math.ceil(window)),
  }
end

--- Whether the caller may go on, and the headers of the answer either way.
function methods:take(pool, caller, now)
  if not self.enabled then return true, NONE end
  local limit = self.pools[pool] or self.pools.default
  local window = self.window * (self.shares[pool] or 1)
  local name = pool .. " " .. caller
  local times = self.windows[name] or { first = 1, last = 0 }
  self.windows[name] = times
  local used = live(times, now, window)
  local allowed = used < limit
  if allowed then
    times.last = times.last + 1
    times[times.last] = now
    used = used + 1
  end
  local oldest = times[times.first] or now
  local reset = math.max(0, oldest + window - now)
  local out = headers(self, pool, limit, used, reset, now, window)
  if not allowed and self.family ~= "none" then
    out["Retry-After"] = ("%d"):format(math.max(1, math.ceil(reset)))
  end
  return allowed, out
end

return M
