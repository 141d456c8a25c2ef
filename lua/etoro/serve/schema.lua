-- JSON Schemas from the data of operations, for programs that make calls.

local core = require "etoro.core"
local json = require "etoro.values.json"
local types = require "etoro.values.types"

local M = {}

local TYPES = { string = "string", number = "number", integer = "integer",
  boolean = "boolean", datetime = "string", date = "string", ipv4 = "string",
  uuid = "string", binary = "string", list = "array", object = "object" }

local FORMATS = { datetime = "date-time", date = "date", ipv4 = "ipv4",
  uuid = "uuid" }

-- Names of a spec and of JSON Schema.
local BOUNDS = { min = "minimum", max = "maximum", above = "exclusiveMinimum",
  min_length = "minLength", max_length = "maxLength", min_items = "minItems",
  max_items = "maxItems", default = "default", deprecated = "deprecated" }

-- The schema of one value.
local function of(spec)
  if type(spec) == "string" then spec = { type = spec } end
  local kind = TYPES[spec.type]
  local out = { type = kind, format = FORMATS[spec.type] }
  for name, word in pairs(BOUNDS) do out[word] = spec[name] end
  if spec.enum then out.enum = json.list { table.unpack(spec.enum) } end
  if kind == "array" then
    out.items = spec.items and of(spec.items)
  elseif kind == "object" and spec.fields then
    local fields = M.object(spec.fields)
    out.properties, out.required = fields.properties, fields.required
  elseif spec.commas then -- a list, or its items with commas between them
    out.type = json.list { "string", "array" }
    out.items = { type = json.list { "string", "number" } }
  end
  if spec.nullable and kind then
    out.type = json.list { kind, "null" }
    if out.enum then out.enum[#out.enum + 1] = core.null end
  end
  return out
end

--- The schema of an object of such fields.
---@param fields table<string, string|table> specs by name
---@return table
function M.object(fields)
  local properties, required = {}, json.list {}
  for _, name in ipairs(types.sorted_names(fields)) do
    local spec = fields[name]
    properties[name] = of(spec)
    if type(spec) == "table" and spec.required then
      required[#required + 1] = name
    end
  end
  return { type = "object", properties = properties, required = required }
end

local function add_filters(schema, filters)
  for _, names in ipairs { filters.names or {}, filters.more or {} } do
    for name, kind in pairs(names) do
      schema.properties[name] = schema.properties[name] or of(kind)
      if filters.ranges and kind == "number" then
        schema.properties[name .. "Min"] = of(kind)
        schema.properties[name .. "Max"] = of(kind)
      end
    end
  end
end

-- What has to be sent: an object with fields, or any other value.
local function of_body(body)
  if type(body.type) == "string" then return of(body) end
  local schema = M.object(body)
  schema.additionalProperties = false
  return schema
end

--- The schema of what client:call takes for an operation.
---@param op etoro.Operation
---@return table
function M.of_operation(op)
  local schema = M.object(op.params.query)
  for name, spec in pairs(op.params.header or {}) do
    schema.properties[name] = of(spec)
    if spec.required then schema.required[#schema.required + 1] = name end
  end
  for name, spec in pairs(op.params.path) do
    schema.properties[name] = of(spec)
    schema.required[#schema.required + 1] = name
  end
  if op.params.filters then add_filters(schema, op.params.filters) end
  if op.body then
    schema.properties.body = of_body(op.body)
    schema.required[#schema.required + 1] = "body"
  end
  table.sort(schema.required, core.before)
  schema.additionalProperties = false
  return schema
end

return M
