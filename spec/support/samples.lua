-- Parameters that an operation takes, made from its description in
-- etoro.operations.
local M = {}

M.ID = "2f1c6f0e-7d62-4d5c-9a3b-0c1d2e3f4a5b"

local OF_TYPE = {
  uuid = M.ID, datetime = "2026-01-31T12:00:00Z", date = "2026-01-31",
  ipv4 = "192.0.2.1", boolean = true, binary = "\137PNG\r\n\26\nbytes",
  any = "x",
}

local function long(spec)
  return type(spec) == "string" and { type = spec } or spec
end

local function number(spec)
  if spec.min or spec.max then return spec.min or spec.max end
  return spec.above and spec.above + 1 or 7
end

--- A value that fits a spec.
function M.value(spec)
  spec = long(spec)
  if spec.enum then return spec.enum[1] end
  if spec.type == "list" then
    local list = {}
    for i = 1, spec.min_items or 1 do list[i] = M.value(spec.items) end
    return list
  end
  if spec.type == "object" then return M.fields(spec.fields or {}) end
  if spec.type == "number" or spec.type == "integer" then return number(spec) end
  if spec.type == "string" then return ("x"):rep(spec.min_length or 1) end
  return OF_TYPE[spec.type]
end

--- Values for all fields, or for the required ones alone.
function M.fields(fields, only_required)
  local out = {}
  for name, spec in pairs(fields) do
    if not only_required or long(spec).required then
      out[name] = M.value(spec)
    end
  end
  return out
end

local function leave_first(rule, given)
  for i = 2, #rule do given[rule[i]] = nil end
end

local function applies(rule, given)
  for name, wanted in pairs(rule.when or {}) do
    local value = given[name]
    if type(wanted) == "table" and wanted.absent then
      if value ~= nil then return false end
    elseif type(wanted) == "table" then
      if not (value and value > wanted.above) then return false end
    elseif value ~= wanted then
      return false
    end
  end
  return true
end

-- Takes away what rules over several names forbid.
local function obey(op, given)
  for _, rule in ipairs(op.none_of or {}) do
    for _, name in ipairs(applies(rule, given) and rule or {}) do
      given[name] = nil
    end
  end
  for _, rule in ipairs(op.one_of or {}) do leave_first(rule, given) end
  for _, rule in ipairs(op.at_most_one or {}) do leave_first(rule, given) end
  for _, rule in ipairs(op.together or {}) do
    for i = 1, #rule do
      if given[rule[i]] == nil then
        for _, name in ipairs(rule) do given[name] = nil end
      end
    end
  end
end

--- Everything that an operation takes.
function M.params(op)
  local params = M.fields(op.params.query)
  for _, specs in ipairs { op.params.path, op.params.header } do
    for name, spec in pairs(specs) do params[name] = M.value(spec) end
  end
  if op.body and type(op.body.type) == "string" then
    params.body = M.value(op.body)
  elseif op.body then
    params.body = M.fields(op.body)
  end
  obey(op, op.body and params.body or params)
  return params
end

--- The path that those parameters make.
function M.path(op, params)
  return (op.path:gsub("{(.-)}", function(name)
    local value = params[name]
    return type(value) == "number" and ("%d"):format(value) or value
  end))
end

return M
