-- What a strategy's file sees as its globals: Lua's own, and nothing by which
-- it could reach an account or another strategy behind the back of its run.
--
-- This keeps mistakes in, not malice: a file is a program that its user trusts.
-- A global that is set, or read and not there, is a mistake with a line; the first is
-- looked for before the file runs.

local core = require "etoro.core"
local elsewhere = require "etoro.strategy.elsewhere"
local errors = require "etoro.errors"
local strategy_globals = require "etoro.strategy.globals"
local rng = require "etoro.sandbox.rng"
local times = require "etoro.values.times"
local traversal = require "etoro.strategy.traversal"

local tostring = core.text -- not up to the locale

local M = {}

local PLAIN = { "assert", "error", "getmetatable", "ipairs", "pcall", "rawequal",
  "rawget", "rawlen", "rawset", "select", "setmetatable",
  "tonumber", "tostring", "type", "xpcall", "_VERSION", "collectgarbage", "warn" }

-- What setting a global is told.
local function sets(name)
  return ("it sets the global '%s'%s"):format(name, elsewhere.callback(name)
    or (": write 'local %s', or keep it in ctx.state"):format(name))
end

-- Lua's own tables of which each file has a copy: what one writes into its own changes
-- no other strategy, and nothing here.
local COPIED = { "string", "table", "utf8", "io" }

-- Parts of the package that reach no account.
local PARTS = { ["etoro.indicators"] = "etoro.indicators" }

-- Lua's own parts by `require`: as the file has them.
local OWN = { string = true, table = true, math = true, os = true, io = true,
  coroutine = true, utf8 = true, debug = true, _G = true }

-- Neither the environment, where keys may stand, nor what ends the process.
local OS = { "clock", "difftime", "remove", "rename", "tmpname" }

local function pick(from, names)
  local out = {}
  for _, name in ipairs(names) do out[name] = from[name] end
  return out
end

-- A table of its own with the same in it.
local function copy(from)
  local own = {}
  for name, value in next, from do own[name] = value end
  return setmetatable(own, getmetatable(from))
end

-- Where the program that is running in the file stands: a line to tell.
local function place(chunks)
  local depth = 2
  while true do
    local info = debug.getinfo(depth, "Sl")
    if not info then return "" end
    if chunks[info.source] then
      return ("%s:%d: "):format(info.short_src, info.currentline)
    end
    depth = depth + 1
  end
end

local function refuse(self, text)
  error(place(self.chunks) .. text, 0)
end

-- A beginning that is not the name of a module: it would lead out of the folder.
local function check_module(self, name)
  if type(name) ~= "string" then
    refuse(self, ("require takes the name of a module, got %s"):format(
      type(name)))
  end
  if name:find "^etoro$" or (name:find "^etoro%." and not PARTS[name]) then
    refuse(self, ("a strategy does not take '%s': what it does to an account "
      .. "goes through ctx; 'etoro.indicators' may be taken"):format(name))
  elseif name == "package" then
    refuse(self, "a strategy does not take 'package': it leads out of the file")
  end
end

