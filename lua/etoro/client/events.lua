-- Ways to look at what a client does. Events hold no header and no body, and
-- so no key.

local core = require "etoro.core"

---@class etoro.Events
local M = {}

---@class etoro.Event
---@field kind "queued"|"waited"|"sent"|"retried"|"done"|"warning"
---@field at number seconds since 1970
---@field request_id? string
---@field method? string
---@field path? string with its query
---@field pool? string the quota pool that the call draws on
---@field attempt? integer
---@field elapsed? number seconds since the call was made
---@field wait? number retried: seconds until the resend; waited: seconds so far
---@field status? integer retried, done
---@field code? string retried, done: why there is no usable answer
---@field bytes_up? integer done
---@field bytes_down? integer done: of the decoded answer
---@field http_version? number done: 1.1 or 2
---@field timing? { name: number, connect: number, tls: number, first_byte: number, total: number }
---done: seconds since the last attempt began, as libcurl measured them
---@field message? string warning

local function milliseconds(seconds)
  return core.fixed(1000 * seconds, 1) .. " ms"
end

-- The stages of an attempt that took time, in their order.
local function stages(timing)
  local parts, before = {}, 0
  for _, stage in ipairs { "name", "connect", "tls", "first_byte", "total" } do
    local at = timing[stage]
    if at > before then
      parts[#parts + 1] = stage:gsub("_", " "):gsub("total", "body") .. " "
        .. milliseconds(at - before)
      before = at
    end
  end
  return table.concat(parts, ", ")
end

local DETAIL = {
  waited = function(event)
    return event.wait > 0 and "for " .. milliseconds(event.wait)
      or "for a token"
  end,
  sent = function(event) return ("attempt %d"):format(event.attempt) end,
  retried = function(event)
    return ("%s; again in %s"):format(event.code or event.status,
      milliseconds(event.wait))
  end,
  done = function(event)
    return ("%s in %s, %d bytes, HTTP/%s (%s)"):format(
      event.code or event.status, milliseconds(event.elapsed),
      event.bytes_down, event.http_version or "?", stages(event.timing))
  end,
  warning = function(event) return event.message end,
}

--- One line of text for an event.
---@param event etoro.Event
---@return string
function M.line(event)
  local detail = DETAIL[event.kind]
  local call = event.method and event.method .. " " .. event.path or ""
  return ("%s %-7s %s %s%s"):format(os.date("!%H:%M:%S", math.floor(
    event.at)), event.kind, (event.request_id or ""):sub(1, 8), call,
    detail and (call ~= "" and ": " or "") .. detail(event) or "")
end

--- Makes a listener for the on_event option that writes a line an event.
---@param file? file* default io.stderr
---@return fun(event: etoro.Event)
function M.print(file)
  file = file or io.stderr
  return function(event) file:write(M.line(event), "\n") end
end

return M
