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

local PLAIN = { "one_of", "any_of", "at_most_one", "together", "none_of",
  "max_together", "in_order", "at_least_one", "moves_money", "paging", "trap", "key", "class_by" }

-- Names and types of what filters an answer: a schema's fields, and others that
-- the API's examples use.
local function filters_of(documents, wanted)
  local fields
  for _, document in ipairs(documents) do
    fields = fields or read.schema(document, wanted.schema)
  end
  if not fields then return nil end
  local names = {}
  for name, spec in pairs(fields) do names[name] = spec.type end
  return { names = names, more = copy(wanted.more), ranges = wanted.ranges }
end

local function apply_detail(entry, detail, documents)
  for _, name in ipairs(PLAIN) do
    if detail[name] ~= nil then entry[name] = copy(detail[name]) end
  end
  change_fields(entry.params.path, detail.path)
  change_fields(entry.params.query, detail.query)
  if detail.header then change_fields(entry.params.header, detail.header) end
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
    entry.params.filters = filters_of(documents, detail.filters)
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
        scopes = group.scopes, final = group.final, reads = group.reads })
    end
  end
  for _, pair in ipairs(knowledge.pairs) do
    for _, account in ipairs { "real", "demo" } do
      local name = pair[account]
      local is_read = name:find("^GET") or pair.reads
      local scopes = pair.scopes
        or knowledge.trading_scopes[is_read and "read" or "write"]
      add(name, {
        class = pair.class, class_by = pair.class_by, trade = pair.trade,
        reads = pair.reads, instead = pair.instead,
        pool = pair.pool == "default" and pair.pool
          or pair.pool .. "-" .. account,
        account = account, scopes = scopes[account],
        twin = pair[account == "real" and "demo" or "real"],
      })
    end
  end
  return facts
end

-- The pool of an operation that knowledge gives none: the one that its document
-- says it shares, or the default one.
local function shared_pool(quota, merged)
  if quota.is_default then return "default" end
  for _, name in ipairs(quota.others) do
    local other = merged[name]
    if other and other.pool then return other.pool end
  end
end

-- Where a document contradicts the pools: another limit, or other members.
local function pool_faults(merged, pools)
  local faults = {}
  for _, name in ipairs(common.sorted_keys(merged)) do
    local entry = merged[name]
    local quota, pool = entry.quota, pools[entry.pool]
    if quota and pool and (pool.limit ~= quota.limit
        or pool.window ~= quota.window) then
      faults[#faults + 1] = ("%s: %d in %d s in the document, %d in %d s in"
        .. " pool %s"):format(name, quota.limit, quota.window, pool.limit,
        pool.window, entry.pool)
    end
    for _, other in ipairs(quota and quota.others or {}) do
      if merged[other] and merged[other].pool ~= entry.pool then
        faults[#faults + 1] = ("%s: shares a pool with %s, which is in %s"):format(
          name, other, merged[other].pool)
      end
    end
  end
  return faults
end

local function add_pools(merged)
  for _, name in ipairs(common.sorted_keys(merged)) do
    local entry = merged[name]
    if entry.class and not entry.pool and entry.quota then
      entry.pool = shared_pool(entry.quota, merged)
    end
  end
end

-- What an operation is, of its document and what is known of it.
local function complete(entry, name, fact, knowledge, documents)
  for key, value in pairs(fact or {}) do
    if key ~= "scopes" or not (entry.scopes or entry.has_scopes) then
      entry[key] = copy(value)
    end
  end
  local gone = knowledge.gone and knowledge.gone[name]
  if gone then
    entry["until"], entry.instead = gone["until"], gone.instead
  end
  if knowledge.since and knowledge.since[name] then
    entry.since = knowledge.since[name]
  end
  change_by_name(entry.params.path, knowledge.values or {})
  change_by_name(entry.params.query, knowledge.values or {})
  if entry.body and not common.is_spec(entry.body) then
    change_by_name(entry.body, knowledge.values or {})
  end
  apply_detail(entry, knowledge.details[name]
    or fact and knowledge.details[fact.twin] or {}, documents)
  shorten(entry.params.path)
end

-- Names that knowledge says something of and that no document has.
local function unused_names(merged, facts, knowledge)
  local unused = {}
  for name in pairs(facts) do
    if not merged[name] then unused[#unused + 1] = name end
  end
  for of, list in pairs { details = knowledge.details, gone = knowledge.gone,
      since = knowledge.since } do
    for name in pairs(list) do
      if not merged[name] then unused[#unused + 1] = name .. " (" .. of .. ")" end
    end
  end
  table.sort(unused)
  return unused
end

--- Merges knowledge into the operations of documents.
---@param operations table<string, table> of read.operations; not changed
---@param knowledge table
---@param documents? table[] for schemas that knowledge names
---@return table<string, table> merged
---@return { missing: string[], unused: string[], pools: string[] } complaints
---operations that knowledge lacks, names in it that no operation has, and what a
---document says of quotas that is not so
function M.operations(operations, knowledge, documents)
  local merged, facts, missing = {}, index(knowledge), {}
  for name, entry in pairs(operations) do merged[name] = copy(entry) end
  for name, entry in pairs(merged) do
    if not facts[name] then missing[#missing + 1] = name end
    complete(entry, name, facts[name], knowledge, documents or {})
  end
  add_pools(merged)
  table.sort(missing)
  return merged, { missing = missing,
    unused = unused_names(merged, facts, knowledge),
    pools = pool_faults(merged, knowledge.pools) }
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
