-- A record of what the wire said: lines of JSON in a file, the first one its
-- head. What is sent to log in never comes here, and where the server repeats a
-- key there are asterisks.

local core = require "etoro.core"
local errors = require "etoro.errors"
local recorded = require "etoro.values.recorded"

---@class etoro.StreamRecord
---@field path string
---@field file file*
---@field client etoro.Client whose keys are never written
---@field size integer bytes of it, all of them whole lines
---@field began number on the clock that the lines' times come by
---@field began_at number seconds since 1970, at the same time
local record = {}
record.__index = record
record.__name = "etoro.stream.record"

local M = {}

---@param path string
---@param message? string
---@return etoro.Error
local function failed(path, message)
  return errors.new { kind = "invalid", code = "record_failed",
    message = ("no record is written to %s: %s"):format(path,
      message or "it cannot be written") }
end

-- Whether a file takes more lines: an empty one, or a record whose last line is
-- whole.
local function problem_of(file)
  local head = file:read(#recorded.MARK)
  if not head then return nil end
  if head ~= recorded.MARK then return "it holds something else" end
  file:seek("end", -1)
  if file:read(1) ~= "\n" then return "its last line is cut" end
end

-- Opens a file, or goes on with a record.
local function open(path, client)
  local file, message = core.append_file(path)
  if not file then return nil, failed(path, message) end
  message = problem_of(file)
  if message then
    file:close()
    return nil, failed(path, message)
  end
  local size = file:seek "end"
  file:setvbuf "no" -- by lines, glibc tells no failure
  local self = setmetatable({ path = path, file = file, size = size, began = client:now(),
    began_at = client:unix(), client = client }, record)
  local err = self:put(recorded.head(self.began_at))
  if not err then return self end
  file:close()
  return nil, err
end

-- A line of which the disk took a part is taken back, so that the record is whole.
---@param line string
---@return etoro.Error? err
function record:put(line)
  if not core.has_path(self.file) then return failed(self.path, "it was removed") end
  local ok, message = self.file:write(line .. "\n")
  if not ok then
    core.cut_file(self.file, self.size)
    return failed(self.path, message)
  end
  self.size = self.size + #line + 1
end

---@param direction etoro.WireDirection
---@param time number on the client's clock
---@param text string
---@param way integer which of the stream's connections
---@return etoro.Error? err
function record:say(direction, time, text, way)
  return (self:put(recorded.line {
    time = self.began_at + (time - self.began), direction = direction,
    way = way, text = self.client:masked(text) }))
end

--- Has what a stream's wire says written into a file from now on.
---@param stream etoro.Stream
---@param path string
---@return true? done
---@return etoro.Error? err
function M.start(stream, path)
  local self, err = open(path, stream.client)
  if not self then return nil, err end
  stream.record_of = self
  function stream.on_wire(...)
    local problem = self:say(...)
    if not problem then return end
    M.stop(stream)
    stream:push { kind = "record_failed", path = path, err = problem,
      at = stream.client:unix() }
  end
  stream.private:identify()
  return true
end

--- Ends a stream's record, if there is one.
---@param stream etoro.Stream
---@return etoro.Error? err why its last lines may not be there
function M.stop(stream)
  local self = stream.record_of
  if not self then return end
  stream.record_of, stream.on_wire = nil, nil
  local ok, message = self.file:close()
  if not ok then return failed(self.path, message) end
end

return M
