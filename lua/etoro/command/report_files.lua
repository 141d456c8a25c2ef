-- Where --report is written to: looked at before anything runs, written when all has
-- been said.

local exits = require "etoro.command.exits"

local M = {}

--- Ends the command where the folder of --report is not there.
---@param session etoro.command.Session
function M.check(session)
  local path = session.args.report
  if not path then return end
  local folder = path:match "^(.*/)[^/]*$" or "./"
  local handle, problem = io.open(folder .. ".", "rb")
  if not handle then exits.exit(exits.FAILED, "--report: " .. problem) end
  handle:close()
end

--- Writes a page where --report asks for it.
---@param session etoro.command.Session
---@param kind { write: fun(about: table, path: string): true?, string? }
---@param about table what it is made of
function M.write(session, kind, about)
  local path = session.args.report
  if not path then return end
  local ok, message = kind.write(about, path)
  if not ok then exits.exit(exits.FAILED, "--report: " .. message) end
end

return M