local function read_all(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local text = file:read "a"
  file:close()
  return text
end

-- A module of the user's own beside the file, or below it.
local function own_module(self, name)
  if not name:find "^[A-Za-z0-9_][A-Za-z0-9_%.%-]*$"
      or name:find("..", 1, true) then
    return nil
  end
  local base = self.folder .. name:gsub("%.", "/")
  for _, path in ipairs { base .. ".lua", base .. "/init.lua" } do
    local text = read_all(path)
    if text then return text, path end
  end
end

-- A module of the machine's. Where there is none Lua names each place that it looked in:
-- those beside the file are what is meant.
local function from_outside(self, name)
  local ok, module = pcall(self.outside, name)
  if ok then return module end
  local text = tostring(module)
  if not text:find(("module '%s' not found"):format(name), 1, true) then error(module, 0) end
  refuse(self, ("there is no module '%s', neither beside the file nor among those of this "
    .. "machine"):format(name))
end

local function require_in(self, name)
  check_module(self, name)
  local loaded = self.loaded[name]
  if loaded ~= nil then return loaded end
  local text, path = own_module(self, name)
  if not text and OWN[name] then return self.globals[name] end
  if not text then
    if self.on_module and not PARTS[name] then
      self.on_module(name, (place(self.chunks):gsub(": $", "")))
    end
    if not PARTS[name] then return from_outside(self, name) end
    local outside = self.outside(PARTS[name])
    self.loaded[name] = copy(outside)
    return self.loaded[name]
  end
  if self.loading[name] then
    refuse(self, ("'%s' requires itself"):format(name))
  end
  self.loading[name], self.texts[name] = true, text
  local chunk, problem = M.compile(self, text, path)
  if not chunk then error(problem, 0) end
  local value = chunk(name, path)
  if value == nil then value = true end
  self.loaded[name], self.loading[name] = value, nil
  return value
end

-- The run's time, not the machine's; and UTC, not the process's zone.
local function time_in(self, date)
  if date == nil then return math.floor(self.now()) end
  local function field(name, default)
    return math.tointeger(date[name] or default) or 0
  end
  local text = ("%04d-%02d-%02dT%02d:%02d:%02dZ"):format(field "year",
    field "month", field "day", field("hour", 12), field("min", 0),
    field("sec", 0))
  return times.parse(text) or refuse(self, "there is no such time: " .. text)
end

local function date_in(self, format, time)
  format = format or "%Y-%m-%dT%H:%M:%SZ"
  if format:sub(1, 1) ~= "!" then format = "!" .. format end
  return os.date(format, time or math.floor(self.now()))
end

-- The same numbers for the same seed, in every version of Lua; the process's own
-- are left alone.
local function random_in(self, low, high)
  local unit = (self.rng:next() - 1) / 2147483562
  if not low then return unit end
  if not high then low, high = 1, low end
  low, high = math.tointeger(low), math.tointeger(high)
  if not (low and high) or low > high then
    refuse(self, "math.random takes whole numbers, the lower one first")
  end
  return low + math.floor(unit * (high - low + 1))
end

local function seed(self, number)
  self.rng = rng.new(core.number(number) or 1)
end

local function add_math(self, globals)
  globals.math = pick(math, { "abs", "acos", "asin", "atan", "ceil", "cos",
    "deg", "exp", "floor", "fmod", "huge", "log", "max", "maxinteger", "min",
    "mininteger", "modf", "pi", "rad", "sin", "sqrt", "tan", "tointeger",
    "type", "ult" })
  globals.math.random = function(low, high)
    return random_in(self, low, high)
  end
  globals.math.randomseed = function(number) seed(self, number) end
end

-- What the machine tells of itself: its clock, and the memory that is in use.
local function add_machine(self, globals, machine)
  if not machine then return end
  local function told(name, value)
    return machine(name, value, (place(self.chunks):gsub(": $", "")))
  end
  globals.os.clock = function() return told("os.clock", os.clock()) end
  globals.collectgarbage = function(what, ...)
    local value = collectgarbage(what, ...)
    return what == "count" and told("collectgarbage", value) or value
  end
end

local function add_os(self, globals)
  globals.os = pick(os, OS)
  globals.os.time = function(date) return time_in(self, date) end
  globals.os.date = function(format, time) return date_in(self, format, time) end
  for _, name in ipairs { "exit", "execute" } do
    globals.os[name] = function()
      refuse(self, ("a strategy has no os.%s: raise an error, or let the run "
        .. "end it"):format(name))
    end
  end
end

-- Which file is read where one is asked for.
local function source_of(self, options, name, path, mode)
  if type(path) ~= "string" then return path end
  if options.is_hidden(path) then
    refuse(self, ("'%s' holds the bars of this run, those that are still to "
      .. "come among them"):format(path))
  end
  local is_read = name ~= "open" or mode == nil or mode:find "^r"
  return is_read and options.on_read
    and options.on_read(path, place(self.chunks):gsub(": $", "")) or path
end

-- Files that hold what the strategy is not to know yet, and programs, which may
-- read them.
local function add_io(self, globals, options)
  if not options.is_hidden then return end
  local own = globals.io
  for _, name in ipairs { "open", "lines", "input" } do
    own[name] = function(path, ...)
      return io[name](source_of(self, options, name, path, ...), ...)
    end
  end
  function own.popen()
    refuse(self, "no program is started in a backtest: nobody knows whether it "
      .. "has what is still to come")
  end
end

-- Methods of texts are those of Lua alone, for all strategies.
local function add_string(self, globals)
  setmetatable(globals.string, { __newindex = function(_, name)
    refuse(self, ("it sets string.%s, which no text would have as a method: write 'local "
      .. "function %s'"):format(tostring(name), tostring(name)))
  end })
  function globals.getmetatable(value)
    if type(value) == "string" then return { __index = globals.string } end
    return getmetatable(value)
  end
end

-- A coroutine of the strategy's is watched as the callback is that resumes it.
local function watched(resume)
  return function(thread, ...)
    local hook, mask, count = debug.gethook()
    if type(thread) == "thread" and hook then
      debug.sethook(thread, hook, mask, count)
    end
    return resume(thread, ...)
  end
end

local function results(ok, ...)
  if not ok then error((...), 0) end
  return ...
end

local function add_coroutines(globals)
  local own = {}
  for name, fn in pairs(coroutine) do own[name] = fn end
  own.resume = watched(coroutine.resume)
  function own.wrap(fn)
    local thread = coroutine.create(fn)
    return function(...) return results(own.resume(thread, ...)) end
  end
  globals.coroutine = own
end

local function add_loading(self, globals)
  globals.require = function(name) return require_in(self, name) end
  globals.load = function(text, name, mode, env)
    return load(text, name or "=load", mode or "t", env or self.globals)
  end
  globals.print = function(...)
    local all = table.pack(...)
    for i = 1, all.n do all[i] = tostring(all[i]) end
    self.print(table.concat(all, "\t"))
  end
end

-- Reads of a name that is not there are slips more often than questions.
local function closed(self, globals)
  return setmetatable({}, {
    __index = function(_, name)
      local value = globals[name]
      if value == nil then
        refuse(self, ("there is no global '%s'%s"):format(tostring(name),
          elsewhere.hint(name, globals)))
      end
      return value
    end,
    __newindex = function(_, name)
      refuse(self, sets(tostring(name)))
    end,
    __name = "etoro.strategy.globals", __metatable = false,
  })
end

---@class etoro.StrategyWorld
---@field folder string of its file, ending in a slash
---@field outside fun(name: string): any requires what is not beside the file
---@field now fun(): number the time, in seconds since 1970
---@field print fun(text: string)
---@field seed? integer of its random numbers; 1
---@field is_hidden? fun(path: string): boolean whether it may not read that file
---@field on_read? fun(path: string, place: string): string? hears what it reads; another for it
---@field on_module? fun(name: string, place: string) hears what it requires from elsewhere
---@field machine? fun(name: string, value: number, place: string): number gives another figure
---for what the machine tells of itself

--- Makes the globals of one strategy. Each has its own, and its own modules.
---@param options etoro.StrategyWorld
---@return table environment
function M.new(options)
  local self = { folder = options.folder, outside = options.outside,
    now = options.now, print = options.print, loaded = {}, loading = {},
    chunks = {}, texts = {}, on_module = options.on_module }
  local globals = {}
  for _, name in ipairs(PLAIN) do globals[name] = _G[name] end
  for _, name in ipairs(COPIED) do globals[name] = copy(_G[name]) end
  globals.pairs, globals.next = traversal.pairs, traversal.next
  globals.debug = pick(debug, { "traceback" })
  add_math(self, globals)
  add_os(self, globals)
  add_machine(self, globals, options.machine)
  add_io(self, globals, options)
  add_string(self, globals)
  add_coroutines(globals)
  add_loading(self, globals)
  seed(self, options.seed or 1)
  self.globals = closed(self, globals)
  globals._G = self.globals
  return self
end

--- Compiles text as part of the strategy.
---@param self table the environment
---@param text string
---@param path string
---@return function? chunk
---@return string? problem with its line
function M.compile(self, text, path)
  local source = "@" .. path
  self.chunks[source] = true
  text = text:gsub("^\239\187\191", "")
  if text:sub(1, 1) == "#" then text = "--" .. text end
  local chunk, problem = load(text, source, "t", self.globals)
  if not chunk then return nil, problem end
  local name, line = strategy_globals.first(text)
  if not name then return chunk end
  return nil, ("%s:%d: %s"):format(path, line, sets(name))
end

--- What was raised, as one line that begins with a place.
---@param problem any
---@return string
function M.told(problem)
  if errors.is(problem) then return tostring(problem) end
  return errors.one_line(tostring(problem), 500)
end

return M
