-- The account: what it holds, what it is worth, what it has done. Demo or
-- real, as the client is.

local answers = require "etoro.resource.answers"
local json = require "etoro.values.json"
local merged = require "etoro.values.merged"
local spelling = require "etoro.values.spelling"
local equity = require "etoro.money.equity"
local errors = require "etoro.errors"
local history = require "etoro.trading.account.history"
local names = require "etoro.market.names"
local order = require "etoro.trading.order"
local position = require "etoro.trading.position"
local call_options = require "etoro.call.options"
local pages = require "etoro.resource.pages"
local resource = require "etoro.resource"
local tasks = require "etoro.tasks"
local operations = require "etoro.operations"
local routes = require "etoro.trading.routes"

--- What an account holds. Fields are found under each spelling of the API's.
--- Money is in US dollars, openRate in the instrument's currency.
---@class etoro.ClientPortfolio
---@field credit number
---@field bonusCredit number
---@field unrealizedPnL? number of all together; from pnl alone
---@field positions etoro.Position[] those of copies may stand in mirrors as well
---@field mirrors table[] copies of others
---@field orders etoro.Order[] waiting for a rate
---@field ordersForOpen etoro.Order[] under way
---@field ordersForClose table[]
---@field [string] any what else the API tells, in any spelling

--- Figures by the formulas of the portal's guides, beside the server's own.
---@class etoro.Equity: etoro.Figures
---@field server? table accountTotals of aggregate-portfolio, as it came
---@field differences etoro.Difference[] of a cent and more
---@field source "pnl"|"aggregate" what the figures are from

---@class etoro.AggregateFilters
---@field conversionMode? "eToroApp"|"Realtime"
---@field instrumentIds? integer[]
---@field mirrorIds? integer[] 0: one's own
---@field pnlLevel? "None"|"Pnl"|"DailyPnl" newer servers: DailyPnl adds what was
---gained since dailyCutoffUtc
---@field dailyCutoffUtc? string|number with DailyPnl alone: when the day began, at
---most 48 hours ago

---@class etoro.MirrorFilter
---@field mirrorId integer 0: one's own
---@field instrumentMode? "default"|"all"|"none"|"custom" custom: instrumentIds alone
---@field instrumentIds? integer[]

---@class etoro.TotalsFilters
---@field conversionMode? "eToroApp"|"realtime"
---@field pnlLevel? "none"|"pnl"|"dailyPnl" "pnl"
---@field dailyCutoffUtc? string|number with dailyPnl, and with it alone: when the
---day began, at most 48 hours ago
---@field accountLevel? "none"|"totals"|"details" "totals"
---@field instrumentLevel? "none"|"totals"|"details" "totals"
---@field mirrorLevel? "none"|"totals"|"details" "totals"
---@field instrumentIds? integer[]
---@field mirrorFilters? etoro.MirrorFilter[] all mirrors and one's own; an empty
---list: none

---@class etoro.BreakdownQuery
---@field positionLevel? "None"|"Normal" None: without positions
---@field orderLevel? "None"|"Normal" None: without orders
---@field mirrorLevel? "None"|"Details" Details: copies as well
---@field instrumentIds? integer[] up to 100
---@field mirrorIds? integer[] up to 100; 0: one's own
---@field conversionMode? "eToroApp"|"Realtime"
---@field CID? integer realCid or demoCid of client.account:me(); saves a call

---@class etoro.HistoryQuery
---@field minDate string|number the day to start with; YYYY-MM-DD or seconds
---since 1970
---@field page? integer
---@field pageSize? integer
---@field limit? integer the most to give

---@class etoro.Me
---@field gcid integer
---@field realCid integer
---@field demoCid integer
---@field username string
---@field scopes string[]
---@field [string] any what else the API tells, in any spelling

---@class etoro.Trade one that is over
---@field positionId integer
---@field instrumentId integer
---@field symbol? string nil where it could not be read
---@field isBuy boolean
---@field netProfit number without fees
---@field fees number
---@field investment number
---@field units number
---@field leverage integer
---@field openRate number
---@field openTimestamp string
---@field closeRate number
---@field closeTimestamp string
---@field [string] any what else the API tells, in any spelling

---@class etoro.Account client.account
local collection, M = resource.define "account"
local item_mt = {
  __name = "etoro.account.item", __index = spelling.wrap_index(),
}

-- Other spellings are found in an object and in the objects of its lists.
local function wrap(object, depth)
  for _, value in pairs(object) do
    if type(value) == "table" and depth > 0 then
      for _, item in ipairs(value) do
        if type(item) == "table" then wrap(item, depth - 1) end
      end
    end
  end
  return setmetatable(object, item_mt)
end

-- What an account holds, by instrument, position and order.
local function wrap_all(object) return wrap(object, 2) end
local function or_empty(filters) return filters == nil and {} or filters end

