-- A page of lighttpd (mod_magnet): what a strategy's run holds, as its state
-- file says. No call is made for a request, and no key is needed.
--
--   magnet.attract-raw-url-to = ( "/etc/lighttpd/positions.lua" )
--
-- ETORO_STATE is the file, such as cross.demo.state beside the strategy's, which
-- lighttpd's user has to be able to read.

local etoro = require "etoro"

local response = lighty.r
local ESCAPES = { ["<"] = "&lt;", [">"] = "&gt;", ["&"] = "&amp;", ['"'] = "&quot;" }

local function text(value)
  return (tostring(value == nil and "" or value):gsub('[<>&"]', ESCAPES))
end

-- Money; a figure that the run has not seen is shown as none.
local function money(value)
  return type(value) == "number" and ("%.2f"):format(value) or "-"
end

local function page(status, title, rows)
  response.resp_header["Content-Type"] = "text/html; charset=utf-8"
  response.resp_header["Cache-Control"] = "no-store"
  response.resp_body.set { "<!DOCTYPE html><title>", title, "</title><h1>", title,
    "</h1>", rows }
  return status
end

local function read(path)
  local file, problem = io.open(path or "", "rb")
  if not file then return nil, problem end
  local value = etoro.decode(file:read "a")
  file:close()
  if type(value) ~= "table" then return nil, "the file is broken" end
  return value.view or nil, "its run has not looked at the account yet"
end

local view, problem = read(os.getenv "ETORO_STATE")
if not view then
  return page(503, "No positions are known", "<p>" .. text(problem))
end

local lines = { ("<p>%s at %s: equity %s, cash %s, profit %s USD"):format(
  text(view.state), text(view.time), money(view.equity), money(view.cash),
  money(view.profit)) }
if view.problem then lines[#lines + 1] = "<p>" .. text(view.problem) end
lines[#lines + 1] = "<table><tr><th>position<th>symbol<th>side<th>USD<th>profit"
for _, one in ipairs(view.positions) do
  lines[#lines + 1] = ("<tr><td>%s<td>%s<td>%s<td>%s<td>%s"):format(
    text(one.positionID), text(one.symbol), one.isBuy and "long" or "short",
    money(one.amount), money(one.profit))
end
lines[#lines + 1] = "</table>"
return page(200, text(view.strategy), table.concat(lines, "\n"))
