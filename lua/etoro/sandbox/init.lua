-- A stand-in for the eToro API on this machine. One model, deterministic
-- under its seed; the clock comes from outside. In-process through handle(),
-- or served over HTTP.

local box = require "etoro.sandbox.box"

---@class etoro.SandboxModule
local M = {}

--- Makes a sandbox; nothing is shared between two of them.
---@param options? table see options.lua for names and meaning
---@return etoro.Sandbox
function M.new(options)
  return (box.new(options))
end

--- Serves over HTTP on this machine until stopped; see http/serve.lua.
---@param options? table those of new, and host, port, on_ready, max_body
---@return true? done
---@return etoro.Error? err why it cannot be served
function M.serve(options)
  return require("etoro.sandbox.http.serve").run(options)
end

--- The same as an object to be stepped: server.url, server:step(seconds),
--- server:fd(), server:close().
---@param options? table
---@return table? server
---@return etoro.Error? err
function M.server(options)
  return require("etoro.sandbox.http.serve").open(options)
end

return M
