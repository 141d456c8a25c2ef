-- Copying other people's trades. What is asked for is carried out later: a status by
-- the caller's own reference tells of a beginning, the portfolio's mirrors of an end.
-- A beginning has no key and is sent once; an end has one.

local call_options = require "etoro.call.options"
local core = require "etoro.core"
local error_numbers = require "etoro.values.error_numbers"
local errors = require "etoro.errors"
local holdings = require "etoro.trading.account.holdings"
local json = require "etoro.values.json"
local limits = require "etoro.values.limits"
local looks = require "etoro.tasks.looks"
local proof = require "etoro.trading.resolve.copy"
local resource = require "etoro.resource"
local routes = require "etoro.trading.routes"
local server_clock = require "etoro.call.server_clock"
local spelling = require "etoro.values.spelling"

-- What a client sends an end by, to be there before anything has left.
require "etoro.trading.hints"
require "etoro.trading.orders"
require "etoro.trading.resolve"

local tostring = core.text -- not up to the locale

---@class etoro.NewCopy
---@field parentCID integer whom to copy: realCID of client.people:get
---@field amount number|string US dollars, above 0
---@field referenceID? string the caller's own: letters, digits, - and _, up to 35;
---made when it is not given, and in the copy or err.key

---@class etoro.Copy what became of a request
---@field referenceID string
---@field isSuccess boolean
---@field mirrorID? integer of the copy in the portfolio
---@field parentCID? integer
---@field parentUsername? string
---@field errorMessageCode? integer
---@field failReason? string
---@field [string] any what else the API tells, in any spelling

---@class etoro.CopyEligibility
---@field CID integer
---@field parentCID integer
---@field isSuccess boolean
---@field errorCode? integer
---@field errorMessage? string
---@field [string] any what else the API tells, in any spelling

---@class etoro.Mirror a copy, as the portfolio shows it
---@field mirrorID integer
---@field parentCID integer
---@field parentUsername string
---@field initialInvestment number US dollars
---@field availableAmount number of it, what is in no position
---@field positions table[]
---@field pendingForClosure boolean
---@field mirrorStatusID integer 0 active, 1 paused, 2 ending, 3 in alignment
---@field [string] any what else the API tells, in any spelling

---@class etoro.Copying client.copying
local collection, M = resource.define "copying"

-- Steps of paths that are routes of their own.
local TAKEN = { eligibility = true, close = true, demo = true }

local function number_of(value) return core.number(tostring(value)) end

