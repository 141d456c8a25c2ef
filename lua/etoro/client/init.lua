-- The client: one account's keys at one base URL, and the roof over all that it
-- offers.

local await = require "etoro.tasks.await"
local blame = require "etoro.values.blame"
local budget = require "etoro.client.budget"
local call_options = require "etoro.call.options"
local core = require "etoro.core"
local errors = require "etoro.errors"
local inside = require "etoro.client.inside"
local client_options = require "etoro.client.options"
local later = require "etoro.values.later"
local send = require "etoro.call.send"

local tostring = core.text -- not up to the locale

local M = {}

local NO_OPTIONS, NOTHING = {}, {} -- never written to

-- What few programs use: its text is read now, so that it is there behind a write.
local derived = later "etoro.client.derived"
local nearest = later "etoro.values.nearest"
local streaming = later "etoro.client.streaming"

-- Loaded when they are first needed: a program that only reads pays for none that
-- it does not use.
local arguments, call_keys, hints, operations, raw, resolve, rules

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
  hints = require "etoro.trading.hints"
  resolve = require "etoro.trading.resolve"
end

---@class etoro.Client: etoro.ClientInside
---@field account etoro.Account
---@field alerts etoro.Alerts
---@field applications etoro.Applications
---@field balances etoro.Balances
---@field cash etoro.Cash
---@field clubs etoro.Clubs
---@field copying etoro.Copying
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
---@field subaccounts etoro.SubAccounts
---@field transfers etoro.Transfers
---@field watchlists etoro.Watchlists
local methods = setmetatable({}, { __index = inside })

-- of what our own modules ask, what users may, too
methods.now, methods.unix = inside.now, inside.unix

