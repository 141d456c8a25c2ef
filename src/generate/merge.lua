-- Brings a document's operations and the hand-made knowledge together.

local common = require "src.generate.common"
local read = require "src.generate.read"

local M = {}

local function copy(value)
  if type(value) ~= "table" then return value end
  local out = {}
  for key, inner in pairs(value) do out[key] = copy(inner) end
  return out
end

M.copy = copy

local change_fields

-- false takes an attribute away; items without a type are changes of them
local function change(spec, changes)
  spec = copy(common.long(spec))
  for key, value in pairs(changes) do
    if value == false then
      spec[key] = nil
    elseif key == "items" and type(value) == "table" and not value.type then
      spec.items = change(spec.items, value)
    elseif key == "fields" and spec.fields then
      change_fields(spec.fields, value)
    else
      spec[key] = copy(value)
    end
  end
  return spec
end

function change_fields(fields, changes)
  for name, change_of in pairs(changes or {}) do
    if fields[name] then
      fields[name] = change(fields[name], change_of)
    elseif change_of.type then
      fields[name] = copy(change_of)
    end
  end
end

-- What holds for a name wherever it is sent.
local function change_by_name(fields, values)
  for name, spec in pairs(fields) do
    local by_name = values[common.long(spec).type]
    if by_name and by_name[name] then
      fields[name] = change(spec, by_name[name])
    end
  end
end

local function shorten(fields)
  for name, spec in pairs(fields) do
    if type(spec) == "table" then fields[name] = read.short(spec) end
  end
end

local PLAIN = { "one_of", "any_of", "at_most_one", "together", "max_together",
  "in_order", "at_least_one", "moves_money", "paging", "trap" }

-- Names and types of what filters an answer: a schema's fields, and others that
-- the API's examples use.
local function filters_of(document, wanted)
  local fields = document and read.schema(document, wanted.schema)
  if not fields then return nil end
  local names = {}
  for name, spec in pairs(fields) do names[name] = spec.type end
  return { names = names, more = copy(wanted.more), ranges = wanted.ranges }
end

local function apply_detail(entry, detail, document)
  for _, name in ipairs(PLAIN) do
    if detail[name] ~= nil then entry[name] = copy(detail[name]) end
  end
  change_fields(entry.params.path, detail.path)
  change_fields(entry.params.query, detail.query)
  if detail.body and entry.body then
    local is_spec = common.is_spec(entry.body)
    if is_spec and next(detail.body) == nil then
      entry.body = {}
    elseif not is_spec then
      change_fields(entry.body, detail.body)
    end
  end
  if detail.body_items and entry.body then
    entry.body = change(entry.body, detail.body_items)
  end
  if detail.filters then
    entry.params.filters = filters_of(document, detail.filters)
  end
end

-- Facts of groups and pairs by operation; raises when one is named twice.
local function index(knowledge)
  local facts = {}
  local function add(name, fact)
    if facts[name] then error("knowledge names twice: " .. name, 0) end
    facts[name] = fact
  end
  for _, group in ipairs(knowledge.groups) do
    for _, name in ipairs(group) do
      add(name, { class = group.class, pool = group.pool,
        scopes = group.scopes, final = group.final })
    end
  end
  for _, pair in ipairs(knowledge.pairs) do
    for _, account in ipairs { "real", "demo" } do
      local name = pair[account]
      local is_read = name:find("^GET") or pair.reads
      local scopes = knowledge.trading_scopes[is_read and "read" or "write"]
      add(name, {
        class = pair.class, class_by = pair.class_by, trade = pair.trade,
        reads = pair.reads,
        pool = pair.pool == "default" and pair.pool
          or pair.pool .. "-" .. account,
        account = account, scopes = scopes[account],
        twin = pair[account == "real" and "demo" or "real"],
      })
    end
  end
  return facts
end

--- Merges knowledge into the operations of a document.
---@param operations table<string, table> of read.operations; not changed
---@param knowledge table
---@param document? table for schemas that knowledge names
---@return table<string, table> merged
---@return { missing: string[], unused: string[] } complaints operations that
---knowledge lacks, and names in it that no operation has
function M.operations(operations, knowledge, document)
  local merged, facts = {}, index(knowledge)
  local missing, unused = {}, {}
  for name, entry in pairs(operations) do merged[name] = copy(entry) end
  for name, entry in pairs(knowledge.newer or {}) do
    if not merged[name] then
      merged[name] = copy(entry)
      merged[name].method, merged[name].path = name:match("^(%u+) (.+)$")
    end
  end
  for name, entry in pairs(merged) do
    local fact = facts[name]
    if not fact then missing[#missing + 1] = name end
    for key, value in pairs(fact or {}) do
      if key ~= "scopes" or not entry.scopes then entry[key] = copy(value) end
    end
    change_by_name(entry.params.path, knowledge.values or {})
    change_by_name(entry.params.query, knowledge.values or {})
    if entry.body and not common.is_spec(entry.body) then
      change_by_name(entry.body, knowledge.values or {})
    end
    apply_detail(entry, knowledge.details[name]
      or fact and knowledge.details[fact.twin] or {}, document)
    shorten(entry.params.path)
  end
  for name in pairs(facts) do
    if not merged[name] then unused[#unused + 1] = name end
  end
  for name in pairs(knowledge.details) do
    if not merged[name] then unused[#unused + 1] = name .. " (details)" end
  end
  table.sort(missing)
  table.sort(unused)
  return merged, { missing = missing, unused = unused }
end

--- Puts what answers were seen to hold into what the document says of them.
---@param answers table<string, table> of read.answers; changed
---@param seen? table<string, table<string, string>> types by operation and
---place
---@return table<string, table> answers
function M.answers(answers, seen)
  for name, places in pairs(seen or {}) do
    for place, kind in pairs(places) do
      local at, field = place:match("^(.*)%.(.-)$")
      local spec = answers[name]
      for step in (at or ""):gmatch("[^.]+") do
        spec = spec and spec.fields and spec.fields[step]
        if spec and spec.type == "list" then spec = spec.items end
      end
      if spec and spec.fields then spec.fields[field or place] = kind end
    end
  end
  return answers
end

return M
