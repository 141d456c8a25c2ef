-- Strategies: a plain Lua file that drives an account. doc/strategies.md.

local blame = require "etoro.values.blame"
local check = require "etoro.values.fields"
local file = require "etoro.strategy.file"

local outside = require -- what a file may require that is not beside it

---@class etoro.StrategyModule
local M = {}

local OPTIONS = { settings = "table", seed = "number", now = "function",
  print = "function" }

---@class etoro.StrategyOptions
---@field settings? table<string, any> values in place of the file's defaults
---@field seed? integer of its math.random; 1
---@field now? fun(): number the time that its os.time tells; the machine's
---@field print? fun(text: string) where its print goes; standard output

--- Reads a strategy's file and checks all that can be checked before it runs:
--- its text, its fields and callbacks, its settings, and that it sets no
--- global. The file itself runs once, in an environment of its own.
---@param path string
---@param options? etoro.StrategyOptions
---@return etoro.Strategy? strategy
---@return etoro.Error? err kind "invalid"; the message begins with file and line
function M.load(path, options)
  if type(path) ~= "string" then
    blame.raise(("bad argument 'path' (string expected, got %s)"):format(
      type(path)))
  end
  options = options or {}
  check.options(options, OPTIONS, "option")
  return file.load(path, { settings = options.settings, seed = options.seed,
    now = options.now or os.time, print = options.print or print,
    outside = outside })
end

return M
