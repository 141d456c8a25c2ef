-- The client: one account's keys at one base URL, and the roof over all that it
-- offers.

local blame = require "etoro.values.blame"
local budget = require "etoro.client.budget"
local call_options = require "etoro.call.options"
local core = require "etoro.core"
local errors = require "etoro.errors"
local inside = require "etoro.client.inside"
local client_options = require "etoro.client.options"
local nearest = require "etoro.values.nearest"
local waiting = require "etoro.tasks.waiting"
local send = require "etoro.call.send"

local tostring = core.text -- not up to the locale

local M = {}

local NO_OPTIONS, NOTHING = {}, {} -- never written to

-- Loaded when they are first needed: what only reads pays for none that it does
-- not use.
local arguments, operations, raw, resolve, rules

local function load_arguments()
  arguments = require "etoro.call.arguments"
  rules = require "etoro.values.rules"
end

-- Nothing may be missing once a write has left (the host may have changed its
-- folder, or have no descriptor free): before the first one, all is loaded that
-- a program may ask for behind it.
local has_loaded = false

local function load_for_writes()
  load_arguments()
  raw = require "etoro.call.raw"
  require "etoro.client.renewal"
  require "etoro.tasks"
  require "etoro.tasks.loop"
  has_loaded = true
end

-- And before the first order, what its outcome, and what has to be done about
-- it, may need.
local function load_for_trades()
  require "etoro.trading.orders"
  resolve = require "etoro.trading.resolve"
end

---@class etoro.Client: etoro.ClientInside
---@field account etoro.Account
---@field alerts etoro.Alerts
---@field balances etoro.Balances
---@field cash etoro.Cash
---@field clubs etoro.Clubs
---@field feeds etoro.Feeds
---@field instruments etoro.Instruments
---@field lists etoro.Lists
---@field market etoro.Market
---@field notifications etoro.Notifications
---@field orders etoro.Orders
---@field people etoro.People
---@field pi_data etoro.PiData
---@field portfolios etoro.Portfolios
---@field positions etoro.Positions
---@field posts etoro.Posts
---@field watchlists etoro.Watchlists
local methods = setmetatable({}, { __index = inside })

-- of what our own modules ask, what users may, too
methods.now, methods.unix = inside.now, inside.unix

-- Resources are made when they are first asked for.
local RESOURCES = {
  account = "etoro.money.account",
  alerts = "etoro.market.alerts",
  balances = "etoro.money.balances",
  cash = "etoro.money.cash",
  clubs = "etoro.social.clubs",
  feeds = "etoro.social.feeds",
  instruments = "etoro.market.instruments",
  lists = "etoro.market.curated",
  market = "etoro.market",
  notifications = "etoro.social.notifications",
  orders = "etoro.trading.orders",
  people = "etoro.social.people",
  pi_data = "etoro.social.pi_data",
  portfolios = "etoro.agents.portfolios",
  positions = "etoro.trading.positions",
  posts = "etoro.social.posts",
  watchlists = "etoro.market.watchlists",
}

local mt = {
  __name = "etoro.client",
  __index = function(client, name)
    local method = methods[name]
    if method ~= nil then return method end
    if not RESOURCES[name] then return nil end
    local resource = require(RESOURCES[name]).new(client)
    rawset(client, name, resource)
    return resource
  end,
}

function mt.__tostring(client)
  return "etoro.client(" .. client._settings.base_url .. ")"
end

---@class etoro.Request
---@field method? string default GET
---@field path string starts with one slash, and is percent-encoded
---@field query? table strings, numbers, booleans or lists of them, by name
---@field headers? table<string, string>
---@field body? any a value to encode, or JSON text

---@class etoro.Budget
---@field limit integer calls a window; 0: no budget is kept
---@field left integer of them now
---@field reserve integer of the limit, for cancel and close alone
---@field resets_in? number seconds until the next call comes free
---@field paused_for? number seconds, after a 429

---@class etoro.Inner what our own callers add to a call
---@field is_urgent? boolean no retry budget slows it
---@field closing? etoro.FollowedClosing what is known of the closing
---@field has_checked? boolean arguments.body has made the body, which is all

