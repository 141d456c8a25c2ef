-- Reads an OpenAPI document (3.0, and the parts of 3.1 that differ in schemas)
-- into entries of the form that etoro.operations has.

local cjson = require("cjson").new()

local M = {}

local METHODS = { "get", "post", "put", "patch", "delete" }
local MAX_DEPTH = 12 -- of schemas that hold themselves

-- Types that a string's format makes; any other format says nothing that could
-- be checked before sending. The formats of numbers do not say what is sent:
-- one id is int32 here and int64 there.
local FORMATS = {
  ["date-time"] = "datetime", date = "date", uuid = "uuid", binary = "binary",
}

local TYPES = {
  string = "string", integer = "integer", number = "number",
  boolean = "boolean", array = "list", object = "object",
}

-- Keywords that bound a value, by our names for them
local BOUNDS = {
  minLength = "min_length", maxLength = "max_length", minItems = "min_items",
  maxItems = "max_items",
}

local function is_set(value) return value ~= nil and value ~= cjson.null end

local function resolve(document, node)
  local seen = {}
  while type(node) == "table" and node["$ref"] do
    local ref = node["$ref"]
    if seen[ref] then error("the reference " .. ref .. " leads to itself") end
    seen[ref] = true
    local target = document
    for step in assert(ref:match("^#/(.+)$"), "a reference to another file")
      :gmatch("[^/]+")
    do
      local part = step:gsub("~1", "/"):gsub("~0", "~")
      target = target and target[part]
    end
    node = assert(target, "nothing is at " .. ref)
  end
  return node
end

