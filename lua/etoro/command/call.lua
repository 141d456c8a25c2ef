-- etoro call "GET /path" name=value: any operation, with its parameters typed
-- as the table of operations has them.

local arguments = require "etoro.call.arguments"
local nearest = require "etoro.values.nearest"
local core = require "etoro.core"
local exits = require "etoro.command.exits"
local json = require "etoro.values.json"
local operations = require "etoro.operations"
local output = require "etoro.command.output"
local words = require "etoro.command.words"

-- not up to the locale
local tonumber, tostring = core.number, core.text

local M = {}

local function usage(message, ...)
  exits.exit(exits.USAGE, message:format(...))
end

local function spec_of(spec)
  return type(spec) == "string" and { type = spec } or spec or {}
end

local typed

local function list_of(spec, text)
  local items = {}
  for item in (text .. ","):gmatch "([^,]*)," do
    items[#items + 1] = typed(spec.items, item)
  end
  return items
end

-- Numbers stay text: their digits go out as they were typed.
function typed(spec, text)
  spec = spec_of(spec)
  if text == "null" and spec.nullable then return core.null end
  if spec.type == "boolean" and (text == "true" or text == "false") then
    return text == "true"
  elseif spec.type == "integer" then
    return json.is_whole(text) and math.tointeger(tonumber(text)) or text
  elseif spec.type == "list" then
    return list_of(spec, text)
  end
  return text
end

local function read_file(path)
  local file = path == "-" and io.stdin or io.open(path, "rb")
  if not file then usage("cannot read %s", path) end
  local text = file:read "a"
  if file ~= io.stdin then file:close() end
  if not text then usage("cannot read %s", path) end
  return text
end

local function parse_json(name, text)
  local value, message = json.decode(text, true)
  if value == nil then
    usage("%s: %s", name, message or "there is no JSON in it")
  end
  return value
end

-- The value of one argument, by the spec that the operation has for it.
local function value_of(name, operator, text, spec)
  if name == "body" and text:sub(1, 1) == "@" then
    return parse_json("body", read_file(text:sub(2)))
  elseif operator == ":=" or name == "body" then
    return parse_json(name, text)
  end
  return typed(spec, text)
end

local function put(op, params, name, operator, text)
  local spec = op.params.path[name] or op.params.query[name]
    or op.params.header and op.params.header[name]
  if spec or name == "body" or not op.body then
    params[name] = value_of(name, operator, text, spec)
    return
  end
  if type(op.body.type) == "string" then
    usage("%s: the body of this operation is a list: give body=JSON", name)
  end
  if params.body == nil then params.body = {} end
  if type(params.body) ~= "table" then
    usage("%s: the body that was given has no fields", name)
  end
  params.body[name] = value_of(name, operator, text, op.body[name])
end

local function parameters(op, args)
  local params = {}
  for _, text in ipairs(args) do
    local name, operator, value = text:match "^([A-Za-z0-9_.-]+)(:?=)(.*)$"
    if not name then usage("'%s' is not name=value", text) end
    put(op, params, name, operator, value)
  end
  if op.body and next(op.body) == nil and params.body == nil then
    params.body = {}
  end
  return next(params) and params or nil
end

local function find(name)
  local method, path = name:match
    "^[ \t-\r]*([A-Za-z]+)[ \t-\r]+(/[^ \t-\r]*)[ \t-\r]*$"
  local key = method and core.upper(method) .. " " .. path
  local op = key and (operations[key]
    or operations[core.upper(method) .. " /api" .. path]
    or operations[core.upper(method) .. " /api/v1" .. path])
  if op then return op end
  usage("there is no operation '%s'%s; 'etoro operations' lists them", name,
    nearest.hint(key or name, operations))
end

local function show(session, result)
  local out = session.out
  if out.is_json or type(result) ~= "table" then
    return out:json(result)
  end
  local rows = {}
  for name, value in pairs(result) do
    rows[#rows + 1] = { tostring(name),
      type(value) == "table" and json.show(value) or value }
  end
  table.sort(rows, function(a, b) return core.before(a[1], b[1]) end)
  if result[1] ~= nil then return out:json(result) end
  out:fields(rows)
end

---@param session etoro.command.Session
function M.call(session)
  local op = find(session.args.operation)
  local params = parameters(op, session.args.parameters)
  session:see(arguments.params, op, params)
  if op.method ~= "GET" and not op.reads then
    session:confirm({ op.method .. " " .. op.path,
      params and json.encode(params) or "without parameters" },
      op.moves_money and op.account ~= "demo")
  end
  local client = session:client()
  local name = op.method .. " " .. op.path
  local ok, result, err
  if op.method == "GET" or op.reads then
    ok, result, err = pcall(client.call, client, name, params)
  else
    ok, result, err = pcall(session.change, session, "the call", client.call,
      client, name, params)
  end
  if not ok then
    if exits.caught(result) then error(result, 0) end
    usage("%s", words.unplaced(tostring(result)))
  end
  local answer, response = session:must(result, err)
  if op.method ~= "GET" and not op.reads then
    session:did { text = ("%s was carried out (request %s)"):format(name,
      output.clean(response.request_id)), shape = { answer = answer },
      is_quiet = true }
  end
  show(session, answer)
end

return M