-- Sends, and finds out what became of an order or a closing whose answer was
-- lost. path: the values in the path as text; body: decoded.
local function send_out(client, op, request, path, body, options, inner)
  if not has_loaded and op.method ~= "GET" then load_for_writes() end
  if op.trade ~= "open" and op.trade ~= "close" then
    return send(client, op, request, options, inner and inner.is_urgent)
  end
  if not resolve then load_for_trades() end
  local journal = client._journal
  local _ <close> = journal
    and journal:announce(request, op, path, options.request_id)
  local result, response = resolve.carry_out(client, {
    op = op, account = op.account or client._account, params = path,
    body = body, started = client._runtime.engine:now(),
    closing = inner and inner.closing,
    again = function(more, is_urgent)
      return send(client, op, request, more, is_urgent)
    end,
  }, options)
  if journal then journal:finish(request, op, result, response) end
  return result, response
end

-- What changes something passes the client's rails, where it has any.
local function carry_out(client, op, request, path, body, options, inner)
  local rails = client._rails
  if not rails or op.method == "GET" or op.method == "HEAD" or op.reads then
    return send_out(client, op, request, path, body, options, inner)
  end
  local entry, err = rails:before(op, body, request.body)
  if not entry then return nil, err end
  local result, response = send_out(client, op, request, path, body, options,
    inner)
  rails:after(entry, result, response)
  return result, response
end

local bare = setmetatable({}, { __mode = "k" }) -- what is_bare has found

-- Whether an operation may be called with nothing at all: then there is
-- nothing to check, which is worth knowing on the way of every call.
local function is_bare(op)
  local found = bare[op]
  if found ~= nil then return found end
  found = not (op.body or op.one_of or op.any_of or next(op.params.path))
  for _, spec in pairs(op.params.query) do
    if spec.required then found = false end
  end
  bare[op] = found
  return found
end

--- Checks an operation's parameters and sends it. What resources call.
---@param op etoro.Operation
---@param params? table
---@param options? etoro.RequestOptions
---@param inner? etoro.Inner
---@return any result decoded answer; true when it has no body
---@return etoro.Response|etoro.Error
function inside:send(op, params, options, inner)
  options = options == nil and NO_OPTIONS or call_options.of_call(options)
  if params == nil and is_bare(op) then
    return carry_out(self, op, { target = op.path }, NOTHING, nil, options,
      inner)
  end
  if not arguments then load_arguments() end
  local read = inner and inner.has_checked and arguments.of_body
    or arguments.request
  local request, path, body = read(op, params)
  if not request then return nil, path end
  if op.class_by then op = rules.as_sent(op, body) end
  return carry_out(self, op, request, path, body, options, inner)
end

-- The older API wraps its payload: { data, meta }.
local function unwrap(result, response)
  if type(result) == "table" and result.data ~= nil then
    response.meta = result.meta
    return result.data, response
  end
  return result, response
end

--- Calls a documented operation by method and path template.
---@param name etoro.OperationName such as "POST /api/v2/agent-portfolios"
---@param params? table path and query parameters by name; the JSON body under
---body
---@param options? etoro.RequestOptions
---@return any result decoded answer; true when it has no body
---@return etoro.Response|etoro.Error
function methods:call(name, params, options)
  operations = operations or require "etoro.operations"
  local op = operations[name]
  if not op then
    blame.raise(("unknown operation '%s'%s; client:request reaches any"
      .. " path"):format(tostring(name), type(name) == "string"
      and nearest.hint(name, operations) or ""))
  end
  local result, response = inside.send(self, op, params, options)
  if result == nil or self._api ~= "sor-v3" then return result, response end
  return unwrap(result, response)
end

--- Sends a request of the caller's own making: the way to routes that
--- etoro.operations does not know. A GET may be sent again, all else never,
--- unless the table of operations knows the path.
---@param request etoro.Request
---@param options? etoro.RequestOptions
---@return any result decoded answer; true when it has no body
---@return etoro.Response|etoro.Error
function methods:request(request, options)
  options = call_options.of_call(options)
  raw = raw or require "etoro.call.raw"
  local op, wire, err = raw.build(request, self._settings.base.path)
  if not op then return nil, err end
  local result, response = carry_out(self, op, wire, op.in_path or {},
    raw.body_of(request), options)
  if result == nil or self._api ~= "sor-v3" then return result, response end
  return unwrap(result, response)
