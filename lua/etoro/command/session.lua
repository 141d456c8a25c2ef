-- One run of the command: its arguments, its client, and the question before
-- real money moves.

local core = require "etoro.core"
local errors = require "etoro.errors"
local etoro = require "etoro"
local exits = require "etoro.command.exits"
local output = require "etoro.command.output"
local terminal = require "etoro.command.terminal"

local tostring = core.text -- not up to the locale

---@class etoro.command.Session
---@field args table what the parser made of the command line
---@field out etoro.command.Output
local methods = {}
local mt = { __name = "etoro.command.session", __index = methods }
local M = {}

--- Makes a session of parsed arguments.
---@param args table
---@return etoro.command.Session
function M.new(args)
  return setmetatable({
    args = args, out = output.new(args.json, args.color),
  }, mt)
end

local function show_event(event)
  if event.kind == "warning" then
    io.stderr:write("warning: ", output.clean(event.message), "\n")
  elseif event.kind == "waited" and terminal.is_terminal(2) then
    io.stderr:write(("waiting %s s for the rate limit or a resend...\n")
      :format(core.fixed(event.wait or 0, 0)))
  end
end

--- The client of this run, made when it is first asked for.
---@return etoro.Client
function methods:client()
  if self._client then return self._client end
  local args = self.args
  local client, err = etoro.client {
    account = args.real and "real" or "demo", base_url = args.base_url,
    timeout = args.timeout, dry_run = args.dry_run or nil,
    on_event = args.verbose and etoro.events.print(io.stderr) or show_event,
    wait = terminal.can_wait() and terminal.wait or nil,
  }
  self._client = self:must(client, err)
  return self._client
end

--- Ends the command with the error if there is no value.
---@param value any
---@param err? any
---@return any value
---@return any err the second value of a call that went well
function methods:must(value, err)
  if value == nil then self:fail(err) end
  return value, err
end

--- Calls what changes something; a signal meanwhile leaves open whether it
--- was done, which the message says.
---@param what string such as "the order"
---@param call function
---@return any value
---@return any err
function methods:change(what, call, ...) -- luacheck: no self
  local ok, value, err = pcall(call, ...)
  if ok then return value, err end
  local code, message = exits.caught(value)
  if code ~= exits.SIGINT and code ~= exits.SIGTERM then error(value, 0) end
  exits.exit(code, ("%s: %s may have been carried out; look before doing it"
    .. " again"):format(message, what))
end

--- Ends the command with an error of the client.
---@param err any
function methods:fail(err) -- luacheck: no self
  exits.exit(exits.code_of(err), tostring(err), errors.is(err) and err or nil)
end

--- Whether this run's client can move real money. An address of this machine
--- may be a tunnel to the API.
---@return boolean
function methods:is_real()
  return self:client()._account == "real"
end

--- Asks before real money moves. The figures stand on stderr, so that stdout
--- stays what a program reads. Does not ask on a demo account, nor with
--- --yes; where nobody can answer, it ends the command.
---@param lines string[] what is about to happen, in words and figures
function methods:confirm(lines)
  if not self:is_real() or self.args.yes or self.args.dry_run then return end
  io.stderr:write("On your REAL account:\n")
  for _, line in ipairs(lines) do
    io.stderr:write("  ", output.clean(line), "\n")
  end
  if not terminal.is_terminal(0) then
    exits.exit(exits.DECLINED, "nobody to ask: --yes goes on without asking;"
      .. " nothing was done")
  end
  io.stderr:write("Type yes to go on: ")
  io.stderr:flush()
  local answer = io.stdin:read()
  terminal.check_signal()
  if answer ~= "yes" then exits.exit(exits.DECLINED, "nothing was done") end
end

return M
