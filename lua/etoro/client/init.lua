-- The client: one account's keys at one base URL, and the one `send` that all
-- calls go through.

local blame = require "etoro.values.blame"
local budget = require "etoro.client.budget"
local check = require "etoro.values.fields"
local core = require "etoro.core"
local errors = require "etoro.errors"
local failures = require "etoro.call.failures"
local inside = require "etoro.client.inside"
local json = require "etoro.values.json"
local multipart = require "etoro.call.multipart"
local options_of = require "etoro.client.options"
local raw = require "etoro.call.raw"
local renewal = require "etoro.client.renewal"
local responses = require "etoro.call.response"
local runtime = require "etoro.tasks.waiting"

require "etoro.tasks" -- what a program starts behind a write is there

local tostring = core.text -- not up to the locale

local M = {}

local NO_OPTIONS = {} -- never written to

-- Loaded when they are first needed: what only reads pays for neither.
local operations, resolve

-- Nothing may be missing once an order has left (the host may have changed its
-- folder, or have no descriptor free): before the first one, all is loaded
-- that its outcome, and what has to be done about it, may need.
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
local methods = {}

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
    local method = methods[name] or inside[name]
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

-- Waits for a job. Gives an error when it cannot go on; re-raises what a
-- signal handler or a host's wait raised, with the job cancelled.
local function await(client, job)
  local failure = client._renewal and renewal.check(client, job)
  local ok, done = true, true
  if not failure then
    ok, done, failure = pcall(runtime.await, client._waiter, job,
      client._renewal and renewal.attendant(client, job))
  end
  if ok and done and not failure then return nil end
  job:cancel()
  if job:done() then job:outcome() end -- read, so that nobody waits for it
  if not ok then error(done, 0) end
  return failure or errors.closed()
end

local function host_of(client)
  return (client._settings.base.origin:gsub("^https?://", ""))
end

-- A failure whose request may have been carried out all the same.
local function uncertain(client, op, failure, job)
  local err = failures.from_transport(failure)
  return errors.unknown_outcome {
    code = failure.code, status = failure.status,
    message = string.format("%s %s: %s; it may have been carried out all the"
      .. " same", op.method, op.path, err.message),
    request_id = failure.request_id, response = err.response,
    started = job:started(), ended = client._runtime.engine:now(),
  }
end

local function server_failure(op, reply, started, ended)
  local err = failures.from_reply(reply)
  err.kind, err.retryable, err.may_have_executed = "unknown_outcome", false,
    true
  err.message = string.format("%s %s: %s; it may have been carried out all the"
    .. " same", op.method, op.path, err.message)
  err.hint = "Look at the account before doing it again"
  err.started, err.ended = started, ended
  return err
end

local function server_id(body)
  if type(body) ~= "table" then return nil end
  local meta = type(body.meta) == "table" and body.meta or body
  return type(meta.requestId) == "string" and meta.requestId or nil
end

-- What a 2xx holds. An empty body is true.
local function read_success(client, op, job, response, keep_null)
  local text, secrets, needs_restore = job:body()
  if text == "" then return true, response end
  local body, message = json.decode_scanned(text, secrets, needs_restore,
    keep_null)
  if body == nil and message then
    local reply = {
      status = response.status, text = text, op = op,
      request_id = response.request_id,
      content_type = job:header("content-type"),
    }
    local err = failures.from_reply(reply)
    local failure = {
      code = err.code == "html" and "html" or "bad_json", detail = message,
      host = host_of(client), status = response.status, text = text, op = op,
      request_id = response.request_id, uncertain = op.class ~= "safe",
    }
    if op.class ~= "safe" then
      return nil, uncertain(client, op, failure, job)
    elseif err.code == "html" then
      return nil, err
    end
    return nil, failures.from_transport(failure)
  end
  if body == nil then return true, response end
  local id = server_id(body)
  if id then response.server_request_id = id end
  return body, response
end

local function read_failure(client, op, job, status, is_uncertain)
  local text, secrets, needs_restore = job:body()
  local reply = {
    status = status, text = text, op = op, request_id = job:request_id(),
    content_type = job:header("content-type"),
    body = text ~= "" and json.decode_scanned(text, secrets, needs_restore)
      or nil,
  }
  if is_uncertain then
    return server_failure(op, reply, job:started(),
      client._runtime.engine:now())
  end
  return failures.from_reply(reply)
end

local function read_outcome(client, op, job, options)
  local status, code, attempts, elapsed, is_uncertain, is_sent, ran_before,
    detail, request_id = job:outcome(true)
  if not code and status >= 200 and status < 300 then
    local response = responses.of_job(job, status, attempts, elapsed, request_id)
    local result, err = read_success(client, op, job, response,
      options.keep_null)
    if result == nil then err.attempts = attempts end
    return result, err
  elseif not code and status == 404 and op.method == "DELETE" and ran_before
  then
    -- an attempt whose answer was lost has done it
    return true, responses.of_job(job, status, attempts, elapsed, request_id)
  end
  local err
  if not code then
    err = read_failure(client, op, job, status, is_uncertain)
  else
    local failure = {
      code = code, detail = detail, host = host_of(client), op = op,
      status = status > 0 and status or nil, text = (job:body()),
      request_id = request_id,
      uncertain = is_uncertain or is_sent or ran_before,
    }
    err = is_uncertain and code ~= "cancelled" and code ~= "closed"
      and uncertain(client, op, failure, job)
      or failures.from_transport(failure)
  end
  err.attempts = attempts
  if ran_before and op.method ~= "GET" then err.may_have_executed = true end
  return nil, err
end

