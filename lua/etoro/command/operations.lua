-- etoro operations: what there is to call.

local core = require "etoro.core"
local output = require "etoro.command.output"
local operations = require "etoro.operations"

local M = {}

local function listed(filter)
  local names = {}
  for name in pairs(operations) do
    if not filter or core.lower(name):find(core.lower(filter), 1, true) then
      names[#names + 1] = name
    end
  end
  table.sort(names, function(a, b)
    local path_a, path_b = a:match " (.*)$", b:match " (.*)$"
    if path_a ~= path_b then return core.before(path_a, path_b) end
    return core.before(a, b)
  end)
  return names
end

-- What programs get: the plain fields. Rules between fields are lists with
-- names in them, which JSON has no form for.
local PLAIN = { "method", "path", "params", "body", "body_kind", "success",
  "class", "pool", "account", "twin", "trade", "reads", "final", "scopes",
  "paging", "moves_money", "since", "deprecated" }

local function plain(op)
  local out = {}
  for _, name in ipairs(PLAIN) do out[name] = op[name] end
  return out
end

M.COLUMNS = { "method", { "path", least = 60 },
  { "again", drop = 2 }, { "pool", drop = 1 }, { "note", drop = 3 } }

---@param session etoro.command.Session
function M.operations(session)
  local names = listed(session.args.filter)
  if session.out.is_json then
    local list = {}
    for i, name in ipairs(names) do list[i] = plain(operations[name]) end
    session.out:json(list, true)
    return
  end
  local rows = {}
  for i, name in ipairs(names) do
    local op = operations[name]
    rows[i] = { op.method, op.path, op.class, op.pool,
      op.deprecated and output.cell("out of use", "dim") or op.since or "" }
  end
  if #rows == 0 then
    return session.out:line(("No operation has '%s' in its method or path.")
      :format(session.args.filter))
  end
  session.out:table(M.COLUMNS, rows)
end

return M
