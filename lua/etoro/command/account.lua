-- etoro account: what it is worth, and of what that is made.

local core = require "etoro.core"
local output = require "etoro.command.output"

local M = {}

local null = core.null

-- Name in JSON, in the library's figures, and in words.
local FIGURES = {
  { "equity", "equity", "equity" },
  { "availableCash", "available_cash", "cash to trade with" },
  { "invested", "total_invested", "invested" },
  { "profit", "profit_loss", "open profit" },
}

---@param session etoro.command.Session
function M.account(session)
  local figures = session:must(session:client().account:equity())
  local shape = { account = session.args.real and "real" or "demo",
    source = figures.source }
  local texts, width = {}, 0
  for i, one in ipairs(FIGURES) do
    local value = figures[one[2]]
    shape[one[1]] = value == nil and null or value
    texts[i] = output.usd(value)
    width = math.max(width, #texts[i])
  end
  if session.out.is_json then return session.out:json(shape) end
  local rows = { { "account", shape.account } }
  for i, one in ipairs(FIGURES) do
    local text = (" "):rep(width - #texts[i]) .. texts[i]
      .. (texts[i] ~= "-" and " USD" or "")
    local color = one[1] == "profit" and output.profit(shape.profit).color
    rows[#rows + 1] = { one[3], output.cell(text, color or nil) }
  end
  session.out:fields(rows)
end

return M
