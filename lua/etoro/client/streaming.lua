-- How a client's streams are opened: to where, and with whose keys; and how a
-- sealed client loses its keys.

local core = require "etoro.core"
local errors = require "etoro.errors"

local M = {}

--- A core client of the stream's origin, with the client's keys.
---@param settled table the client's options
---@param engine userdata
---@param keys_of? userdata one of that origin whose api_key it shares
---@return userdata? handle
---@return string|etoro.Error path
function M.core(settled, engine, keys_of)
  local url = settled.stream_url or os.getenv "ETORO_STREAM_URL"
    or settled.base.loopback and settled.base.origin:gsub("^http", "ws") .. "/ws"
    or "wss://ws.etoro.com/ws"
  local secure, host, path = url:match "^ws(s?)://([^/]+)(/.*)$"
  if not host then
    return nil, errors.invalid("stream_url",
      "must be wss://HOST/PATH, or ws:// on this machine")
  end
  local handle, message = engine:client { base_url = "http" .. secure .. "://"
    .. host, api_key = settled.api_key, user_key = settled.user_key,
    ca_file = settled.ca_file, proxy = settled.proxy,
    user_agent = settled.user_agent, connect_timeout = settled.connect_timeout,
    keys_of = keys_of }
  if not handle then return nil, errors.invalid("stream_url", message) end
  return handle, path
end

local function no_pair()
  return errors.new { kind = "auth", code = "no_credentials",
    message = "a stream's login takes an api_key and a user_key, which this "
      .. "client does not have or does not give away" }
end

-- A stream to a box in this process, by the box's clock. No socket, no address.
local function stream_inside(client, options, open_stream)
  local runtime, handle = client._runtime, client._core
  local keys = runtime.engine:credentials(handle)
  if not keys["x-api-key"] or not keys["x-user-key"] then
    return nil, no_pair()
  end
  return (open_stream(client, options, function()
    return runtime.open_way(handle)
  end))
end

-- Takes the secrets out of the options of a sealed client: the core has them.
local SECRETS = { "api_key", "user_key", "bearer", "proxy" }

--- Makes what a stream logs in with while the keys are there, for the origin
--- that this client's streams go to and no other, and forgets them.
---@param client etoro.Client
---@param settled table its options
---@param keys_of? etoro.Client the sealed one whose api_key it shares
function M.seal(client, settled, keys_of)
  local shared = keys_of and keys_of._streaming
  local has_pair = (settled.api_key or shared) and settled.user_key
  if has_pair and core.features().websocket and not client._runtime.open_way then
    local handle, path = M.core(settled, client._runtime.engine,
      shared and shared.handle)
    client._streaming = { handle = handle, path = path }
  end
  for _, name in ipairs(SECRETS) do settled[name] = nil end
end

--- Opens a stream; see client:stream.
---@param client etoro.Client
---@param options? etoro.StreamOptions
---@param open_stream function client/init's
---@return etoro.Stream? stream
---@return etoro.Error? err
function M.open(client, options, open_stream)
  local engine, settled = client._runtime.engine, client._settings
  if client._is_closed then return nil, errors.closed() end
  if client._runtime.open_way then
    return stream_inside(client, options, open_stream)
  end
  if not core.features().websocket then
    return nil, errors.new { kind = "invalid", code = "no_websocket",
      message = "this build has no streams: libwslay was not there" }
  elseif not client._streaming and not (settled.api_key and settled.user_key) then
    return nil, no_pair()
  end
  local handle, path
  if client._streaming then
    handle, path = client._streaming.handle, client._streaming.path
  else
    handle, path = M.core(settled, engine)
  end
  if not handle then return nil, path end
  return (open_stream(client, options, function()
    return engine:stream(handle, { target = path,
      open_timeout = settled.connect_timeout })
  end))
end

return M
