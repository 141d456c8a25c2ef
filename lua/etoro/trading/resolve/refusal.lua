-- What a refusal says of an order or a position that is there already. Only a
-- whole answer counts: JSON that can be read to its end, or a text whose
-- number ends before it does. Of a broken one the number 900123 may be left as
-- 90012.

local values_ids = require "etoro.values.ids"
local core = require "etoro.core"
local json = require "etoro.values.json"

local tonumber, tostring = core.number, core.text -- not up to the locale

local M = {}

-- Refusals by the API itself, before any work. Others (an expired token, a
-- page of some proxy, a rate limit) say nothing about the order.
local STATUSES = {
  [400] = true, [402] = true, [403] = true, [404] = true, [405] = true,
  [409] = true, [410] = true, [413] = true, [415] = true, [422] = true,
}

local REFERENCE = "reference[ \t-\r_%-]*id%f[^A-Za-z]"
local ORDER = "order[ \t-\r_%-]*id%f[^A-Za-z]"
local NUMBER = ORDER .. "[^A-Za-z0-9]*(%d+)()"
-- Names of what a server calls each request, refused or not.
local OF_REQUEST = { requestid = true, traceid = true, correlationid = true,
  instance = true }

---@class etoro.Refusal what an answer says
---@field is_whole boolean
---@field texts string[] in small letters
---@field ids table<integer|string, true> order ids that it names

-- Whether a number that ends before `at` may go on where the text was cut.
local function is_cut_off(text, at, is_end_sure)
  local rest = text:sub(at)
  if rest == "" then return not is_end_sure end
  return rest:find("^[A-Za-z0-9_]") ~= nil or rest:find("^[,.']%d") ~= nil
    or rest:find("^%.%.") ~= nil or rest:find("^\226\128\166") ~= nil -- dots
end

local function read_text(said, text, is_end_sure)
  text = core.lower(text)
  said.texts[#said.texts + 1] = text
  for digits, at in text:gmatch(NUMBER) do
    local id = values_ids.read(digits)
      or digits:find("[1-9]") and digits -- past 64 bits
    if id and not is_cut_off(text, at, is_end_sure) then said.ids[id] = true end
  end
end

local function read_value(said, name, value)
  local kind = type(value)
  if kind == "table" then
    for key, inner in pairs(value) do read_value(said, key, inner) end
    return
  end
  name = type(name) == "string" and core.lower(name):gsub("[_ -]", "") or ""
  if OF_REQUEST[name] then return end
  if name == "orderid" and values_ids.read(value) then
    said.ids[values_ids.read(value)] = true
  elseif kind == "string" then
    read_text(said, value, true)
  end
end

-- Reads what a refusal says.
local function read(err)
  local said = { is_whole = true, texts = {}, ids = {} }
  local text = err.response
  if not text then
    read_text(said, err.message, true)
    return said
  end
  local body = json.decode(text)
  if type(body) == "table" or type(body) == "string" then
    read_value(said, nil, body)
  else
    said.is_whole = body ~= nil or not text:find("^[ \t-\r]*[%[{\"]")
    read_text(said, text, false)
    if not said.is_whole then said.ids = {} end
  end
  return said
end

--- Whether the API itself refused, in an answer that can be read: nothing was
--- done by this request.
---@param err etoro.Error
---@return boolean
function M.is_proper(err)
  return STATUSES[err.status] == true and err.code ~= "html"
    and err.kind ~= "unknown_outcome" and read(err).is_whole
end

local function names_request(said, request_id)
  if not request_id then return false end
  local id = core.lower(request_id):gsub("%-", "")
  for _, text in ipairs(said.texts) do
    if text:gsub("%-", ""):find(id, 1, true) then return true end
  end
  return false
end

--- Whether a refusal names the request that it answers: then it may be that
--- one which is there already.
---@param err etoro.Error
---@return boolean
function M.names_request(err)
  return err.status ~= nil and names_request(read(err), err.request_id)
end

--- Whether a refusal broke off, so that nobody knows what it refuses.
---@param err etoro.Error
---@return boolean
function M.is_broken(err)
  return STATUSES[err.status] == true and err.code ~= "html"
    and not read(err).is_whole
end

--- Whether a refusal says that the request id is in use, and for which order:
--- the number behind the word OrderID, in any case and punctuation, where the
--- answer is whole and has one such number.
---@param err etoro.Error
---@return boolean is_duplicate
---@return integer|string|nil order_id
---@return boolean names_request
function M.duplicate(err)
  local text = core.lower(err.message .. " " .. (err.response or ""))
  local is_duplicate = text:find(REFERENCE .. ".-exist") ~= nil
    and not text:find("n[o']t[ \t-\r]+exist")
    or core.lower(tostring(err.code)):find("duplicate[A-Za-z]*reference") ~= nil
  if not is_duplicate then return false, nil, false end
  local said = read(err)
  local id = next(said.ids)
  if id and next(said.ids, id) then id = nil end
  return true, id, names_request(said, err.request_id)
end

local ALREADY_CLOSED = 741 -- the API's code

--- Whether a code is the API's for a position that is closed already.
---@param code any
---@return boolean
function M.is_closed_code(code) return tonumber(code) == ALREADY_CLOSED end

--- Whether a refusal's words may mean that the position is closed already;
--- they may mean the market, or an instrument 741, as well.
---@param err etoro.Error
---@return boolean
function M.may_say_closed(err)
  local said = read(err)
  for _, text in ipairs(said.is_whole and said.texts or {}) do
    if text:find("%f[A-Za-z0-9]741%f[^A-Za-z0-9]") or text:find("already[ \t-\r]+closed") then
      return true
    end
  end
  return false
end

return M
