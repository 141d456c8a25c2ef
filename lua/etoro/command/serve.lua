-- etoro serve --stdio: the account for programs in other languages.

local audit = require "etoro.serve.audit"
local etoro = require "etoro"
local exits = require "etoro.command.exits"
local folders = require "etoro.values.folders"
local run_files = require "etoro.command.run_files"
local run_limits = require "etoro.values.run_limits"
local serve = require "etoro.serve"
local terminal = require "etoro.command.terminal"

local M = {}

local function usage(message, ...)
  exits.exit(exits.USAGE, message:format(...))
end

local function audit_path(args)
  if args.audit then return args.audit end
  local folder, message = folders.of "XDG_STATE_HOME"
  if not folder then usage("%s: give --audit FILE", message) end
  folders.make(folder)
  return folder .. "/serve.jsonl"
end

-- The program's own file: nobody else reads what was traded.
local function open_audit(session, path)
  terminal.create_private(path)
  return session:must(audit.open(path))
end

-- What a client for programs is made of: rails, and a journal behind them.
local function options_of(args, path)
  if not args.rails then return {} end
  if args.real and not args.yes then
    usage "nobody is here to ask: tools that write on the real account take --yes"
  end
  return { rails = run_files.read_rails(args.rails),
    journal = args.journal or path .. ".journal" }
end

local function make_client(session, path)
  local client, err = session:make_client(options_of(session.args, path))
  if not client and err.code == "journal" and err.kind == "conflict" then
    err.hint = "--journal FILE gives this server another"
  end
  return client, err
end

-- What stands for a line that is too long to be kept.
local TOO_LONG = (" "):rep(run_limits.serve_line_max + 1)

-- Hands over the line that is whole now; the last one may lack its end.
local function hand_over(server, buffer)
  local is_kept = buffer.size <= run_limits.serve_line_max
  server:line(is_kept and table.concat(buffer) or TOO_LONG)
  for i = #buffer, 1, -1 do buffer[i] = nil end
  buffer.size = 0
end

-- Lines as they come, in pieces.
local function take(server, buffer, text)
  for piece, stop in text:gmatch "([^\n]*)(\n?)" do
    buffer.size = buffer.size + #piece
    if buffer.size <= run_limits.serve_line_max then buffer[#buffer + 1] = piece end
    if stop ~= "" then hand_over(server, buffer) end
  end
end

-- Stdin has ended: nobody asks any more, and who asked last may still read.
local function close(server, buffer)
  if buffer.size > 0 then hand_over(server, buffer) end
  etoro.spawn(function()
    etoro.sleep(run_limits.serve_patience)
    server:stop()
  end)
end

-- Ends once stdin has ended, or a signal came, or nobody reads, and all calls are
-- over. What writes is followed to its end.
local function drive(server, reader)
  local loop, buffer, is_open, is_given_up = etoro.loop(), { size = 0 }, true, false
  while is_open or server:busy() > 0 do
    terminal.wait_input(loop, is_open and 0 or -1)
    local text = is_open and terminal.read_some(0)
    if text then
      take(server, buffer, text)
    elseif is_open then
      is_open = false
      close(server, buffer)
    end
    if not is_given_up and (terminal.signal() or reader.is_gone) then
      is_open, is_given_up = false, true
      server:stop()
    end
    loop:step()
  end
end

---@param session etoro.command.Session
function M.serve(session)
  local args = session.args
  if not args.stdio then usage "serve speaks on stdin and stdout: give --stdio" end
  if not terminal.can_wait() then
    exits.exit(exits.FAILED, "this machine's build has no part for the terminal")
  end
  session.waits_itself = true
  local path = audit_path(args)
  local client = session:must(make_client(session, path))
  client:load() -- it may go on for months, and what it was loaded from may go
  local kept = open_audit(session, path)
  local reader = {}
  drive(serve.new { client = client, writes = args.rails ~= nil,
    audit = function(entry) return kept:write(entry) end,
    write = function(line)
      reader.is_gone = reader.is_gone or not io.stdout:write(line, "\n")
        or not terminal.flush_output()
    end }, reader)
  kept:close()
end

return M