-- Resources are made when they are first asked for.
local RESOURCES = {
  account = "etoro.money.account",
  alerts = "etoro.market.alerts",
  applications = "etoro.agents.applications",
  balances = "etoro.money.balances",
  cash = "etoro.money.cash",
  clubs = "etoro.social.clubs",
  copying = "etoro.trading.copying",
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
  subaccounts = "etoro.agents.subaccounts",
  transfers = "etoro.money.transfers",
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

-- The way of a write, from where it is called to where it leaves: inside.send checks
-- its parameters, carry_out asks the gate and the rails, send_out writes it down and
-- finds out what became of it, call/send sends it. They stand here the last one first.

-- Sends what places no order and closes no position. Private events of what changes
-- one wait for its answer.
local function send_other(client, op, request, path, body, options, inner)
  if not op.trade then
    return send(client, op, request, options, inner and inner.is_urgent)
  end
  local asked <close> = hints.ask(client, path, body)
  local result, response = send(client, op, request, options,
    inner and inner.is_urgent)
  asked:answered(result, response)
  return result, response
end

-- The same with what moves money: it is written down before it leaves, and what it
-- came to behind it.
local function send_noted(client, op, request, path, body, options, inner)
  local journal = client._journal
  local _ <close> = journal:announce(request, op, path, options.request_id,
    client._tag)
  local result, response = send_other(client, op, request, path, body, options,
    inner)
  journal:finish(request, op, result, response)
  return result, response
end

-- Sends, and finds out what became of an order or a closing whose answer was
-- lost. path: the values in the path as text; body: decoded.
local function send_out(client, op, request, path, body, options, inner)
  if not has_loaded and op.method ~= "GET" then load_for_writes() end
  local journal = client._journal
  if op.trade and not resolve then load_for_trades() end
  if op.trade ~= "open" and op.trade ~= "close" then
    if journal and journal:covers(op) then
      return send_noted(client, op, request, path, body, options, inner)
    end
    return send_other(client, op, request, path, body, options, inner)
  end
  local _ <close> = journal
    and journal:announce(request, op, path, options.request_id, client._tag)
  local asked <close> = hints.ask(client, path, body)
  local result, response = resolve.carry_out(client, {
    op = op, account = op.account or client._account, params = path,
    body = body, started = client._runtime.engine:now(),
    closing = inner and inner.closing,
    again = function(more, is_urgent)
      local result, response = send(client, op, request, more, is_urgent)
      if result ~= nil or response.code ~= "journal"
          or resolve.needs_record(op, body) then
        return result, response
      end
      journal:leave_out(client, request, response)
      return send(client, op, request, more, is_urgent)
    end,
  }, options)
  if journal then journal:finish(request, op, result, response) end
  asked:answered(result, response)
  return result, response
end

-- What changes something passes the client's gate and its rails, where it has any.
local function carry_out(client, op, request, path, body, options, inner)
  if op.method == "GET" and not op.trade then -- most calls
    return send(client, op, request, options, inner and inner.is_urgent)
  end
  local rails, gate = client._rails, client._gate
  if not (rails or gate) or op.method == "GET" or op.method == "HEAD"
      or op.reads then
    return send_out(client, op, request, path, body, options, inner)
  end
  local err = gate and gate(op, body)
  if err then return nil, err end
  if not rails then
    return send_out(client, op, request, path, body, options, inner)
  end
  local entry
  entry, err = rails:before(op, body, request.body)
  if not entry then return nil, err end
  local _ <close> = rails:hold(entry)
  local result, response = send_out(client, op, request, path, body, options,
    inner)
  rails:after(entry, result, response)
  return result, response
end

-- By operation: its request where it may be called with nothing at all, else
-- false. Then there is nothing to check, which is worth knowing on the way of
-- every call.
local bare = setmetatable({}, { __mode = "k" })

local function bare_request(op)
  local request = bare[op]
  if request ~= nil then return request end
  request = not (op.body or op.one_of or op.any_of or op.params.header
    or next(op.params.path)) and { target = op.path }
  for _, spec in pairs(op.params.query) do
    if spec.required then request = false end
  end
  bare[op] = request
  return request
end

-- Sends what has a key in its query or body. Whoever asked is told it: it is what
-- a request whose answer was lost is found by.
local function send_keyed(client, op, params, options)
  call_keys = call_keys or require "etoro.call.keys"
  local key
  params, key = call_keys.filled(op, params)
  local request, path, body = arguments.request(op, params)
  if not request then return nil, path end
  local result, response = carry_out(client, op, request, path, body, options)
  response.key = key
  return result, response
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
  local request = params == nil and bare_request(op)
  if request then
    -- a write's is the journal's to add to
    if op.method ~= "GET" then request = { target = op.path } end
    return carry_out(self, op, request, NOTHING, nil, options, inner)
  end
  if not arguments then load_arguments() end
  if op.key then
    local result, response = send_keyed(self, op, params, options)
    return result, response
  end
  local read = inner and inner.has_checked and arguments.of_body
    or arguments.request
  local path, body
  request, path, body = read(op, params)
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
      and nearest().hint(name, operations) or ""))
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
  options = options == nil and NO_OPTIONS or call_options.of_call(options)
  raw = raw or require "etoro.call.raw"
  local op, wire, err = raw.build(request, self._settings.base.path)
  if not op then return nil, err end
  local result, response = carry_out(self, op, wire, op.in_path or NOTHING,
    raw.body_of(request), options)
  if result == nil or self._api ~= "sor-v3" then return result, response end
  return unwrap(result, response)
end

-- A stream, which ends with its client at the latest.
local function open_stream(client, options, open_way)
  local stream = require("etoro.stream").open(client, options, open_way)
  client._streams[stream] = true
  return stream
end

--- Opens a stream of prices and private events (portal: WebSocket). It goes on
--- whenever tasks or a loop have their turn, comes back by itself, and says what
--- it has missed; see doc/streams.md.
---@param options? etoro.StreamOptions
---@return etoro.Stream? stream
---@return etoro.Error? err code "no_websocket" in a build without libwslay,
---"no_credentials" without a key pair
function methods:stream(options)
  local stream, err = streaming().open(self, options, open_stream)
  return stream, err
end

--- Finds out what became of all that the client's journal says was about to be
--- sent, and of which it has no outcome: orders, closes, transfers, copies. It
--- reads, writes into the journal what it found, and never sends anything that
--- changes something. To be called when a program starts again, before it does
--- anything else.
---@param options? etoro.RecoverOptions
---@return etoro.Recovered[]? found one for each, in the journal's order
---@return etoro.RecoverReport|etoro.Error report
function methods:recover(options)
  local found, report = require("etoro.trading.recover").run(self, options)
  return found, report
