-- Reading a journal: what is in its lines, and which of them cannot be read.

local core = require "etoro.core"
local errors = require "etoro.errors"
local json = require "etoro.values.json"
local limits = require "etoro.values.limits"

local tostring = core.text -- not up to the locale

local M = {}

local HEADER = "^{\"kind\":\"journal\",\"version\":(%d+),"

-- nil and a message when the first line is not ours; a file that a crash left
-- without a whole one is empty.
local function check_header(line, is_last)
  local version = line:match(HEADER)
  if version == "1" then return true end
  if version then
    return nil, "was written by another version"
  end
  local whole = '{"kind":"journal","version":'
  if is_last and #line < #whole and whole:sub(1, #line) == line then
    return true
  end
  return nil, "is a file of something else"
end

local function read_line(text, number, is_last)
  local record, message = json.decode(text)
  if type(record) == "table" and type(record.id) == "string"
      and (record.kind == "intent" or record.kind == "outcome") then
    record.line = number
    return record
  end
  if record ~= nil then
    message = "is no record of a journal"
  elseif is_last then
    message = "is half-written"
  else
    message = "is not JSON: " .. tostring(message)
  end
  return nil, {
    line = number, message = message,
    text = text:sub(1, limits.journal_line_shown),
  }
end

local function unreadable(path, message)
  return nil, errors.new {
    kind = "invalid", code = "journal", field = "journal",
    message = ("journal '%s': %s"):format(path, message),
  }
end

-- Calls visit(line, is_last) with each line; is_last: it has no end. Gives
-- what visit gives when that is no nil.
local function each_line(file, visit)
  local rest, chunk, _, code = "", file:read(limits.journal_chunk)
  while chunk do
    local text, at = rest .. chunk, 1
    local ends = text:find("\n", at, true)
    while ends do
      local problem = visit(text:sub(at, ends - 1), false)
      if problem then return problem end
      at = ends + 1
      ends = text:find("\n", at, true)
    end
    rest = text:sub(at)
    chunk, _, code = file:read(limits.journal_chunk)
  end
  if code then return core.reason(code) end
  return rest ~= "" and visit(rest, true) or nil
end

--- Reads a journal line by line, for those too large to be held at once.
---@param path string
---@param visit fun(record: etoro.JournalRecord)
---@return etoro.JournalProblem[]? problems
---@return etoro.Error? err
function M.each(path, visit)
  local file, message = core.open_file(path)
  if not file then return unreadable(path, message) end
  local problems, number = {}, 0
  local failure = each_line(file, function(line, is_last)
    number = number + 1
    if number == 1 then
      local ok, problem = check_header(line, is_last)
      return not ok and problem or nil
    elseif line ~= "" then
      local record, problem = read_line(line, number, is_last)
      if record then visit(record) end
      problems[#problems + 1] = problem
    end
  end)
  file:close()
  if failure then return unreadable(path, failure) end
  return problems
end

--- Reads a journal, also one that is in use. What a crash has cut off, and
--- lines that are none of ours, are told apart and cost no other line.
---@param path string
---@return etoro.JournalRecord[]? records in the order of the file
---@return etoro.JournalProblem[]|etoro.Error problems
function M.read(path)
  local records = {}
  local problems, err = M.each(path, function(record)
    records[#records + 1] = record
  end)
  if not problems then return nil, err end
  return records, problems
end

return M
