-- Keys of the caller's own that keep a request from being carried out twice, where
-- they are a query parameter or a field of the body: made when none is given.

local core = require "etoro.core"
local json = require "etoro.values.json"
local merged = require "etoro.values.merged"

local M = {}

local null = core.null

--- Parameters with the key of their operation.
---@param op etoro.Operation one that has a key
---@param params? table path and query parameters by name, and body
---@return table? params a copy where a key had to be made
---@return string? key nil where there is no place for one
function M.filled(op, params)
  local name = op.key
  local is_in_query = op.params.query[name] ~= nil
  if params ~= nil and type(params) ~= "table" then return params end
  local fields = is_in_query and params or params and params.body
  if fields == nil then fields = {} end
  if type(fields) ~= "table" then return params end
  local key = fields[name]
  if key ~= nil and key ~= null then return params, key end
  key = core.uuid()
  fields = merged(fields, { [name] = key })
  return is_in_query and fields or merged(params or {}, { body = fields }), key
end

-- Texts under a name, in whatever letters the server takes it, of what stands
-- between a question mark and a fragment.
local function texts_in(target, name)
  local texts = {}
  for part in (target:match "%?([^#]*)" or ""):gmatch "[^&]+" do
    local given, text = part:match "^([^=]*)=?(.*)$"
    given = given:gsub("%%(%x%x)", function(hex)
      return string.char(tonumber(hex, 16))
    end)
    if core.lower(given) == name then texts[#texts + 1] = text end
  end
  return texts
end

-- With what a table has under it; nothing else than text is a key.
local function add_fields(texts, fields, name)
  for given, value in next, fields do
    if type(given) == "string" and core.lower(given) == name then
      texts[#texts + 1] = type(value) == "string" and value or ""
    end
  end
  return texts
end

--- Whether a request of the caller's own making has its operation's key. One that
--- has it twice has none: which of them the server reads nobody knows.
---@param op etoro.Operation one that has a key
---@param request etoro.Request
---@param body? table decoded
---@return boolean
function M.is_in(op, request, body)
  local name = core.lower(op.key)
  local texts
  if op.params.query[op.key] then
    texts = add_fields(texts_in(request.path, name), request.query or {}, name)
  elseif type(request.body) == "string" and (json.name_twice(request.body)
      or request.body:find("\\", 1, true)) then -- an escape hides a name
    return false
  else
    texts = add_fields({}, body or {}, name)
  end
  return #texts == 1 and texts[1]:find "[^ \t-\r]" ~= nil
end

return M
