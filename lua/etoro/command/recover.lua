-- etoro recover: what became of all that a journal left open.

local core = require "etoro.core"
local count = require "etoro.values.count"
local exits = require "etoro.command.exits"
local output = require "etoro.command.output"
local shapes = require "etoro.command.shapes"

local M = {}

-- What a narrow terminal goes without, the lowest number first; kind and state
-- stay.
M.COLUMNS = { { "asked", drop = 3 }, { "kind", least = 8 }, { ">amount", drop = 4 },
  { "state", least = 7 }, { ">id", drop = 5 }, { "what tells", drop = 2 },
  { "request", drop = 1 } }

local function row_of(session, one)
  local amount = core.number(core.text(one.amount))
  return { session.out:moment(one.at), (one.kind:gsub("_", " ")),
    amount and output.number(amount) or "", (one.state:gsub("_", " ")),
    one.id == core.null and "" or one.id, one.seen, one.requestId }
end

-- The client, with a journal that is there: opening one makes it.
local function client_of(session)
  local path = session.args.journal
  local file, message = core.open_file(path)
  if not file then
    exits.exit(exits.NOT_FOUND, ("%s: %s"):format(output.clean(path), message))
  end
  file:close()
  return session:must(session:make_client { journal = path })
end

local function tell(session, report)
  for _, other in ipairs(report.others) do
    session:note(("line %d is left alone: %s"):format(other.line, other.why))
  end
  for _, problem in ipairs(report.problems) do
    session:note(("line %d cannot be read: it %s"):format(problem.line,
      problem.message))
  end
end

---@param session etoro.command.Session
---@return integer code 7 where something is not known
function M.recover(session)
  local client = client_of(session)
  session.waiting:set_work "looking for what was lost"
  local found, report = session:must(client:recover { settle = session.args.wait })
  session.waiting:set_work(nil)
  client:close()
  local list, rows, unknown = {}, {}, 0
  for i, one in ipairs(found) do
    list[i] = shapes.recovered(one)
    rows[i] = row_of(session, list[i])
    if one.state == "unknown" then unknown = unknown + 1 end
  end
  tell(session, report)
  local code = unknown > 0 and exits.UNKNOWN or exits.OK
  if session.out.is_json then
    session.out:json(list, true)
    return code
  end
  if #list == 0 then
    session.out:line "Nothing is open in the journal."
    return code
  end
  session.out:table(M.COLUMNS, rows)
  if unknown > 0 then
    session.out:line(("%s not known: look at the account before doing it again"):format(
      count(unknown, "outcome")), "bold")
  end
  return code
end

return M
