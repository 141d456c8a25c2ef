-- What comes with an answer: the response, which every call gives beside its
-- result.

local core = require "etoro.core"

local M = {}

---@class etoro.Response
---@field status integer 200 where nothing had to be asked, with 0 attempts
---@field headers table<string, string> names in lower case; made when asked for
---@field request_id string the x-request-id that was sent, or the call's own
---@field server_request_id? string
---@field attempts integer
---@field elapsed number seconds, with waits and resends
---@field warning? string something to look at although the call succeeded
---@field key? string of the call's own, in its query or body, by which the API
---knows it again
---@field meta? table what an answer holds besides its payload

-- The job that each response came with, for as long as there is the response.
local jobs = setmetatable({}, { __mode = "k" })

-- Few look at the headers: their table is made for those who do.
local function read_headers(response, name)
  local job = name == "headers" and jobs[response]
  if not job then return nil end
  local headers = job:headers()
  rawset(response, "headers", headers)
  return headers
end

local MADE = { __name = "etoro.response", __index = read_headers }

--- The response of a job that is done.
---@param job userdata
---@param status integer
---@param attempts integer
---@param elapsed number
---@param request_id string
---@return etoro.Response
function M.of_job(job, status, attempts, elapsed, request_id)
  local response = setmetatable({
    status = status, request_id = request_id, attempts = attempts,
    elapsed = elapsed,
  }, MADE)
  jobs[response] = job
  return response
end

--- A response where no answer is at hand: what is known of the call, which may
--- be an error that is none after all. Given nothing, that nothing was sent: what
--- was asked for is remembered.
---@param known? table|etoro.Error
---@return etoro.Response
function M.made(known)
  known = known or {}
  return setmetatable({
    status = known.status or 200, headers = {},
    request_id = known.request_id or core.uuid(),
    server_request_id = known.server_request_id,
    attempts = known.attempts or known.status and 1 or 0,
    elapsed = known.elapsed or 0,
  }, MADE)
end

return M
