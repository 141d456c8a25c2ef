-- What nobody promised the order of comes in any order: where SPEC_CHANCE is a seed,
-- for each Lua program by LUA_INIT_5_4 (`make check-delays`).
--
-- A sandbox hands requests that are on their way together to its model in any order
-- and answers them late, so that one overtakes the other; what its stream tells is late
-- as well. A recorder does the same. What a child writes is seen late, and not in step
-- with its other pipe. pairs goes through the names of a table in any order. A request
-- of the spec's own, below /sandbox or to a control port, finds all done that came
-- before it.

local seed = math.tointeger(tonumber(os.getenv "SPEC_CHANCE"))

local M = package.loaded["spec.support.chance"]
if M then return M end
M = {}
package.loaded["spec.support.chance"] = M

local state = 0

-- From 0 to 1.
local function roll()
  state = state ~ (state << 13)
  state = state ~ (state >> 7)
  state = state ~ (state << 17)
  return (state >> 11) / 2 ^ 53
end

--- Seconds by which something is late; 0 where nothing is left to chance.
---@param most number
function M.late(most)
  if not seed then return 0 end
  local kind = roll()
  return kind < 0.6 and 0 or kind < 0.85 and roll() * most / 20 or roll() * most
end

--- Has what a function is told come late, and in the order in which it was told.
---@param tell fun(data: string?)
---@return fun(data: string?)
function M.in_turn(tell)
  if not seed then return tell end
  local uv = require "luv"
  local waits, timer = {}, uv.new_timer()
  local function give()
    local data = table.remove(waits, 1).data
    if not data then timer:close() end
    tell(data)
    uv.stop() -- a timer that fires before the loop polls must not let it
    if waits[1] then timer:start(math.ceil(waits[1].late * 1000), 0, give) end
  end
  return function(data)
    waits[#waits + 1] = { data = data, late = M.late(0.06) }
    if #waits == 1 then timer:start(math.ceil(waits[1].late * 1000), 0, give) end
  end
end

if not seed then return M end

-- Programs of one run differ; one of them is dealt the same again, whatever ports it is
-- given.
state = seed * 2 + 1
for byte in table.concat(arg or {}, " "):gsub("%d", ""):gmatch "." do
  state = state ~ byte:byte() * 0x2545F4914F6CDD1D | 1
  roll()
end
for _ = 1, 8 do roll() end

---------------------------------------------------------------- pairs

local real_pairs = pairs

-- Keys that are not whole numbers, in any order.
local function keys_of(list)
  local keys, names = {}, {}
  for key in next, list do
    local some = math.type(key) == "integer" and keys or names
    some[#some + 1] = key
  end
  for i = #names, 1, -1 do
    local other = math.floor(roll() * i) + 1
    names[i], names[other] = names[other], names[i]
    keys[#keys + 1] = names[i]
  end
  return keys
end

rawset(_G, "pairs", function(list)
  local meta = debug.getmetatable(list)
  if type(list) ~= "table" or meta and rawget(meta, "__pairs") then
    return real_pairs(list)
  end
  local keys, at = keys_of(list), 0
  return function()
    local value
    repeat
      at = at + 1
      value = keys[at] ~= nil and rawget(list, keys[at])
    until value ~= nil -- one that is gone meanwhile is left out
    if keys[at] ~= nil then return keys[at], value end
  end, list, nil
end)

---------------------------------------------------------------- the sandbox

local LATE = 0.15 -- seconds, an answer
local APART = 0.04 -- seconds, two requests that were sent together

local function is_of_spec(request)
  return request.path and request.path:find "^/sandbox/"
end

-- What is due first is at the end.
local function by_time(a, b)
  if a.due ~= b.due then return a.due > b.due end
  return a.count > b.count
end

local function add(list, entry, due)
  list.count = (list.count or 0) + 1
  entry.due, entry.count = due, list.count
  list[#list + 1] = entry
  table.sort(list, by_time)
end

-- Answers of a server go out late; gives the list of those to come.
local function delay_answers(methods, now, prompt)
  local respond, late = methods.respond, {}

  function methods.respond(self, id, ...)
    local seconds = prompt[id] and 0 or M.late(LATE)
    prompt[id] = nil
    if seconds == 0 then return respond(self, id, ...) end
    local given = table.pack(...)
    add(late, { act = function()
      local ok, message = respond(self, id, table.unpack(given, 1, given.n))
      if not ok and message:find "header" then
        respond(self, id, 500, {}, "sandbox: " .. message .. "\n")
      end
    end }, now() + seconds)
    return true
  end

  return late
end

-- Frames of a stream go out late, one after the other.
local function delay_frames(methods, now, late)
  local say, shut, ends = methods.say, methods.shut, {}

  function methods.say(self, id, ...)
    local due = math.max(ends[id] or 0, now() + M.late(APART))
    if due <= now() then return say(self, id, ...) end
    ends[id] = due
    local given = table.pack(...)
    add(late, { act = function()
      local ok, message = say(self, id, table.unpack(given, 1, given.n))
      if not ok and message ~= "closed" then shut(self, id) end
    end }, due)
    return true
  end

  function methods.shut(self, id, ...)
    if (ends[id] or 0) <= now() then return shut(self, id, ...) end
    local given = table.pack(...)
    add(late, { act = function()
      shut(self, id, table.unpack(given, 1, given.n))
    end }, ends[id])
  end
end

-- Requests are taken in another order than they came in, in front of one of the
-- spec's own all the same.
local function shuffle_requests(methods, now, prompt, late)
  local wait, requests = methods.wait, {}

  local function take_in(request)
    if not is_of_spec(request) then
      local is_in_turn = request.socket or request.path == "/ws"
      return add(requests, request, is_in_turn and 0 or now() + M.late(APART))
    end
    for _, one in ipairs(requests) do one.due = 0 end
    prompt[request.id] = true
    add(requests, request, 0)
  end

  function methods.wait(self, seconds)
    local until_then = now() + (seconds or 0)
    for _, list in ipairs { requests, late } do
      if list[1] then until_then = math.min(until_then, list[#list].due) end
    end
    local request, why = wait(self, math.max(0, until_then - now()))
    if request then take_in(request) end
    while late[1] and late[#late].due <= now() do table.remove(late).act() end
    if requests[1] and requests[#requests].due <= now() then
      return table.remove(requests)
    end
    return nil, why or "timeout"
  end
end

local function change(methods, now)
  local prompt = {}
  local late = delay_answers(methods, now, prompt)
  delay_frames(methods, now, late)
  shuffle_requests(methods, now, prompt, late)
end

-- The specs' own process steps its servers itself, one thing after the other.
if arg and tostring(arg[0]):find "busted" then return M end

package.preload["etoro.httpd"] = function(name)
  package.preload[name] = nil
  local file = assert(package.searchpath(name, package.cpath))
  local httpd = assert(package.loadlib(file, "luaopen_etoro_httpd"))(name, file)
  local listen, changed = httpd.listen, nil
  function httpd.listen(options)
    local server, message = listen(options)
    local methods = server and debug.getmetatable(server).__index
    if methods and methods ~= changed then
      changed = methods
      change(methods, httpd.monotonic)
    end
    return server, message
  end
  return httpd
end

return M