local function read(client, purpose, params, options)
  local at = purpose == "aggregate" and "" or "clientPortfolio"
  local object, response = resource.object(client, routes.op(client, purpose),
    at, params, options)
  return object and wrap_all(object), response
end

-- Positions and orders with what theirs can do.
local function with_methods(portfolio, client, response, options)
  position.of_portfolio(portfolio, client, response, options)
  local list = order.of_portfolio(portfolio, client)
  names.give(client, list, response, options)
  return portfolio, response
end

-- Some accounts get a 404 from pnl; the aggregate has the figures too.
local NO_PNL = "the API has no pnl for this account (404); these figures are"
  .. " those of aggregate-portfolio"

--- Reads what the account holds with profits and losses (portal: Portfolio,
--- PnL), some ten seconds old at most. Where the API has none (404) the
--- result holds unrealizedPnL and aggregate, the answer of
--- aggregate-portfolio, and response.warning says so.
---@param options? etoro.RequestOptions
---@return etoro.ClientPortfolio? portfolio
---@return etoro.Response|etoro.Error
function collection:pnl(options)
  local client = resource.client_of(self, "client.account:pnl")
  local portfolio, response = read(client, "pnl", nil, options)
  if portfolio then return with_methods(portfolio, client, response, options) end
  if response.status ~= 404 then return nil, response end
  local aggregate, again = read(client, "aggregate", nil, options)
  if not aggregate then return nil, response end
  local totals, err = answers.object(aggregate, "accountTotals", again,
    routes.op(client, "aggregate"))
  if not totals then return nil, err end
  client:warn(again, NO_PNL)
  return wrap({ unrealizedPnL = totals.accountCurrentPnl,
    aggregate = aggregate }, 0), again
end

local function with_null(options)
  return merged(options, { keep_null = true })
end

-- Both answers, asked for side by side; a request id can be that of one.
local function read_both(client, options)
  local apart = merged(options)
  apart.request_id, apart.keep_null = nil, nil
  local pnl, pnl_response, aggregate, response
  tasks.run(function()
    tasks.spawn(function()
      aggregate, response = read(client, "aggregate", nil, apart)
    end)
    pnl, pnl_response = read(client, "pnl", nil, with_null(options))
  end)
  return pnl, pnl_response, aggregate, response
end

local function of_aggregate(client, totals, response)
  local result = equity.of_server(totals)
  result.server, result.differences = totals, json.list()
  result.source = "aggregate"
  client:warn(response, NO_PNL)
  client:worth(result.equity)
  return result, response
end

--- Works out what the account is worth (portal: guides Calculate Equity,
--- Available Cash, Total Invested, Profit/Loss) and reads the server's own
--- figures (aggregate-portfolio) to set beside it. Positions that stand in two
--- lists count once. A figure that needs a field which the answer lacks is
--- nil, and the field stands in `missing`.
---@param options? etoro.RequestOptions
---@return etoro.Equity? equity
---@return etoro.Response|etoro.Error response with a warning where the two
---differ, or one of them could not be read
function collection:equity(options)
  local client = resource.client_of(self, "client.account:equity")
  options = call_options.of_call(options)
  local pnl, response, aggregate, other = read_both(client, options)
  local totals = aggregate and type(aggregate.accountTotals) == "table"
    and wrap(aggregate.accountTotals, 0) or nil
  if not pnl and response.status == 404 and totals then
    return of_aggregate(client, totals, other)
  elseif not pnl then
    return nil, response
  end
  local result = equity.figures(pnl)
  result.source, result.server, result.differences = "pnl", totals, json.list()
  if totals then
    result.differences = equity.differences(result, equity.of_server(totals))
  else
    client:warn(response, "the server's own figures could not be read: "
      .. (aggregate and "the answer has no accountTotals" or other.message))
  end
  if #result.missing > 0 then
    client:warn(response, "the answer lacks "
      .. table.concat(result.missing, ", "))
  end
  client:worth(result.equity)
  return result, response
end

--- Works out the cash that can be traded with (portal: guide Calculate
--- Available Cash).
---@param options? etoro.RequestOptions
---@return number? dollars
---@return etoro.Response|etoro.Error err kind protocol, naming the fields,
---when the answer lacks one that it takes
function collection:available_cash(options)
  local client = resource.client_of(self, "client.account:available_cash")
  options = call_options.of_call(options)
  local portfolio, response = read(client, "portfolio", nil,
    with_null(options))
  if not portfolio then return nil, response end
  local cash, missing = equity.available_cash(portfolio)
  if cash then return cash, response end
  return nil, errors.unexpected("the answer lacks "
    .. table.concat(missing, ", "), response,
    routes.op(client, "portfolio"))
