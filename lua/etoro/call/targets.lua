-- Values as parts of a request's target: its path and query.

local core = require "etoro.core"

local tostring = core.text -- not up to the locale

local M = {}

--- A value as text.
---@param value any
---@return string? text nil for what is none: a table, null, an infinite number
function M.text_of(value)
  local kind = type(value)
  if math.type(value) == "integer" then
    return ("%d"):format(value)
  elseif kind == "number" then
    if value == math.floor(value) and value < 2^63 and value >= -2^63 then
      return ("%d"):format(value)
    end
    return value - value == 0 and core.json_number(value) or nil
  end
  return (kind == "string" or kind == "boolean") and tostring(value) or nil
end

--- Why a value is no part of a path.
---@param text any
---@return string? message
function M.step_fault(text)
  if type(text) ~= "string" then return nil end
  if text == "" then
    return "is empty"
  elseif text == "." or text == ".." then
    -- escaped they are steps all the same, to some servers and libcurls
    return "is '" .. text .. "', which is no id"
  elseif text:find("[%z\1-\31\127]") then
    return "holds a control character"
  elseif text:find("^ ") or text:find(" $") then
    return "begins or ends with a blank"
  end
end

--- The text of a list.
---@param list (string|number|boolean)[]
---@return string? text nil for what would be another list there
---@return string? message
function M.list_text(list)
  if #list == 0 then
    -- sent without an item it would mean: no filter
    return nil, "is an empty list; leave it out to ask for all"
  end
  local texts = {}
  for i, item in ipairs(list) do
    texts[i] = M.text_of(item)
    if not texts[i] then
      return nil, ("holds %s, which is neither text nor number"):format(
        tostring(item))
    end
    if texts[i] == "" then return nil, "holds an empty text" end
    if texts[i]:find(",", 1, true) then
      return nil, ("holds '%s', whose comma would part it in two"):format(
        texts[i])
    end
  end
  return table.concat(texts, ",")
end

local function filter_type(filters, name)
  return filters.names[name] or filters.more and filters.more[name]
end

--- The spec of a query parameter, also of those that only filter.
---@param op etoro.Operation
---@param name any
---@return table? spec
function M.query_spec(op, name)
  local spec = op.params.query[name]
  if spec then return spec end
  local filters = op.params.filters
  if not filters or type(name) ~= "string" then return nil end
  local kind = filter_type(filters, name)
  if not kind and filters.ranges then
    kind = filter_type(filters, name:match("^(.+)Max$")
      or name:match("^(.+)Min$"))
    if kind ~= "number" and kind ~= "integer" then return nil end
  end
  return kind and { type = kind }
end

--- Writes an operation's path and query.
---@param op etoro.Operation
---@param path table<string, string>
---@param query { name: string, value: string, part: "query"|"list" }[]
---@return string target
function M.build(op, path, query)
  local target = op.path
  if next(path) then
    target = target:gsub("{([A-Za-z0-9]+)}", function(name)
      return (core.escape(path[name], "segment"))
    end)
  end
  if #query == 0 then return target end
  local parts = {}
  for i, item in ipairs(query) do
    parts[i] = core.escape(item.name, "query") .. "="
      .. core.escape(item.value, item.part)
  end
  return target .. "?" .. table.concat(parts, "&")
end

return M