end

-- A core client of the stream's origin, with this client's keys, and the path.
local function stream_core(client, engine)
  local settled = client._settings
  local url = settled.stream_url or os.getenv "ETORO_STREAM_URL"
    or settled.base.loopback and settled.base.origin:gsub("^http", "ws") .. "/ws"
    or "wss://ws.etoro.com/ws"
  local secure, host, path = url:match "^ws(s?)://([^/]+)(/.*)$"
  if not host then
    return nil, errors.invalid("stream_url",
      "must be wss://HOST/PATH, or ws:// on this machine")
  end
  local handle, message = engine:client { base_url = "http" .. secure .. "://"
    .. host, api_key = settled.api_key, user_key = settled.user_key,
    ca_file = settled.ca_file, proxy = settled.proxy,
    user_agent = settled.user_agent, connect_timeout = settled.connect_timeout }
  if not handle then return nil, errors.invalid("stream_url", message) end
  return handle, path
end

--- Opens a stream of prices and private events (portal: WebSocket). It goes on
--- whenever tasks or a loop have their turn, comes back by itself, and says what
--- it has missed; see doc/streams.md.
---@param options? etoro.StreamOptions
---@return etoro.Stream? stream
---@return etoro.Error? err code "no_websocket" in a build without libwslay,
---"no_credentials" without a key pair
function methods:stream(options)
  local engine, settled = self._runtime.engine, self._settings
  if self._is_closed then return nil, errors.closed() end
  if not core.features().websocket then
    return nil, errors.new { kind = "invalid", code = "no_websocket",
      message = "this build has no streams: libwslay was not there" }
  elseif not settled.api_key or not settled.user_key then
    return nil, errors.new { kind = "auth", code = "no_credentials",
      message = "a stream's login takes an api_key and a user_key, which this "
        .. "client does not have or does not give away" }
  end
  local handle, path = stream_core(self, engine)
  if not handle then return nil, path end
  return (require("etoro.stream").open(self, options, function()
    return engine:stream(handle, { target = path,
      open_timeout = settled.connect_timeout })
  end))
end

--- Ends the client: calls under way end with the error kind "closed", further
--- ones give it at once. Waits until its journal, if it has one, is on the
--- disk. Closing twice does no harm.
function methods:close()
  if self._is_closed then return end
  self._is_closed = true
  self._core:close()
  if self._journal then self._journal:close(self) end
end

--- Stops writing: calls that change something give an error with the code
--- "halted", also those that are waiting for their turn now. Cancelling orders
--- and closing positions goes on, and so does reading.
--- Clients made from this one (token:client), before or after, are halted with
--- it, and go on when it does; halting one of them halts that one, and those
--- made from it, alone.
---@param on? boolean false lets writes through again
function methods:halt(on)
  self._core:halt(on ~= false)
end

--- What is left of the rate limits, by pool: limit and left (calls a window),
--- reserve (of these, for cancel and close alone), resets_in (seconds until
--- the next call comes free, nil when none is used) and paused_for (seconds,
--- after a 429). limit 0: no budget is kept. Clients with one key share them.
---@return table<string, etoro.Budget>
function methods:budget()
  return self._core:budget()
end

-- Takes the secrets out of the options of a sealed client: the core has them.
local SECRETS = { "api_key", "user_key", "bearer", "proxy" }

local function strip(settled)
  for _, name in ipairs(SECRETS) do settled[name] = nil end
end

-- The core's part of it. keys_of: the sealed client whose api_key it shares.
local function open_core(settled, engine, parent, keys_of)
  return engine:client {
    base_url = settled.base_url, api_key = settled.api_key,
    user_key = settled.user_key, bearer = settled.bearer,
    renewable = settled.token_function ~= nil, ca_file = settled.ca_file,
    proxy = settled.proxy, user_agent = settled.user_agent,
    connect_timeout = settled.connect_timeout,
    max_connections = settled.max_connections, max_body = settled.max_body,
    events = settled.on_event ~= nil, pools = settled.pools,
    demo = settled.account == "demo", dry_run = settled.dry_run,
    parent = parent and parent._core, keys_of = keys_of and keys_of._core,
  }
