-- etoro copy: list, start, add, remove, stop, status.

local core = require "etoro.core"
local count = require "etoro.values.count"
local exits = require "etoro.command.exits"
local lookup = require "etoro.command.lookup"
local output = require "etoro.command.output"
local remembered = require "etoro.command.remembered"
local shapes = require "etoro.command.shapes"

local M = {}

local actions = {}

M.COLUMNS = { { "person", least = 8 }, ">invested USD", { ">free USD", drop = 3 },
  { ">positions", drop = 2 }, "state", { "since", drop = 1 }, { "id", drop = 4 } }

local function row_of(session, shape)
  return { shape.parentUsername, output.usd(shape.initialInvestment),
    output.usd(shape.availableAmount), #shape.positions, shape.state,
    session.out:moment(shape.startedCopyDate), output.number(shape.mirrorId) }
end

local function list(session)
  local all = {}
  for i, one in ipairs(session:must(session:client().copying:list())) do
    all[i] = shapes.mirror(one)
  end
  return all
end

function actions.list(session)
  local all, rows = list(session), {}
  for i, shape in ipairs(all) do rows[i] = row_of(session, shape) end
  remembered.keep(session, "copies", all, function(one)
    return one.parentUsername, output.number(one.mirrorId)
  end)
  session.out:list(all, "No copies.", M.COLUMNS, rows)
end

local NAMING = { noun = "copy", id = "mirrorId", name = "parentUsername",
  is_called = function(copy, word)
    return type(copy.parentUsername) == "string"
      and core.lower(copy.parentUsername) == core.lower(word)
  end }

local function find(session, word) return lookup.one(list(session), word, NAMING) end

-- Whom a word means: digits are a parentCID, all else is a username.
local function person(session, word)
  local id = word:find "^[0-9]+$" and math.tointeger(core.number(word))
  if id then return id, "parentCID " .. word end
  local found, err = session:client().people:get(word)
  if not found and err.kind == "not_found" then
    exits.exit(exits.NOT_FOUND, ("there is nobody called '%s'"):format(word))
  end
  session:must(found, err)
  local cid = shapes.of(found, "realCID")
  if cid then return cid, ("%s (parentCID %s)"):format(output.clean(
    shapes.of(found, "username") or word), output.number(cid)) end
  exits.exit(exits.NOT_FOUND, ("the API tells no parentCID of %s"):format(word))
end

-- What became of a request: people and programs are told its reference, by which
-- it is asked for later.
local function tell(session, copy, what)
  local shape = shapes.copy(copy)
  local reference = output.clean(shape.referenceId)
  session:did { text = ("%s, reference %s, %s"):format(what, reference,
    shape.isPending and "is not done yet" or "was carried out"), shape = shape,
    is_quiet = true }
  if session.out.is_json then return session.out:json(shape) end
  session.out:fields { { "copy", shape.parentUsername },
    { "id", shape.mirrorId ~= core.null and output.number(shape.mirrorId)
      or "not known yet" },
    { "state", shape.isPending and "under way; etoro copy status " .. reference
      or "done" }, { "reference", reference } }
end

local function ask_money(session, method, cid, words)
  local args, copying = session.args, session:client().copying
  session:confirm { words }
  local copy, err = session:change(method .. " of the copy", copying[method], copying,
    { parentCID = cid, amount = args.amount })
  if not copy then
    if err.key then
      session:note(("what becomes of it: etoro copy status %s"):format(err.key))
    end
    session:fail(err)
  end
  tell(session, copy, "the copy")
end

function actions.start(session)
  local cid, name = person(session, session.args.person)
  ask_money(session, "start", cid, ("%s USD are set aside to copy %s"):format(
    session.args.amount, name))
end

local function change_money(session, method, words)
  local copy = find(session, session.args.copy)
  ask_money(session, method, copy.parentCID, words:format(session.args.amount,
    output.clean(copy.parentUsername), output.number(copy.mirrorId))
    .. "; all its positions are aligned anew")
end

function actions.add(session)
  change_money(session, "add", "%s USD more go into the copy of %s (%s)")
end

function actions.remove(session)
  change_money(session, "remove", "%s USD are taken out of the copy of %s (%s)")
end

function actions.stop(session)
  local copy, copying = find(session, session.args.copy), session:client().copying
  local name, id = output.clean(copy.parentUsername), output.number(copy.mirrorId)
  local positions = count(#copy.positions, "position")
  session:confirm { ("the copy of %s (%s) ends: %s"):format(name, id,
    session.args.detach and positions .. " become your own"
    or positions .. " are closed") }
  local ended = session:must(session:change("the end of the copy", copying.stop,
    copying, copy.mirrorId, { detach = session.args.detach or nil }))
  local shape = { mirrorId = copy.mirrorId, parentUsername = copy.parentUsername,
    ended = ended.isGone }
  local text = ("the copy of %s (%s) %s"):format(name, id, ended.isGone
    and "has ended" or "ends: it is on its way")
  session:did { text = text, shape = shape, is_quiet = true }
  if session.out.is_json then return session.out:json(shape) end
  session.out:line(text)
end

function actions.status(session)
  local copy = session:must(session:client().copying:status(session.args.reference))
  local shape = shapes.copy(copy)
  if session.out.is_json then return session.out:json(shape) end
  local reason = shapes.of(copy, "failReason")
  session.out:fields { { "copy", shape.parentUsername },
    { "id", output.number(shape.mirrorId) },
    { "state", shape.isSuccess and "done" or "refused" },
    { "reason", reason or "" }, { "reference", shape.referenceId } }
end

---@param session etoro.command.Session
function M.copy(session)
  actions[session.args.action or "list"](session)
end

return M
