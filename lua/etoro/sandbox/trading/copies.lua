-- Copies of other people: money that is set aside in a mirror of theirs, which is
-- taken out again when the copy ends. What they trade is not modelled; each request
-- is carried out a moment after its answer.

local books = require "etoro.sandbox.trading.books"
local core = require "etoro.core"
local json = require "etoro.values.json"
local persons = require "etoro.sandbox.people.persons"
local reply = require "etoro.sandbox.http.reply"

local M = {}

local cents = books.cents

local SETTLING = 2 -- seconds
local LEAST = 200 -- US dollars of a new copy
local NIL = "00000000-0000-0000-0000-000000000000"

-- Why a copy is refused: the API's number, and words.
local REFUSED, BLOCKED = 972, 623
local UNKNOWN = { REFUSED, "there is nobody of this parentCID" }
local OWN = { REFUSED, "nobody copies himself" }
local TOO_SMALL = { REFUSED, "a copy begins with 200 US dollars" }
local NO_FUNDS = { BLOCKED, "Insufficient funds" } -- the document's own example

--- Refuses in the shape of the copy routes.
function M.refuse(_, status, _, message)
  return reply.new(status, { error = message })
end

local function mirror_of(account, cid)
  for _, mirror in ipairs(account.copied or {}) do
    if mirror.portfolio.real_cid == cid and not mirror.is_ending then
      return mirror
    end
  end
end

-- Why an amount cannot be put into a copy of somebody, or taken out.
local function fault_of(book, account, cid, amount)
  local mirror = mirror_of(account, cid)
  if cid == account.holder.real_cid or cid == account.cid then return OWN end
  if not persons.by_cid(book.box, cid) then return UNKNOWN end
  if amount < 0 then
    return (not mirror or mirror.available < -amount) and NO_FUNDS or nil
  elseif not mirror and amount < LEAST then
    return TOO_SMALL
  end
  return amount > books.available(account) and NO_FUNDS or nil
end

local function begin(book, account, request, at)
  local parent = persons.by_cid(book.box, request.cid)
  local mirror = { account = account, available = 0, profit = 0, positions = {},
    deposited = 0, withdrawn = 0, portfolio = {
      mirror_id = book.box:next_mirror(), real_cid = request.cid,
      username = parent.username, investment = request.amount, created = at } }
  account.copied = account.copied or {}
  table.insert(account.copied, mirror)
  return mirror
end

-- Sets the money of a request aside, or gives it back.
local function move(book, request, at)
  local account, amount = request.account, request.amount
  request.is_done = true
  request.fault = fault_of(book, account, request.cid, amount)
  if request.fault then return end
  local mirror = mirror_of(account, request.cid)
  if not mirror then
    mirror = begin(book, account, request, at)
  elseif amount > 0 then
    mirror.deposited = cents(mirror.deposited + amount)
  else
    mirror.withdrawn = cents(mirror.withdrawn - amount)
  end
  mirror.available = cents(mirror.available + amount)
  books.pay(account, -amount, at)
  request.mirror = mirror
end

--- POST copy: money into a copy, which begins with the first, or out of it.
function M.register(ctx, book, account)
  local body = ctx.body
  if body.amount == 0 then
    return M.refuse(ctx, 400, nil, "amount must not be 0")
  elseif body.referenceID:find "[^A-Za-z0-9._~-]" then
    return M.refuse(ctx, 400, nil, "referenceID is not URL-safe")
  end
  local request = { account = account, cid = body.parentCID,
    amount = body.amount, reference = body.referenceID,
    request_id = ctx.request.headers["x-request-id"] }
  account.copying = account.copying or {}
  table.insert(account.copying, request)
  book:schedule(book.box:now() + SETTLING, move, request)
  return reply.new(200, { token = book:uuid() })
end

--- POST eligibility: what register would say.
function M.eligibility(ctx, book, account)
  local body = ctx.body
  if body.amount == 0 then
    return M.refuse(ctx, 400, nil, "amount must not be 0")
  end
  local fault = fault_of(book, account, body.parentCID, body.amount)
  return reply.new(200, { CID = account.cid, parentCID = body.parentCID,
    isSuccess = fault == nil, errorCode = fault and fault[1] or json.null,
    errorMessage = fault and fault[2] or json.null })
end

-- Of several requests of one reference, one that was carried out goes before.
local function find(account, reference)
  local found
  for _, request in ipairs(account.copying or {}) do
    if request.reference == reference and request.is_done
        and (not found or found.fault) then
      found = request
    end
  end
  return found
end

--- GET status of a reference.
function M.status(ctx, book, account)
  local request = find(account, ctx.args.referenceId)
  if not request then
    return M.refuse(ctx, 404, nil, "no outcome is known of this reference")
  end
  local out = { referenceID = request.reference, isSuccess = not request.fault }
  local parent = persons.by_cid(book.box, request.cid)
  if parent then
    out.parentCID, out.parentUsername = request.cid, parent.username
  end
  if request.fault then
    out.errorMessageCode, out.failReason = request.fault[1], request.fault[2]
  else
    out.mirrorID = request.mirror.portfolio.mirror_id
  end
  return reply.new(200, out)
end

local function finish(_, mirror, at)
  local account = mirror.account
  books.pay(account, mirror.available, at)
  mirror.available = 0
  for i, one in ipairs(account.copied) do
    if one == mirror then return table.remove(account.copied, i) end
  end
end

--- POST close and DELETE copy: the end of one.
function M.close(ctx, book, account)
  local args = ctx.args and ctx.args.mirrorID and ctx.args or ctx.body
  local key = args.clientRequestID
  if key == json.null then key = nil end
  if key and core.lower(key) == NIL then
    return M.refuse(ctx, 400, nil, "clientRequestID must not be the nil UUID")
  end
  account.copy_keys = account.copy_keys or {}
  if key and account.copy_keys[key] then
    return reply.new(200, { token = key })
  end
  for _, mirror in ipairs(account.copied or {}) do
    if mirror.portfolio.mirror_id == args.mirrorID and not mirror.is_ending then
      mirror.is_ending = true
      book:schedule(book.box:now() + SETTLING, finish, mirror)
      if key then account.copy_keys[key] = true end
      return reply.new(200, { token = key or book:uuid() })
    end
  end
  return M.refuse(ctx, 400, nil, "there is no such mirror")
end

return M
