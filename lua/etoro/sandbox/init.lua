-- A stand-in for the eToro API on this machine. One model, deterministic
-- under its seed; the clock comes from outside. In-process through handle(),
-- or served over HTTP.

local box = require "etoro.sandbox.box"

---@class etoro.SandboxServeOptions: etoro.SandboxOptions
---@field host? string 127.0.0.1 unless given
---@field port? integer 0: any that is free
---@field max_body? integer bytes of a request
---@field on_ready? fun(url: string, server: etoro.SandboxServer) called once it listens

---@class etoro.SandboxServer
---@field url string
---@field step fun(self: etoro.SandboxServer, seconds?: number)
---@field fd fun(self: etoro.SandboxServer): integer
---@field close fun(self: etoro.SandboxServer)
---@field [string] any its parts, for specs

---@class etoro.SandboxModule
local M = {}

--- Makes a sandbox; nothing is shared between two of them.
---@param options? etoro.SandboxOptions
---@return etoro.Sandbox
function M.new(options)
  return (box.new(options))
end

--- Serves over HTTP on this machine until stopped; see http/serve.lua.
---@param options? etoro.SandboxServeOptions
---@return true? done
---@return etoro.Error? err why it cannot be served
function M.serve(options)
  return require("etoro.sandbox.http.serve").run(options)
end

--- The same as an object to be stepped: server.url, server:step(seconds),
--- server:fd(), server:close().
---@param options? etoro.SandboxServeOptions
---@return etoro.SandboxServer? server
---@return etoro.Error? err
function M.server(options)
  return require("etoro.sandbox.http.serve").open(options)
end

return M
