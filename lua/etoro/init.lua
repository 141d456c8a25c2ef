-- etoro: a client for the eToro public API. What `require "etoro"` gives.
--
-- Parts are loaded when they are first used, so that a script pays for no more
-- than it needs.

---@class etoro
---@field _VERSION string
---@field null lightuserdata JSON's null in a request, and in a list of an answer
---@field features table<string, any> what the libraries beneath can do
---@field operations table<string, etoro.Operation> by "METHOD /path/{template}"
---@field sandbox etoro.SandboxModule a stand-in for the API on this machine
---@field events etoro.Events ways to look at what a client does
---@field oauth etoro.OAuthModule "Login with eToro": tokens that change
---@field indicators etoro.Indicators averages, ranges, crossings: for strategies
---@field ta etoro.Indicators the same
---@field strategy etoro.StrategyModule files that drive an account
---@field backtest etoro.BacktestModule the same files over the past
---@field serve etoro.ServeModule an account for programs in other languages
---@field run fun(fn: function, ...: any): ... runs it as a task, see etoro.tasks
---@field spawn fun(fn: function, ...: any): etoro.Task starts a task
---@field all fun(tasks: etoro.Task[]): any[], any[] waits for tasks
---@field wrap fun(fn: function): function coroutine.wrap that passes waits up
---@field sleep fun(seconds: number)
---@field every fun(each: string|number, fn: etoro.Due, options?: etoro.TimerOptions): etoro.Timer
---@field at fun(at: string, fn: etoro.Due, o?: etoro.TimerOptions): etoro.Timer?, etoro.Error?
---@field bars fun(options: etoro.BarsOptions): etoro.Bars?, etoro.Error? of a stream's bid prices
---@field state fun(path: string): etoro.State?, etoro.Error? a table kept in a file
---@field loop fun(): etoro.Loop for a host's event loop
---@field stats fun(): etoro.Stats
local M = { _VERSION = "etoro " .. require "etoro.values.version" }

local PARTS = {
  null = function() return require("etoro.core").null end,
  features = function() return require("etoro.core").features() end,
  operations = function() return require "etoro.operations" end,
  sandbox = function() return require "etoro.sandbox" end,
  events = function() return require "etoro.client.events" end,
  oauth = function() return require "etoro.oauth" end,
  indicators = function() return require "etoro.indicators" end,
  ta = function() return require "etoro.indicators" end,
  strategy = function() return require "etoro.strategy" end,
  backtest = function() return require "etoro.backtest" end,
  serve = function() return require "etoro.serve" end,
  run = function() return require("etoro.tasks").run end,
  spawn = function() return require("etoro.tasks").spawn end,
  all = function() return require("etoro.tasks").all end,
  wrap = function() return require("etoro.tasks").wrap end,
  sleep = function() return require("etoro.tasks.waiting").sleep end,
  every = function() return require("etoro.tasks.timers").every end,
  at = function() return require("etoro.tasks.timers").at end,
  bars = function() return require("etoro.stream.bars").open end,
  state = function() return require("etoro.values.state").open end,
  stats = function() return require("etoro.tasks.await").stats end,
  loop = function() return require("etoro.tasks.loop").new end,
}

--- Makes a client. Raises for an unknown option or one of a wrong type; what
--- the environment or a file can cause comes back as nil, err.
---@param options? etoro.ClientOptions
---@return etoro.Client? client
---@return etoro.Error? err kind auth when no credential is given
function M.client(options)
  return require("etoro.client").new(options)
end

--- Writes a value as JSON for logs and displays; secrets are masked, and a byte
--- that is not UTF-8, as an answer may hold one, becomes U+FFFD.
---@param value any
---@return string json
function M.encode(value)
  return require("etoro.values.json").show(value)
end

---@class etoro.DecodeOptions
---@field keep_null? boolean keep null in objects as etoro.null

--- Reads JSON as answers of the API are read: integers exact, their digits as a
--- text past 64 bits; null in a list is etoro.null, in an object it is absent; values
--- under names of secrets are sealed.
---@param text string
---@param options? etoro.DecodeOptions
---@return any value etoro.null for a bare null
---@return etoro.Error? err kind invalid, code bad_json
function M.decode(text, options)
  local value, err = require("etoro.values.json").read(text, options)
  return value, err
end

return setmetatable(M, {
  __name = "etoro",
  __index = function(module, name)
    local load_part = PARTS[name]
    if not load_part then return nil end
    local part = load_part()
    rawset(module, name, part)
    return part
  end,
})
