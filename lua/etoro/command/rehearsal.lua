-- etoro --rehearse: a command on an account that is made up for it alone. It goes
-- through all that it would go through with real money, its question included,
-- without keys and without a network.

local etoro = require "etoro"
local exits = require "etoro.command.exits"
local limits = require "etoro.values.limits"
local terminal = require "etoro.command.terminal"

local M = {}

-- Commands of an account or a market; the others have their own ways.
local OF_ACCOUNT = { account = true, alerts = true, call = true, cancel = true,
  candles = true, close = true, copy = true, edit = true, history = true, order = true,
  orders = true, portfolios = true, positions = true, quote = true,
  search = true, tokens = true, transfers = true, watchlists = true }

-- There is something to close, to edit and to take back.
local function furnish(client)
  local orders = client.orders
  local order = orders:open { symbol = "AAPL", transaction = "buy", amount = 250 }
  if order then order:wait() end
  orders:open { symbol = "BTC", transaction = "buy", amount = 100,
    orderType = "mit", triggerRate = 1000 }
end

-- Whom a rehearsal copies already.
local PERSON, MONEY = "harborlight", 250

local function furnish_copies(client, box)
  local person = client.people:get(PERSON)
  client.copying:start { parentCID = person.realCID, amount = MONEY }
  box:advance(limits.copy_wait)
end

local NEEDS = { account = true, cancel = true, close = true, edit = true, orders = true,
  positions = true }

--- Ends the command where it cannot be rehearsed.
---@param args table
function M.check(args)
  if not args.rehearse or OF_ACCOUNT[args.command] then return end
  exits.exit(exits.USAGE, ("--rehearse does not go with %s%s"):format(args.command,
    args.command == "run" and ": it runs in a sandbox unless told otherwise" or ""))
end

--- The client of a rehearsal.
---@param session etoro.command.Session
---@param options etoro.ClientOptions
---@return etoro.Client? client
---@return etoro.Error? err
function M.client(session, options)
  local command = session.args.command
  terminal.say "A rehearsal: the account is made up, and nothing is real."
  local box = etoro.sandbox.new { portfolio_lag = 0 }
  if NEEDS[command] then
    furnish(assert(box:client { account = options.account }))
  elseif command == "copy" then
    furnish_copies(assert(box:client { account = options.account }), box)
  end
  local client, err = box:client(options)
  return client, err
end

return M
