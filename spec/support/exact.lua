-- What went over the wire, byte for byte, from the sandbox's record.
local assert = require "luassert"

local M = {}

-- Headers that every request has, besides those of libcurl's own.
local function check_headers(headers, body, user_key)
  assert.equal("sandbox-api-key", headers["x-api-key"])
  assert.equal(user_key or "sandbox-user-key", headers["x-user-key"])
  assert.equal("application/json", headers.accept)
  assert.matches("^%x%x%x%x%x%x%x%x%-%x%x%x%x%-4%x%x%x%-[89ab]%x%x%x%-"
    .. "%x%x%x%x%x%x%x%x%x%x%x%x$", headers["x-request-id"])
  assert.is_nil(headers.authorization)
  assert.equal(body and "application/json" or nil, headers["content-type"])
  assert.is_nil(headers.expect)
  assert.is_nil(headers["transfer-encoding"])
  if body then
    assert.equal(tostring(#body), headers["content-length"])
  end
end

--- Asserts the requests that arrived since the last call: a list of
--- { "METHOD path?query", body } with body nil where there must be none.
--- Gives the x-request-id of the last one.
function M.requests(server, expected, user_key)
  local arrivals = server:arrivals()
  server:clear()
  local seen = {}
  for i, request in ipairs(arrivals) do
    local query = request.query ~= "" and "?" .. request.query or ""
    local body = request.body ~= "" and request.body or nil
    seen[i] = { request.method .. " " .. request.path .. query, body }
    check_headers(request.headers, body, user_key)
  end
  assert.same(expected, seen)
  return arrivals[#arrivals].headers["x-request-id"]
end

--- The same for exactly one request.
function M.request(server, line, body, user_key)
  return M.requests(server, { { line, body } }, user_key)
end

return M