-- Why a reference cannot be a step of a path that stands for itself.
local function reference_fault(reference)
  if type(reference) ~= "string" then return nil end -- the operation's own check
  local most = routes.of("real", "copy").body.referenceID.max_length
  if reference:find "[^A-Za-z0-9_-]" then
    return "holds more than letters, digits, '-' and '_'"
  elseif #reference > most then
    return ("must have at most %d characters, got %d"):format(most, #reference)
  elseif TAKEN[core.lower(reference)] then
    return "is a route of the API's own"
  end
end

local function copy_of(body, reference, response)
  if spelling.get(body, "isSuccess") then return body, response end
  local code = spelling.get(body, "errorMessageCode")
  local words = spelling.get(body, "failReason")
  local message, hint = error_numbers.explain(code,
    type(words) == "string" and words ~= "" and words or nil)
  return nil, errors.new { kind = "rejected",
    code = code and tostring(code) or "refused",
    message = message or "the copy was refused", hint = hint,
    status = response.status, request_id = response.request_id, key = reference,
    details = body }
end

-- Requests whose outcome is not known, by runtime: of two about one person at one
-- time a mirror does not say which of them began it. Each is "alone" or "crowded".
local open = setmetatable({}, { __mode = "k" })

local function enter(client, asked, now)
  local list = open[client:runtime()] or {}
  open[client:runtime()] = list
  local how = "alone"
  for other, one in pairs(list) do
    if now - one.began > limits.copy_shown_within then
      list[other] = nil
    elseif proof.is_same_person(other, asked) then
      one.how, how = "crowded", "crowded"
    end
  end
  list[asked] = { how = how, began = now }
end

local function leave(client, asked) open[client:runtime()][asked] = nil end

local function is_alone(client, asked)
  local one = open[client:runtime()][asked]
  return one ~= nil and one.how == "alone"
end

-- Mirrors that a client was told of: what comes after that began none of them.
local told = setmetatable({}, { __mode = "k" })

local function tell(client, mirror_id)
  local mirrors = told[client] or {}
  told[client] = mirrors
  if mirror_id ~= nil then mirrors[tostring(mirror_id)] = true end
end

local function was_told(client, mirror)
  local mirrors = told[client]
  return mirrors ~= nil and mirrors[tostring(spelling.get(mirror, "mirrorID"))] == true
end

-- The mirror that a request began, as a status would tell it.
local function begun(client, asked, began, options)
  if not is_alone(client, asked) then return nil end
  local portfolio, response = holdings.read(client, options)
  local mirrors = portfolio and proof.mirrors(portfolio)
  if not mirrors then return nil end
  local _, mirror = proof.of_person(mirrors, asked,
    server_clock.at(client, response, began))
  if not mirror or was_told(client, mirror) then return nil end
  client:warn(response, "no status tells of the request yet; its copy was found in"
    .. " the portfolio")
  return { referenceID = asked.referenceID, isSuccess = true,
    mirrorID = spelling.get(mirror, "mirrorID"),
    parentCID = spelling.get(mirror, "parentCID"),
    parentUsername = spelling.get(mirror, "parentUsername") }, response
end

-- Looks at the status until it is known, or the time is up: then, and of what was lost
-- each time, at the portfolio.
local function follow(client, asked, began, round, is_lost)
  local op = routes.op(client, "copy_status")
  while round:next() do
    local body, response = resource.object(client, op, "",
      { referenceId = asked.referenceID }, round:options())
    if body and proof.tells(body, asked) then return body, response end
    local is_blind = not body and not looks.is_passing(response)
    if is_lost or is_blind or round:left() <= 0 then
      body, response = begun(client, asked, began, round:options())
      if body then return body, response end
    end
    if is_blind then break end
  end
end

-- Nothing tells a request that is under way from one that never arrived.
local function doubt(err, reference)
  err.key = reference
  err.hint = "Ask client.copying:status with err.key, and look at client.copying:list,"
    .. " before doing it again: a repeat is a copy more"
  return nil, err
end

local function waiting(reference, response)
  return { referenceID = reference, isSuccess = false, isPending = true }, response
end

-- What became of a request that was sent, as far as that is known: in the journal,
-- and for whoever asked.
local function outcome_of(client, asked, id, status, response)
  leave(client, asked)
  local copy, answer = copy_of(status, asked.referenceID, response)
  local mirror_id = spelling.get(status, "mirrorID")
  if copy then tell(client, mirror_id) end
  client:settle(id, copy and { state = "done", mirrorID = mirror_id }
    or { state = "refused", code = answer.code })
  return copy, answer
end

-- Sends a request once, and follows it.
local function ask(client, asked, seconds, options)
  local began = client:now()
  enter(client, asked, began)
  local answer, response = resource.object(client, routes.op(client, "copy"), "",
    { body = asked }, options)
  local is_lost = not answer and response.kind == "unknown_outcome"
  if not answer and not is_lost then
    leave(client, asked)
    return nil, response
  end
  if answer and seconds == 0 then return waiting(asked.referenceID, response) end
  local round = answer and looks.new(client, seconds) or looks.lost(client, began,
    options, math.max(seconds, limits.copy_wait))
  local status, read = follow(client, asked, began, round, is_lost)
  if status then
    return outcome_of(client, asked, response.request_id, status, read)
  end
  if is_lost then return doubt(response, asked.referenceID) end
  return waiting(asked.referenceID, response)
end

-- The numbers of the caller's own accounts, by client.
local own = setmetatable({}, { __mode = "k" })

-- Whether somebody is the caller; not where the API does not tell who that is.
local function is_caller(client, cid)
  local numbers = own[client]
  if not numbers then
    local me = client:call("GET /api/v1/me", nil,
      { max_retries = 0, deadline = limits.stream_identity })
    if type(me) ~= "table" then return false end
    numbers = { number_of(spelling.get(me, "realCid")),
      number_of(spelling.get(me, "demoCid")) }
    own[client] = numbers
  end
  for i = 1, 2 do
    if numbers[i] and numbers[i] == number_of(cid) then return true end
  end
  return false
end

-- Money into a copy, or out of it: checked, sent once, followed.
local function register(self, what, fields, sign, options)
  local client = resource.client_of(self, what)
  local seconds, rest = call_options.take_wait(options, limits.copy_wait)
  local body = resource.with(fields, {})
  body.referenceID = body.referenceID or core.uuid():gsub("-", "")
  local fault = reference_fault(body.referenceID)
  if fault then return nil, errors.invalid("referenceID", fault) end
  local amount = core.number(tostring(body.amount))
  if amount and not (amount > 0 and amount < math.huge) then
    return nil, errors.invalid("amount", "must be greater than 0")
  end
  if amount and sign < 0 then -- text keeps its digits
    body.amount = type(body.amount) == "string" and "-" .. body.amount or -amount
  end
  if number_of(body.parentCID) and is_caller(client, body.parentCID) then
    return nil, errors.invalid("parentCID", "is the caller's own: nobody copies himself")
  end
  local copy, response = ask(client, body, seconds, rest)
  return copy, response
end

--- Begins to copy somebody, and waits until the API says what became of it
--- (v1.375.0, Copy Trading). `wait` in the options: seconds, 10; what is not known
--- by then has `isPending`. A repeat is a copy more: after an error with the kind
--- unknown_outcome ask copying:status with err.key. Of the real account, the client
--- has to be made with account = "real".
---@param fields etoro.NewCopy
---@param options? etoro.RequestOptions|{ wait?: number }
---@return etoro.Copy? copy
---@return etoro.Response|etoro.Error err kind rejected with the API's reason
function collection:start(fields, options)
  local copy, response = register(self, "client.copying:start", fields, 1, options)
  return copy, response
end

--- Puts more money into a copy; as copying:start. All of its positions are aligned
--- anew.
---@param fields etoro.NewCopy
---@param options? etoro.RequestOptions|{ wait?: number }
---@return etoro.Copy? copy
---@return etoro.Response|etoro.Error
function collection:add(fields, options)
  local copy, response = register(self, "client.copying:add", fields, 1, options)
  return copy, response
end

--- Takes money out of a copy; as copying:start. All of its positions are aligned
--- anew.
---@param fields etoro.NewCopy amount above 0: what is taken out
---@param options? etoro.RequestOptions|{ wait?: number }
---@return etoro.Copy? copy
---@return etoro.Response|etoro.Error
function collection:remove(fields, options)
  local copy, response = register(self, "client.copying:remove", fields, -1, options)
  return copy, response
end

-- Looks at the portfolio until the copy has ended, or the time is up: "gone",
-- "ending", "there", or nil where it could not be read, or does not tell; with the
-- last look's response. Where nobody knows whether the end was taken up, a copy may
-- be too young to show: its absence has to last.
local function follow_end(client, id, round, lag)
  local state, absent_since, portfolio, response
  while round:next() do
    portfolio, response = holdings.read(client, round:options())
    local mirrors = portfolio and proof.mirrors(portfolio)
    local mirror = mirrors and proof.mirror(mirrors, id)
    absent_since = mirrors and not mirror and (absent_since or client:now()) or nil
    if mirror then
      state = proof.is_ending(mirror) and "ending" or "there"
    elseif mirrors and client:now() - absent_since >= lag then
      return "gone", response
    elseif not portfolio and not looks.is_passing(response) then
      break
    end
  end
  return state, response
end

--- Ends a copy: its positions are closed, or with `detach` go on as one's own
--- (v1.375.0, Copy Trading). Waits until the portfolio shows it gone; `wait` in the
--- options: seconds, 10. It has a key, and after a lost answer is looked for in the
--- portfolio.
---@param id integer|string mirrorID
---@param options? etoro.RequestOptions|{ wait?: number, detach?: boolean }
---@return { mirrorID: integer, isGone: boolean }? ended
---@return etoro.Response|etoro.Error
function collection:stop(id, options)
  local client = resource.client_of(self, "client.copying:stop")
  local seconds, rest, how = call_options.take_wait(options, limits.copy_wait,
    { detach = "boolean" })
  local body = { mirrorID = id, unregisterType = how.detach and "Detach" or nil }
  local number = math.tointeger(core.number(tostring(id)) or id)
  local began = client:now()
  local answer, response = resource.object(client, routes.op(client, "copy_close"),
    "", { body = body }, rest)
  -- one that was sent twice may have met itself
  if not answer and not response.may_have_executed then return nil, response end
  local round = answer and looks.new(client, seconds) or looks.lost(client, began,
    rest, math.max(seconds, limits.copy_wait) + limits.portfolio_lag)
  local state, seen
  if seconds > 0 or not answer then
    state, seen = follow_end(client, number, round, answer and 0 or limits.portfolio_lag)
  end
  if not answer then
    if state ~= "gone" and state ~= "ending" then return nil, response end
    client:settle(response.request_id, { state = "done" })
    client:warn(seen, "the answer to the end was lost; the portfolio shows it")
    response = seen
  end
  return { mirrorID = number, isGone = state == "gone" }, response
end

local mirror_mt = { __name = "etoro.mirror", __index = spelling.wrap_index() }

local function read_mirrors(client, options)
  local portfolio, response = holdings.read(client, options)
  if not portfolio then return nil, response end
  return spelling.get(portfolio, "mirrors"), response
end

--- Lists the copies that the portfolio has, with those of agent-portfolios (portal:
--- Trading, Get Portfolio).
---@param options? etoro.RequestOptions
---@return etoro.Mirror[]? mirrors
---@return etoro.Response|etoro.Error
function collection:list(options)
  local client = resource.client_of(self, "client.copying:list")
  local mirrors, response = read_mirrors(client, options)
  if mirrors == nil and response.kind then return nil, response end
  local list = json.list()
  for i, mirror in ipairs(type(mirrors) == "table" and mirrors or {}) do
    list[i] = setmetatable(mirror, mirror_mt)
  end
  return list, response
end

local function checked_reference(reference, name)
  local fault = reference_fault(reference)
  if fault then return nil, errors.invalid(name, fault) end
  return reference
end

-- What would change nothing could be neither begun nor changed.
local function checked_change(params)
  if type(params) == "table" and number_of(params.amount) == 0 then
    return nil, errors.invalid("amount", "must not be 0")
  end
  return params
end

resource.rows(collection, "client.copying", {
  --- Says whether a copy could be begun, or its money changed; nothing is held for
  --- it (v1.375.0, Copy Trading).
  ---@param params { parentCID: integer, amount: number } US dollars; below 0: out
  ---@param options? etoro.RequestOptions
  ---@return etoro.CopyEligibility? eligibility
  ---@return etoro.Response|etoro.Error
  eligibility = { routes.by "copy_eligibility", { "body", checked_change } },

  --- Says what became of a request to begin or change a copy (v1.375.0, Copy
  --- Trading).
  ---@param reference string its referenceID
  ---@param options? etoro.RequestOptions
  ---@return etoro.Copy? copy
  ---@return etoro.Response|etoro.Error err kind not_found where it is not finished
  ---or never arrived: no proof of either
  status = { routes.by "copy_status", { "referenceId", checked_reference } },
})

return M
