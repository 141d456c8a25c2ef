-- Backtests: a strategy's file over the past, by the sandbox's rules.
-- doc/backtests.md.

local blame = require "etoro.values.blame"
local once = require "etoro.backtest.once"
local parity = require "etoro.backtest.parity"
local proof = require "etoro.backtest.proof"

---@class etoro.BacktestModule
local M = {}

---@class etoro.BacktestOptions
---@field file string a strategy's file
---@field data? string|table<string, string> a CSV file, a folder of SYMBOL.csv, files by symbol;
---without it the bars that `etoro data get` has kept
---@field cash? number USD to begin with; 10,000
---@field settings? table<string, any> in place of the file's defaults
---@field costs string|table "etoro", "none", "spread=0.001,fee=1", a file, a table; to be stated
---@field fill? "next_open"|"same_close" when a decision's orders fill; "next_open"
---@field both_fills? boolean run with the other `fill` as well, for the report: `other_fill`
---@field from? string|number ISO 8601 or seconds: bars before it only warm up
---@field to? string|number bars that begin at or behind it are left out
---@field seed? integer of the file's math.random; 1
---@field on_note? fun(note: table) hears { time, kind, text, strategy } as it happens
---@field on_time? fun() called before each time that has bars; what it raises ends the run
---@field print? fun(text: string) where the file's print goes; nowhere unless given

---@class etoro.ParityOptions: etoro.BacktestOptions
---@field journal string that the run's client wrote
---@field client etoro.Client of the account that the journal is of
---@field cash? number what the account had; unless given, what it is worth less what the run made

--- Runs a strategy's file over bars of the past.
---@param options etoro.BacktestOptions
---@return etoro.BacktestResult? result with err where a callback ended it
---@return etoro.Error? err why it could not begin
function M.run(options)
  once.check(options)
  local result, err = once.run(options)
  if result and options.both_fills then
    result.other_fill = once.other_fill(options)
  end
  return result, err
end

--- Runs a file again over histories that are cut, and compares what it decided
--- until then: what differs has known the future.
---@param options etoro.BacktestOptions
---@return etoro.BacktestProof? proof
---@return etoro.Error? err
function M.causality(options)
  once.check(options)
  local found, err = proof.causality(options)
  return found, err
end

--- Runs a file from several times on, once with all bars before and once with no
--- more than its warm-up: what differs depends on where the bars begin.
---@param options etoro.BacktestOptions
---@return etoro.BacktestProof? proof
---@return etoro.Error? err
function M.warmup_check(options)
  once.check(options)
  local found, err = proof.warmup(options)
  return found, err
end

--- Lays a run on an account beside a backtest of the same time: decisions by the
--- run's journal, fills by the account, and what differs, in dollars, by cause.
---@param options etoro.ParityOptions
---@return etoro.Parity? parity
---@return etoro.Error? err
function M.parity(options)
  once.check(options, { journal = "string", client = "table" })
  for _, name in ipairs { "journal", "client" } do
    if options[name] == nil then
      blame.raise(("missing required field '%s'"):format(name))
    end
  end
  local found, err = parity.run(options)
  return found, err
end

return M