end

local function wrap_aggregate(aggregate)
  if type(aggregate.accountTotals) == "table" then
    wrap(aggregate.accountTotals, 0)
  end
  return wrap_all(aggregate)
end

--- Reads what the account holds (portal: Portfolio, Get Portfolio), without
--- profits and losses. New positions show after some seconds.
---@param options? etoro.RequestOptions
---@return etoro.ClientPortfolio? portfolio
---@return etoro.Response|etoro.Error
function collection:holdings(options)
  local client = resource.client_of(self, "client.account:holdings")
  local portfolio, response = read(client, "portfolio", nil, options)
  if not portfolio then return nil, response end
  return with_methods(portfolio, client, response, options)
end

--- Goes through closed trades, page by page (portal: Trading History), each once,
--- also where others are closed meanwhile. The API says that it looks back less than
--- a year a call. Symbols that the client does not know are asked for once a page.
---@param params etoro.HistoryQuery
---@param options? etoro.RequestOptions
---@return fun(): etoro.Trade? iterator raises the error of a page that fails
function collection:each_trade(params, options)
  local client = resource.client_of(self, "client.account:each_trade")
  local begin_page, is_new = history.pages()
  local iterator = pages.each(client, routes.op(client, "history"), params, options,
    function(item) return is_new(item) and setmetatable(item, item_mt) or nil end,
    function(items, response)
      begin_page()
      names.give(client, items, response, options)
    end)
  return iterator
end

local ME = operations["GET /api/v1/me"]

-- The number of the client's account; nil where it cannot be read.
local function own_cid(client, options)
  local mine = merged(options)
  mine.request_id = nil
  local me = resource.object(client, ME, "", nil, mine)
  return me and spelling.get(me, client:environment() == "demo" and "demoCid"
    or "realCid")
end

--- Reads what is held by instrument, with positions and waiting orders, copies
--- beside it (v1.375.0, Trading). A stopLossRate of 0.0001 is none. Without a CID
--- that is read first.
---@param params? etoro.BreakdownQuery
---@param options? etoro.RequestOptions
---@return etoro.api.InstrumentBreakdownResponse? breakdown
---@return etoro.Response|etoro.Error
function collection:breakdown(params, options)
  local client = resource.client_of(self, "client.account:breakdown")
  options = call_options.of_call(options)
  params = resource.with(params)
  if params.CID == nil then params.CID = own_cid(client, options) end
  local object, response = resource.object(client, routes.op(client, "breakdown"),
    "", params, options)
  return object and wrap(object, 3), response
end

resource.rows(collection, "client.account", {
  --- Reads the account's totals, and its holdings by instrument and by mirror
  --- (portal: Portfolio, aggregate-portfolio). The totals are those of the
  --- whole account, whatever the filters.
  ---@param filters? etoro.AggregateFilters
  ---@param options? etoro.RequestOptions
  ---@return etoro.api.AggregatedPortfolioResponse? aggregate
  ---@return etoro.Response|etoro.Error
  aggregate = { routes.by "aggregate", "params", wrap = wrap_aggregate },

  --- The same with levels and filters for each mirror (v1.375.0, Trading). A part of
  --- the answer whose level is "none" is nil.
  ---@param filters? etoro.TotalsFilters
  ---@param options? etoro.RequestOptions
  ---@return etoro.api.AggregatedPortfolioResponse? aggregate
  ---@return etoro.Response|etoro.Error
  totals = { routes.by "totals", { "body", or_empty }, wrap = wrap_aggregate },

  --- Reads who the keys belong to, and what they may do (portal: Identity, Me).
  ---@param options? etoro.RequestOptions
  ---@return etoro.Me? me
  ---@return etoro.Response|etoro.Error
  me = { "GET /api/v1/me", wrap = wrap_all },

  --- How many positions were closed, by year and kind of asset (v1.375.0, Data). It
  --- counts by user and not by key: the demo account's may be among them.
  ---@param options? etoro.RequestOptions
  ---@return { closeYear: integer, assetType: string, closedPositionEvents: integer }[]?
  ---@return etoro.Response|etoro.Error
  closed_events = { "GET /api/v1/data/positions/closed-events/history", list = "" },

  --- How the caller stands in the programme that gives stocks back (v1.375.0, Data).
  ---@param options? etoro.RequestOptions
  ---@return table? status in US dollars
  ---@return etoro.Response|etoro.Error
  stockback = { "GET /api/v1/data/stockback/promo-status" },

  --- What the API keeps for the caller under a name (v1.375.0, Key Data).
  ---@param application string
  ---@param options? etoro.RequestOptions
  ---@return { application: string, data: table }? record
  ---@return etoro.Response|etoro.Error
  key_data = { "GET /api/v1/keydata/{application}", "application" },
})

return M