-- The guard rail for what moves real money; needs no engine, and raises.
local function guard(client, op)
  if client._account ~= "real" and not client._loopback then
    blame.raise(("%s %s moves real money out of or into your account: make the"
      .. " client with account = \"real\" if you mean it"):format(op.method,
      op.path))
  end
end

-- The one way out. request: method, target, body (JSON text), content_type,
-- headers (lines).
local function send(client, op, request, options)
  if op.moves_money then guard(client, op) end
  if client._is_closed then return nil, errors.closed() end
  local settled = client._settings
  local deadline = options.deadline or settled.deadline
  if not (deadline > 0) then
    return nil, errors.new {
      kind = "timeout", code = "deadline",
      message = "the deadline has passed already; nothing was sent",
    }
  end
  local method = op.method
  local job, message, kind = client._runtime.engine:submit(client._core, {
    -- all at once: a table that grows costs a multiple of this
    method = method, target = request.target, body = request.body,
    content_type = request.content_type, headers = request.headers,
    request_id = options.request_id or request.request_id,
    finals = op.final, class = op.class, pool = client._pool or op.pool,
    priority = op.trade and budget.priority(op, options.priority)
      or options.priority,
    writes = method ~= "GET" and method ~= "HEAD" and not op.reads,
    timeout = options.timeout or settled.timeout, deadline = deadline,
    max_retries = options.max_retries or settled.max_retries,
    urgent = options._urgent, journal = request.journal,
    intent = request.intent,
  })
  if not job then
    if kind == "closed" then return nil, errors.closed() end
    return nil, errors.invalid(nil, message)
  end
  -- what is sent again has been announced
  if request.intent then request.announced_by = job end
  request.journal, request.intent = nil, nil
  local failure = await(client, job)
  if failure then return nil, failure end
  return read_outcome(client, op, job, options)
end

-- Sends, and finds out what became of an order or a closing whose answer was
-- lost. path: the values in the path as text; body: decoded.
local function carry_out(client, op, request, path, body, options)
  if op.trade ~= "open" and op.trade ~= "close" then
    return send(client, op, request, options)
  end
  if not resolve then load_for_trades() end
  local journal = client._journal
  local _ <close> = journal
    and journal:announce(request, op, path, options.request_id)
  local result, response = resolve.carry_out(client, {
    op = op, account = op.account or client._account, params = path,
    body = body, started = client._runtime.engine:now(),
    again = function(more)
      return send(client, op, request, more)
    end,
  }, options)
  if journal then journal:finish(request, op, result, response) end
  return result, response
end

local function build_target(op, path, query)
  local target = op.path
  if path == check.NOTHING then return target end
  if next(path) then
    target = target:gsub("{([A-Za-z0-9]+)}", function(name)
      return (core.escape(path[name], "segment"))
    end)
  end
  if #query == 0 then return target end
  local parts = {}
  for index, item in ipairs(query) do
    parts[index] = core.escape(item.name, "query") .. "="
      .. core.escape(item.value, item.part)
  end
  return target .. "?" .. table.concat(parts, "&")
end

--- Checks an operation's parameters and sends it. What resources call.
---@param op etoro.Operation
---@param params? table
---@param options? etoro.RequestOptions
---@return any result decoded answer; true when it has no body
---@return etoro.Response|etoro.Error
function methods:_send(op, params, options)
  options = options == nil and NO_OPTIONS or options_of.of_call(options)
  local path, query, body = check.params(op, params)
  if not path then return nil, query end
  local request = { target = build_target(op, path, query) }
  if op.body_kind == "multipart" then
    request.body, request.content_type = multipart.encode(body)
  elseif op.body then
    request.body = json.encode(body, op.body)
  end
  if op.class_by then op = check.as_sent(op, body) end
  return carry_out(self, op, request, path, body, options)
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
    local nearest = type(name) == "string" and check.nearest(name, operations)
    blame.raise(("unknown operation '%s'%s; client:request reaches any"
      .. " path"):format(tostring(name), nearest and " (did you mean '"
      .. nearest .. "'?)" or ""))
  end
  local result, response = methods._send(self, op, params, options)
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
  options = options_of.of_call(options)
  local op, wire, err = raw.build(request, self._settings.base.path)
  if not op then return nil, err end
  local result, response = carry_out(self, op, wire, op.in_path or {},
    raw.body_of(request), options)
  if result == nil or self._api ~= "sor-v3" then return result, response end
  return unwrap(result, response)
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
  local run = runtime.of(engine)
  local handle, message = open_core(settled, run.engine, parent, keys_of)
  if not handle then return nil, errors.invalid(nil, message) end
  local client = setmetatable({
    _core = handle, _runtime = run, _settings = settled,
    _waiter = runtime.waiter(run, handle, settled),
    _options = not settled.seal and settled or nil,
    _account = settled.account, _api = settled.api,
    _loopback = settled.base.loopback,
    _pool = budget.pool(settled.api), _is_closed = false, _renewal = false,
    _engine = engine or false,
    -- false: what is absent is looked for among the resources
  }, mt)
  if settled.journal then
    local journal, err = require("etoro.trading.journal").open(settled, run.engine)
    if not journal then return nil, err end
    client._journal = journal
  end
  if settled.token_function then
    renewal.keep(client, settled.token_function)
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
  "journal", "seal",
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
  local settled, err = options_of.settle(merged, is_keyed)
  if not settled then return nil, err end
  return open(settled, self._engine or nil, self, is_keyed and self or nil)
end

--- Makes a client; see etoro.client.
---@param options? etoro.ClientOptions
---@param engine? userdata one with a manual wire, for a sandbox in-process
---@return etoro.Client? client
---@return etoro.Error? err
function M.new(options, engine)
  local settled, err = options_of.settle(options)
  if not settled then return nil, err end
  return open(settled, engine)
end

return M
