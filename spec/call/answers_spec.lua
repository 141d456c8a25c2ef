-- What resources make of answers that are JSON, but not what the API
-- documents: fields that are missing or of another type, at every place of
-- every answer in spec/requests/*.lua and spec/support/calls.lua. None may end
-- in an error of Lua's: it is a result with what was there, or nil and an error
-- object.
local core = require "etoro.core"
local errors = require "etoro.errors"
local etoro = require "etoro"
local json = require "etoro.values.json"
local operations = require "etoro.operations"
local pages = require "etoro.resource.pages"
local scripted = require "spec.support.scripted"

local FILES = { "agents", "deprecated", "market", "money", "people", "social",
  "trading", "watchlists" }

-- Whole answers.
local BODIES = { "", "null", "5", "true", '"text"', "{}", "[]", "[5]", "[[]]",
  "[null]", '["a",null,{}]', '{"items":null}', '{"data":null}', '{"data":[5]}',
  '{"error":"e","message":{}}', '{"success":"no"}', '{"isSucceeded":0}',
  "<html><body>Blocked</body></html>" }

-- What stands where another value should: as the decoder gives it.
local STRANGE = { 5, -1.5, "text", true, core.null, {}, { 5 }, { core.null },
  { { "a" } }, { a = { 5 } } }

-- Every table in a value that holds something: the table and the key.
local function places(value, found)
  found = found or {}
  if type(value) ~= "table" then return found end
  for key, item in pairs(value) do
    found[#found + 1] = { value, key }
    places(item, found)
  end
  return found
end

-- Calls visit with the text of each answer that is off in one place.
local function each_mutation(answer, visit)
  local value = json.decode(answer, true)
  if type(value) ~= "table" then return end
  for _, place in ipairs(places(value)) do
    local holder, key = place[1], place[2]
    local good = holder[key]
    for _, strange in ipairs(STRANGE) do
      holder[key] = strange
      visit(json.encode(value))
    end
    if type(key) == "string" then
      holder[key] = nil
      if next(holder) ~= nil then visit(json.encode(value)) end
    end
    holder[key] = good
  end
end

-- What a program asks next of a result.
local function look_closer(result)
  if type(result) ~= "table" then return end
  for _, name in ipairs { "state", "is_final", "is_closed" } do
    if type(result[name]) == "function" then result[name](result) end
  end
  for _, item in ipairs(result) do look_closer(item) end
end

describe("an answer that is not as documented #slow", function()
  local line, current, left, is_raw, is_iterator
  local each = pages.each

  -- What a line says of a request to another path than its answer's.
  local function other(target)
    if not line.others or line.to and target:find(line.to, 1, true) then
      return nil
    end
    for part, answer in pairs(line.others) do
      if part ~= "" and target:find(part, 1, true) then return answer end
    end
    return line.others[""]
  end

  local api = scripted.new(function(target)
    local step = left and table.remove(left, 1)
    if step then return step[1] or 200, step[2] end
    local answer = other(target)
    if answer == 404 then return 404, "" end
    if answer then return 200, answer end
    local type_of = current:find "^<" and "text/html" or "application/json"
    return 200, current, { ["Content-Type"] = type_of }
  end)

  setup(function()
    pages.each = function(...)
      is_iterator = true
      return each(...)
    end
  end)
  teardown(function() pages.each = each end)

  -- The line's call with this answer to its own request and later ones.
  local function call(answer)
    current, left, is_raw, is_iterator = answer, {}, false, false
    for i, step in ipairs(line.earlier or {}) do left[i] = step end
    api:clear()
    local client = api:client { max_retries = 0, deadline = 20,
      account = line.account or line.op and operations[line.op].account
        or "demo",
      orders_api = line.orders_api,
      on_event = function() end }
    local raw = client.call
    client.call = function(...)
      is_raw = true
      return raw(...)
    end
    local ok, result, response = xpcall(function()
      local result, response = line.call(client, etoro)
      look_closer(result)
      return result, response
    end, function(problem)
      return errors.is(problem) and problem
        or debug.traceback(tostring(problem))
    end)
    client:close()
    return ok, result, response
  end

  -- Closes that are taken back say what the answer says, or true.
  local function is_right(result, good)
    return type(result) == good
      or result == true and line.op and line.op:find "^DELETE"
  end

  local function fault(answer, good)
    local ok, result, response = call(answer)
    if not ok then
      return not errors.is(result) and result or nil
    elseif result == nil and is_iterator then
      return nil -- at its end
    elseif result == nil then
      return not errors.is(response) and "nil without an error object" or nil
    elseif not is_raw and not is_right(result, good) then
      return "a " .. type(result) .. " instead of a " .. good
    end
  end

  local function check(one)
    line = one
    local ok, result, response = call(line.answer or "")
    assert.is_true(ok, tostring(result) .. tostring(response))
    assert.is_truthy(result, tostring(response))
    local good = type(result)
    local found = {}
    local function try(answer)
      local what = fault(answer, good)
      if what then
        found[#found + 1] = answer:sub(1, 400) .. "\n  " .. what
      end
    end
    for _, answer in ipairs(BODIES) do try(answer) end
    each_mutation(line.answer or "", try)
    assert(#found == 0, ("%d answers, such as\n%s"):format(#found,
      tostring(found[1])))
  end

  for _, file in ipairs(FILES) do
    for _, one in ipairs(require("spec.requests." .. file)) do
      it("does no harm to " .. one.op .. (one.note and ", " .. one.note
        or ""), function() check(one) end)
    end
  end
  for _, one in ipairs(require "spec.support.calls") do
    it("does no harm to " .. one.what, function() check(one) end)
  end
end)
