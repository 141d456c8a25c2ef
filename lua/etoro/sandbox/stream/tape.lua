-- Reading a stream's record, a line at a time, so that its size does not matter.

local ceilings = require "etoro.sandbox.ceilings"
local core = require "etoro.core"
local errors = require "etoro.errors"
local json = require "etoro.values.json"
local recorded = require "etoro.values.recorded"

---@class etoro.SandboxTape
---@field path string
---@field file file*
---@field rest string what was read and not given yet
---@field number integer of the line that was given last
local methods = {}
local mt = { __name = "etoro.sandbox.stream.tape", __index = methods }
local M = {}

local function bad(path, message)
  return errors.new { kind = "invalid", code = "bad_record",
    message = ("no record of a stream: %s: %s"):format(path, message) }
end

--- Opens a record.
---@param path string
---@return etoro.SandboxTape? tape
---@return etoro.Error? err
function M.open(path)
  local file, reason = core.open_file(path)
  if not file then return nil, bad(path, reason) end
  return setmetatable({ path = path, file = file, rest = "", number = 0 }, mt)
end

function methods:close() self.file:close() end

-- A line without its end; nil and why where there is none: nothing at the end of
-- the file.
local function next_line(self)
  local ends = self.rest:find("\n", 1, true)
  local pieces, size = { self.rest }, #self.rest
  while not ends and size <= ceilings.box_record_line_max do
    local more, message = self.file:read(ceilings.box_record_piece)
    if message then return nil, message end
    if not more then return nil, size > 0 and "is cut" or nil end
    ends = more:find("\n", 1, true)
    if ends then ends = ends + size end
    size = size + #more
    pieces[#pieces + 1] = more
  end
  if not ends or ends - 1 > ceilings.box_record_line_max then
    return nil, "is too long"
  end
  local text = table.concat(pieces)
  self.rest = text:sub(ends + 1)
  return text:sub(1, ends - 1)
end

--- The next line behind a head.
---@return etoro.WireLine? line nil at the end
---@return etoro.Error? err
function methods:read()
  while true do
    local text, why = next_line(self)
    self.number = self.number + 1
    local line = text and recorded.read(text)
    if not text and not why and self.number > 1 then return nil end
    if self.number == 1 and line ~= "head" then
      return nil, bad(self.path, "line 1 is no record's head")
    elseif not line then
      return nil, bad(self.path, ("line %d %s"):format(self.number,
        why or "is none that a record has"))
    elseif line ~= "head" then
      return line
    end
  end
end

--- What a text of the client's asks for.
---@param line etoro.WireLine
---@return string? operation
---@return string[] topics
function M.asked(line)
  local asked = json.decode_plain(line.text)
  local data = type(asked) == "table" and asked.data
  local topics = type(data) == "table" and data.topics
  return data and asked.operation, type(topics) == "table" and topics or {}
end

---@class etoro.SandboxPushed
---@field topic string
---@field kind string its type
---@field content any

--- What a text of the server's pushes; nil where it is an answer.
---@param line etoro.WireLine
---@return etoro.SandboxPushed[]? pushed empty where it says nothing that is known
function M.pushed(line)
  local said = json.decode_plain(line.text)
  if type(said) ~= "table" then return {} end
  if said.operation or said.success ~= nil then return nil end
  local list = {}
  for _, one in ipairs(type(said.messages) == "table" and said.messages or {}) do
    if type(one) == "table" and type(one.topic) == "string" then
      list[#list + 1] = { topic = one.topic, kind = one.type,
        content = type(one.content) == "string"
          and json.decode_plain(one.content) or one.content }
    end
  end
  return list
end

---@class etoro.Recorded
---@field from number when its play begins: at the first subscribe, or the first push
---@field to number its last line
---@field lines integer
---@field cid? string the account whose private events they are
---@field environment? "demo"|"real"

--- Reads all of a record.
---@param path string
---@return etoro.Recorded? about
---@return etoro.Error? err what is wrong with it, by its line
function M.check(path)
  local tape, err = M.open(path)
  if not tape then return nil, err end
  local about, line = { lines = 0 }
  repeat
    line, err = tape:read()
    if line then
      about.lines, about.to = about.lines + 1, line.time
      if line.direction == "account" and not about.cid then
        about.environment, about.cid = line.text:match "^([a-z]+) (%d+)$"
      end
      if not about.from and (line.direction == "in" and M.pushed(line)
          or line.direction == "out" and M.asked(line) == "Subscribe") then
        about.from = line.time
      end
    end
  until not line
  tape:close()
  if err then return nil, err end
  about.to = about.to or 0
  about.from = about.from or about.to
  return about
end

return M
