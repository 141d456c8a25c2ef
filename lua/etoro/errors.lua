-- The one shape of failure: what a call gives as its second value.

local core = require "etoro.core"

local tostring = core.text -- not up to the locale

local M = {}

---@class etoro.Error
---@field kind string network, tls, timeout, rate_limit, auth, scope,
---not_found, conflict, invalid, rejected, server, protocol, unknown_outcome,
---cancelled or closed
---@field code string the API's own code, or ours
---@field message string a sentence for people
---@field hint? string what to do about it, where the message does not say
---@field status? integer HTTP status
---@field request_id? string the x-request-id that was sent
---@field key? string the call's own key in its query or body, where it has one
---@field server_request_id? string the id the server put into its answer
---@field retryable boolean calling again is safe and may help
---@field may_have_executed boolean the API may have done it all the same
---@field response? string the answer, secrets masked, cut to 4096 bytes
---@field field? string the argument or body field that is at fault
---@field details? any what the API adds about that field
---@field asked? table of an unknown outcome: operation, params, body
---@field evidence? table of it, too: lookups made, and what of the account
---(orders, positions) may be its work
local mt = { __name = "etoro.error" }

function mt.__tostring(err)
  local text = err.kind .. ": "
  local code = err.code
  if code ~= err.kind and code ~= "invalid_argument" and code ~= err.message then
    text = text .. code .. ": "
  end
  text = text .. err.message
  local facts = {}
  if err.status then facts[1] = ("HTTP %d"):format(err.status) end
  if err.request_id then facts[#facts + 1] = "request " .. err.request_id end
  if #facts > 0 then
    text = text .. " (" .. table.concat(facts, ", ") .. ")"
  end
  if err.hint then text = text .. ". " .. err.hint end
  return text
end

function mt.__concat(left, right)
  return tostring(left) .. tostring(right)
end

-- What moves a cursor, colours something or turns letters around: control
-- characters, in UTF-8 the second set of them, marks and overrides of direction,
-- and the mark of an order of bytes.
local HIDDEN = { "[%z\1-\31]", "\127", "\194[\128-\159]", "\216\156",
  "\226\128[\142\143\168-\174]", "\226\129[\166-\169]", "\239\187\191" }

local NAMED = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function as_escape(character)
  return NAMED[character] or ("\\u%04x"):format(utf8.codepoint(character))
end

--- A text in which each character that a terminal would act upon is seen as its
--- escape, \u001b say.
---@param text string
---@param is_json? boolean it is JSON, which has the first set escaped
---@return string
function M.escaped(text, is_json)
  for i = is_json and 2 or 1, #HIDDEN do text = text:gsub(HIDDEN[i], as_escape) end
  return text
end

local function bounded(text, max)
  if not max or #text <= max then return text end
  return (text:sub(1, max):gsub("[\192-\255]?[\128-\191]*$", "")) .. "..."
end

--- Makes a text fit for one line: blanks for control characters, bounded, and not
--- cut inside a character.
---@param text string
---@param max? integer bytes
---@return string
function M.one_line(text, max)
  text = text:gsub("[%z\1-\31\127]+", " ")
  for i = 3, #HIDDEN do text = text:gsub(HIDDEN[i], " ") end
  return bounded(text, max)
end

--- The same for what a server says: what it would do to a terminal can be seen.
---@param text string
---@param max? integer bytes
---@return string
function M.said(text, max)
  return bounded(M.escaped((text:gsub("[\t-\r]+", " "))), max)
end

--- Makes an error object from its fields; kind and message are needed.
---@param fields table
---@return etoro.Error
function M.new(fields)
  fields.code = fields.code or fields.kind
  fields.retryable = fields.retryable or false
  fields.may_have_executed = fields.may_have_executed or false
  return setmetatable(fields, mt)
end

--- Tells an error object of this module from any other value.
---@param value any
---@return boolean
function M.is(value)
  return getmetatable(value) == mt
end

--- A value that cannot be sent.
---@param field? string the argument or body field
---@param message string follows the field's name
---@return etoro.Error
function M.invalid(field, message)
  return M.new {
    kind = "invalid", code = "invalid_argument", field = field,
    message = field and field .. " " .. message or message,
  }
end

--- What was asked for is not in an answer.
---@param message string
---@param response etoro.Response the answer
---@return etoro.Error
function M.not_found(message, response)
  return M.new {
    kind = "not_found", code = "not_found", message = message,
    request_id = response.request_id,
    server_request_id = response.server_request_id,
  }
end

--- Something is over: the client, a portfolio or a token.
---@param code? string "closed", "deleted", "revoked"
---@param message? string
---@return etoro.Error
function M.closed(code, message)
  return M.new {
    kind = "closed", code = code or "closed",
    message = message or "the client is closed; make a new one",
  }
end

--- A write whose answer never came, and which may or may not have happened.
---@param fields table request_id, started, message, code, response...
---@return etoro.Error
function M.unknown_outcome(fields)
  fields.kind = "unknown_outcome"
  fields.may_have_executed = true
  fields.retryable = false
  fields.message = fields.message
    or "the answer was lost, and the API may have done it all the same"
  fields.hint = fields.hint
    or "Look at the account before doing it again"
  return M.new(fields)
end

--- An answer that was understood as JSON but is not what the API documents.
--- After what is not to be done twice it is as good as none.
---@param what string what is missing, as the message
---@param response? etoro.Response the answer it was found in
---@param op? etoro.Operation
---@return etoro.Error
function M.unexpected(what, response, op)
  response = response or {}
  local fields = {
    kind = "protocol", code = "unexpected_body", message = what,
    status = response.status, request_id = response.request_id,
    server_request_id = response.server_request_id,
    may_have_executed = op ~= nil and op.method ~= "GET",
  }
  if op and op.class and op.class ~= "safe" then
    return M.unknown_outcome(fields)
  end
  return M.new(fields)
end

return M
