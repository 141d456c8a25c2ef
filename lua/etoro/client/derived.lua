-- Clients that are made from another: what an agent portfolio's token opens, and
-- those whose writes pass a gate.

local blame = require "etoro.values.blame"
local client_options = require "etoro.client.options"
local errors = require "etoro.errors"

local M = {}

-- What a derived client takes over from its parent unless it is given.
local INHERITED = {
  "timeout", "deadline", "connect_timeout", "max_retries", "max_connections",
  "max_body", "ca_file", "proxy", "user_agent", "rate_limit", "on_unknown",
  "wait", "on_event", "base_url", "dry_run", "instrument_cache",
  "journal", "seal", "rails", "stream_url", "orders_api",
}

-- Where a key goes, and whose it is: fixed where that key cannot be seen.
local function check_sealed(options)
  for _, name in ipairs { "api_key", "api_key_file", "proxy", "ca_file",
    "seal" }
  do
    if options[name] ~= nil then
      blame.raise(("option '%s' is that of the client the token comes from,"
        .. " which is sealed"):format(name))
    end
  end
end

--- Makes one.
---@param parent etoro.Client
---@param options etoro.ClientOptions
---@param user_key string|userdata
---@param check function client/init's
---@param open function the same
---@return etoro.Client? client
---@return etoro.Error? err
function M.derive(parent, options, user_key, check, open)
  local merged, of = {}, parent._settings
  if of.seal then check_sealed(options) end
  for _, name in ipairs(INHERITED) do merged[name] = of[name] end
  if not options.api_key_file then merged.api_key = of.api_key end
  merged.user_key = user_key
  if options.base_url then
    blame.raise("a token belongs to the API that made it: token:client takes no"
      .. " base_url")
  end
  for name, value in pairs(options) do merged[name] = value end
  local is_keyed = of.seal and of.has_api_key
  if not merged.api_key and not merged.api_key_file and not is_keyed then
    return nil, errors.new {
      kind = "auth", code = "no_credentials",
      message = "a token goes out beside the application's api_key, which"
        .. " this client does not have: give api_key to token:client",
    }
  end
  local settled, err = client_options.settle(merged, is_keyed)
  if not settled then return nil, err end
  check(settled)
  local client
  client, err = open(settled, parent._engine or nil, parent, is_keyed and parent or nil)
  if client then client._gate, client._tag = parent._gate, parent._tag end
  return client, err
end

-- One gate behind the other.
local function both(outer, gate)
  return outer and function(op, body)
    local err = outer(op, body)
    return err or gate(op, body)
  end or gate
end

--- What a client is that passes a gate, without its metatable.
---@param client etoro.Client
---@param gate etoro.Gate
---@param tag string
---@return table view
function M.guarded(client, gate, tag)
  local view = {}
  for name, value in next, client do
    if name:find "^_" then view[name] = value end -- resources are made anew
  end
  view._gate, view._tag, view._seen_from = both(client._gate, gate), tag, client
  return view
end

return M
