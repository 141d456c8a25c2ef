-- etoro check: whose keys they are, and what these may do.

local command_scopes = require "etoro.command.scopes"
local core = require "etoro.core"
local key_trial = require "etoro.command.key_trial"
local operations = require "etoro.operations"

local tostring = core.text -- not up to the locale

local M = {}

--- What is looked at.
---@class etoro.command.Access
---@field session etoro.command.Session
---@field client etoro.Client
---@field keys etoro.command.Keys
---@field account "demo"|"real"
---@field clock? function gets a response, and when it was asked for and there
---@field add fun(state: string, what: string, detail: string, advice?: string)

local REVOKED = "Compare the keys with those in eToro's settings; a revoked,"
  .. " expired or mistyped one looks like this, and so does one used from an"
  .. " address outside its whitelist"

-- Keys of the other account may be refused as if they were none.
local function look_at_refused(access, err)
  local other = key_trial.other_account(access.session, access.keys,
    access.account)
  if other then
    access.add("bad", "account", ("these are keys of the %s account"):format(other),
      key_trial.way_to(other) .. ", or make keys of the " .. access.account
      .. " account")
    return
  end
  local why = key_trial.explain(access.session, access.keys, err)
  access.add("bad", "identity", err.message, why and "It seems that " .. why
    or REVOKED)
end

local function look_at_identity(access, me, err)
  if me then
    access.add("ok", "identity", ("%s (gcid %s)"):format(tostring(me.username),
      tostring(me.gcid)))
  elseif err.kind == "scope" then
    access.add("note", "identity", "the key is accepted, but may not read who it"
      .. " belongs to")
  elseif err.kind == "auth" then
    look_at_refused(access, err)
  else
    access.add("bad", "identity", err.message)
  end
end

local function has_scope(scopes, account, verb)
  for _, name in ipairs(scopes) do
    if name == account .. ":" .. verb
        or name == "trade." .. account .. ":" .. verb then
      return true
    end
  end
  return false
end

local ANOTHER = "Make a key pair with that permission"
local MORE = ANOTHER .. "; an agent-portfolio's token gets it by etoro tokens update"
  .. " PORTFOLIO TOKEN --scope, with all the scopes that it is to have"

local function look_at_account(access, scopes)
  local account, add = access.account, access.add
  local reads = has_scope(scopes, account, "read")
    or has_scope(scopes, account, "write")
  local other = account == "demo" and "real" or "demo"
  if not reads and (has_scope(scopes, other, "read")
      or has_scope(scopes, other, "write")) then
    add("bad", "account", ("these are keys of the %s account, and may not read the"
      .. " %s one"):format(other, account), key_trial.way_to(other)
      .. ", or make keys of the " .. account .. " account")
  elseif not reads then
    add("bad", "account", ("the key may not read the %s account: it lacks"
      .. " trade.%s:read"):format(account, account), MORE)
  elseif not has_scope(scopes, account, "write") then
    add("note", "account", ("the key may read the %s account, not trade on it: it"
      .. " lacks trade.%s:write"):format(account, account), MORE)
  else
    add("ok", "account", ("the key may trade on the %s account"):format(account))
  end
end

-- A read of each area, and the commands that live by it.
local AREAS = {
  { "GET /api/v1/market-data/search", "quote, search, candles",
    { fields = "instrumentId", pageSize = 1 } },
  { "GET /api/v1/watchlists", "watchlists" },
  { "GET /api/v1/price-alerts", "alerts" },
}

local function is_open(op, scopes)
  for _, name in ipairs(op.scopes or {}) do
    for _, held in ipairs(scopes) do
      if command_scopes.short(name) == held then return true end
    end
  end
  return op.scopes == nil
end

-- What a server asks for may be less than what its document does.
local function refuses(client, area)
  local answer, err = client:call(area[1], area[3], { max_retries = 0 })
  return answer == nil and (err.kind == "scope" or err.kind == "auth")
end

local function look_at_areas(access, scopes)
  for _, area in ipairs(AREAS) do
    local op = operations[area[1]]
    if not is_open(op, scopes) and refuses(access.client, area) then
      access.add("note", "scopes", ("it lacks %s: %s are refused"):format(
        command_scopes.short(op.scopes[1]), area[2]), ANOTHER)
    end
  end
end

local function look_at_scopes(access, me)
  local names = command_scopes.listed(me.scopes)
  table.sort(names, core.before)
  access.add(#names > 0 and "ok" or "note", "scopes",
    #names > 0 and table.concat(names, " ") or "the API names none")
  if #names == 0 then return end
  look_at_account(access, names)
  look_at_areas(access, names)
end

-- What scopes do not tell: a key serves one environment.
local function look_at_portfolio(access)
  local account, add = access.account, access.add
  local asked = core.now()
  local held, err = key_trial.read(access.client, account)
  if held then
    add("ok", "portfolio", ("the %s account can be read"):format(account))
    if access.clock then access.clock(err, asked, core.now()) end
    return
  end
  local is_refused = err.kind == "scope" or err.kind == "auth"
  local other = is_refused and key_trial.other_account(access.session, access.keys,
    account)
  if other then
    add("bad", "portfolio", ("these are keys of the %s account"):format(other),
      key_trial.way_to(other))
  else
    add(is_refused and "bad" or "note", "portfolio", err.message,
      is_refused and "A key serves one environment: try "
        .. (account == "real" and "without" or "with") .. " --real" or nil)
  end
end

-- What each kind of credentials is good for.
local KINDS = {
  owner = { "ok", "the owner's: it sees agent-portfolios, and the tokens that act"
    .. " for them" },
  agent = { "note", "it is the token of an agent-portfolio: it trades that"
    .. " portfolio's money, and sees neither your account nor portfolios and tokens",
    "For your own account use your own user key: etoro login" },
  no_scope = { "note", ("by the API's answer no agent-portfolio's token, but it lacks"
    .. " %s: portfolios, tokens will be refused"):format("agent-portfolio:read"),
    ANOTHER },
}

local function look_at_kind(access)
  local kind, err = key_trial.kind(access.client)
  local state, detail, advice = table.unpack(KINDS[kind]
    or { "note", "whose it is cannot be told: " .. tostring(err.message) })
  access.add(state, "kind", detail, advice)
end

--- Looks at whose the keys are and what they may do.
---@param access etoro.command.Access
---@param me? table what the API says of their owner
---@param err? etoro.Error
function M.look(access, me, err)
  look_at_identity(access, me, err)
  if me then look_at_scopes(access, me) end
  if not err or err.kind == "scope" then
    look_at_portfolio(access)
    look_at_kind(access)
  end
end

return M
