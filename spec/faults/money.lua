-- A run of transfers, copies and transfers to sub-accounts by many tasks over real
-- HTTP, while the server breaks what it can, and the comparison of what the tasks
-- were told, and what a recovery finds, with the server's books.
local etoro = require "etoro"
local files = require "spec.support.files"
local journal = require "etoro.trading.journal"
local patience = require "spec.support.patience"
local process = require "spec.support.process"
local server = require "spec.support.server"
local faults_run = require "spec.faults.run"

local methods = {}
local mt = { __index = methods }
local M = {}

M.TRANSFER = "POST /api/v1/money/transfers"
M.COPY = "POST /api/v2/trading/copy"
M.SUB = "POST /api/v1/sub-accounts/etoro-trading/money-transfers"
local LOOKUP = "GET /api/v1/money/transfers:lookup"
local STATUS = "GET /api/v2/trading/copy/{referenceId}"
local PORTFOLIO = "GET /api/v1/trading/info/portfolio"

local TIMEOUT, SETTLE, DEADLINE = faults_run.TIMEOUT, 1, patience

--- Keys of people to be copied, one for each copy.
---@param count integer
---@return table<string, string[]>
function M.people(count)
  local keys = {}
  for i = 1, count do keys[("person-%05d-user-key"):format(i)] = {} end
  return keys
end

--- Starts a server with so many people to be copied, and a client with a journal.
---@param options { seed: integer, people?: integer }
function M.new(options)
  local box = server.start_with { seed = options.seed, credit = 1e9, limits = false,
    user_keys = M.people(options.people or 0) }
  local run = setmetatable({ box = box, told = {}, folder = process.scratch() }, mt)
  run.path = run.folder .. "/money.jsonl"
  run.client = run:connect()
  local accounts = {}
  for _, one in ipairs(assert(run.client.balances:get {
    includeZeroBalances = true }).balances)
  do
    accounts[one.accountType] = accounts[one.accountType] or one
  end
  run.accounts = accounts
  local sub = run.client.subaccounts:create "mybot1"
  run.sub = sub and sub.subAccountId
  return run
end

--- A client of the server's, with the run's journal.
function methods:connect()
  return assert(self.box:client { timeout = TIMEOUT, deadline = DEADLINE,
    max_connections = 50, account = "real", journal = self.path,
    on_event = function() end })
end

-- Faults of a route; what comes twice where nothing keeps it from being done twice
-- is nothing that this side could mend.
local function spoil(run, route, faults, has_key)
  for _, fault in ipairs(faults) do
    local copy = { route = route, times = 0 }
    for name, value in pairs(fault) do copy[name] = value end
    if has_key or fault.fault ~= "duplicate" then run.box:fault(copy) end
  end
end

--- Lets faults happen from now on.
function methods:spoil()
  spoil(self, M.TRANSFER, faults_run.WRITES, true)
  spoil(self, M.COPY, faults_run.WRITES, false)
  spoil(self, M.SUB, faults_run.WRITES, false)
  for _, route in ipairs { LOOKUP, STATUS, PORTFOLIO } do
    spoil(self, route, faults_run.READS, true)
  end
end

local function told_of(run, kind, key, amount, result, response)
  local state = result and "done"
    or response.may_have_executed and "unknown" or "refused"
  if kind == "copy" and result and result.isPending then state = "unknown" end
  run.told[#run.told + 1] = { kind = kind, key = key, amount = amount, state = state,
    id = type(result) == "table" and (result.mirrorID or result.transferId) or nil,
    err = result == nil and response or nil }
end

-- Each amount is asked for once, so that what has no key is told apart by it.
local ways = {}

function ways.transfer(run, index)
  local amount = 1 + index / 100
  local key = "t-" .. index
  local result, response = run.client.transfers:create({
    sourceAccount = run.accounts.trading, destinationAccount = run.accounts.cash,
    amount = amount, currency = "USD",
    requestReferenceId = index % 2 == 0 and key or nil }, { settle = SETTLE })
  told_of(run, "transfer", result and result.requestReferenceId or response.key
    or key, amount, result, response)
end

function ways.copy(run, index, person)
  local key, amount = "c-" .. index, 200 + index
  local result, response = run.client.copying:start({ parentCID = person,
    amount = amount, referenceID = key }, { wait = 4 })
  told_of(run, "copy", key, amount, result, response)
end

function ways.sub(run, index)
  local amount = index / 100
  local result, response = run.client.subaccounts:transfer(run.sub,
    { amountInUsd = amount, direction = "ToSubAccount" })
  told_of(run, "sub", nil, amount, result, response)
end

--- Does so much of one kind; people: whom to copy.
---@param kind "transfer"|"copy"|"sub"
---@param count integer
function methods:go(kind, count)
  local people = kind == "copy" and self:persons()
  faults_run.in_tasks(count, function(index)
    ways[kind](self, index, people and people[index])
  end)
end

--- The server's books of the owner, once all that is late has been done.
function methods:books()
  self.box:raw("DELETE", "/sandbox/faults")
  self.client:call "GET /api/v1/me"
  etoro.sleep(2.6)
  self.client:call "GET /api/v1/me" -- late work is done when something comes
  etoro.sleep(2.2)
  local _, all = self.box:raw("GET", "/sandbox/money")
  for _, owner in ipairs(all.owners) do
    if owner.user_key == "sandbox-user-key" then return owner, all end
  end
end

