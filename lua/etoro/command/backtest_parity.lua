-- etoro backtest --parity: a run on an account beside a backtest of its time.

local core = require "etoro.core"
local etoro = require "etoro"
local json = require "etoro.values.json"
local output = require "etoro.command.output"
local types = require "etoro.values.types"

local M = {}

local WORDS = { fee = "fees and nights", refused = "refused on one side",
  not_in_backtest = "not in the backtest", not_in_journal = "not in the journal" }

local function time_of(session, text)
  return text and session.out:moment(text, true) or "-"
end

local function size_of(order)
  return order.amount and output.usd(order.amount) .. " USD"
    or order.units and output.number(order.units) .. " units" or "all"
end

local function side_of(session, order)
  if not order then return "nothing" end
  return ("%s, %s, %s%s"):format(session.out:moment(order.time), size_of(order), order.state,
    order.why and ": " .. order.why or "")
end

local function decisions(session, parity)
  local apart = 0
  for _, one in ipairs(parity.decisions) do
    if not one.agree then
      apart = apart + 1
      session.out:line(("%s %s: here %s; in the backtest %s"):format(one.side,
        one.symbol, side_of(session, one.live), side_of(session, one.backtest)), "yellow")
    end
  end
  session.out:line(("%d decisions, %d of them not alike"):format(
    #parity.decisions, apart))
end

local function price(fill, name)
  return fill and output.number(fill[name], 5) or "-"
end

local function row_of(session, trade)
  local a, b = trade.live, trade.backtest
  return { trade.symbol, trade.side, time_of(session, (a or b).entry_time),
    price(a, "entry_price"), price(b, "entry_price"), price(a, "exit_price"),
    price(b, "exit_price"), a and output.signed(a.profit) or "-",
    b and output.signed(b.profit) or "-", output.profit(trade.difference),
    (WORDS[trade.cause] or trade.cause or "")
      .. (trade.why and ": " .. trade.why or "") }
end

local function trades(session, parity)
  local rows = {}
  for i, trade in ipairs(parity.trades) do rows[i] = row_of(session, trade) end
  if #rows == 0 then return session.out:line "nothing was opened" end
  session.out:table({ { "symbol", least = 8 }, { "side", drop = 8 },
    { "in", drop = 9 }, { ">in, here", drop = 4 }, { ">backtest", drop = 3 },
    { ">out, here", drop = 6 }, { ">backtest", drop = 5 },
    { ">profit, here", drop = 7 }, { ">backtest", drop = 2 }, ">difference",
    { "by", drop = 1, least = 12 } }, rows)
end

local function sums(session, parity)
  local rows = { { "profit here", output.signed(parity.live_profit) .. " USD" },
    { "in the backtest", output.signed(parity.backtest_profit) .. " USD" },
    { "difference", output.signed(parity.difference) .. " USD" } }
  for _, name in ipairs(types.sorted_names(parity.causes)) do
    if parity.causes[name] ~= 0 then
      rows[#rows + 1] = { "  " .. (WORDS[name] or name),
        output.signed(parity.causes[name]) .. " USD" }
    end
  end
  session.out:fields(rows)
end

local function show(session, parity)
  session.out:fields { { "strategy", parity.strategy },
    { "account", parity.account }, { "from", session.out:moment(parity.from) },
    { "to", session.out:moment(parity.to) },
    { "cash", core.fixed(parity.cash, 2) .. " USD" } }
  output.write "\n"
  decisions(session, parity)
  output.write "\n"
  trades(session, parity)
  output.write "\n"
  sums(session, parity)
  for _, note in ipairs(parity.notes) do session.out:line("note: " .. note, "yellow") end
  output.flush()
end

local function shape(parity)
  local all = {}
  for name, value in pairs(parity) do all[name] = value end
  all.decisions, all.trades = json.list(parity.decisions), json.list(parity.trades)
  all.notes, all.hash, all.result = json.list(parity.notes), parity.result.hash, nil
  return all
end

--- Runs the comparison with the keys of the account that the journal is of.
---@param session etoro.command.Session
---@param options etoro.BacktestOptions
function M.run(session, options)
  options.journal, options.client = session.args.parity, session:client()
  local parity = session:must(etoro.backtest.parity(options))
  if session.out.is_json then return session.out:json(shape(parity)) end
  show(session, parity)
end

return M
