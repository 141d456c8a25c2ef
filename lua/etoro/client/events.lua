-- Ways to look at what a client does. Events hold no header and no body, and
-- so no key.

local blame = require "etoro.values.blame"
local named = require "etoro.values.named"
local core = require "etoro.core"
local errors = require "etoro.errors"
local json = require "etoro.values.json"
local levels = require "etoro.tasks.levels"
local times = require "etoro.values.times"

local tostring = core.text -- not up to the locale

---@class etoro.Events
local M = {}

---@class etoro.Event
---@field kind "queued"|"waited"|"sent"|"retried"|"done"|"warning"
---@field level etoro.Level how much it matters
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
---@field timer? string warning of a timer: as it was asked for
---@field skipped? integer warning of a timer: runs that were left out
---@field error? any warning of a timer: what a run of it raised
---@field traceback? string of that

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

--- How much an event matters.
---@param event etoro.Event
---@return etoro.Level
function M.level(event)
  local known = event.level or levels.of(event)
  return known
end

-- Takes the options of a listener; raises.
local function take_level(options, default)
  named.options(options, { level = "string" }, "option")
  local wanted = options and options.level or default
  local rank = levels.rank(wanted)
  if not rank then
    blame.raise(("bad option 'level': debug, info, warning or error expected, got"
      .. " '%s'"):format(wanted))
  end
  return rank
end

-- A listener for events from a level on.
local function from(rank, visit)
  return function(event)
    if levels.rank(M.level(event)) >= rank then visit(event) end
  end
end

---@class etoro.ListenerOptions
---@field level? etoro.Level events below it are left out

--- Makes a listener for the on_event option that writes a line an event.
---@param file? file* default io.stderr
---@param options? etoro.ListenerOptions level: "debug" unless given
---@return fun(event: etoro.Event)
function M.print(file, options)
  file = file or io.stderr
  return from(take_level(options, "debug"), function(event)
    file:write(M.line(event), "\n")
  end)
end

-- A time to the millisecond.
local function moment(at)
  local thousandths = math.floor(at * 1000)
  return ((times.format(thousandths // 1000) or ""):gsub("Z$",
    (".%03dZ"):format(thousandths % 1000)))
end

--- An event as one JSON object, without a line end: its fields, and `time`, ISO
--- 8601. What an error was made of is its text.
---@param event etoro.Event
---@return string
function M.json(event)
  local shown = {}
  for name, value in pairs(event) do shown[name] = value end
  shown.level = M.level(event)
  shown.time, shown.at = moment(event.at), nil
  if shown.error ~= nil then shown.error = tostring(shown.error) end
  return core.masked(json.show(shown))
end

local WRITERS = {
  ["function"] = function(write) return write end,
  userdata = function(file)
    return function(line)
      assert(file:write(line, "\n"))
      assert(file:flush())
    end
  end,
}

-- A file by its name is opened for each line: whoever moves it aside need tell
-- nobody, and several programs may write to one.
local function append_to(path)
  return function(line)
    local file = assert(io.open(path, "ab"))
    local done, problem = file:write(line, "\n")
    local closed, why = file:close()
    if not (done and closed) then error(problem or why, 0) end
  end
end

--- Makes a listener for the on_event option that writes events as JSON, one object
--- a line. No header, body or key is in them. A disk that refuses is told on stderr,
--- and costs no call anything.
---@param target string|file*|fun(line: string) the name of a file, which may be
---moved aside at any time; an open one; or what takes each line
---@param options? etoro.ListenerOptions level: "info" unless given
---@return (fun(event: etoro.Event))? listener
---@return etoro.Error? err where the file cannot be opened
function M.lines(target, options)
  local rank = take_level(options, "info")
  if type(target) == "string" then
    local file, problem = io.open(target, "ab")
    if not file then return nil, errors.invalid("target", tostring(problem)) end
    file:close()
    return from(rank, function(event) append_to(target)(M.json(event)) end)
  end
  local writer = WRITERS[type(target)] or type(target) == "table" and WRITERS.userdata
  if not writer then
    blame.raise("target: a file, its name or a function expected, got " .. type(target))
  end
  local write = writer(target)
  return from(rank, function(event) write(M.json(event)) end)
end

return M