--- The cids of the people that can be copied.
---@return integer[]
function methods:persons()
  local list = {}
  local _, all = self.box:raw("GET", "/sandbox/money")
  for _, owner in ipairs(all.owners) do
    if owner.user_key:find "^person" then list[#list + 1] = owner.realCID end
  end
  return list
end

-- What the books have of a kind: what moved money, by what tells it apart.
local function done_of(owner, kind, mistakes)
  local by = {}
  local function add(key, item)
    if by[key] then
      mistakes[#mistakes + 1] = ("%s %s was done twice"):format(kind, key)
    end
    by[key] = item
  end
  if kind == "transfer" then
    for _, one in ipairs(owner.transfers) do add(one.requestReferenceId, one) end
  elseif kind == "copy" then
    for _, one in ipairs(owner.copies) do
      if one.isDone and one.errorCode == 0 then add(one.referenceID, one) end
    end
  else
    for _, one in ipairs(owner.subAccounts[1].transfers) do
      add(("%.2f"):format(one.amount), one)
    end
  end
  return by
end

local function key_of(told)
  return told.kind == "sub" and ("%.2f"):format(told.amount) or told.key
end

local function judge(told, one, mistakes)
  local name = ("%s %s told %s"):format(told.kind, key_of(told), told.state)
  if told.state == "done" and not one then
    mistakes[#mistakes + 1] = name .. " is not there"
  elseif told.state == "done" and math.abs(one.amount - told.amount) > 1e-9 then
    mistakes[#mistakes + 1] = name .. " is another one"
  elseif told.state == "done" and told.id
      and told.id ~= (one.transferId or one.mirrorID) then
    mistakes[#mistakes + 1] = name .. " has another id"
  elseif told.state == "refused" and one then
    mistakes[#mistakes + 1] = ("%s is there: %s"):format(name, tostring(told.err))
  end
end

--- Compares what was told with the books.
---@return table count of what was told, and the mistakes
function methods:compare(kind)
  local owner = self:books()
  local mistakes = {}
  local by = done_of(owner, kind, mistakes)
  local count = { done = 0, refused = 0, unknown = 0, mistakes = mistakes,
    total = #self.told }
  local asked = {}
  for _, told in ipairs(self.told) do
    count[told.state] = count[told.state] + 1
    asked[key_of(told)] = true
    judge(told, by[key_of(told)], mistakes)
    if told.state == "unknown" then count.example = tostring(told.err) end
  end
  for key in pairs(by) do
    if not asked[key] then mistakes[#mistakes + 1] = key .. " was nobody's" end
  end
  return count, owner
end

local KINDS = { transfer = "transfer", copy = "copy",
  sub = "sub_account_transfer" }

--- Compares each intent of the journal with the books: what its outcome says, and
--- what a recovery has found.
---@param kind "transfer"|"copy"|"sub"
---@param owner table of the books
---@param found etoro.Recovered[]
---@return table count
---@return table<string, table> intents by kind and key
function M.compare_journal(path, kind, owner, found, mistakes)
  local by = done_of(owner, kind, mistakes)
  local intents, count = {}, { landed = 0, not_landed = 0, unknown = 0, intents = 0 }
  local op = kind == "transfer" and M.TRANSFER or kind == "copy" and M.COPY or M.SUB
  for _, record in ipairs(assert(journal.read(path))) do
    if record.kind == "intent" and record.op == op then
      intents[record.id] = intents[record.id] or record
      count.intents = count.intents + 1
    elseif intents[record.id] then
      intents[record.id].state = record.state
    end
  end
  local seen, by_name = {}, {}
  for id, record in pairs(intents) do
    local key = kind == "transfer" and record.body.requestReferenceId
      or kind == "copy" and record.body.referenceID
      or ("%.2f"):format(record.body.amountInUsd)
    seen[key] = true
    local is_done, state = by[key] ~= nil, record.state
    if is_done and (state == "refused" or state == "not_sent")
        or not is_done and state == "done" then
      mistakes[#mistakes + 1] = ("%s %s: its outcome is %s, the books have %s"):format(
        kind, key, state, is_done and "it" or "none")
    end
    record.is_done = is_done
    by_name[kind .. " " .. key] = record
    intents[id] = record
  end
  for key in pairs(by) do
    if not seen[key] then
      mistakes[#mistakes + 1] = ("%s %s has no intent"):format(kind, key)
    end
  end
  for _, one in ipairs(found) do
    if one.kind == KINDS[kind] then
      count[one.state] = count[one.state] + 1
      local is_done = intents[one.request_id].is_done
      if one.state == "landed" and not is_done
          or one.state == "not_landed" and is_done then
        mistakes[#mistakes + 1] = ("%s %s was found %s: %s"):format(kind,
          tostring(one.key), one.state, one.seen)
      end
      if one.state == "unknown" then count.seen = one.seen end
    end
  end
  return count, by_name
end

--- Says what a recovery finds in the journal, with a client of its own.
---@param settle number seconds
function methods:recover(settle)
  self.client:close()
  self.client = self:connect()
  local found, report = self.client:recover { settle = settle, timeout = 5 }
  assert(found, tostring(report))
  assert(#report.others == 0 and #report.problems == 0)
  return found
end

--- Makes the journal older: what was under way was so before.
---@param seconds integer
function methods:age(seconds)
  self.client:close()
  local times = require "etoro.values.times"
  local text = files.read(self.path)
  for _, name in ipairs { "at", "server" } do
    text = text:gsub('"' .. name .. '":"([^"]+)"', function(at)
      return ('"%s":"%s"'):format(name, times.format(times.parse(at) - seconds))
    end)
  end
  files.write(self.path, text)
  self.client = self:connect()
end

function methods:stop()
  self.client:close()
  self.box:stop()
  process.remove(self.folder)
end

return M
