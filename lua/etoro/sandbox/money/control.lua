-- The control route of money that moves: each owner's true books of transfers, of
-- those to and from sub-accounts, and of what was asked for of copies.

local books = require "etoro.sandbox.trading.books"
local core = require "etoro.core"
local json = require "etoro.values.json"
local reply = require "etoro.sandbox.http.reply"

local M = {}

local function transfer_view(one)
  return { transferId = one.id, requestReferenceId = one.reference,
    requestId = one.request_id, amount = one.amount, at = one.at }
end

local function sub_account_view(one)
  return { subAccountId = one.id, credit = one.credit,
    transfers = reply.each(one.moves, function(move)
      return { requestId = move.request_id, amount = move.amount }
    end) }
end

local function copy_view(request)
  return { account = request.account.kind, referenceID = request.reference,
    requestId = request.request_id, parentCID = request.cid,
    amount = request.amount, isDone = request.is_done or false,
    errorCode = request.fault and request.fault[1] or 0,
    mirrorID = request.mirror and request.mirror.portfolio.mirror_id or 0 }
end

-- What was asked for of an owner's copies, on either account.
local function copies_of(book, owner)
  local list = json.list()
  for _, account in ipairs(book.accounts) do
    if account.holder == owner then
      for _, request in ipairs(account.copying or {}) do
        list[#list + 1] = copy_view(request)
      end
    end
  end
  return list
end

M["GET /sandbox/money"] = function(box)
  local book = books.of(box)
  book:run()
  local owners = json.list()
  for key, owner in pairs(box.owners) do
    owners[#owners + 1] = { user_key = key, realCID = owner.real_cid,
      credit = owner.credit, copies = copies_of(book, owner),
      transfers = reply.each(owner.transfers or {}, transfer_view),
      subAccounts = reply.each(owner.sub_accounts or {}, sub_account_view) }
  end
  table.sort(owners, function(a, b) return core.before(a.user_key, b.user_key) end)
  return reply.new(200, { now = box:now(), owners = owners })
end

return M
