-- What a newer document says differently.

local common = require "src.generate.common"

local M = {}

-- Attributes of a spec that decide what may be sent, in the order told
local TOLD = { "type", "required", "nullable", "min", "max", "above",
  "min_length", "max_length", "min_items", "max_items", "max_bytes",
  "default", "repeated", "deprecated" }

local function all_names(left, right)
  local both = {}
  for name in pairs(left or {}) do both[name] = true end
  for name in pairs(right or {}) do both[name] = true end
  return common.sorted_keys(both)
end

local function text(value)
  if value == nil then return "none" end
  return tostring(value)
end

local function long(spec) return spec and common.long(spec) or {} end

-- "+c -a": values added and removed
local function list_change(old, new)
  local had, has, out = {}, {}, {}
  for _, value in ipairs(old or {}) do had[value] = true end
  for _, value in ipairs(new or {}) do has[value] = true end
  for _, value in ipairs(new or {}) do
    if not had[value] then out[#out + 1] = "+" .. tostring(value) end
  end
  for _, value in ipairs(old or {}) do
    if not has[value] then out[#out + 1] = "-" .. tostring(value) end
  end
  return #out > 0 and table.concat(out, " ") or nil
end

local compare_fields

-- what: "query parameter"; path: "ids[]"
local function compare_spec(old, new, what, path, out)
  old, new = long(old), long(new)
  local place = ("%s '%s'"):format(what, path)
  for _, name in ipairs(TOLD) do
    if old[name] ~= new[name] then
      out[#out + 1] = ("%s: %s %s -> %s"):format(place, name,
        text(old[name]), text(new[name]))
    end
  end
  local values = list_change(old.enum, new.enum)
  if values then out[#out + 1] = place .. ": values " .. values end
  if old.items or new.items then
    compare_spec(old.items, new.items, what, path .. "[]", out)
  end
  if old.fields or new.fields then
    compare_fields(old.fields, new.fields, what, path .. ".", out)
  end
end

function compare_fields(old, new, what, prefix, out)
  for _, name in ipairs(all_names(old, new)) do
    local left, right = old and old[name], new and new[name]
    local place = ("%s '%s%s'"):format(what, prefix, name)
    if not left then
      out[#out + 1] = place .. " added"
        .. (long(right).required and ", required" or "")
    elseif not right then
      out[#out + 1] = place .. " removed"
    else
      compare_spec(left, right, what, prefix .. name, out)
    end
  end
end

local function as_spec(body)
  if common.is_spec(body) then return body end
  return { type = "object", fields = body }
end

local function compare_bodies(old, new, out)
  if not old and not new then return end
  if not old or not new then
    out[#out + 1] = new and "body added" or "body removed"
    return
  end
  old, new = as_spec(old), as_spec(new)
  if old.type == "object" and new.type == "object" then
    compare_fields(old.fields, new.fields, "body field", "", out)
  else
    compare_spec(old, new, "body field", "body", out)
  end
end

-- The pool that a quota is of, by the operations that share it.
local function pool_of(quota, known)
  if quota.is_default then return "default" end
  for _, other in ipairs(quota.others) do
    if known[other] then return known[other].pool end
  end
  return "one of its own"
end

-- What a document says of a quota otherwise than the pools have it.
local function compare_quotas(name, old, quota, known, pools, out)
  if quota.is_default ~= (old.pool == "default") then
    out[#out + 1] = ("pool: %s -> %s"):format(old.pool, pool_of(quota, known))
  end
  local pool = pools[old.pool]
  if pool.limit ~= quota.limit or pool.window ~= quota.window then
    out[#out + 1] = ("pool: %d in %d s -> %d in %d s"):format(pool.limit,
      pool.window, quota.limit, quota.window)
  end
  if quota.is_default then return end
  local had, has = {}, {}
  for _, other in ipairs(common.sorted_keys(known)) do
    if other ~= name and known[other].pool == old.pool then had[#had + 1] = other end
  end
  for _, other in ipairs(quota.others) do
    if known[other] then has[#has + 1] = other end
  end
  local members = old.pool ~= "default" and list_change(had, has)
  if members then out[#out + 1] = "pool: shared with " .. members end
end

local function compare(old, new)
  local out = {}
  compare_fields(old.params.path, new.params.path, "path parameter", "", out)
  compare_fields(old.params.query, new.params.query, "query parameter", "",
    out)
  compare_bodies(old.body, new.body, out)
  if old.body_kind ~= new.body_kind then
    out[#out + 1] = ("body: %s -> %s"):format(old.body_kind or "json",
      new.body_kind or "json")
  end
  if old.params.header or new.params.header then
    compare_fields(old.params.header, new.params.header, "header", "", out)
  end
  local statuses = list_change(old.success, new.success)
  if statuses then out[#out + 1] = "success " .. statuses end
  local scopes = new.has_scopes and list_change(old.scopes, new.scopes)
  if scopes then
    out[#out + 1] = "scopes " .. scopes .. (new.scopes and "" or ": any will do")
  end
  if new.refuses_keys then out[#out + 1] = "keys are not accepted, tokens alone" end
  return out
end

-- Whether a version comes before another, number by number.
local function is_before(left, right)
  local numbers = right:gmatch "%d+"
  for digits in left:gmatch "%d+" do
    local a, b = tonumber(digits), tonumber(numbers() or 0)
    if a ~= b then return a < b end
  end
  return false
end

-- Whether it is documented again, and in use again.
local function add_standing(old, new, name, latest, details)
  if old["until"] and latest and latest.operations[name]
      and not is_before(latest.version, old["until"]) then
    details[#details + 1] = "documented again; it was not in " .. old["until"]
  end
  if old.deprecated and not new.deprecated then
    details[#details + 1] = "no longer deprecated"
  end
end

--- Tells how operations differ from those that are known.
---@param known table<string, table> the present table
---@param newer table<string, table> merged from a newer document
---@param pools table<string, table> the present ones
---@param answers? table<string, string[]> lines on answers, by operation
---@param latest? { version: string, operations: table } the last document, as it is
---@return string[] lines in order; none when nothing differs
function M.lines(known, newer, pools, answers, latest)
  local lines = {}
  local counts = { added = 0, removed = 0, changed = 0, deprecated = 0 }
  local function tell(kind, name, details)
    counts[kind] = counts[kind] + 1
    lines[#lines + 1] = ("%-10s %s"):format(kind, name)
    for _, detail in ipairs(details or {}) do
      lines[#lines + 1] = "             " .. detail
    end
  end
  for _, name in ipairs(all_names(known, newer)) do
    local old, new = known[name], newer[name]
    if not old then
      tell("added", name, not new.class and { "src/generate/knowledge.lua"
        .. " does not know it" } or nil)
    elseif not new then
      if not old["until"] then tell("removed", name) end
    else
      local details = compare(old, new)
      if new.quota then
        compare_quotas(name, old, new.quota, known, pools, details)
      end
      for _, line in ipairs(answers and answers[name] or {}) do
        details[#details + 1] = line
      end
      add_standing(old, new, name, latest, details)
      if new.deprecated and not old.deprecated then tell("deprecated", name) end
      if #details > 0 then tell("changed", name, details) end
    end
  end
  if #lines > 0 then
    lines[#lines + 1] =
      ("%d added, %d removed, %d changed, %d deprecated"):format(counts.added,
      counts.removed, counts.changed, counts.deprecated)
  end
  return lines
end

return M
