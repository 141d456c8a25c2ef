-- Opens a position with a stop loss, waits for the fill, and closes it.
--
--   make run EXAMPLE=open_wait_close ARGS="[SYMBOL [AMOUNT]]"
--
-- Without keys this runs against a sandbox in this very process: no account,
-- no network. With ETORO_API_KEY and ETORO_USER_KEY set it trades with the
-- virtual money of your demo account, never with real money.

local etoro = require "etoro"

local SYMBOL, AMOUNT = arg[1] or "AAPL", arg[2] or "250.00"
local STOP = 0.9 -- of the price

local function has_keys()
  for _, name in ipairs { "API_KEY", "API_KEY_FILE", "ACCESS_TOKEN", "PROFILE" } do
    if os.getenv("ETORO_" .. name) then return true end
  end
end

local function connect()
  if has_keys() then
    local url = os.getenv "ETORO_BASE_URL" or ""
    print(url:find "^http://127%." and "A sandbox on this machine: no account,"
      .. " no money." or "Your demo account.")
    return assert(etoro.client { account = "demo" })
  end
  print("A sandbox in this process: no account, no money.")
  return assert(etoro.sandbox.new():client { account = "demo" })
end

local function show_costs(client, order)
  local costs, err = client.orders:costs(order)
  if not costs then
    print("The costs are not known: " .. err)
  elseif costs.total then
    print(("It would cost %.2f USD."):format(costs.total))
  else
    print("It would cost something, but not all of it is known.")
  end
end

local function open(client)
  local rate = assert(client.market:rate(SYMBOL))
  print(("%s: bid %s, ask %s."):format(SYMBOL, rate.bid, rate.ask))
  local fields = {
    symbol = SYMBOL, transaction = "buy", amount = AMOUNT, leverage = 1,
    stopLossRate = ("%.2f"):format(rate.bid * STOP),
  }
  show_costs(client, fields)
  local order = assert(client.orders:open(fields))
  print(("Order %d is placed: %s USD, stop loss at %s."):format(
    order.orderId, AMOUNT, fields.stopLossRate))
  return order
end

-- An order that cannot be filled now is taken back, which may come too late.
local function fill(order)
  assert(order:wait { timeout = 60 })
  if not order:is_final() then
    print("It is not filled yet (" .. order:state() .. "): cancelling it.")
    assert(order:cancel())
  end
  print("The order is " .. order:state() .. ".")
  local status = order.status
  if status and status.errorMessage then print("  " .. status.errorMessage) end
  return (assert(order:positions { timeout = 30 }))
end

local function close(position)
  print(("Position %d: %s units at %s."):format(position.positionId,
    position.units, position.openRate))
  local _, response = assert(position:close())
  if position:is_closed() then
    print("It is closed.")
  else
    print("It may be open still: " .. tostring(response.warning))
  end
end

local function main()
  local client = connect()
  for _, position in ipairs(fill(open(client))) do close(position) end
end

local ok, problem = pcall(main)
if not ok then
  io.stderr:write(tostring(problem), "\n")
  os.exit(1)
end
