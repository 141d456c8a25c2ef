-- The owner's copy of an agent-portfolio: each of its trades, made smaller by
-- investment / virtual balance, with the money that was set aside for it.

local books = require "etoro.sandbox.trading.books"

local M = {}

local cents = books.cents

--- The mirror of a portfolio, made when first asked for.
function M.of(book, portfolio)
  local account = book:owners(portfolio.owner, "real")
  account.mirrors = account.mirrors or {}
  local mirror = account.mirrors[portfolio]
  if not mirror then
    mirror = { portfolio = portfolio, account = account,
      available = portfolio.investment, profit = 0, positions = {} }
    account.mirrors[portfolio] = mirror
  end
  return mirror
end

--- The mirrors of an owner's account, in the order of their portfolios, and those
--- of other people (see trading/copies).
function M.list(book, account)
  local out = {}
  local portfolios = account.kind == "real" and account.holder.portfolios
  for i, portfolio in ipairs(portfolios or {}) do
    out[i] = M.of(book, portfolio)
  end
  local copied = account.copied or {}
  return table.move(copied, 1, #copied, #out + 1, out)
end

--- What the copy of a position of the portfolio is to be, paid by the mirror;
--- nil where it would be smaller than the smallest copy.
function M.copy_of(book, position)
  local portfolio = position.account.portfolio
  if book.stopped[portfolio] then return end
  local mirror = M.of(book, portfolio)
  local share = portfolio.investment / portfolio.virtual_balance
  local amount = cents(position.amount * share)
  local units = books.units(position.units * share)
  if amount < book.box.options.minimum_copy or amount > mirror.available
      or units <= 0 then
    return
  end
  mirror.available = cents(mirror.available - amount)
  return {
    mirror = mirror, parent = position, order_id = book:next_order(),
    instrument = position.instrument, is_buy = position.is_buy,
    units = units, amount = amount, rate = position.rate, fee = 0,
    conversion = position.conversion, leverage = position.leverage,
    settlement = position.settlement,
  }
end

--- Keeps a copy with its mirror and the position that it copies.
function M.add(copy)
  local mirror, parent = copy.mirror, copy.parent
  mirror.positions[#mirror.positions + 1] = copy
  parent.copies = parent.copies or {}
  parent.copies[#parent.copies + 1] = copy
end

--- Takes what a closed copy brought.
function M.receive(mirror, part)
  mirror.available = cents(mirror.available + part.amount + part.profit)
  mirror.profit = cents(mirror.profit + part.profit)
end

--- Lets a mirror go; orders under way are not copied any more.
function M.remove(book, mirror)
  mirror.account.mirrors[mirror.portfolio] = nil
  book.stopped[mirror.portfolio] = true
end

return M
