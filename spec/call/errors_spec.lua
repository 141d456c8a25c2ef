local core = require "etoro.core"
local errors = require "etoro.errors"
local failures = require "etoro.call.failures"
local json = require "etoro.values.json"
local operations = require "etoro.operations"

local LIST = operations["GET /api/v1/agent-portfolios"]
local CREATE = operations["POST /api/v2/agent-portfolios"]
local ONE_TOKEN = "/agent-portfolios/{agentPortfolioId}/user-tokens"
  .. "/{userTokenId}"
local UPDATE = operations["PATCH /api/v2" .. ONE_TOKEN]

-- The error for an answer of these bytes, as the client makes it.
local function reply(status, text, op, content_type)
  return failures.from_reply {
    status = status, text = core.hidden(text or ""), op = op,
    request_id = "ours", body = json.decode(text or ""),
    content_type = content_type or "application/json",
  }
end

describe("failures.from_reply #memory", function()
  it("reads every documented shape of body", function()
    local id = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
    local shapes = {
      { '{"errorCode":"C","errorMessage":"text"}' },
      { '{"code":"C","message":"text","requestId":"' .. id .. '"}', id },
      { '{"success":false,"error":{"code":"C","message":"text"}}' },
      { '{"success":false,"error":{"code":"C","message":"text"},'
        .. '"timestamp":"2026-01-01T00:00:00Z","requestId":"' .. id .. '"}',
        id },
      { '{"error":{"code":"C","message":"text","requestId":"' .. id .. '"}}',
        id },
      { '{"error":"C","error_description":"text"}' },
      { '{"errorCode":null,"code":"C","message":"text","requestId":null}' },
    }
    for _, shape in ipairs(shapes) do
      local err = reply(400, shape[1])
      assert.equal("C", err.code, shape[1])
      assert.equal("text", err.message, shape[1])
      assert.equal("invalid", err.kind)
      assert.equal(shape[2], err.server_request_id)
      assert.equal("ours", err.request_id)
      assert.equal(shape[1], err.response)
    end
  end)

  it("reads problem details", function()
    local err = reply(404, '{"type":"about:blank","title":"Not Found",'
      .. '"status":404,"detail":"No external operation was found"}')
    assert.equal("not_found", err.kind)
    assert.equal("http_404", err.code)
    assert.equal("No external operation was found", err.message)
    err = reply(400, '{"title":"One or more validation errors occurred.",'
      .. '"errors":{"expiresAt":["is in the past"]}}')
    assert.equal("One or more validation errors occurred.: expiresAt: is in"
      .. " the past", err.message)
    assert.equal("expiresAt", err.field)
  end)

  it("keeps what the API says of a field", function()
    local err = reply(422, '{"success":false,"error":{"code":'
      .. '"MAX_ALERTS_EXCEEDED","message":"too many","field":"rate",'
      .. '"value":1,"details":["a"]}}')
    assert.equal("rejected", err.kind)
    assert.equal("rate", err.field)
    assert.same({ "a" }, err.details)
  end)

  it("loses no words of lists, texts and faults by field", function()
    local B = "http_400"
    local shapes = {
      { '"the market is shut"', B, "the market is shut" },
      { "the market is shut", B, "the market is shut" },
      { "  Bad Request\r\n", B, "  Bad Request " },
      { '["first","second"]', B, "first; second" },
      { '[{"message":"first"},{"message":"second"}]', B, "first; second" },
      { '[{"code":"E1","field":"Amount","message":"too small"}]', "E1",
        "Amount: too small", "Amount" },
      { '{"errors":[{"field":"amount","message":"too small"},'
        .. '{"field":"leverage","message":"not offered"}]}', B,
        "amount: too small; leverage: not offered", "amount" },
      { '{"Errors":[{"Code":"E2","PropertyName":"Units",'
        .. '"ErrorMessage":"too many"}]}', "E2", "Units: too many", "Units" },
      { '{"title":"Invalid","errors":["one","two"]}', B, "Invalid: one; two" },
      { '{"message":"Invalid","errors":"one"}', B, "Invalid: one" },
      { '{"errors":{"b":["x","y"],"a":"z"}}', B, "a: z; b: x; b: y", "a" },
      { '{"errors":{"code":"E3","message":"shut"}}', "E3", "shut" },
      { '{"error":["one",{"message":"two"}]}', B, "one; two" },
      { '{"error":{"code":"E4","errors":[{"reason":"shut"}]}}', "E4", "shut" },
      { '{"Message":"The request is invalid."}', B, "The request is invalid." },
      { '{"ErrorCode":604,"ErrorMessage":"Insufficient funds"}', "604",
        "Insufficient funds" },
      { '["1","2","3","4","5","6","7"]', B, "1; 2; 3; 4; 5; and 2 more" },
    }
    for _, shape in ipairs(shapes) do
      local err = reply(400, shape[1], nil, "text/plain")
      assert.equal(shape[2], err.code, shape[1])
      assert.equal(shape[3], err.message, shape[1])
      assert.equal(shape[4], err.field, shape[1])
    end
  end)

  it("takes bytes, pages and broken objects for no words", function()
    for _, text in ipairs { "\1\2\3", "{broken", '"broken', "[1,", "<x/>" } do
      local err = reply(418, text)
      assert.is_nil(err.message:find("broken", 1, true), text)
      assert.is_nil(err.message:find "[%z\1-\31]")
    end
  end)

  it("reads a free text and a numeric code", function()
    local err = reply(400, '{"error":"something went wrong"}')
    assert.equal("http_400", err.code) -- a sentence is no code
    assert.equal("something went wrong", err.message)
    err = reply(400, '{"error":"invalid_grant"}')
    assert.same({ "invalid_grant", "invalid_grant" }, { err.code, err.message })
    assert.equal("741", reply(400, '{"errorCode":741}').code)
  end)

  it("finds words for an answer without a body", function()
    for status, kind in pairs { [400] = "invalid", [401] = "auth",
      [403] = "scope", [404] = "not_found", [405] = "invalid",
      [408] = "timeout", [409] = "conflict", [410] = "invalid",
      [413] = "invalid", [414] = "invalid", [415] = "invalid",
      [418] = "invalid", [422] = "rejected", [429] = "rate_limit",
      [500] = "server", [502] = "server", [503] = "server", [599] = "server"
    } do
      local err = reply(status, "")
      assert.equal(kind, err.kind)
      assert.equal("http_" .. status, err.code)
      assert.is_true(#err.message > 10)
      assert.is_nil(err.response)
      assert.equal(status, err.status)
    end
  end)

  it("survives values of odd types", function()
    for _, text in ipairs { "[]", "[1]", "5", '"x"', "null", "{", "true",
      '{"errorCode":{},"errorMessage":[1]}', '{"error":null}', '{"error":[]}',
      '{"errors":[]}', '{"errors":"x"}', '{"errors":{"a":{}}}',
      '{"code":true,"message":false,"requestId":{},"meta":[]}',
      '{"error":{"error":{}}}', "\255\254" } do
      local err = reply(400, text)
      assert.equal("http_400", err.code, text)
      assert.is_string(tostring(err))
    end
  end)

  it("tells a web page from the API's answer", function()
    local page = "\r\n<!DOCTYPE html><title>Attention Required!</title>"
    for _, status in ipairs { 200, 400, 401, 403, 404 } do
      local err = reply(status, page, nil, "text/html; charset=utf-8")
      assert.equal("protocol", err.kind)
      assert.equal("html", err.code)
      assert.matches("CDN or proxy", err.message)
      assert.matches("user_agent", err.hint)
      assert.equal(page, err.response)
    end
    assert.equal("html", reply(403, page).code)
    local err = reply(502, page, LIST, "text/html")
    assert.equal("server", err.kind)
    assert.equal("html", err.code)
    assert.is_true(err.retryable)
    assert.equal("rate_limit", reply(429, page, nil, "text/html").kind)
  end)

  it("names a redirect", function()
    local err = reply(302, "")
    assert.equal("protocol", err.kind)
    assert.equal("redirect", err.code)
    assert.matches("base_url", tostring(err))
  end)

  it("tells a rate limit from a limit that waiting does not lift", function()
    local err = reply(429, '{"errorCode":"TooManyRequests",'
      .. '"errorMessage":"Too many requests"}', CREATE)
    assert.equal("rate_limit", err.kind)
    assert.is_true(err.retryable)
    assert.is_false(err.may_have_executed)
    err = reply(429, '{"errorCode":"MaxUserTokensExceeded",'
      .. '"errorMessage":"Maximum number of user tokens exceeded"}', CREATE)
    assert.equal("rejected", err.kind)
    assert.is_false(err.retryable)
    assert.matches("revoke a token", tostring(err))
  end)

  it("says what may have happened, and when calling again may help",
    function()
      local function flags(status, op)
        local err = reply(status, "", op)
        return { err.retryable, err.may_have_executed }
      end
      assert.same({ true, false }, flags(500, LIST))
      assert.same({ true, true }, flags(503, UPDATE))
      assert.same({ false, true }, flags(500, CREATE))
      assert.same({ false, false }, flags(400, CREATE))
      assert.same({ false, false }, flags(401, LIST))
    end)

  it("says which scopes would do", function()
    local err = reply(403, '{"errorCode":"InsufficientPermissions",'
      .. '"errorMessage":"no"}', CREATE)
    assert.equal("scope", err.kind)
    assert.matches("etoro-public:agent-portfolio:write", tostring(err), 1,
      true)
    assert.is_string(tostring(reply(403, "")))
  end)

  it("shows the answer without secrets and marks, cut at 4096 bytes",
    function()
      local err = reply(400, '{"userToken":"sk_live_canary","n":'
        .. '9007199254740993,"s":"\\u0000k1","errorCode":"C"}')
      assert.equal('{"userToken":"****","n":9007199254740993,'
        .. '"s":"\\u0000k1","errorCode":"C"}', err.response)
      err = reply(400, '{"a":"' .. ("é"):rep(5000) .. '"}')
      assert.is_true(#err.response <= 4096 and #err.response > 4090)
      assert.is_number(utf8.len(err.response))
    end)

  it("keeps a server's text to one bounded line", function()
    local err = reply(400, '{"errorCode":"C","errorMessage":"a\\nb\\u0000c\\u001b'
      .. ("é"):rep(2000) .. '"}')
    assert.is_nil(tostring(err):find("%c"))
    assert.is_true(#err.message < 1010)
    assert.is_number(utf8.len(err.message))
  end)
end)

describe("failures.from_transport #memory", function()
  local CODES = {
    dns = "network", refused = "network", connect = "network",
    reset = "network", lost = "network", proxy = "network",
    timeout = "timeout", connect_timeout = "timeout", deadline = "timeout",
    certificate = "tls", handshake = "tls", ca_file = "tls",
    truncated = "protocol", too_large = "protocol", protocol = "protocol",
    bad_encoding = "protocol", bad_json = "protocol", html = "protocol",
    out_of_memory = "protocol", cancelled = "cancelled", closed = "closed",
    halted = "cancelled", rate_limited = "rate_limit",
  }

  it("has a kind and a sentence for every code", function()
    for code, kind in pairs(CODES) do
      local err = failures.from_transport { code = code, host = "api.test:443",
        detail = "the 100% detail", request_id = "ours" }
      assert.equal(kind, err.kind, code)
      assert.equal(code, err.code)
      assert.matches(": the 100% detail", err.message, 1, true)
      assert.is_nil(err.message:find("%s", 1, true))
      assert.equal("ours", err.request_id)
    end
  end)

  it("names host and option", function()
    local function text(code)
      return tostring(failures.from_transport { code = code, host = "api.test" })
    end
    assert.matches("api.test.*name server", text "dns")
    assert.matches("api.test refused the connection.*port", text "refused")
    assert.matches("certificate of api.test.*ca_file", text "certificate")
    assert.matches("max_body", text "too_large")
    assert.matches("timeout option", text "timeout")
    assert.matches("deadline option", text "deadline")
    assert.is_string(tostring(failures.from_transport { code = "dns" }))
    assert.equal("network", failures.from_transport { code = "new" }.kind)
  end)

  it("says when calling again is safe and may help", function()
    local function is_retryable(code, op, uncertain)
      return failures.from_transport { code = code, op = op,
        uncertain = uncertain }.retryable
    end
    assert.is_true(is_retryable("refused", CREATE))
    assert.is_true(is_retryable("dns", CREATE))
    assert.is_true(is_retryable("lost", LIST, true))
    assert.is_true(is_retryable("timeout", LIST, true))
    assert.is_false(is_retryable("lost", CREATE, true))
    assert.is_false(is_retryable("certificate", LIST))
    assert.is_false(is_retryable("too_large", LIST))
  end)

  it("calls no write safe to repeat that may have been carried out",
    function()
      for code in pairs(CODES) do
        for _, class in ipairs { "never", "keyed", "close" } do
          local op = { method = "POST", path = "/x", class = class }
          local err = failures.from_transport { code = code, op = op,
            uncertain = true }
          assert.is_true(err.may_have_executed, code)
          assert.is_false(err.retryable, code)
          err = failures.from_transport { code = code, op = op }
          assert.is_false(err.may_have_executed, code)
        end
      end
      -- one that ends in the same state may be, and so may reads
      local put = { method = "PUT", path = "/x", class = "safe" }
      local err = failures.from_transport { code = "lost", op = put,
        uncertain = true }
      assert.is_true(err.may_have_executed and err.retryable)
      err = failures.from_transport { code = "refused", op = LIST,
        uncertain = true }
      assert.is_false(err.may_have_executed)
      assert.is_true(err.retryable)
    end)

  it("says when a write may have been carried out", function()
    local function is_open(op, uncertain)
      return failures.from_transport { code = "lost", op = op,
        uncertain = uncertain }.may_have_executed
    end
    assert.is_true(is_open(CREATE, true))
    assert.is_true(is_open(UPDATE, true))
    assert.is_false(is_open(LIST, true))
    assert.is_false(is_open(CREATE, false))
  end)
end)

describe("an error object #memory", function()
  it("reads as a sentence", function()
    local err = reply(429, '{"errorCode":"TooManyRequests",'
      .. '"errorMessage":"Too many requests"}')
    assert.equal("rate_limit: TooManyRequests: Too many requests"
      .. " (HTTP 429, request ours)", tostring(err))
    assert.equal("auth: Unauthorized (HTTP 401, request ours)", (tostring(reply(401,
      '{"errorCode":"Unauthorized","errorMessage":"Unauthorized"}')):gsub("%. .*", "")))
    assert.equal("ipsWhitelist holds nothing",
      errors.invalid("ipsWhitelist", "holds nothing").message)
    assert.equal("invalid: a b", tostring(errors.invalid("a", "b")))
  end)

  it("joins with strings and numbers", function()
    local err = errors.invalid("a", "b")
    assert.equal("failed: invalid: a b!", "failed: " .. err .. "!")
    assert.equal("1invalid: a b", 1 .. err)
    assert.equal("invalid: a binvalid: a b", err .. err)
  end)

  it("is told from other tables", function()
    assert.is_true(errors.is(errors.closed()))
    for _, other in ipairs { {}, "x", 5, { kind = "closed" } } do
      assert.is_false(errors.is(other))
    end
    assert.is_false(errors.is(nil))
  end)

  it("says what a lost answer means", function()
    local err = errors.unknown_outcome { request_id = "ours", started = 5 }
    assert.equal("unknown_outcome", err.kind)
    assert.is_true(err.may_have_executed)
    assert.is_false(err.retryable)
    assert.matches("before doing it again", tostring(err))
  end)
end)