end

--- Loads all that its calls may come to need, which is otherwise loaded when it is
--- first asked for: for a program that goes on running while a newer version may
--- be installed in this one's place.
function methods:load() -- luacheck: no self
  load_for_writes()
  load_for_trades()
  call_keys, operations = require "etoro.call.keys", require "etoro.operations"
  pairs(operations) -- which loads their parts
  for _, name in pairs(RESOURCES) do require(name) end
  for _, module in ipairs { derived, nearest, streaming } do module() end
  require "etoro.stream"
  require "etoro.trading.recover"
end

--- Ends the client: calls under way and streams end with the error kind
--- "closed", further ones give it at once. Waits until its journal, if it has one, is on the
--- disk. Closing twice does no harm.
function methods:close()
  if self._seen_from then return self._seen_from:close() end
  if self._is_closed then return end
  self._is_closed = true
  for stream in pairs(self._streams) do stream:fail(errors.closed()) end
  self._core:close()
  if self._journal then self._journal:close(self) end
end

--- Stops writing: calls that change something give an error with the code
--- "halted", also those that are waiting for their turn now. Cancelling orders,
--- closing positions and ending copies goes on, and so does reading.
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

local function open(settled, engine, parent, keys_of)
  if settled.wait then require "etoro.tasks.waiting" end -- a host's way is there
  local run = await.of(engine)
  local handle, message = open_core(settled, run.engine, parent, keys_of)
  if not handle then return nil, errors.invalid(nil, message) end
  local client = setmetatable({
    _core = handle, _runtime = run, _settings = settled,
    _waiter = await.waiter(run, handle, settled),
    _account = settled.account, _api = settled.api,
    _loopback = settled.base.loopback,
    _asker = {
      host = settled.base.origin:gsub("^https?://", ""), runtime = run,
    },
    _pool = budget.pool(settled.api), _is_closed = false, _renewal = false,
    _engine = engine or false, _rails = false, _streaming = false,
    _gate = false, _tag = false, _seen_from = false, _journal = false,
    _streams = setmetatable({}, { __mode = "k" }),
    -- false: what is absent is looked for among the resources
  }, mt)
  if settled.journal then
    local journal, err = require("etoro.trading.journal").open(settled,
      run.engine, handle)
    if not journal then return nil, err end
    client._journal = journal
    require "etoro.trading.recover" -- to be there whenever it is asked for
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
  if settled.seal then streaming().seal(client, settled, keys_of) end
  return client
end

-- What the modules know that an option is for; they raise.
local function check(settled)
  if settled.instrument_cache ~= nil then
    require("etoro.market.cache").check(settled.instrument_cache)
  end
  if settled.rails then require("etoro.trading.rails").check(settled.rails) end
end

--- Makes a client with another user key beside the same application's key.
---@param options etoro.ClientOptions
---@param user_key string|userdata
---@return etoro.Client? client
---@return etoro.Error? err
function inside:derive(options, user_key)
  local client, err = derived().derive(self, options, user_key,
    check, open)
  return client, err
end

---@alias etoro.Gate fun(op: etoro.Operation, body: any): etoro.Error? why a write is not sent

--- The same client once more, whose writes, and those of clients made from it, pass
--- a gate before they leave and stand in the journal under a tag. What is closed is
--- the client itself.
---@param gate etoro.Gate
---@param tag string
---@return etoro.Client
function inside:guarded(gate, tag)
  return setmetatable(derived().guarded(self, gate, tag), mt)
end

--- Makes a client; see etoro.client.
---@param options? etoro.ClientOptions
---@param engine? userdata one with a manual wire, for a sandbox in-process
---@return etoro.Client? client
---@return etoro.Error? err
function M.new(options, engine)
  local settled, err = client_options.settle(options)
  if not settled then return nil, err end
  check(settled)
  return open(settled, engine)
end

return M
