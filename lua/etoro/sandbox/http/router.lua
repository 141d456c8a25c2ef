-- Finds the route of a request. A route is { method, path, pool, scopes,
-- handler, ... }; {name} in its path stands for one segment.

local core = require "etoro.core"

local methods = {}
local mt = { __name = "etoro.sandbox.http.router", __index = methods }
local M = {}

function M.new()
  return setmetatable({ by_size = {}, exact = {}, routes = {} }, mt)
end

local function split(path)
  local out = {}
  for segment in path:gmatch("/([^/]*)") do out[#out + 1] = segment end
  return out
end

local function decode(segment)
  return (segment:gsub("%%(%x%x)", function(hex)
    return string.char(tonumber(hex, 16))
  end))
end

function methods:add(route)
  local parts = split(route.path)
  if not route.path:find("{", 1, true) then
    self.exact[route.method .. " " .. route.path] = route
  end
  local same_size = self.by_size[#parts] or {}
  self.by_size[#parts] = same_size
  same_size[#same_size + 1] = { route = route, parts = parts }
  self.routes[#self.routes + 1] = route
end

local function match(parts, segments)
  local params = {}
  for i, part in ipairs(parts) do
    local name = part:match("^{(.+)}$")
    if name and segments[i] ~= "" then
      params[name] = decode(segments[i])
    elseif part ~= segments[i] then
      return nil
    end
  end
  return params
end

--- route, params; or nil and the methods that the path would take.
function methods:find(method, path)
  local spelt_out = self.exact[method .. " " .. path]
  if spelt_out then return spelt_out, {} end
  local segments = split(path)
  local others = {}
  for _, entry in ipairs(self.by_size[#segments] or {}) do
    local params = match(entry.parts, segments)
    if params and entry.route.method == method then
      return entry.route, params
    elseif params then
      others[#others + 1] = entry.route.method
    end
  end
  table.sort(others, core.before)
  return nil, others
end

--- The query as a table of decoded values; commas that were escaped are kept
--- apart from literal ones by leaving %2C as it is. Values of a name that comes more
--- than once are joined by commas, equal ones are one.
function M.query(text)
  local out = {}
  if not text or text == "" then return out end
  for name, value in text:gmatch("([^&=]+)=?([^&]*)") do
    value = value:gsub("+", " "):gsub("%%2[cC]", "%%252C")
    local key, one = decode(name), decode(value)
    local before = out[key]
    out[key] = before and before ~= one and before .. "," .. one or one
  end
  return out
end

return M
