-- A box: one sandbox with its options, its clock, its owners, and whatever its
-- areas keep.

local areas = require "etoro.sandbox.areas"
local arrivals = require "etoro.sandbox.arrivals"
local auth = require "etoro.sandbox.http.auth"
local blame = require "etoro.values.blame"
local bounds = require "etoro.sandbox.bounds"
local control = require "etoro.sandbox.control"
local errors = require "etoro.errors"
local faults = require "etoro.sandbox.http.faults"
local sandbox_options = require "etoro.sandbox.options"
local limits = require "etoro.sandbox.http.limits"
local pipeline = require "etoro.sandbox.pipeline"
local rng = require "etoro.sandbox.rng"
local times = require "etoro.values.times"
local types = require "etoro.values.types"
local universe = require "etoro.sandbox.market.universe"

local LAST = times.LAST

---@class etoro.Sandbox
---@field instruments table[] all that its market has
---@field options etoro.SandboxOptions as they are now
---@field faults etoro.SandboxFaults what goes wrong on purpose
---@field arrivals table[] requests since they were last cleared
---@field [string] any its parts, for specs
local methods = {}
local mt = { __name = "etoro.sandbox", __index = methods }
local M = {}

--- Makes a box of the options that were given and the defaults of the others.
---@param options? etoro.SandboxOptions
---@return etoro.Sandbox
function M.new(options)
  options = options or {}
  if type(options) ~= "table" then
    blame.raise("sandbox.new takes a table of options")
  end
  local message = bounds.problem(options, sandbox_options.KINDS, "option")
  if message then blame.raise(message) end
  local self = setmetatable({ given = sandbox_options.settle(options), cuts = 0,
    router = areas.router() }, mt)
  self.instruments = universe.build(self.given.instruments, self.given.strict)
  self:reset()
  return self
end

--- Seconds since 1970 as the sandbox sees it. Its time ends with the year
--- 9999: later dates have no form that the API's answers could show.
---@return number
function methods:now()
  local now = self.options.now() + self.offset
  if now > LAST then return LAST end
  return now > 0 and now or 0
end

--- Whether it is like the API as it was with v1.244.0.
---@return boolean
function methods:is_older() return self.options.api_version == "v1.244" end

--- The kind of what the clock can be advanced by, see bounds.lua.
---@return fun(value: any): string?
function methods:step_kind()
  return bounds.number(0, math.floor(times.LAST - self:now()))
end

--- Moves the clock ahead.
---@param seconds number from 0 to the end of the year 9999
function methods:advance(seconds)
  local words = self:step_kind()(seconds)
  if words then blame.raise("seconds must be " .. words) end
  if self.pump then
    require("etoro.sandbox.wire").advance(self, seconds)
  else
    self.offset = self.offset + seconds
  end
end

--- Goes by another clock from now on, after a reset too.
---@param now fun(): number seconds since 1970
function methods:set_clock(now)
  self.given.now, self.options.now, self.offset = now, now, 0
end

-- A first number is drawn, the next ones follow: ids grow, as real ones do.
local function counter(self, name, low, high)
  self.counters[name] = (self.counters[name] or self.rng:range(low, high))
    + 1
  return self.counters[name]
end

function methods:next_gcid() return counter(self, "gcid", 3e7, 4e7) end
function methods:next_cid() return counter(self, "cid", 2e7, 3e7) end
function methods:next_mirror() return counter(self, "mirror", 1e6, 9e6) end

local function add_owner(self, key, scopes, name)
  local owner = {
    gcid = self:next_gcid(), real_cid = self:next_cid(),
    demo_cid = self:next_cid(), username = name, first_name = "Sandy",
    last_name = "Box", scopes = auth.set(scopes),
    credit = self.options.credit, portfolios = {},
  }
  self.owners[key] = owner
  return owner
end

