-- etoro check: what is there, what is missing, what to do about it.

local check_access = require "etoro.command.check_access"
local client_options = require "etoro.client.options"
local core = require "etoro.core"
local errors = require "etoro.errors"
local etoro = require "etoro"
local exits = require "etoro.command.exits"
local key_file = require "etoro.client.key_file"
local key_trial = require "etoro.command.key_trial"
local profiles = require "etoro.client.profiles"
local run_limits = require "etoro.values.run_limits"
local server_clock = require "etoro.call.server_clock"
local times = require "etoro.values.times"
local words = require "etoro.command.words"

local tostring = core.text -- not up to the locale

local M = {}

local ONCE = { max_retries = 0 } -- a check that fails should do so at once
local DETAIL = (" "):rep(18) -- before what is said of a line

local MARKS = { ok = "green", note = "yellow", bad = "red" }

local function add(report, state, what, detail, advice)
  if state == "bad" and what == "connection" then
    report.code = exits.UNREACHABLE
  end
  report[#report + 1] = { state = state, what = what, detail = detail,
    advice = advice }
end

local function is_set(name)
  return key_file.env("ETORO_" .. name) ~= nil
end

local function has(name) return is_set(name) or is_set(name .. "_FILE") end

local HOW = "Make a key pair in eToro under Settings > Trading > API Key"
  .. " Management, and keep it: etoro login"

-- Where the keys are, in words; nil where some are missing, which is said.
local function place_in_environment(report)
  if has "API_KEY" and has "USER_KEY" then
    return "ETORO_API_KEY and ETORO_USER_KEY are set"
  elseif is_set "ACCESS_TOKEN" and not has "API_KEY" and not has "USER_KEY" then
    return "ETORO_ACCESS_TOKEN is set"
  end
  local missing = has "API_KEY" and "ETORO_USER_KEY"
    or has "USER_KEY" and "ETORO_API_KEY"
    or "ETORO_API_KEY and ETORO_USER_KEY"
  add(report, "bad", "keys", missing .. " not set", HOW)
  return nil
end

-- The keys as a client would take them; nil where it would take none.
local function settled_keys(report, args, account, place)
  local settled, err = client_options.settle { account = account,
    profile = args.profile, base_url = args.base_url }
  if not settled then
    if err.kind ~= "auth" then error(err, 0) end
    words.turn(err, args)
    add(report, "bad", "keys", err.message, err.hint)
    return nil
  end
  local keys = { api_key = settled.api_key, user_key = settled.user_key,
    access_token = settled.bearer }
  local fault = key_trial.fault(keys)
  if fault then
    add(report, "bad", "keys", fault, "Copy it again; nothing was sent")
    return nil
  end
  local profile = settled.profile
  add(report, "ok", "keys", profile and ("of the profile '%s', for the %s account")
    :format(profile.name, profile.account) or place)
  return keys
end

local function look_at_keys(report, args, account)
  if is_set "ACCESS_TOKEN" and (has "API_KEY" or has "USER_KEY")
      and not args.profile then
    add(report, "bad", "keys", "both a key pair and ETORO_ACCESS_TOKEN are set",
      "Unset one of them: the API takes only one kind at a time")
    return nil
  end
  local is_elsewhere = is_set "ACCESS_TOKEN" or not profiles.chosen()
  local place = not args.profile and is_elsewhere
    and place_in_environment(report)
  if place == nil then return nil end
  return settled_keys(report, args, account, place)
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
  if skew > run_limits.command_clock_skew then
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

-- Certificates are judged by this machine's clock.
local function way_to_host(err, host)
  local hint = err.hint and err.hint .. ". " or ""
  if err.code == "certificate" then
    hint = hint .. ("This machine's clock says %s. "):format(
      times.format(core.now()))
  end
  return hint .. "Nothing else can be looked at before " .. host .. " is reached"
end

local function look_at_connection(report, client, err, response)
  local host = tostring(client):match "%((.*)%)"
  if err and not CONNECTED[err.kind] then
    add(report, "bad", "connection", err.message, way_to_host(err, host))
    return false
  end
  local elapsed = response and response.elapsed
  add(report, "ok", "connection", elapsed
    and ("%s answers in %s ms"):format(host, core.fixed(1000 * elapsed, 0))
    or host .. " answers")
  return true
end

local function look_at_libraries(report)
  local features = etoro.features
  add(report, "ok", "libraries", ("libcurl %s, %s, HTTP/2: %s"):format(
    tostring(features.libcurl), tostring(features.tls or "no TLS"),
    features.http2 and "yes" or "no"))
end

local function look(session)
  local report = {}
  local account = session.args.real and "real" or "demo"
  look_at_libraries(report)
  local keys = look_at_keys(report, session.args, account)
  if not keys then return report end
  local client = session:client()
  local asked = core.now()
  local me, response = client:call("GET /api/v1/me", nil, ONCE)
  local answered = core.now()
  local err = me == nil and response or nil
  if not look_at_connection(report, client, err, not err and response) then
    return report
  end
  if not err then look_at_clock(report, response, asked, answered) end
  check_access.look({ session = session, client = client, keys = keys,
    account = account, clock = err and function(...)
      look_at_clock(report, ...)
    end, add = function(...) add(report, ...) end }, me, err)
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
    line.advice = line.advice and words.shell(line.advice, session.args)
    is_bad = is_bad or line.state == "bad"
    session.out:marked(("%-4s"):format(line.state), MARKS[line.state],
      ("%-10s  %s"):format(line.what, line.detail), #DETAIL)
    if line.advice then session.out:line(DETAIL .. line.advice) end
  end
  local code = report.code or is_bad and exits.CREDENTIALS or exits.OK
  report.code = nil
  if session.out.is_json then session.out:json(report, true) end
  return code
end

return M
