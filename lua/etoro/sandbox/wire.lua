-- The sandbox inside a client's own process: the engine's requests are handed
-- to the model, its answers to the engine, and the clock moves only when all
-- that is left is waiting. No socket, no real time.

local client = require "etoro.client"
local core = require "etoro.core"
local scheduler = require "etoro.tasks.scheduler"
local stream_way = require "etoro.sandbox.stream.way"
local tasks = require "etoro.tasks"
local waiting = require "etoro.tasks.waiting"

local tostring = core.text -- not up to the locale

local M = {}

local function split(target)
  local at = target:find("?", 1, true)
  if not at then return target, "" end
  return target:sub(1, at - 1), target:sub(at + 1)
end

-- The header lines that the core built, with the sealed credentials among
-- them under their own names.
local function headers_of(request)
  local headers = { accept = nil, ["content-type"] = nil,
    ["x-request-id"] = nil, ["x-api-key"] = nil, ["x-user-key"] = nil }
  for _, line in ipairs(request.lines) do
    local name, value = line:match("^([^:]+):[ \t-\r]*(.*)$")
    headers[core.lower(name)] = value
  end
  headers.accept = "application/json"
  if request.body and not headers["content-type"] then
    headers["content-type"] = "application/json"
  end
  for name, secret in pairs(request.credentials) do headers[name] = secret end
  return headers
end

local function add_lines(lines, name, value)
  if type(value) == "string" then
    lines[#lines + 1] = name .. ": " .. value
    return
  end
  for _, text in ipairs(type(value) == "table" and value or { value }) do
    lines[#lines + 1] = name .. ": " .. tostring(text)
  end
end

local function block_of(reply)
  local lines = { ("HTTP/1.1 %d"):format(reply.status) }
  for name, value in pairs(reply.headers or {}) do
    add_lines(lines, name, value)
  end
  return table.concat(lines, "\r\n") .. "\r\n\r\n"
end

-- What a fault does to the wire; an answer that is only late comes later.
local function spoil(pump, job, reply)
  local action, engine = reply.fault.action, pump.engine
  if action == "stall" then
    return -- the attempt's timeout ends it
  elseif action == "delay" or action == "drip" then
    pump.late[#pump.late + 1] = {
      at = engine:now() + (reply.fault.seconds or 1), job = job,
      reply = reply,
    }
  else
    engine:fail(job, action == "cut" and "lost" or "truncated", true)
  end
end

local function answer(pump, job, request)
  local path, query = split(request.target)
  local reply = pump.box:handle {
    method = request.method, path = path, query = query,
    headers = headers_of(request), body = request.body or "",
    remote = "127.0.0.1",
  }
  if reply.fault and not reply.fault.is_whole then
    spoil(pump, job, reply)
  else
    pump.engine:answer(job, reply.status, block_of(reply), reply.body or "")
  end
end

-- Gives the answers that are due, and the seconds until the next one is.
local function answer_late(pump)
  local now, left, due = pump.engine:now(), {}, nil
  for _, entry in ipairs(pump.late) do
    if entry.at <= now then
      pump.engine:answer(entry.job, entry.reply.status,
        block_of(entry.reply), entry.reply.body or "")
    else
      left[#left + 1] = entry
      due = math.min(due or entry.at - now, entry.at - now)
    end
  end
  pump.late = left
  return due
end

-- Serves all that waits to be sent; false when there was nothing.
local function serve(pump)
  local job, request = pump.engine:take()
  if not job then return false end
  while job do
    answer(pump, job, request)
    job, request = pump.engine:take()
  end
  return true
end

-- Lets those go on who wait for news of a stream; false when there are none.
local function tell(pump)
  local told = pump.told
  if not told[1] then return false end
  pump.told = {}
  for _, id in ipairs(told) do scheduler.deliver(id) end
  return true
end

-- Serves what waits to be sent, and streams; with nothing there, moves the clock
-- on to what is due next. Gives false when nothing is.
local function drive(pump, loop)
  if serve(pump) then return true end
  local streams = pump.box.streams -- once somebody has opened one
  if streams then streams:tick() end
  if tell(pump) then return true end
  local due = answer_late(pump) or math.huge
  if streams then due = math.min(due, streams:due()) end
  due = math.min(due, loop:timeout())
  if due == math.huge then return false end
  pump.engine:advance(due)
end

-- One engine a box: its clock is the box's from then on.
local function pump_of(box)
  if not box.pump then
    local engine = core.engine { now = box:now(),
      seed = math.tointeger(box.options.seed) }
    local pump = { engine = engine, box = box, late = {}, told = {} }
    box.pump = pump
    box:set_clock(function() return engine:unix() end)
    local runtime = waiting.of(engine)
    runtime.drive = function(loop) return drive(pump, loop) end
    runtime.open_way = function(handle)
      local way, err = stream_way.open(box, engine, handle, function(id)
        table.insert(pump.told, id)
      end)
      return way, err
    end
  end
  return box.pump
end

--- Makes a client whose calls the box answers in this process.
---@param box etoro.Sandbox
---@param options? etoro.ClientOptions
---@return etoro.Client? client
---@return etoro.Error? err
function M.client(box, options)
  local pump = pump_of(box)
  local merged = { base_url = "http://127.0.0.1" }
  for name, value in pairs(options or {}) do merged[name] = value end
  if not merged.access_token then
    merged.api_key = merged.api_key or box.options.api_key
    merged.user_key = merged.user_key or box.options.user_key
  end
  merged.wait = waiting.of(pump.engine).drive
  return client.new(merged, pump.engine)
end

--- Moves a box's clock ahead, with all that goes by it.
---@param box etoro.Sandbox
---@param seconds number
function M.advance(box, seconds)
  box.pump.engine:advance(seconds)
end

--- Runs a function as a task by a box's clock.
---@param box etoro.Sandbox
---@param fn function
---@param ... any its arguments
---@return any ...
function M.run(box, fn, ...)
  return tasks.run_in(waiting.of(pump_of(box).engine), fn, ...)
end

return M
