-- No block that was given back holds a secret, and none is left in one that
-- is in use, nor on the stack: spec/hosts/wipes.c looks.
local cjson = require "cjson"
local core = require "etoro.core"
local process = require "spec.support.process"
local program = require "spec.support.program"
local recorder = require "spec.support.recorder"

-- Made anew each time, with what forms and JSON have to escape.
local function canary(name)
  return ("%s+%s/%s=="):format(name, core.random_token(12):reveal(),
    core.random_token(12):reveal())
end

local HEAD = [[
  local url, folder, API, USER, TOKEN, OTHER = ...
  local on_stack = wipes.on_stack
  wipes.watch(API, USER, TOKEN, OTHER)

  local function file(name, text)
    local f = assert(io.open(folder .. "/" .. name, "wb"))
    f:write(text)
    f:close()
    assert(require "luv".fs_chmod(folder .. "/" .. name, 384))
    return folder .. "/" .. name
  end

  local function connect(options)
    options.base_url = options.base_url or url
    options.rate_limit = false
    options.max_retries = options.max_retries or 0
    return on_stack(function() return assert(etoro.client(options)) end)
  end

  local function ask(c, request)
    return on_stack(function() return c:request(request) end)
  end

  local function close(c)
    on_stack(function() c:close() end)
    wipes.check "a client that is closed"
  end

  -- Calls fn, and looks when all that it has held is gone.
  local function scene(what, fn)
    fn()
    wipes.check(what)
    collectgarbage()
    collectgarbage()
    wipes.check(what .. ", when it is gone", true)
  end
]]

