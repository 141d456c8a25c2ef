-- What a job's outcome means: the one place that reads it, for calls of the API
-- and for those to an OAuth server.

local later = require "etoro.values.later"
local limits = require "etoro.values.limits"
local call_response = require "etoro.call.response"

local M = {}

-- Most calls succeed.
local failures = later("etoro.values.spelling", "etoro.values.error_numbers",
  "etoro.call.error_body",
  "etoro.call.failures")

---@class etoro.Asker what is to be known of who made the call
---@field host string that it went to
---@field runtime etoro.Runtime
---@field note? string for an error whose call may have been carried out
---@field hint? string for the same
---@field is_secret? boolean no error shows anything but a refusal

local NOTE = "it may have been carried out all the same"
local SHOWN = limits.error_shown_max
local HINT = "Look at the account before doing it again"

--- Makes an error that leaves open whether the call was carried out.
---@param asker etoro.Asker
---@param op etoro.Operation
---@param job userdata
---@param err etoro.Error
---@return etoro.Error err
function M.doubt(asker, op, job, err)
  err.kind, err.retryable, err.may_have_executed = "unknown_outcome", false,
    true
  err.message = ("%s %s: %s; %s"):format(op.method, op.path, err.message,
    asker.note or NOTE)
  err.hint = asker.hint or HINT
  err.started, err.ended = job:started(), asker.runtime.engine:now()
  return err
end

-- What stands in an answer that is none.
local function reply_of(op, job, status)
  local body = job:decode(false, true) or nil
  return {
    status = status, text = job:body(SHOWN), op = op, body = body,
    request_id = job:request_id(), content_type = job:header("content-type"),
  }
end

--- The error for a 2xx that cannot be used.
---@param asker etoro.Asker
---@param op etoro.Operation
---@param job userdata
---@param status integer
---@param detail string what is wrong with it
---@return etoro.Error
function M.unusable(asker, op, job, status, detail)
  local text = not asker.is_secret and job:body(SHOWN) or nil
  local page = text and failures().from_reply {
    status = status, text = text, op = op, request_id = job:request_id(),
    content_type = job:header("content-type"),
  }
  local is_page = page and page.code == "html"
  if is_page and op.class == "safe" then
    page.may_have_executed = op.method ~= "GET"
    return page
  end
  local err = failures().from_transport {
    code = is_page and "html" or "bad_json", detail = detail, text = text,
    host = asker.host, status = status, op = op,
    request_id = job:request_id(), uncertain = true, -- its status says done
  }
  return op.class == "safe" and err or M.doubt(asker, op, job, err)
end

local function server_id(body)
  if type(body) ~= "table" then return nil end
  local meta, id = body.meta, body.requestId
  if meta == nil and id == nil then return nil end -- as most say
  if type(meta) == "table" then id = meta.requestId end
  return type(id) == "string" and id or nil
end

-- What a 2xx holds. An empty body is true.
local function read_success(asker, op, job, response, keep_null)
  local body, message = job:decode(keep_null)
  if body == nil and message then
    return nil, M.unusable(asker, op, job, response.status, message)
  end
  if body == nil then return true, response end
  local id = server_id(body)
  if id then response.server_request_id = id end
  return body, response
end

--- Reads the outcome of a job that is done.
---@param asker etoro.Asker
---@param op etoro.Operation
---@param job userdata
---@param keep_null? boolean
---@return any result decoded answer; true when it has no body
---@return etoro.Response|etoro.Error
---@return boolean? is_refusal an error that an answer says
function M.read(asker, op, job, keep_null)
  local status, code, attempts, elapsed, is_uncertain, is_sent, ran_before,
    detail, request_id = job:outcome(true)
  local result, err
  if not code and status >= 200 and status < 300 then
    local response = call_response.of_job(job, status, attempts, elapsed,
      request_id)
    result, err = read_success(asker, op, job, response, keep_null)
    if result == nil then err.attempts = attempts end
    return result, err
  end
  if not code then
    err = failures().from_reply(reply_of(op, job, status))
    if status == 404 and op.method == "DELETE" and ran_before
        and err.code ~= "html" then
      -- an attempt whose answer was lost has done it
      return true, call_response.of_job(job, status, attempts, elapsed, request_id)
    end
  else
    err = failures().from_transport {
      code = code, detail = detail, host = asker.host, op = op,
      status = status > 0 and status or nil, request_id = request_id,
      text = not asker.is_secret and job:body(SHOWN) or nil,
      uncertain = is_uncertain or is_sent or ran_before,
    }
    -- what is not to be repeated has left: that is enough
    is_uncertain = (is_uncertain or is_sent and op.class == "once")
      and code ~= "cancelled" and code ~= "closed"
  end
  if is_uncertain then M.doubt(asker, op, job, err) end
  err.attempts = attempts
  if ran_before and op.method ~= "GET" then err.may_have_executed = true end
  return nil, err, not code
end

return M
