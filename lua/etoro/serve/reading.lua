-- Tools that read: each operation of the API that changes nothing, and a few
-- that take symbols.

local core = require "etoro.core"
local json = require "etoro.values.json"
local operations = require "etoro.operations"
local schema = require "etoro.serve.schema"
local types = require "etoro.values.types"
local worth = require "etoro.serve.worth"

local M = {}

---@class etoro.ServeTool
---@field name string
---@field title string
---@field description string
---@field inputSchema table JSON Schema of its arguments
---@field fields? table<string, table> the specs that this was made of
---@field annotations table hints of the Model Context Protocol
---@field run fun(client: etoro.Client, arguments: table): any, any
---@field writes? boolean
---@field is_strict? boolean null is no way to leave an argument out

local READS = { readOnlyHint = true, openWorldHint = true }

-- Names are of what is read: the path's words but for its version, account and
-- the values in it, with which ones where that leaves two of one name; last
-- with the method.
local function name_of(op, wants_values, wants_version, wants_method)
  local words, values = { wants_method and op.method or nil }, {}
  for part in op.path:gmatch "[^/]+" do
    local value = part:match "^{(.*)}$"
    if value then
      values[#values + 1] = value
    elseif part ~= "api" and part ~= "demo" and part ~= "real"
        and (wants_version or not part:find "^v[0-9]$") then
      words[#words + 1] = (part:gsub("[^A-Za-z0-9]", "_"))
    end
  end
  local name = table.concat(words, "_")
  if wants_values and #values > 0 then
    name = name .. "_by_" .. table.concat(values, "_")
  end
  return core.lower(name)
end

local function is_wanted(op, account)
  return (op.method == "GET" or op.reads) and not op.deprecated
    and (op.account == nil or op.account == account) and op.body_kind == nil
end

-- Operations by name, for as long as two have the same one with more in it.
local function named(list)
  local names = {}
  for step = 1, 4 do
    local count = {}
    for _, op in ipairs(list) do
      names[op] = names[op] or name_of(op, step > 1, step > 2, step > 3)
      count[names[op]] = (count[names[op]] or 0) + 1
    end
    for _, op in ipairs(list) do
      if step < 4 and count[names[op]] > 1 then names[op] = nil end
    end
  end
  return names
end

local function tool_of(op, name)
  local id = op.method .. " " .. op.path
  return { name = name, title = id,
    description = ("Reads %s of the eToro API. Draws on the rate limit '%s'."
      .. " Scope, any one of: %s."):format(id, op.pool,
      op.scopes and table.concat(op.scopes, ", ") or "none"),
    inputSchema = schema.of_operation(op), annotations = READS,
    run = function(client, arguments)
      return client:call(id, arguments)
    end }
end

local SYMBOLS = { type = "list", items = "string", min_items = 1,
  max_items = 100, required = true }
local SYMBOL = { type = "string", required = true }

local function of_symbols(name, title, description, fields, run)
  local input = schema.object(fields)
  input.additionalProperties = false
  return { name = name, title = title, description = description,
    inputSchema = input, fields = fields, annotations = READS, run = run }
end

-- The API tells prices by number alone.
local function quotes(client, arguments)
  local rates, response = client.market:rates(arguments.symbols)
  if not rates then return nil, response end
  local is_missing, list = {}, json.list()
  for _, symbol in ipairs(rates.missing or {}) do is_missing[symbol] = true end
  for _, symbol in ipairs(arguments.symbols) do
    if not is_missing[symbol] then
      list[#list + 1] = rates[#list + 1]
      list[#list].symbol = symbol
    end
  end
  return list, response
end

local function positions(client)
  local list, response = client.positions:list()
  if not list then return nil, response end
  return worth.add(client, list), response
end

local function friendly()
  return {
    of_symbols("quotes", "Prices by symbol", "Bid, ask and last price (of one "
      .. "unit, in the instrument's currency) of instruments by their exact "
      .. "symbols.", { symbols = SYMBOLS }, quotes),
    of_symbols("candles", "Bars of prices by symbol", "Bars of bid prices, "
      .. "oldest first; the last one may not be over (is_forming). Intervals: "
      .. "1min, 5min, 10min, 15min, 30min, 1h, 4h, 1d, 1w.",
      { symbol = SYMBOL, interval = { type = "string", required = true },
        count = { type = "integer", min = 1, max = 1000 } },
      function(client, arguments)
        return client.market:candles(arguments)
      end),
    of_symbols("instrument", "An instrument by symbol", "The instrument with "
      .. "exactly this symbol; where there is none the error names near ones.",
      { symbol = SYMBOL }, function(client, arguments)
        return client.instruments:find(arguments.symbol)
      end),
    of_symbols("positions", "Open positions", "The account's open positions, with "
      .. "their value and profit in US dollars.", {}, positions),
    of_symbols("orders", "Orders that wait", "The account's orders that are "
      .. "not filled yet.", {}, function(client) return client.orders:list() end),
    of_symbols("order", "An order by id", "What became of an order.",
      { orderId = { type = "integer", min = 1, required = true } },
      function(client, arguments)
        return client.orders:get(arguments.orderId)
      end),
    of_symbols("equity", "What the account is worth", "Equity, cash, margin "
      .. "and profit of the account, in US dollars.", {},
      function(client) return client.account:equity() end),
  }
end

--- The tools that read.
---@param account "demo"|"real"
---@return etoro.ServeTool[]
function M.tools(account)
  local list, tools = {}, friendly()
  for _, id in ipairs(types.sorted_names(operations)) do
    local op = operations[id]
    if is_wanted(op, account) then list[#list + 1] = op end
  end
  local names = named(list)
  for _, op in ipairs(list) do tools[#tools + 1] = tool_of(op, names[op]) end
  table.sort(tools, function(a, b) return a.name < b.name end)
  return tools
end

return M
