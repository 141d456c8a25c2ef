-- Answers that no model stands behind, in whole or in part: what the API's
-- document says they hold is filled with values that the box's seed chooses.
-- What a model knows goes before. The same box gives the same answer each time,
-- whatever was asked between: each value is drawn by its place alone.

local json = require "etoro.values.json"
local rng = require "etoro.sandbox.rng"
local types = require "etoro.values.types"
local values = require "etoro.sandbox.answers.values"

local M = {}

-- Fields by which an item of a list is told from the others, wherever it
-- stands.
local IDENTITIES = { "id", "gcid", "customerId", "messageId" }

local NULL_SHARE = 4 -- one of so many that may be null is

local function identity(item, place)
  for _, name in ipairs(type(item) == "table" and IDENTITIES or {}) do
    if item[name] then return name, item[name] end
  end
  return "", place
end

-- The seed of a part of something.
local function seed_of(seed, ...)
  for _, text in ipairs { ... } do
    if type(text) == "number" then text = ("%d"):format(text) end
    for at = 1, #text do
      seed = (seed * 131 + text:byte(at)) % 2147483629
    end
  end
  return seed
end

local fill

-- A list is as long as what is known of it.
local function fill_list(box, spec, known, name, seed)
  local out = json.list()
  for place = 1, known and #known or rng.new(seed):range(2, 3) do
    local item = known and known[place]
    out[place] = fill(box, spec.items, item, name,
      seed_of(seed, identity(item, place)))
  end
  return out
end

local function fill_fields(box, spec, known, seed)
  local out = {}
  for name, field in pairs(spec.fields) do
    out[name] = fill(box, field, known and known[name], name,
      seed_of(seed, ".", name))
  end
  return out
end

-- The value of a spec. `name`: of the field that it is, or is in.
function fill(box, spec, known, name, seed)
  spec = types.spec_of(spec)
  local is_known = known ~= nil
  if is_known and (type(known) ~= "table"
      or not (spec.fields or spec.items)) then
    return known
  end
  local random = rng.new(seed)
  if spec.nullable and not is_known and random:range(1, NULL_SHARE) == 1 then
    return json.null
  elseif spec.fields then
    return fill_fields(box, spec, known, seed)
  elseif spec.type == "list" and types.spec_of(spec.items).type ~= "any" then
    return fill_list(box, spec, known, name, seed)
  end
  return values.of(box, spec, name, random)
end

--- The body of an operation's answer. Of what is known of it, what the answer
--- has no field for is left out.
---@param box etoro.Sandbox
---@param operation string one of etoro.sandbox.answers.specs
---@param known? table as it stands in the answer, with holes
---@param whose? string|number tells answers of one operation apart
---@return table
function M.body(box, operation, known, whose)
  local spec = require "etoro.sandbox.answers.specs"[operation]
  return fill(box, spec, known, "", seed_of(box.options.seed % 2147483629,
    operation, " ", whose or ""))
end

return M