describe("nothing is left of #memory", function()
  local server, folder, secrets

  setup(function() server = recorder.start() end)
  teardown(function() server:stop() end)

  before_each(function()
    server:clear()
    server:set { default = cjson.null, on_connect = cjson.null }
    folder = process.scratch()
    secrets = { canary "api", canary "user", canary "token", canary "other" }
  end)

  after_each(function() process.remove(folder) end)

  local function host(code)
    return process.run(program.wipes(HEAD .. code, server.url, folder,
      table.unpack(secrets)))
  end

  local function runs(code)
    local done = host(code)
    assert.same({ "", 0, 0 }, { done.stderr, done.code, done.signal })
  end

  -- An answer that mints tokens, the second with its characters escaped.
  local function minted(more)
    local escaped = secrets[4]:gsub("[%w+]", function(char)
      return ("\\u%04x"):format(char:byte())
    end)
    return ('{"agentPortfolioId":"p1","agentPortfolioName":"x",'
      .. '"userTokens":[{"userTokenId":"t1","userToken":"%s"},'
      .. '{"userTokenId":"t2","userToken":"%s"}],'
      .. '"note":"{\\"userToken\\":\\"%s\\"}"%s}'):format(secrets[3],
      escaped, secrets[4], more)
  end

  local LARGE = (',"more":"%s"'):format(("large "):rep(60000))

  it("what is there, which the spec's own means find", function()
    for text, said in pairs {
      ["kept = core.secret('x')"] = "",
      ["kept = core.secret(API)"] = "in a block in use, %d+ bytes",
      ["kept = core.secret(OTHER:sub(3, 20))"] = "in a block in use",
      ["kept = core.secret(core.escape(USER, 'query'))"] = "in a block in use",
      ["on_stack(function() return core.uuid() end)"] = "",
      -- random bytes may be those that the stack is painted with
      ["wipes.watch(('\\xa5'):rep(20) .. API)"] = "",
      -- what Lua's own functions leave there
      ["on_stack(function() return TOKEN:gsub('x', 'y') end)"] = "on the stack",
    } do
      local done = host(text .. " wipes.check('it', true)")
      if said == "" then
        assert.equal("", done.stderr)
      else
        assert.matches("wipes: it: " .. said, done.stderr)
        assert.equal(1, done.code)
      end
    end
    -- "p:pass:word+%/1", and parts of it at each of the three places
    for _, coded in ipairs { "cDpwYXNzOndvcmQrJS8x", "OnBhc3M6d29yZCslLzE=",
      "eHA6cGFzczp3b3JkKyUvMQ==" } do
      local done = host(("wipes.watch 'pass:word+%%/1____' kept ="
        .. " core.secret '%s' wipes.check('it', true)"):format(coded))
      assert.matches("in a block in use", done.stderr)
    end
  end)

  it("keys that are given as text", function()
    runs [[
      scene("a client", function()
        local c = connect { api_key = API, user_key = USER }
        wipes.check "a client"
        assert(ask(c, { path = "/a" }))
        assert(ask(c, { method = "POST", path = "/b", body = { a = OTHER } }))
        wipes.check "calls"
        close(c)
      end)
    ]]
  end)

  it("keys that are refused", function()
    runs [[
      for _, more in ipairs {
        { api_key = API .. "\n", user_key = USER },
        { api_key = API, user_key = USER .. "\1" },
        { api_key = API, user_key = USER, user_agent = "a\nb" },
        { api_key = API, user_key = USER, access_token = TOKEN },
        { api_key_file = folder, user_key = USER },
        { api_key_file = file("two", API .. "\n" .. OTHER),
          user_key_file = file("user", USER) },
        { access_token = TOKEN .. "\r" },
      } do
        scene("a refusal", function()
          local ok, c = pcall(connect, more)
          assert(not ok or not c)
        end)
      end
    ]]
  end)

  it("key files", function()
    runs [[
      scene("key files", function()
        local c = connect { api_key_file = file("api", API .. "\n"),
          user_key_file = file("user", "\239\187\191" .. USER .. "  \r\n") }
        wipes.check "a client"
        assert(ask(c, { path = "/a" }))
        close(c)
      end)
    ]]
    local arrival = server:arrivals()[1]
    assert.equal(secrets[1], arrival.headers["x-api-key"])
    assert.equal(secrets[2], arrival.headers["x-user-key"])
  end)

  it("a login, and of the tokens that it is given, used and renewed",
    function()
      server:set { default = { body = ('{"access_token":"%s","token_type":'
        .. '"Bearer","refresh_token":"%s","expires_in":3600}'):format(
        secrets[2], secrets[4]) } }
      runs [[
        scene("a login", function()
          local sso = on_stack(function()
            return assert(etoro.oauth.new { client_id = "a:client",
              client_secret_file = file("secret", API),
              token_url = url .. "/t", revoke_url = url .. "/r" })
          end)
          wipes.check "a login"
          local tokens = on_stack(function()
            return assert(sso:refresh { refresh_token = TOKEN })
          end)
          wipes.check "a refresh"
          local c = connect { access_token = sso:source(tokens) }
          assert(ask(c, { path = "/a" }))
          on_stack(function() assert(sso:revoke(tokens)) end)
          close(c)
          sso:close()
        end)
      ]]
      local arrivals = server:arrivals()
      assert.equal(3, #arrivals)
      assert.matches("refresh_token=token%%2B", arrivals[1].body)
      assert.matches("^Basic ", arrivals[1].headers.authorization)
      assert.equal("Bearer " .. secrets[2], arrivals[2].headers.authorization)
    end)

  it("a login's verifier, which is random", function()
    runs [[
      local function decoded(text)
        return assert(core.claims(core.secret("x." .. text .. ".x")))
      end
      for _, n in ipairs { 16, 32, 48, 96, 256 } do
        scene("random bytes", function()
          local secret = on_stack(function() return core.random_token(n) end)
          local text = secret:reveal()
          wipes.watch(text, decoded(text))
          wipes.check "random bytes"
          on_stack(function() core.fingerprint(secret) end)
          wipes.check "a fingerprint"
          wipes.digest(text)
          wipes.check "a digest"
        end)
      end
      scene("a session", function()
        local sso = assert(etoro.oauth.new { client_id = "a",
          redirect_uri = url, authorize_url = url .. "/authorize" })
        local _, session = on_stack(function() return sso:authorize() end)
        local text = session.verifier:reveal()
        wipes.watch(text, decoded(text))
        wipes.check "a session"
        sso:close()
      end)
    ]]
  end)

  it("a proxy's password", function()
    runs [[
      local escaped = core.escape(TOKEN, "query")
      for _, proxy in ipairs { "http://user:%s@127.0.0.1:1",
        "socks5h://user:%s@127.0.0.1:1" }
      do
        scene("a proxy", function()
          local c = connect { api_key = API, user_key = USER,
            proxy = proxy:format(escaped), base_url = "https://127.0.0.2:1" }
          wipes.check "a client"
          local _, err = ask(c, { path = "/a" })
          assert(err.code == "proxy", err.code)
          close(c)
        end)
      end
      for _, proxy in ipairs { "http://u:%s@a b", "ftp://u:%s@a", "u:%s@a:x",
        "http://u:%s@a/b", "http://u:%%%s@a" }
      do
        scene("a proxy that is refused", function()
          local c = on_stack(function()
            return etoro.client { base_url = "https://127.0.0.2:1",
              api_key = API, user_key = USER,
              proxy = core.secret(proxy:format(escaped)) }
          end)
          assert(not c)
        end)
      end
    ]]
  end)

  it("tokens that are minted", function()
    for _, more in ipairs { "", LARGE } do
      server:set { default = { body = minted(more) } }
      runs [[
        scene("tokens", function()
          local c = connect { api_key = API, user_key = USER }
          local portfolio = on_stack(function()
            return assert(c.portfolios:create { investmentAmountInUsd = 2000,
              agentPortfolioName = "MyPort1", userTokenName = "bot",
              scopeNames = { "etoro-public:trade.demo:write" } })
          end)
          wipes.check "an answer"
          local token = portfolio.userTokens[1]
          assert(token.userToken:matches(TOKEN))
          local agent = on_stack(function()
            return assert(token:client { account = "demo" })
          end)
          assert(ask(agent, { path = "/a" }))
          close(agent)
          close(c)
        end)
      ]]
      local arrivals = server:arrivals()
      assert.equal(secrets[3], arrivals[#arrivals].headers["x-user-key"])
    end
  end)

  it("what the token function of a client gives", function()
    server:script { {}, { status = 401 }, {} }
    runs [[
      local given = { TOKEN, OTHER }
      scene("a token function", function()
        local c = connect { access_token = function()
          return table.remove(given, 1), 3600
        end }
        assert(ask(c, { path = "/a" }))
        wipes.check "a token"
        assert(ask(c, { path = "/b" }))
        assert(#given == 0)
        wipes.check "a token that was renewed"
        close(c)
      end)
    ]]
    assert.equal("Bearer " .. secrets[4],
      server:arrivals()[3].headers.authorization)
  end)

  it("answers that are cut, refused, repeated, broken or cancelled", function()
    for _, more in ipairs { "", LARGE } do
      local body = minted(more)
      local cut = ("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s"):format(
        #body + 5, body)
      server:script { { raw = cut, close = true },
        { status = 503, body = body }, { status = 500, body = "{}" },
        { status = 400, body = body }, { body = body .. "," },
        { raw = cut } }
      runs [[
        scene("answers", function()
          local c = connect { api_key = API, user_key = USER, max_retries = 1 }
          assert(not ask(c, { method = "POST", path = "/cut" }))
          wipes.check "a cut answer"
          assert(not ask(c, { path = "/again" }))
          wipes.check "answers that were repeated"
          assert(not ask(c, { path = "/refused" }))
          wipes.check "a refusal"
          ask(c, { path = "/broken" })
          wipes.check "a broken answer"
          on_stack(function()
            etoro.run(function()
              local task = etoro.spawn(c.request, c, { path = "/cancelled" })
              for _ = 1, 10 do etoro.sleep(0.01) end -- on its way by then
              task:cancel()
              etoro.sleep(0.01) -- what a loop has to do it does when it turns
            end)
          end)
          wipes.check "a cancelled call"
          close(c)
        end)
      ]]
      assert.equal(0, server:steps_left())
    end
  end)

  it("packed answers", function()
    -- blocks that are not packed, in a deflate stream without its frame
    local function packed(text)
      local parts = {}
      for first = 1, #text, 60000 do
        local piece = text:sub(first, first + 59999)
        local is_last = first + 60000 > #text
        parts[#parts + 1] = ("<BI2I2"):pack(is_last and 1 or 0, #piece,
          ~#piece & 0xffff) .. piece
      end
      return table.concat(parts)
    end
    for _, more in ipairs { "", LARGE } do
      local bytes = packed(minted(more))
      local head = "HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\n"
        .. "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n"
      server:script { { raw = head:format(#bytes) .. bytes },
        { raw = head:format(#bytes - 2) .. bytes:sub(1, -3) } }
      runs [[
        scene("packed answers", function()
          local c = connect { api_key = API, user_key = USER }
          local answer = assert(ask(c, { path = "/packed" }))
          wipes.check "a packed answer"
          assert(answer.userTokens[2].userToken:matches(OTHER))
          local _, err = ask(c, { path = "/broken" })
          assert(err.code == "truncated", err.code)
          wipes.check "a broken one"
          close(c)
        end)
      ]]
    end
  end)

  it("keys that a journal tells apart", function()
    server:set { default = { body = '{"orderId":77,"referenceId":"r"}' } }
    runs [[
      scene("a journal", function()
        local c = connect { api_key = API, user_key = USER,
          journal = folder .. "/orders.jsonl" }
        assert(ask(c, { method = "POST", body = { amount = 1 },
          path = "/api/v2/trading/execution/demo/orders" }))
        wipes.check "an order"
        close(c)
      end)
    ]]
  end)

  it("a state that is closed with calls under way", function()
    server:set { default = { stall = true } }
    runs [[
      local c = connect { api_key = API, user_key = USER }
      kept = { c, core.secret(TOKEN) }
      etoro.loop()
      for _ = 1, 4 do etoro.spawn(c.request, c, { path = "/x" }) end
      etoro.spawn(c.request, c, { method = "POST", path = "/x",
        body = { secret = OTHER } })
      etoro.run(etoro.sleep, 0.05)
    ]]
  end)

  -- The end of memory at each step: all of it is tried where it is quick.
  local function short_of_memory(code, step, most)
    runs((([[
      local act = %s
      local n, is_over = 1, false
      act() -- loads what it needs
      repeat
        wipes.fail_at(n)
        on_stack(function() pcall(act) end)
        is_over = not wipes.fail_at(0)
        collectgarbage()
        wipes.check("memory that ends at step " .. n)
        n = n + %d
      until is_over or n > %d
      assert(is_over and n > 3 * %d, n)
    ]]):format(code, step, most, step)))
  end

  it("a client that memory fails", function()
    short_of_memory([[function()
      local c = etoro.client { base_url = "https://127.0.0.2:1",
        api_key = API, user_key_file = file("user", USER),
        proxy = "http://user:" .. core.escape(TOKEN, "query") .. "@a.example" }
      if c then c:close() end
      local sso = etoro.oauth.new { client_id = "x", client_secret = OTHER }
      if sso then sso:close() end
    end]], 1, 1000)
  end)

  it("calls that memory fails", function()
    server:set { default = { body = minted "" } }
    short_of_memory([[function()
      local c = etoro.client { base_url = url, api_key = API, user_key = USER,
        max_retries = 0, on_unknown = "report", deadline = 2,
        journal = folder .. "/orders.jsonl" }
      if not c then return end
      c:request { path = "/a" }
      c:request({ method = "POST", body = { amount = 1 },
        path = "/api/v2/trading/execution/demo/orders" }, { settle = 0.01 })
      c:close()
    end]], 3, 3000)
  end)
end)
