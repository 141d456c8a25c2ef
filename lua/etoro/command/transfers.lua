-- etoro transfers: list, create, get.

local arguments = require "etoro.call.arguments"
local core = require "etoro.core"
local exits = require "etoro.command.exits"
local operations = require "etoro.operations"
local output = require "etoro.command.output"
local shapes = require "etoro.command.shapes"

local tostring = core.text -- not up to the locale

local M = {}

local CREATE = operations["POST /api/v1/money/transfers"]
local actions = {}

M.COLUMNS = { { "from", least = 12 }, { "to", least = 12 },
  { ">least", drop = 2 }, { ">most", drop = 3 }, { ">fee %", drop = 1 } }

-- The one item of a list that is about two kinds of accounts; nil where there are
-- several, of several currencies.
local function about(list, source, destination)
  local found
  for _, item in ipairs(output.objects(list)) do
    if shapes.of(item, "sourceAccountType") == source.accountType
        and shapes.of(item, "destinationAccountType") == destination.accountType then
      if found then return nil end
      found = item
    end
  end
  return found
end

local function each_route(accounts, act)
  for _, one in ipairs(output.objects(accounts)) do
    local source = shapes.of(one, "sourceAccount")
    for _, destination in ipairs(output.objects(
      shapes.of(one, "destinationAccounts"))) do
      if type(source) == "table" then act(source, destination) end
    end
  end
end

local function name_of(account)
  return ("%s %s"):format(output.clean(account.accountType),
    output.clean(account.accountId))
end

function actions.list(session)
  local transfers = session:client().transfers
  local accounts = session:must(transfers:eligibility())
  local limits, fees = session:must(transfers:limits()), session:must(transfers:fees())
  local all, rows = {}, {}
  each_route(accounts, function(source, destination)
    local limit, fee = about(limits, source, destination), about(fees, source,
      destination)
    local shape = shapes.route(source, destination, limit, fee)
    all[#all + 1] = shape
    rows[#rows + 1] = { name_of(source), name_of(destination),
      output.number(shape.minAmount), output.number(shape.maxAmount),
      output.number(shape.percentageFee) }
  end)
  session.out:list(all, "Money can be moved nowhere.", M.COLUMNS, rows)
end

-- The account that a word means: its id, or its type where there is one of it.
local function pick(accounts, word, what)
  local found, names = nil, {}
  for _, account in ipairs(accounts) do
    if tostring(account.accountId) == word then return account end
    names[#names + 1] = name_of(account)
    if core.lower(tostring(account.accountType)) == core.lower(word) then
      if found then
        exits.exit(exits.USAGE, ("there are several %s accounts: give the id of one")
          :format(word))
      end
      found = account
    end
  end
  if found then return found end
  exits.exit(exits.NOT_FOUND, ("there is no account '%s' to move money %s; there"
    .. " are: %s"):format(word, what, #names > 0 and table.concat(names, ", ")
    or "none"))
end

-- The two accounts of a transfer, of those that the API allows.
local function accounts_of(session)
  local sources, seen, of = {}, {}, {}
  each_route(session:must(session:client().transfers:eligibility()),
    function(source, destination)
      local id = tostring(source.accountId)
      if not seen[id] then sources[#sources + 1] = source end
      seen[id] = true
      of[id] = of[id] or {}
      table.insert(of[id], destination)
    end)
  local source = pick(sources, session.args.from, "from")
  return source, pick(of[tostring(source.accountId)], session.args.to,
    "to from there")
end

function actions.create(session)
  local args, transfers = session.args, session:client().transfers
  local source, destination = accounts_of(session)
  local available = session:must(transfers:available(source, destination))
  local currency = args.currency or shapes.of(available, "currency")
  if not currency then
    exits.exit(exits.USAGE, "the API tells no currency of that account: --currency")
  end
  local fields = { sourceAccount = source, destinationAccount = destination,
    amount = args.amount, currency = currency,
    requestReferenceId = args.reference or core.uuid() }
  session:see(arguments.body, CREATE, fields)
  session:confirm({ ("%s %s leave %s for %s; %s %s can be moved"):format(args.amount,
    output.clean(currency), name_of(source), name_of(destination),
    output.usd(shapes.of(available, "transferableAmount")),
    output.clean(shapes.of(available, "currency") or "")) }, true)
  local transfer, response = session:change("the transfer", transfers.create,
    transfers, fields)
  if not transfer then
    if response.key then
      session:note(("what becomes of it: etoro transfers get %s"):format(
        output.clean(response.key)))
    end
    session:fail(response)
  end
  local shape = shapes.transfer(transfer, response.key)
  local text = ("transfer %s, reference %s, was taken up"):format(
    output.number(shape.transferId), output.clean(shape.referenceId))
  session:did { text = text, shape = shape, is_quiet = true }
  if session.out.is_json then return session.out:json(shape) end
  session.out:line(text)
end

-- Digits are a transferId, all else is a reference.
local function read(session, word)
  local transfers = session:client().transfers
  if word:find "^[0-9]+$" then return session:must(transfers:get(word)) end
  local found = session:must(transfers:lookup(word))
  if found[1] then return found[1] end
  exits.exit(exits.NOT_FOUND, ("the API knows no transfer of the reference %s; that"
    .. " is no proof that there is none"):format(word))
end

function actions.get(session)
  local shape = shapes.transfer(read(session, session.args.transfer))
  if session.out.is_json then return session.out:json(shape) end
  session.out:fields { { "transfer", output.number(shape.transferId) },
    { "state", shape.status }, { "reason", shape.statusReason },
    { "amount", ("%s %s"):format(output.number(shape.amount),
      output.clean(shape.currency)) },
    { "since", session.out:moment(shape.created) },
    { "reference", shape.referenceId } }
end

---@param session etoro.command.Session
function M.transfers(session)
  actions[session.args.action or "list"](session)
end

return M