end

local function tell(client, warnings)
  for _, warning in ipairs(warnings) do
    client:warn(nil, warning)
  end
end

local function open(settled, engine, parent, keys_of)
  local run = waiting.of(engine)
  local handle, message = open_core(settled, run.engine, parent, keys_of)
  if not handle then return nil, errors.invalid(nil, message) end
  local client = setmetatable({
    _core = handle, _runtime = run, _settings = settled,
    _waiter = waiting.waiter(run, handle, settled),
    _options = not settled.seal and settled or nil,
    _account = settled.account, _api = settled.api,
    _loopback = settled.base.loopback,
    _asker = {
      host = settled.base.origin:gsub("^https?://", ""), runtime = run,
    },
    _pool = budget.pool(settled.api), _is_closed = false, _renewal = false,
    _engine = engine or false, _rails = false,
    -- false: what is absent is looked for among the resources
  }, mt)
  if settled.journal then
    local journal, err = require("etoro.trading.journal").open(settled,
      run.engine)
    if not journal then return nil, err end
    client._journal = journal
  end
  if settled.rails then
    local rails, err = require("etoro.trading.rails").open(client,
      settled.rails, settled.journal)
    if not rails then return nil, err end
    client._rails = rails
  end
  if settled.token_function then
    client._renewal = require("etoro.client.renewal").new(client, settled.token_function)
    settled.token_function = nil
  end
  if settled.seal then strip(settled) end
  tell(client, settled.warnings)
  return client
end

-- What a derived client takes over from its parent unless it is given.
local INHERITED = {
  "timeout", "deadline", "connect_timeout", "max_retries", "max_connections",
  "max_body", "ca_file", "proxy", "user_agent", "rate_limit", "on_unknown",
  "wait", "on_event", "base_url", "dry_run", "instrument_cache",
  "journal", "seal", "rails",
}

-- Where a key goes, and whose it is: fixed where that key cannot be seen.
local function check_sealed(options)
  for _, name in ipairs { "api_key", "api_key_file", "proxy", "ca_file",
    "seal" }
  do
    if options[name] ~= nil then
      blame.raise(("option '%s' is that of the client the token comes from,"
        .. " which is sealed"):format(name))
    end
  end
end

--- Makes a client with another user key beside the same application's key.
---@param options etoro.ClientOptions
---@param user_key string|userdata
---@return etoro.Client? client
---@return etoro.Error? err
function inside:derive(options, user_key)
  local merged, of = {}, self._settings
  if of.seal then check_sealed(options) end
  for _, name in ipairs(INHERITED) do merged[name] = of[name] end
  if not options.api_key_file then merged.api_key = of.api_key end
  merged.user_key = user_key
  if options.base_url then
    blame.raise("a token belongs to the API that made it: token:client takes no"
      .. " base_url")
  end
  for name, value in pairs(options) do merged[name] = value end
  local is_keyed = of.seal and of.has_api_key
  if not merged.api_key and not merged.api_key_file and not is_keyed then
    return nil, errors.new {
      kind = "auth", code = "no_credentials",
      message = "a token goes out beside the application's api_key, which"
        .. " this client does not have: give api_key to token:client",
    }
  end
  local settled, err = client_options.settle(merged, is_keyed)
  if not settled then return nil, err end
  if settled.instrument_cache ~= nil then
    require("etoro.market.cache").check(settled.instrument_cache)
  end
  if settled.rails then require("etoro.trading.rails").check(settled.rails) end
  return open(settled, self._engine or nil, self, is_keyed and self or nil)
end

--- Makes a client; see etoro.client.
---@param options? etoro.ClientOptions
---@param engine? userdata one with a manual wire, for a sandbox in-process
---@return etoro.Client? client
---@return etoro.Error? err
function M.new(options, engine)
  local settled, err = client_options.settle(options)
  if not settled then return nil, err end
  if settled.instrument_cache ~= nil then
    require("etoro.market.cache").check(settled.instrument_cache)
  end
  if settled.rails then require("etoro.trading.rails").check(settled.rails) end
  return open(settled, engine)
end

return M
