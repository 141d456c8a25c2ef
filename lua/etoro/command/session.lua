-- One run of the command: its arguments, its client, the question before real
-- money moves, and what has been carried out.

local core = require "etoro.core"
local errors = require "etoro.errors"
local etoro = require "etoro"
local exits = require "etoro.command.exits"
local key_trial = require "etoro.command.key_trial"
local output = require "etoro.command.output"
local rehearsal = require "etoro.command.rehearsal"
local terminal = require "etoro.command.terminal"
local waiting = require "etoro.command.waiting"
local words = require "etoro.command.words"

local tostring = core.text -- not up to the locale

--- What was carried out: it is told whatever comes after it.
---@class etoro.command.Done
---@field text string such as "order 5, reference a-b, was placed"
---@field rows? table[] { name, value } for people, at once
---@field shape? table|fun(): table what --json shows of it; an order's ids in it
---are told in the order of a failure as well
---@field columns? integer that their names take at least
---@field code? integer to end with, where it came to nothing after all
---@field is_quiet? boolean it is told only where something goes wrong

---@class etoro.command.Session
---@field args table what the parser made of the command line
---@field out etoro.command.Output
---@field waiting etoro.command.Waiting
---@field done? etoro.command.Done
---@field waits_itself? boolean a signal is looked for by who runs
local methods = {}
local mt = { __name = "etoro.command.session", __index = methods }
local M = {}

--- Makes a session of parsed arguments.
---@param args table
---@return etoro.command.Session
function M.new(args)
  rehearsal.check(args)
  return setmetatable({
    args = args, out = output.new(args.json, args.color, args.utc),
    waiting = waiting.new(),
  }, mt)
end

--- Writes a line for people on stderr, in a shell's words.
---@param text string
function methods:note(text)
  terminal.say(output.clean(words.shell(text, self.args)))
end

local function listener(self)
  local print_event = self.args.verbose and etoro.events.print {
    write = function(_, ...) terminal.say((table.concat { ... }:gsub("\n$", "")))
    end,
  }
  return function(event)
    if print_event then
      print_event(event)
    elseif event.kind == "warning" then
      self:note("warning: " .. event.message)
    end
    self.waiting:event(event)
  end
end

--- What hears the events of a client of this run.
---@return fun(event: table)
function methods:listener() return listener(self) end

--- Makes a client as the command line says.
---@param more? etoro.ClientOptions what it has beside that
---@return etoro.Client? client
---@return etoro.Error? err
function methods:make_client(more)
  local args = self.args
  if args.rehearse then
    return rehearsal.client(self, { account = args.real and "real" or "demo",
      dry_run = args.dry_run or nil, on_event = listener(self) })
  end
  local function wait(loop)
    self.waiting:look()
    terminal.wait(loop)
  end
  local options = {
    account = args.real and "real" or "demo", profile = args.profile,
    base_url = args.base_url,
    timeout = args.timeout, dry_run = args.dry_run or nil,
    on_event = listener(self),
    wait = not self.waits_itself and terminal.can_wait() and wait or nil,
  }
  for name, value in pairs(more or {}) do options[name] = value end
  local client, err = etoro.client(options)
  self.waiting.client = client or self.waiting.client
  return client, err and key_trial.named(err, options)
end

--- The client of this run, made when it is first asked for.
---@return etoro.Client
function methods:client()
  self._client = self._client or self:must(self:make_client())
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

local LOOK = "; look before doing it again"

--- Calls what changes something. Once it has, that is told whatever comes after
--- it, in these words until M.did has better ones. A signal meanwhile leaves
--- open whether it was done, which the message says, with the request's id.
---@param what string such as "the order"
---@param call function
---@return any value
---@return any err
function methods:change(what, call, ...)
  local ok, value, err = pcall(call, ...)
  if ok and value and not self.done then
    self:did { text = what .. " was carried out", is_quiet = true }
  end
  if ok then return value, err end
  local code, message = exits.caught(value)
  if self.done or code ~= exits.SIGINT and code ~= exits.SIGTERM then
    error(value, 0)
  end
  local id = self.waiting.last_write
  message = ("%s: %s may have been carried out%s%s"):format(message, what,
    id and " (request " .. id .. ")" or "", LOOK)
  exits.exit(code, message, { kind = "interrupted", message = message,
    request_id = id, may_have_executed = true })
end

--- Notes what was carried out, and says it: to people on stdout, or on stderr
--- where stdout does not take it or belongs to a program. Whatever happens
--- from now on, this decides the exit code. Raises nothing.
---@param done etoro.command.Done
function methods:did(done)
  output.keep()
  self.done = done
  if done.is_quiet then return end
  if self.args.json then
    self:note(done.text)
  elseif done.rows then
    self.out:fields(done.rows, done.columns)
    output.flush()
  end
end

--- Ends the command with an error of the client.
---@param err any
function methods:fail(err) -- luacheck: no self
  exits.exit(exits.code_of(err), tostring(err), errors.is(err) and err or nil)
end

--- Ends the command where the library itself knows that an operation cannot take
--- what was typed: before keys are looked for, and before anybody is asked.
---@param read fun(op: etoro.Operation, given: table): any, any of call/arguments
---@param op etoro.Operation
---@param given? table
function methods:see(read, op, given)
  local ok, value, err = pcall(read, op, given)
  if not ok then
    exits.exit(exits.USAGE, words.unplaced(tostring(value)))
  end
  if value == nil then self:fail(err) end
end

--- Whether this run's client can move real money. An address of this machine
--- may be a tunnel to the API.
---@return boolean
function methods:is_real()
  return self:client():environment() == "real"
end

-- What there is no demo of goes out without --real to this machine alone, where a
-- sandbox may be, or a tunnel to the API.
local function asks_without_real(session)
  if session.args.rehearse then return false end
  if not session:client():is_loopback() then
    exits.exit(exits.USAGE, "this moves real money: say --real if you mean it")
  end
  return true
end

--- Whether somebody is asked before real money moves.
---@param has_no_demo? boolean it moves real money, whichever account is meant
---@return boolean
function methods:asks(has_no_demo)
  local args = self.args
  if not self:is_real() and not (has_no_demo and asks_without_real(self)) then
    return false
  end
  return not args.yes and not args.dry_run
end

--- Asks before real money moves. The figures stand on stderr, so that stdout
--- stays what a program reads. Does not ask on a demo account, nor with
--- --yes; where nobody can answer, it ends the command.
---@param lines string[] what is about to happen, in words and figures
---@param has_no_demo? boolean it moves real money, whichever account is meant
function methods:confirm(lines, has_no_demo)
  if not self:asks(has_no_demo) then return end
  terminal.say(self:is_real() and "On your REAL account:"
    or "There is no demo of this; with a server that is no sandbox, REAL money:")
  for _, line in ipairs(lines) do terminal.say("  " .. output.clean(line)) end
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