local function add_owners(self)
  local o = self.options
  self.owners = {}
  local first = add_owner(self, o.user_key, o.owner_scopes, "sandy")
  for i, key in ipairs(types.sorted_names(o.user_keys)) do
    add_owner(self, key, o.user_keys[key], ("sandy%d"):format(i + 1))
  end
  self.access_tokens = {}
  for token, entry in pairs(o.access_tokens) do
    local is_listed = type(entry) == "string"
    local of_token = is_listed and {} or entry
    self.access_tokens[is_listed and entry or token] = { owner = first,
      expires_at = of_token.expires_at,
      scopes = of_token.scopes and auth.set(of_token.scopes) or first.scopes }
  end
end

local function new_limits(options)
  return limits.new(options.limits, options.window, options.rate_headers)
end

--- Everything as it was when new, clock included; but a clock that clients of
--- this process go by is never turned back.
function methods:reset()
  self.offset = 0
  self.options = {}
  for name, value in pairs(self.given) do self.options[name] = value end
  self.rng = rng.new(self.options.seed)
  self.counters = {}
  self.areas = {} -- what the models keep that is no owner's, by model
  self.tokens = {} -- by secret
  self.limits = new_limits(self.options)
  add_owners(self)
  self.late = {} -- requests whose work is still to be done
  if self.streams then self.streams:reset() end
  self:clear_faults()
  self:clear_arrivals()
end

--- Takes all scripted faults away.
function methods:clear_faults()
  self.faults = faults.new(self.options.seed)
  self.cuts = self.cuts + 1 -- the server lets go of what it holds back
end

--- Takes the record of what arrived away.
function methods:clear_arrivals()
  self.arrivals = arrivals.new()
end

--- Changes options that may change while it runs.
---@param options table
---@return true? done
---@return etoro.Error? err
function methods:change(options)
  local message = type(options) ~= "table" and "options must be a table"
    or bounds.problem(options, sandbox_options.CHANGEABLE, "option")
  if message then return nil, errors.invalid(nil, message) end
  local books = self.areas.books
  if books then books:run() end -- under the options it was in
  for name, value in pairs(options) do self.options[name] = value end
  if options.limits ~= nil or options.window or options.rate_headers then
    self.limits = new_limits(self.options)
  end
  return true
end

--- Answers one request.
--- request: { method, path, query (raw), headers (lower-case names), body,
--- remote }; answer: { status, headers, body, fault? }, see faults.lua.
---@param request table
---@return table answer
function methods:handle(request)
  local is_control = request.path:sub(1, 9) == "/sandbox/"
  local streams = request.method ~= "GET" and self.streams
  local told = streams and streams.told
  local answer = (is_control and control or pipeline).answer(self, request)
  if streams then streams:hold(answer, told) end
  answer.headers.Date = answer.headers.Date or times.http(self:now())
  return answer
end

--- Makes a client whose calls this sandbox answers in the client's own
--- process, under a clock that moves only when a call waits.
---@param options? etoro.ClientOptions
---@return etoro.Client? client
---@return etoro.Error? err
function methods:client(options)
  return require("etoro.sandbox.wire").client(self, options)
end

--- Plays a record that stream:record has written, to the streams that clients of
--- this box open from now on: what was pushed comes at its recorded distances, by
--- this box's clock, from the first subscribe on; at the end the stream ends with
--- the code "replay_over". Without a path streams tell of the market again.
---@param path? string
---@return etoro.Recorded|true|nil about true without a path
---@return etoro.Error? err code "bad_record" names the line
function methods:replay(path)
  if path ~= nil and type(path) ~= "string" then
    blame.raise("a path expected, got " .. type(path))
  end
  local about, err = require("etoro.sandbox.stream.hub").of(self):play(path)
  return about, err
end

--- Like etoro.run, by this box's clock: etoro.sleep, deadlines, pauses and
--- fills go by it, and when no task can go on it jumps to what is due next. What
--- takes a month is over at once, and goes the same way every time.
---@param fn function
---@param ... any its arguments
---@return any ... what fn gives
function methods:run(fn, ...)
  return require("etoro.sandbox.wire").run(self, fn, ...)
end

return M