-- One schema of all that allOf names.
local function flatten(document, schema)
  schema = resolve(document, schema)
  if not schema.allOf then return schema end
  local whole = { properties = {}, required = {} }
  local parts = {}
  for _, part in ipairs(schema.allOf) do
    parts[#parts + 1] = flatten(document, part)
  end
  parts[#parts + 1] = schema
  for _, part in ipairs(parts) do
    for key, value in pairs(part) do
      if key == "properties" then
        for name, property in pairs(value) do
          whole.properties[name] = property
        end
      elseif key == "required" then
        for _, name in ipairs(value) do
          whole.required[#whole.required + 1] = name
        end
      elseif key ~= "allOf" then
        whole[key] = value
      end
    end
  end
  if next(whole.properties) == nil then whole.properties = nil end
  return whole
end

-- 3.1 writes nullable as one of several types.
local function type_of(schema)
  local kind, nullable = schema.type, schema.nullable == true
  if type(kind) == "table" then
    local others = {}
    for _, name in ipairs(kind) do
      if name == "null" then
        nullable = true
      else
        others[#others + 1] = name
      end
    end
    kind = #others == 1 and others[1] or nil
  end
  if not kind and schema.properties then kind = "object" end
  if not kind and schema.items then kind = "array" end
  if kind == "string" and FORMATS[schema.format] then
    return FORMATS[schema.format], nullable
  end
  return TYPES[kind] or "any", nullable
end

local function whole(number)
  return math.tointeger(number) or number
end

local function add_bounds(spec, schema)
  for keyword, name in pairs(BOUNDS) do
    if is_set(schema[keyword]) then spec[name] = whole(schema[keyword]) end
  end
  if is_set(schema.minimum) and schema.exclusiveMinimum ~= true then
    spec.min = whole(schema.minimum)
  elseif is_set(schema.minimum) then
    spec.above = whole(schema.minimum)
  end
  if type(schema.exclusiveMinimum) == "number" then
    spec.above = whole(schema.exclusiveMinimum)
  end
  if is_set(schema.maximum) then spec.max = whole(schema.maximum) end
end

local function add_values(spec, schema)
  if type(schema.default) == "number" then
    spec.default = whole(schema.default)
  elseif is_set(schema.default) and type(schema.default) ~= "table" then
    spec.default = schema.default
  end
  local values = schema.enum
  if schema.const ~= nil then values = { schema.const } end
  if type(values) ~= "table" then return end
  spec.enum = {}
  for _, value in ipairs(values) do
    if value == cjson.null then
      spec.nullable = true
    else
      spec.enum[#spec.enum + 1] = type(value) == "number" and whole(value)
        or value
    end
  end
end

local spec_of

-- What is readOnly stands in answers alone.
local function read_fields(document, schema, depth, known, fields)
  local required = {}
  for _, name in ipairs(schema.required or {}) do required[name] = true end
  for name, property in pairs(schema.properties) do
    if known or not resolve(document, property).readOnly then
      local spec = spec_of(document, property, depth, known)
      if required[name] then spec.required = true end
      fields[name] = spec
    end
  end
  return fields
end

-- The name of the schema that is meant, where one is and nothing is added.
local function name_of(schema)
  local all = schema.allOf
  if all and #all == 1 and not schema.properties then schema = all[1] end
  return schema["$ref"] and schema["$ref"]:match "^#/components/schemas/(.+)$"
end

-- An object that answers hold has the same fields wherever its schema is
-- named, and its own inside of itself.
local function read_known(document, schema, name, depth, known)
  if not name then return read_fields(document, schema, depth, known, {}) end
  if not known[name] then
    known[name] = {}
    read_fields(document, schema, 0, known, known[name])
  end
  return known[name]
end

-- What answers are one of, in order.
local function read_choices(document, schema, depth, known)
  local choices = {}
  for i, choice in ipairs(schema.oneOf or schema.anyOf or {}) do
    choices[i] = spec_of(document, choice, depth, known)
  end
  return #choices > 0 and choices or nil
end

-- `known` has what schemas of answers hold, by name; nil for what is sent.
function spec_of(document, schema, depth, known)
  depth = depth or 0
  if depth > MAX_DEPTH then return { type = "any" } end
  local name, beside = name_of(schema), schema.nullable == true
  schema = flatten(document, schema)
  local kind, nullable = type_of(schema)
  local spec = { type = kind }
  if nullable or beside then spec.nullable = true end
  if schema.deprecated == true then spec.deprecated = true end
  add_bounds(spec, schema)
  add_values(spec, schema)
  if known then
    spec.schema = name
    spec.choices = read_choices(document, schema, depth + 1, known)
  end
  if kind == "list" then
    local items = schema.items
      and spec_of(document, schema.items, depth + 1, known)
    spec.items = items and M.short(items) or "any"
  elseif kind == "object" and schema.properties and known then
    spec.fields = read_known(document, schema, name, depth + 1, known)
  elseif kind == "object" and schema.properties then
    spec.fields = read_fields(document, schema, depth + 1, nil, {})
  end
  return spec
end

--- A spec that is nothing but a type is that type's name.
---@param spec table
---@return table|string
function M.short(spec)
  local key = next(spec)
  if key == "type" and next(spec, key) == nil then return spec.type end
  return spec
end

-- Headers that a client sets by itself, whichever way a document says who is
-- calling: by parameters, or by its security schemes.
local OWN_HEADERS = {
  ["x-api-key"] = true, ["x-user-key"] = true, ["x-request-id"] = true,
  authorization = true,
}

local function read_parameters(document, item, operation)
  local path, query, header = {}, {}, nil
  local function take(list)
    for _, parameter in ipairs(list or {}) do
      parameter = resolve(document, parameter)
      local spec = spec_of(document, parameter.schema or {})
      if parameter.deprecated == true then spec.deprecated = true end
      if parameter["in"] == "path" then
        path[parameter.name] = M.short(spec)
      elseif parameter["in"] == "query" then
        if parameter.required == true then spec.required = true end
        -- what a document does not say otherwise is written once for each item
        if spec.type == "list" and parameter.explode ~= false then
          spec.repeated = true
        end
        query[parameter.name] = spec
      elseif parameter["in"] == "header"
          and not OWN_HEADERS[parameter.name:lower()] then
        if parameter.required == true then spec.required = true end
        header = header or {}
        header[parameter.name] = spec
      end
    end
  end
  take(item.parameters)
  take(operation.parameters)
  return { path = path, query = query, header = header }
end

local function read_body(document, operation)
  if not operation.requestBody then return nil end
  local body = resolve(document, operation.requestBody)
  local content = body.content or {}
  local media, kind = content["application/json"], "json"
  if not media and content["multipart/form-data"] then
    media, kind = content["multipart/form-data"], "multipart"
  end
  if not media then -- application/*+json, or whatever comes first by name
    local names = {}
    for name in pairs(content) do names[#names + 1] = name end
    table.sort(names)
    media = content[names[1]]
  end
  if not media then return nil end
  local spec = spec_of(document, media.schema or {})
  if spec.type == "object" and spec.fields and not spec.nullable then
    return spec.fields, kind
  end
  return spec, kind
end

local function read_success(operation)
  local success = {}
  for status in pairs(operation.responses or {}) do
    if status:find("^2%d%d$") then
      success[#success + 1] = math.tointeger(tonumber(status))
    end
  end
  table.sort(success)
  return success
end

-- Whether an operation says which scopes it takes: all of them may do.
local function names_scopes(document, operation)
  local schemes = (document.components or {}).securitySchemes or {}
  for _, choice in ipairs(operation.security or {}) do
    for scheme in pairs(choice) do
      if (schemes[scheme] or {}).type == "oauth2" then return true end
    end
  end
  return false
end

local function is_key(schemes, choice)
  for name in pairs(choice) do
    if (schemes[name] or {}).type ~= "apiKey" then return false end
  end
  return true
end

local function has_keys(schemes)
  for _, scheme in pairs(schemes) do
    if scheme.type == "apiKey" then return true end
  end
  return false
end

-- Whether an operation is not open to keys: no choice of its security is theirs,
-- and they are none of its headers. Older documents have no schemes of keys.
local function refuses_keys(document, item, operation)
  local schemes = (document.components or {}).securitySchemes or {}
  if not has_keys(schemes) then return false end
  for _, list in ipairs { item.parameters or {}, operation.parameters or {} } do
    for _, parameter in ipairs(list) do
      if resolve(document, parameter).name:lower() == "x-user-key" then
        return false
      end
    end
  end
  local security = operation.security or {}
  for _, choice in ipairs(security) do
    if is_key(schemes, choice) then return false end
  end
  return #security > 0
end

-- Any one of the scopes named is enough, whatever scheme names it.
local function read_scopes(operation)
  local scopes, seen = {}, {}
  for _, choice in ipairs(operation.security or {}) do
    for _, names in pairs(choice) do
      for _, name in ipairs(names) do
        if not seen[name] then
          seen[name] = true
          scopes[#scopes + 1] = name
        end
      end
    end
  end
  table.sort(scopes)
  return #scopes > 0 and scopes or nil
end

-- The quota that an operation draws on, and which others draw on the same.
local function read_quota(operation)
  local said = operation["x-ratelimit"]
  if type(said) ~= "table" then return nil end
  local others = {}
  for i, name in ipairs(said.sharedWith or {}) do others[i] = name end
  table.sort(others)
  return { limit = whole(said.limit), window = whole(said.window),
    is_default = said.defaultPool == true, others = others }
end

local function read_operation(document, method, path, item, operation)
  local body, kind = read_body(document, operation)
  local scopes = read_scopes(operation)
  return {
    method = method, path = path,
    params = read_parameters(document, item, operation),
    body = body, body_kind = kind ~= "json" and kind or nil,
    success = read_success(operation),
    deprecated = operation.deprecated == true or nil,
    scopes = scopes, has_scopes = scopes ~= nil
      or names_scopes(document, operation) or nil,
    refuses_keys = refuses_keys(document, item, operation) or nil,
    quota = read_quota(operation),
  }
end

-- Calls a function with each operation of a document.
local function each_operation(document, take)
  for path, item in pairs(document.paths) do
    item = resolve(document, item)
    for _, name in ipairs(METHODS) do
      if item[name] then take(name:upper(), path, item, item[name]) end
    end
  end
end

--- Reads a document's operations.
---@param document table as decoded
---@return table<string, table> operations by "METHOD /path"
function M.operations(document)
  local operations = {}
  each_operation(document, function(method, path, item, operation)
    operations[method .. " " .. path] = read_operation(document, method, path,
      item, operation)
  end)
  return operations
end

--- Reads what a document says that operations answer with when all went well.
--- Specs of objects may hold themselves; where they name a schema it is in
--- `schema`.
---@param document table as decoded
---@return table<string, { status: integer, spec?: table }[]> answers by
---"METHOD /path", in the order of their statuses; without a spec there is no
---body
function M.answers(document)
  local answers, known = {}, {}
  each_operation(document, function(method, path, _, operation)
    local list = {}
    for i, status in ipairs(read_success(operation)) do
      local key = ("%d"):format(status)
      local response = resolve(document, operation.responses[key])
      local media = (response.content or {})["application/json"]
      list[i] = { status = status, spec = media and media.schema
        and spec_of(document, media.schema, 0, known) }
    end
    answers[method .. " " .. path] = list
  end)
  return answers
end

--- What a success holds, for answers that hold anything.
---@param answers table<string, { spec?: table }[]> of read.answers
---@return table<string, table> specs by "METHOD /path"
function M.bodies(answers)
  local bodies = {}
  for name, list in pairs(answers) do
    for _, answer in ipairs(list) do
      bodies[name] = bodies[name] or answer.spec
    end
  end
  return bodies
end

--- Reads the fields of a schema by its name.
---@param document table
---@param name string
---@return table<string, table>? fields nil when there is no such schema
function M.schema(document, name)
  local schemas = document.components and document.components.schemas or {}
  if not schemas[name] then return nil end
  return spec_of(document, schemas[name]).fields
end

--- Reads and decodes a file.
---@param path string
---@return table document
function M.file(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("a")
  file:close()
  local document = cjson.decode(text)
  if type(document) ~= "table" or type(document.paths) ~= "table" then
    error(path .. " holds no OpenAPI document", 0)
  end
  return document
end

return M
