-- What the entries of a journal are about: orders and closes, and all else that
-- moves money.

local core = require "etoro.core"
local operations = require "etoro.operations"

local M = {}

---@alias etoro.JournalKind
---| "order"
---| "close"
---| "transfer" # between the caller's own accounts
---| "sub_account_transfer"
---| "copy" # money into a copy of somebody, or out of it
---| "copy_end"
---| "portfolio" # an agent-portfolio is made
---| "portfolio_end"
---| "money" # it may move some, by a path that is none of the documented ones

local OF_TRADE = { open = "order", close = "close", leave = "copy_end" }

local PORTFOLIOS = "agent-portfolios"
local OF_ROUTE = {
  ["POST /api/v1/money/transfers"] = "transfer",
  ["POST /api/v1/sub-accounts/etoro-trading/money-transfers"] =
    "sub_account_transfer",
  ["POST /api/v2/trading/copy"] = "copy",
  ["POST /api/v2/trading/copy/demo"] = "copy",
  ["POST /api/v1/" .. PORTFOLIOS] = "portfolio",
  ["POST /api/v2/" .. PORTFOLIOS] = "portfolio",
  ["DELETE /api/v1/" .. PORTFOLIOS .. "/{agentPortfolioId}"] = "portfolio_end",
}

local function name_of(op) return op.method .. " " .. (op.template or op.path) end

--- What an operation's entry is about.
---@param op etoro.Operation
---@return etoro.JournalKind? kind nil where it moves no money
function M.of(op)
  return OF_TRADE[op.trade] or OF_ROUTE[name_of(op)]
    or op.moves_money and "money" or nil
end

local function unescape(text)
  return (text:gsub("+", " "):gsub("%%(%x%x)", function(hex)
    return string.char(tonumber(hex, 16))
  end))
end

--- What a request asks for beside its body: the path's values, and those of its
--- query and headers that the operation documents.
---@param op etoro.Operation
---@param path table<string, string> values in the path
---@param request etoro.Wire
---@return table<string, string>
function M.params(op, path, request)
  local known = operations[name_of(op)]
  if not known or op.trade == "open" or op.trade == "close" then return path end
  local params = {}
  for name, value in pairs(path) do params[name] = value end
  for part in (request.target:match "%?([^#]*)" or ""):gmatch "[^&]+" do
    local name, value = part:match "^([^=]*)=?(.*)$"
    if known.params.query[name] then params[name] = unescape(value) end
  end
  for _, line in ipairs(request.headers or {}) do
    local name, value = line:match "^([^:]+):[ \t]*(.*)$"
    for documented in pairs(known.params.header or {}) do
      if name and core.lower(name) == core.lower(documented) then
        params[documented] = value
      end
    end
  end
  return params
end

return M
