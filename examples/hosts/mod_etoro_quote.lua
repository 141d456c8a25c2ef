-- A module of Prosody: prices on demand, and a word when one passes a limit.
--
--   Component "quotes.example.org" "etoro_quote"
--     etoro_api_key_file = "/etc/prosody/api.key"
--     etoro_user_key_file = "/etc/prosody/user.key"
--
-- Whoever may write to the component says
--
--   quote AAPL            what it costs
--   alert AAPL > 250.5    tells once when its bid is above (or below: <)
--
-- Calls are tasks, and Prosody's own loop drives them: it goes on while a server
-- is slow. Alerts last as long as the module is loaded.

local etoro = require "etoro"
local net_server = require "net.server"
local st = require "util.stanza"

local INTERVAL = module:get_option_number("etoro_interval", 10) -- seconds
local MOST = module:get_option_number("etoro_alerts", 100) -- at a time, of all users

local client = assert(etoro.client {
  api_key_file = module:get_option_string "etoro_api_key_file",
  user_key_file = module:get_option_string "etoro_user_key_file",
})
local alerts = {} -- list of { id =, symbol =, sign =, limit =, tell = }

local PASSED = {
  [">"] = function(bid, limit) return bid > limit end,
  ["<"] = function(bid, limit) return bid < limit end,
}

-- One call for all instruments that somebody waits for. An error is told to
-- the log, and the next look is at its time all the same.
local function look()
  local bids, ids = {}, {}
  for i, alert in ipairs(alerts) do ids[i] = alert.id end
  if #ids == 0 then return end
  for _, rate in ipairs(assert(client.market:rates(ids))) do
    bids[rate.instrumentID] = rate.bid
  end
  for i = #alerts, 1, -1 do
    local alert, bid = alerts[i], bids[alerts[i].id]
    if bid and PASSED[alert.sign](bid, alert.limit) then
      table.remove(alerts, i)
      alert.tell(("%s is at %s, %s %s"):format(alert.symbol, bid, alert.sign,
        alert.limit))
    end
  end
end

local words = {}

function words.quote(_, symbol)
  local rate, err = client.market:rate(symbol)
  if not rate then return tostring(err) end
  return ("%s: bid %s, ask %s"):format(symbol, rate.bid, rate.ask)
end

function words.alert(tell, symbol, sign, limit)
  limit = tonumber(limit)
  if not (PASSED[sign] and limit) then return "say: alert AAPL > 250.5" end
  if #alerts >= MOST then return "there are too many alerts already" end
  local instrument, err = client.instruments:find(symbol)
  if not instrument then return tostring(err) end
  alerts[#alerts + 1] = { id = instrument.instrumentID, symbol = symbol,
    sign = sign, limit = limit, tell = tell }
  return ("%s: you are told when it is %s %s"):format(symbol, sign, limit)
end

local function answer(tell, text)
  local word, symbol, sign, limit = text:match "^%s*(%a+)%s+(%S+)%s*([<>]?)%s*(%S*)"
  local act = words[word and word:lower()]
  if not act then return tell "say: quote AAPL, or: alert AAPL > 250.5" end
  tell(act(tell, symbol:upper(), sign, limit))
end

local function on_message(event)
  local stanza = event.stanza
  local text = stanza:get_child_text "body"
  if stanza.attr.type == "error" or not text then return end
  local function tell(line)
    module:send(st.message({ to = stanza.attr.from, from = stanza.attr.to,
      type = "chat" }, line))
  end
  etoro.spawn(function()
    local ok, err = pcall(answer, tell, text)
    if not ok then
      module:log("error", "%s", err)
      tell "that did not work"
    end
  end)
  return true
end

for _, kind in ipairs { "bare", "full", "host" } do
  module:hook("message/" .. kind, on_message)
end

local timer = etoro.every(INTERVAL, look, { on_event = function(event)
  module:log("warn", "alerts: %s", event.error or "a look came too late")
end })

-- The descriptor is readable when there is something to do, timers included.
local loop = etoro.loop()
local watch = net_server.watchfd(loop:pollfd(), function() loop:step() end)

function module.unload()
  timer:cancel()
  watch:close()
  client:close()
end
