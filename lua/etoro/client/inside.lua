-- What modules ask a client, so that none of them has to know what it is made
-- of. Users are promised none of this but `now` and `unix`.

local await = require "etoro.tasks.await"
local loaded = require "etoro.tasks.loaded"

---@class etoro.ClientInside
local inside = {}

--- The time on the client's clock, the world's or a box's: seconds that nobody
--- sets back, for spans.
---@return number
function inside:now() return self._runtime.engine:now() end

--- The time of day, on the same clock.
---@return number seconds since 1970
function inside:unix() return self._runtime.engine:unix() end

--- A text with asterisks for the client's own keys.
---@param text string
---@return string
function inside:masked(text) return self._core:masked(text) end

--- Lets time pass while other calls go on, for modules that go by tasks.
---@param seconds number
function inside:pause(seconds)
  loaded.waiting.pause(self._waiter, seconds)
end

--- The seconds that a call with these options may take in all.
---@param options? etoro.RequestOptions
---@return number
function inside:deadline(options)
  return options and options.deadline or self._settings.deadline
end

--- What to do about an order that is not known to have been placed.
---@param options? etoro.RequestOptions
---@return "resend"|"report"|nil
function inside:on_unknown(options)
  return options and options.on_unknown or self._settings.on_unknown
end

--- Whose trading routes are used. (`account` is a resource.)
---@return "demo"|"real"
function inside:environment() return self._account end

--- Which version of the API its orders go by.
---@return "v2"|"v3"
function inside:orders_api() return self._settings.orders_api end

--- Which of the two APIs it speaks.
---@return "public"|"sor-v3"
function inside:api() return self._api end

--- Where requests go, as it was given.
---@return string
function inside:base_url() return self._settings.base_url end

--- Scheme, host and port of the base URL.
---@return string
function inside:origin() return self._settings.base.origin end

--- Whether that is an address of this machine: a sandbox's, or a tunnel's end.
---@return boolean
function inside:is_loopback() return self._loopback or false end

--- How many connections there may be to one host.
---@return integer
function inside:max_connections() return self._settings.max_connections end

--- What is said about the instruments to remember.
---@return etoro.InstrumentCacheOptions|boolean|nil
function inside:instrument_cache() return self._settings.instrument_cache end

--- Where orders and closes are written to before they are sent.
---@return etoro.Journal?
function inside:journal() return self._journal or nil end

--- Notes in the journal, where there is one, what a call came to whose answer did
--- not tell, or not all.
---@param id string? request id
---@param outcome table state, and what is known of ids and code
function inside:settle(id, outcome)
  if self._journal and id then self._journal:settle(id, outcome) end
end

--- Says what the account is worth, for the rails: a day begins with the first look.
---@param equity? number nil where it cannot be told
function inside:worth(equity)
  if not self._rails or not equity then return end
  local ok, err = self._rails:worth(equity)
  if not ok then self:warn(nil, err.message) end
end

--- What the rails, where there are any, would refuse an order for now, which nobody
--- has sent yet: nothing is counted.
---@param body table
---@return etoro.Error? err
function inside:refusal_of_rails(body)
  return self._rails and self._rails:refusal(body) or nil
end

--- Whether client:close was called.
---@return boolean
function inside:is_closed()
  local of = self._seen_from or self
  return of._is_closed
end

--- The engine's runtime, the same one for all clients on it.
---@return etoro.Runtime
function inside:runtime() return self._runtime end

--- What waits for its jobs.
---@return etoro.Waiter
function inside:waiter() return self._waiter end

--- Tells whoever listens to events of something, and, where a response is
--- given, its reader.
---@param response etoro.Response?
---@param message string
function inside:warn(response, message)
  if response then
    response.warning = response.warning and response.warning .. "; " .. message
      or message
  end
  await.warn(self._waiter, message, response and response.request_id)
end

return inside
