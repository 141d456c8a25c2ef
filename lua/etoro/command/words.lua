-- The library speaks to programs: it names its fields, options and methods.
-- Whoever types a command knows flags and commands; here, and only here, the
-- one is turned into the other.

local phrases = require "etoro.values.phrases"

local M = {}

-- What is typed for a field of the library's: by the command, then for all.
local TYPED = {
  order = {
    symbol = "SYMBOL", instrumentId = "SYMBOL", transaction = "--short",
    amount = "--amount", units = "--units", leverage = "--leverage",
    stopLossRate = "--stop-loss", takeProfitRate = "--take-profit",
    triggerRate = "--trigger", orderType = "--trigger", limitRate = "--limit",
    settlementType = "--settlement",
  },
  close = { positionId = "POSITION", positionID = "POSITION", id = "POSITION",
    units = "--units", UnitsToDeduct = "--units" },
  history = { minDate = "--since", limit = "--limit", pageSize = "--limit" },
  search = { searchText = "TEXT", limit = "--limit", pageSize = "--limit" },
  quote = { symbol = "SYMBOL", instrumentId = "SYMBOL",
    instrumentIds = "SYMBOL" },
  alerts = { symbol = "SYMBOL", targetPrice = "PRICE", alertId = "ALERT" },
  watchlists = { name = "NAME", newName = "NEW", watchlistId = "NAME",
    body = "SYMBOL" },
  portfolios = {
    investmentAmountInUsd = "--invest", agentPortfolioName = "NAME",
    userTokenName = "--token-name", scopeNames = "--scope",
    agentPortfolioId = "ID",
  },
  copy = { amount = "--amount", parentCID = "PERSON", referenceID = "REFERENCE",
    referenceId = "REFERENCE", mirrorID = "COPY" },
  transfers = { amount = "--amount", currency = "--currency",
    requestReferenceId = "--reference", sourceAccount = "FROM",
    destinationAccount = "TO", transferId = "TRANSFER" },
  tokens = {
    userTokenName = "--name", scopeNames = "--scope", ipsWhitelist = "--ip",
    expiresAt = "--expires", agentPortfolioId = "PORTFOLIO",
    userTokenId = "TOKEN",
  },
}

local KEYS = "ETORO_API_KEY and ETORO_USER_KEY, or ETORO_ACCESS_TOKEN"

