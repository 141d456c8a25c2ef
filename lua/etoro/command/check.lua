-- etoro check: what is there, what is missing, what to do about it.

local core = require "etoro.core"
local errors = require "etoro.errors"
local etoro = require "etoro"
local exits = require "etoro.command.exits"
local limits = require "etoro.values.limits"
local server_clock = require "etoro.call.server_clock"
local words = require "etoro.command.words"

local tostring = core.text -- not up to the locale

local M = {}

local ONCE = { max_retries = 0 } -- a check that fails should do so at once
local MARKS = { ok = "green", note = "yellow", bad = "red" }

local function add(report, state, what, detail, advice)
  if state == "bad" and what == "connection" then
    report.code = exits.UNREACHABLE
  end
  report[#report + 1] = { state = state, what = what, detail = detail,
    advice = advice }
end

local function is_set(name)
  return (os.getenv(name) or "") ~= ""
end

local function look_at_keys(report)
  local pair = is_set "ETORO_API_KEY" and is_set "ETORO_USER_KEY"
  if pair and is_set "ETORO_ACCESS_TOKEN" then
    add(report, "note", "keys", "both a key pair and ETORO_ACCESS_TOKEN are"
      .. " set", "Unset one of them: the API takes only one kind at a time")
  elseif pair then
    add(report, "ok", "keys", "ETORO_API_KEY and ETORO_USER_KEY are set")
  elseif is_set "ETORO_ACCESS_TOKEN" then
    add(report, "ok", "keys", "ETORO_ACCESS_TOKEN is set")
  else
    local missing = is_set "ETORO_API_KEY" and "ETORO_USER_KEY"
      or is_set "ETORO_USER_KEY" and "ETORO_API_KEY"
      or "ETORO_API_KEY and ETORO_USER_KEY"
    add(report, "bad", "keys", missing .. " not set", "Make a key pair in"
      .. " eToro under Settings > Trading > API Key Management, and export it")
    return false
  end
  return true
end

local function look_at_clock(report, response, asked, answered)
  local server = server_clock.of(response)
  if not server then
    add(report, "note", "clock", "the server told no date")
    return
  end
  -- the server's date has whole seconds, and is between the two readings
  local skew = asked - server - 1 > 0 and asked - server - 1
    or server - answered > 0 and server - answered or 0
  if skew > limits.command_clock_skew then
    add(report, "bad", "clock",
      core.fixed(skew, 0) .. " s away from the server's",
      "Set this machine's clock: expiry times and order times rest on it")
  else
    add(report, "ok", "clock", "agrees with the server's")
  end
end

local CONNECTED = { auth = true, scope = true, rate_limit = true,
  not_found = true, invalid = true, rejected = true, conflict = true,
  server = true }

local function look_at_connection(report, client, err, response)
  local host = tostring(client):match "%((.*)%)"
  if err and not CONNECTED[err.kind] then
    add(report, "bad", "connection", err.message, "Nothing else can be looked"
      .. " at before " .. host .. " is reached")
    return false
  end
  local elapsed = response and response.elapsed
  add(report, "ok", "connection", elapsed
    and ("%s answers in %s ms"):format(host, core.fixed(1000 * elapsed, 0))
    or host .. " answers")
  return true
end

local function has_scope(scopes, account, verb)
  for _, name in ipairs(scopes) do
    local plain = tostring(name):gsub("^etoro%-public:", "")
    if plain == account .. ":" .. verb
        or plain == "trade." .. account .. ":" .. verb then
      return true
    end
  end
  return false
end

local function look_at_scopes(report, me, account)
  local scopes = type(me.scopes) == "table" and me.scopes or {}
  local names = {}
  for _, name in ipairs(scopes) do
    if type(name) == "string" then
      names[#names + 1] = name:gsub("^etoro%-public:", "")
    end
  end
  table.sort(names, core.before)
  add(report, #names > 0 and "ok" or "note", "scopes",
    #names > 0 and table.concat(names, " ") or "the API names none")
  if #names == 0 then return end
  local reads = has_scope(scopes, account, "read")
    or has_scope(scopes, account, "write")
  if not reads then
    add(report, "bad", "account", ("the key may not read the %s account")
      :format(account), account == "demo" and "Use --real for a key of the"
      .. " real account, or make a demo key" or "Make a key for the real"
      .. " account, or leave --real out")
  elseif not has_scope(scopes, account, "write") then
    add(report, "note", "account", ("the key may read the %s account, not"
      .. " trade on it"):format(account), "Make a key with write permission"
      .. " if you want to trade")
  else
    add(report, "ok", "account", ("the key may trade on the %s account")
      :format(account))
  end
end

local function look_at_identity(report, me, err)
  if me then
    add(report, "ok", "identity", ("%s (gcid %s)"):format(
      tostring(me.username), tostring(me.gcid)))
  elseif err.kind == "scope" then
    add(report, "note", "identity", "the key is accepted, but may not read"
      .. " who it belongs to")
  elseif err.kind == "auth" then
    add(report, "bad", "identity", err.message, "Compare the keys with those"
      .. " in eToro's settings; a revoked, expired or mistyped one looks like"
      .. " this, and so does one used from an address outside its whitelist")
  else
    add(report, "bad", "identity", err.message)
  end
end

-- What scopes do not tell: a key serves one environment.
local function look_at_portfolio(report, client, account)
  local path = account == "real" and "/api/v1/trading/info/portfolio"
    or "/api/v1/trading/info/demo/portfolio"
  local result, err = client:call("GET " .. path, nil, ONCE)
  if result then
    add(report, "ok", "portfolio", ("the %s account can be read")
      :format(account))
  else
    add(report, err.kind == "scope" and "bad" or "note", "portfolio",
      err.message, err.kind == "scope" and "A key serves one environment: try "
      .. (account == "real" and "without" or "with") .. " --real" or nil)
  end
end

local function look_at_libraries(report)
  local features = etoro.features
  add(report, "ok", "libraries", ("libcurl %s, %s, HTTP/2: %s"):format(
    tostring(features.libcurl), tostring(features.tls or "no TLS"),
    features.http2 and "yes" or "no"))
end

local function look(session)
  local report = {}
  look_at_libraries(report)
  if not look_at_keys(report) then return report end
  local client = session:client()
  local asked = core.now()
  local me, response = client:call("GET /api/v1/me", nil, ONCE)
  local answered = core.now()
  local err = me == nil and response or nil
  if not look_at_connection(report, client, err, not err and response) then
    return report
  end
  if not err then look_at_clock(report, response, asked, answered) end
  look_at_identity(report, me, err)
  local account = session.args.real and "real" or "demo"
  if me then look_at_scopes(report, me, account) end
  if not err or err.kind == "scope" then
    look_at_portfolio(report, client, account)
  end
  return report
end

---@param session etoro.command.Session
---@return integer code
function M.check(session)
  local ok, report = pcall(look, session)
  if not ok then
    if exits.caught(report) or not errors.is(report) then error(report, 0) end
    session:fail(report)
  end
  local is_bad = false
  for _, line in ipairs(report) do
    line.detail = words.shell(line.detail, session.args)
    is_bad = is_bad or line.state == "bad"
    session.out:marked(("%-4s"):format(line.state), MARKS[line.state],
      ("%-10s  %s"):format(line.what, line.detail))
    if line.advice then session.out:line("                  " .. line.advice) end
  end
  local code = report.code or is_bad and exits.CREDENTIALS or exits.OK
  report.code = nil
  if session.out.is_json then session.out:json(report, true) end
  return code
end

return M
