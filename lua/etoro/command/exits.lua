-- What the command ends with, for scripts that look at $?.

local M = {
  OK = 0, FAILED = 1, USAGE = 2, CREDENTIALS = 3, NOT_FOUND = 4,
  UNREACHABLE = 5, RATE_LIMIT = 6, UNKNOWN = 7, DECLINED = 8, DONE = 9,
  RUN = 10,
  SIGINT = 130, SIGPIPE = 141, SIGTERM = 143,
}

local BY_KIND = {
  auth = M.CREDENTIALS, scope = M.CREDENTIALS, not_found = M.NOT_FOUND,
  network = M.UNREACHABLE, tls = M.UNREACHABLE, timeout = M.UNREACHABLE,
  server = M.UNREACHABLE, rate_limit = M.RATE_LIMIT,
  unknown_outcome = M.UNKNOWN, invalid = M.USAGE,
}

-- What JSON calls an end that is no error of the client's.
local KINDS = {
  [M.USAGE] = "usage", [M.CREDENTIALS] = "auth", [M.NOT_FOUND] = "not_found",
  [M.DECLINED] = "declined", [M.SIGINT] = "interrupted",
  [M.SIGTERM] = "interrupted",
}

-- Codes of what is refused before it is sent, because the account or the
-- instrument does not allow it, or there is no place for it here: that was not
-- typed wrongly.
local REFUSALS = { "ambiguous_symbol", "amount_too_small", "direction_not_allowed",
  "expired", "exposure_too_small", "leverage_not_offered", "limit_too_far",
  "market_closed", "mit_not_allowed", "no_folder", "not_an_opening", "open_not_allowed",
  "quantity_type", "settlement_not_offered", "stop_loss_bounds", "stop_on_wrong_side",
  "stops_not_allowed", "take_profit_bounds", "too_many_units", "trailing_not_allowed",
  "unknown_instrument", "unknown_symbol", "unwritable", "whole_units" }
local IS_REFUSAL = {}
for _, code in ipairs(REFUSALS) do IS_REFUSAL[code] = true end

-- Codes of what is wrong in a file that was named rightly.
local OF_FILES = { callback = true, data = true, strategy = true }

local mt = { __name = "etoro.command.exit" }

--- Whether an error is of what stands in a file: how the command is used says
--- nothing about it.
---@param err any
---@return boolean
function M.is_of_file(err)
  return type(err) == "table" and OF_FILES[err.code] == true
end

--- The exit code for an error of the client. What may have been done is never
--- told as if nothing was.
---@param err any
---@return integer
function M.code_of(err)
  if type(err) ~= "table" then return M.FAILED end
  if err.may_have_executed then return M.UNKNOWN end
  if err.kind == "invalid" and (err.status or IS_REFUSAL[err.code]) then
    return M.FAILED
  end
  return BY_KIND[err.kind] or M.FAILED
end

--- Ends the command: raises what M.caught knows again.
---@param code integer
---@param message? string for stderr
---@param err? etoro.Error|table what it is about, as JSON shows it
function M.exit(code, message, err)
  error(setmetatable({ code = code, message = message, err = err }, mt), 0)
end

--- The code, message and error of a raised value that came from M.exit.
---@param value any
---@return integer?, string?, etoro.Error?
function M.caught(value)
  if getmetatable(value) ~= mt then return nil end
  return value.code, value.message, value.err
end

--- What --json shows of a failure.
---@param code integer
---@param message? string
---@param err? etoro.Error
---@return table
function M.shown(code, message, err)
  if not err then
    return { kind = KINDS[code] or "failed", message = message }
  end
  return {
    kind = err.kind, code = err.code, message = err.message, hint = err.hint,
    status = err.status, request_id = err.request_id, field = err.field,
    may_have_executed = err.may_have_executed,
  }
end

return M