-- Phrases, the longer ones before those that they hold.
local PHRASES = {
  { "no credentials: give api_key and user_key, or api_key_file and"
    .. " user_key_file, or set ETORO_API_KEY and ETORO_USER_KEY; or give"
    .. " access_token, or set ETORO_ACCESS_TOKEN",
    "no keys: 'etoro login' keeps them, or set " .. KEYS
      .. "; 'etoro check' says more" },
  { "say account = \"real\", or take another profile",
    "say --real, or take another --profile" },
  { "say account = \"demo\", or take another profile",
    "leave --real out, or take another --profile" },
  { "user_key is missing: give user_key or user_key_file, or set"
    .. " ETORO_USER_KEY", "ETORO_USER_KEY is missing" },
  { "api_key is missing: give api_key or api_key_file, or set ETORO_API_KEY",
    "ETORO_API_KEY is missing" },
  { ": unset one, or give options", ": unset one" },
  { "Check the keys (api_key with user_key, or access_token)",
    "Check the keys (" .. KEYS .. ")" },
  { "Put user and password into the proxy option",
    "Put user and password into https_proxy" },
  { "Check the proxy option, or https_proxy in the environment",
    "Check https_proxy in the environment" },
  { "set ca_file to its certificate", "let the system trust its certificate" },
  { "Check the ca_file option", "Look after the system's certificates" },
  { "Raise the timeout option", "Raise --timeout" },
  { "Raise the deadline option to wait longer", "Try again" },
  { ", or raise the deadline option", ", or try again later" },
  { "connect_timeout sets how long to try", "try again" },
  { ", or raise the max_body option", "" },
  { "larger than max_body", "too large" },
  { "whether this address is blocked, and the user_agent option",
    "and whether this address is blocked" },
  { "make the client with account = \"real\" if you mean it",
    "say --real if you mean it" },
  { "Make the client with account = \"real\" if you mean it",
    "Say --real if you mean it" },
  { "a demo client does not write", "without --real nothing is written" },
  { "Ask client.copying:status with err.key, and look at client.copying:list,"
    .. " before", "Look at 'etoro copy', and at 'etoro copy status' with its reference,"
    .. " before" },
  { "Ask client.transfers:lookup with err.key; sent again with that"
    .. " requestReferenceId it", "Ask 'etoro transfers get' with its reference; sent"
    .. " again with that --reference it" },
  { "client.orders:list() and client.positions:list()",
    "'etoro orders' and 'etoro positions'" },
  { "client.orders:list()", "'etoro orders'" },
  { "client.positions:list()", "'etoro positions'" },
  { "client.portfolios:list()", "'etoro portfolios'" },
  { "client.account:holdings().ordersForClose", "'etoro positions'" },
  { "with position:refresh", "with 'etoro positions'" },
  { "position:refresh", "'etoro positions'" },
  { "position:close", "'etoro close'" },
  { "with portfolio:create_token", "with 'etoro tokens create'" },
  { "portfolio:create_token", "'etoro tokens create'" },
  { "refresh the portfolio to find the token", "'etoro tokens' lists it" },
  { "the option 'costs' takes", "--costs takes" },
  { "'from' ", "--from " }, { "before 'to'", "before --to" },
  { "'to' ", "--to " },
  { " (evidence.account)", "" },
  { ": client:recover tells of it", "" },
  { "; client:request reaches any path", "" },
  { "give instrumentId instead of symbol", "give its id instead" },
}

-- Names of options of a client, which are words of no other language.
local OPTIONS = {
  base_url = function(args)
    return args.base_url and "--base-url" or "ETORO_BASE_URL"
  end,
  api_key = "ETORO_API_KEY", user_key = "ETORO_USER_KEY",
  access_token = "ETORO_ACCESS_TOKEN", dry_run = "--dry-run",
  user_key_file = "--token-file",
}

-- A name that has letters of two kinds is no word of a sentence.
local function is_name(name)
  return name:find "[a-z][A-Z]" ~= nil or name:find("_", 1, true) ~= nil
end

-- What is typed for a field or option of the library's.
local function typed_for(name, args)
  local of_command = TYPED[args.command] or {}
  local typed = of_command[name] or OPTIONS[name]
  if type(typed) == "function" then return typed(args) end
  return typed
end

--- A sentence that the library has raised at a line of the command's, without the
--- place of that line, which may hold blanks.
---@param text string
---@return string
function M.unplaced(text)
  return (text:gsub("^[^\n]-%.lua:%d+: ", "", 1))
end

--- What the library raises for an option that it cannot use, as a sentence
--- about what was typed.
---@param text string
---@return string? sentence nil for anything else that was raised
function M.of_option(text)
  local name, rest = M.unplaced(text):match "^bad option '([a-z_]+)': (.*)$"
  if not name then return nil end
  return "--" .. name:gsub("_", "-") .. ": " .. rest
end

--- A sentence of the library's as one for a shell.
---@param text string
---@param args table
---@param field? string what the sentence is about, and may begin with
---@return string
function M.shell(text, args, field)
  text = phrases.replace(text, PHRASES)
  if args.real then text = text:gsub("etoro login", "etoro --real login") end
  local typed = field and typed_for(field, args)
  if typed and text:match "^[A-Za-z0-9_]+" == field then
    text = typed .. text:sub(#field + 1)
  end
  return (text:gsub("[A-Za-z0-9_]+", function(name)
    return is_name(name) and typed_for(name, args) or nil
  end))
end

--- An error of the client's with its sentences turned, in place.
---@param err etoro.Error
---@param args table
---@return etoro.Error
function M.turn(err, args)
  err.message = M.shell(err.message, args, err.field)
  if err.hint then err.hint = M.shell(err.hint, args) end
  return err
end

return M
