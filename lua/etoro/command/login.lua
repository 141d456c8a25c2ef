-- etoro login: a key pair that is asked for, tried, and kept as a profile.

local command_scopes = require "etoro.command.scopes"
local core = require "etoro.core"
local exits = require "etoro.command.exits"
local folders = require "etoro.values.folders"
local json = require "etoro.values.json"
local keyring = require "etoro.client.keyring"
local key_file = require "etoro.client.key_file"
local key_trial = require "etoro.command.key_trial"
local profiles = require "etoro.client.profiles"
local terminal = require "etoro.command.terminal"
local values_kept = require "etoro.values.kept"

local tostring = core.text -- not up to the locale

local M = {}

local ONCE = { max_retries = 0 } -- a key that fails should do so at once

local QUESTIONS = { { "api_key", "API key (x-api-key)" },
  { "user_key", "user key (x-user-key)" } }

-- A key from a terminal, which shows nothing of it. Ctrl-C ends the command, and
-- the terminal is as it was.
local function type_in(what)
  terminal.echo(false) -- which forgets what was typed before
  local _ <close> = setmetatable({}, { __close = function()
    terminal.echo(true)
    io.stderr:write "\n"
  end })
  io.stderr:write(what, ": ")
  io.stderr:flush()
  terminal.wait_for(0, math.huge)
  return core.secret_line(0)
end

-- Asks for a key. It is no Lua string.
local function ask(what)
  local read = terminal.is_terminal(0) and type_in
    or function() return core.secret_line(0) end
  local key, message = read(what)
  if not key then
    exits.exit(exits.USAGE, ("%s: %s; nothing was kept"):format(what, message))
  end
  return key
end

local function refuse(session, keys, err)
  local account = session.args.real and "real" or "demo"
  local is_refused = err.kind == "auth" or err.kind == "scope"
  local other = is_refused and key_trial.other_account(session, keys, account)
  if other then
    err.message = ("these are keys of the %s account, not of the %s one"):format(
      other, account)
    err.hint = key_trial.way_to(other)
  elseif err.kind == "auth" then
    local why = key_trial.explain(session, keys, err)
    err.hint = why and "It seems that " .. why or err.hint
  end
  session:note "nothing was kept"
  session:fail(err)
end

local function try(session, keys)
  local account = session.args.real and "real" or "demo"
  local fault = key_trial.fault(keys)
  if fault then exits.exit(exits.USAGE, fault .. "; nothing was kept") end
  local client = session:must(session:make_client(keys))
  local held, err = key_trial.read(client, account)
  if not held then refuse(session, keys, err) end
  local me
  me, err = client:call("GET /api/v1/me", nil, ONCE)
  if not me and err.kind ~= "scope" then refuse(session, keys, err) end
  return me or {}, key_trial.kind(client) == "agent"
end

local function give_up(message)
  exits.exit(exits.FAILED, ("the profile could not be written: %s; nothing was kept")
    :format(tostring(message)))
end

-- Before anybody has typed a key in vain: whether the profile's file can be written
-- beside what is there, which is no folder or the like.
local function see_writable(path)
  local made, message = folders.make(path:match "^(.*)/")
  if not made then give_up(message) end
  local folder = io.open(path .. "/.", "rb")
  if folder then
    folder:close()
    give_up(path .. ": it is a directory")
  end
  os.remove(path .. ".new") -- of a login that was killed
  made, message = terminal.create_private(path .. ".new")
  if not made then give_up(message) end
  os.remove(path .. ".new")
end

local function write(path, text)
  local done, message = values_kept.write(path, text)
  if not done then give_up(message) end
end

-- The file says where the keys are, or has them. The keyring is asked first: a
-- file that leads nowhere is no profile.
local function keep(profile, keys, account)
  local text = json.encode { account = account, apiKey = keys.api_key:reveal(),
    userKey = keys.user_key:reveal() }
  if not profile.has_keyring then
    local was_there = profiles.has_keyring(profile.path)
    write(profile.path, text)
    if was_there then keyring.clear(profile.name) end
    return
  end
  local done, message = keyring.store(profile.name, core.secret(text))
  if not done then
    exits.exit(exits.FAILED, message .. "; nothing was kept")
  end
  local ok, problem = pcall(write, profile.path, json.encode { account = account,
    keyring = true })
  if ok then return end
  keyring.clear(profile.name)
  error(problem, 0)
end

---@param session etoro.command.Session
function M.login(session)
  local args = session.args
  local name = args.profile or key_file.env "ETORO_PROFILE" or "default"
  local path = session:must(profiles.path(name))
  args.profile = nil -- what it holds until now is not to be used
  see_writable(path)
  local keys = {}
  for _, question in ipairs(QUESTIONS) do keys[question[1]] = ask(question[2]) end
  local me, is_agents = try(session, keys)
  local account = args.real and "real" or "demo"
  keep({ name = name, path = path, has_keyring = args.keyring }, keys, account)
  local scopes = command_scopes.listed(me.scopes)
  local shape = { profile = name, file = path, account = account,
    keyring = args.keyring == true, username = me.username,
    agent = is_agents, scopes = json.list(scopes) }
  session:did { text = ("the keys were kept as the profile %s, in %s"):format(name,
    args.keyring and "the keyring" or path), shape = shape, is_quiet = true }
  if key_file.are_elsewhere() or key_file.env "ETORO_ACCESS_TOKEN" then
    session:note "the environment has keys of its own, which go before this profile"
  end
  if session.out.is_json then return session.out:json(shape) end
  session.out:fields { { "profile", name }, { "file", path },
    { "keys", args.keyring and "in the keyring" or "in that file" },
    { "account", account },
    { is_agents and "agent-portfolio" or "user", me.username or "not told" },
    { "scopes", #scopes > 0 and table.concat(scopes, " ") or "not told" } }
end

return M
