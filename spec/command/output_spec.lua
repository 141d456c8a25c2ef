-- What the etoro command prints, whatever a server or a user gives it.
local json = require "etoro.values.json"
local process = require "spec.support.process"
local recorder = require "spec.support.recorder"

-- Colours, a title, a line of its own, C1, an override of direction.
local EVIL = "\\u001b[31mred\\u001b]0;t\\u0007\\u009b31m\\u202eback\\r\\nnew"

describe("the etoro command #lua", function()
  local rec
  setup(function() rec = recorder.start() end)
  teardown(function() rec:stop() end)

  local function argv(args, env)
    local all = { os.getenv "LUA" or "lua5.4", "src/command/etoro" }
    for _, arg in ipairs(args) do all[#all + 1] = arg end
    all.env = { ETORO_BASE_URL = rec.url, ETORO_API_KEY = "key-0123456789",
      ETORO_USER_KEY = "user-0123456789" }
    for name, value in pairs(env or {}) do all.env[name] = value end
    return all
  end

  -- answers: bodies of the replies, in their order; the last one again
  local function etoro(args, answers, env)
    local steps = {}
    for i, body in ipairs(answers or {}) do
      steps[i] = { body = body }
    end
    rec:clear()
    rec:script(steps)
    local done = process.run(argv(args, env))
    assert.is_nil((done.stdout .. done.stderr):find("[%z\1-\9\11-\31\127]"),
      done.stdout .. done.stderr)
    assert.is_nil((done.stdout .. done.stderr):find("\194[\128-\159]"))
    assert.is_nil((done.stdout .. done.stderr):find("lua/etoro", 1, true),
      done.stderr)
    return done
  end

  local PORTFOLIOS = '{"agentPortfolios":[{"agentPortfolioId":"p","'
    .. 'agentPortfolioName":"' .. EVIL .. '","userTokens":[{"userTokenName":"'
    .. EVIL .. '","userTokenId":5,"scopeNames":5,"ipsWhitelist":[1,null,{}]'
    .. '},7]},5,null]}'
  local PORTFOLIO = '{"clientPortfolio":{"positions":[{"positionID":5,'
    .. '"instrumentID":"' .. EVIL .. '"},{"positionID":"' .. EVIL
    .. '"},{}],"orders":[{}],"ordersForOpen":[{"orderId":5,'
    .. '"instrumentID":"' .. EVIL .. '"},{"orderId":{},"status":5}]}}'
  local SEARCH = '{"totalItems":1,"items":[{"instrumentId":1,'
    .. '"internalSymbolFull":"' .. EVIL .. '","displayname":"' .. EVIL
    .. '"}]}'
  local ME = '{"username":"' .. EVIL .. '","gcid":{},"scopes":[5,null,"'
    .. EVIL .. '"]}'

  it("lets nothing of a server's reach the terminal as a command", function()
    for _, one in ipairs {
      { { "portfolios" }, PORTFOLIOS }, { { "tokens" }, PORTFOLIOS },
      { { "positions" }, PORTFOLIO, "{}" }, { { "orders" }, PORTFOLIO, "{}" },
      { { "search", "x" }, SEARCH }, { { "search", "x", "--json" }, SEARCH },
      { { "check" }, ME, "{}" }, { { "call", "GET /me" }, ME },
      { { "call", "GET /me", "--json" }, ME },
      { { "history" }, '[{"instrumentId":"' .. EVIL .. '","netProfit":"1",'
        .. '"closeTimestamp":5}]' },
    } do
      local done = etoro(one[1], { one[2], one[3] })
      assert.matches("31m", done.stdout, 1, true)
    end
    rec:clear()
    rec:script { { status = 422, body = '{"errorCode":"' .. EVIL
      .. '","errorMessage":"' .. EVIL .. '"}' } }
    local done = process.run(argv { "portfolios" })
    assert.are.equal(1, done.code)
    assert.is_nil(done.stderr:find "[\27\7\13]")
    assert.is_nil(done.stderr:find("\194\155", 1, true))
    assert.are.equal(1, select(2, done.stderr:gsub("\n", "")))
    for _, seen in ipairs { "\\u001b[31mred", "\\u0007", "\\u009b31m", "\\u202eback" } do
      assert(done.stderr:find(seen, 1, true), done.stderr)
    end
  end)

  it("aligns wide letters, marks and pictures", function()
    local done = etoro({ "search", "x" }, { '{"totalItems":4,"items":['
      .. '{"instrumentId":1,"internalSymbolFull":"日本株","displayname":"a"},'
      .. '{"instrumentId":2,"internalSymbolFull":"ABCDEF","displayname":"b"},'
      .. '{"instrumentId":3,"internalSymbolFull":"e\\u0301🚀","displayname":"c"},'
      .. '{"instrumentId":4,"internalSymbolFull":"żółw","displayname":"d"}]}' })
    assert.are.equal("symbol  id  name  type  exchange\n"
      .. "日本株   1  a     -     -\nABCDEF   2  b     -     -\n"
      .. "e\204\129🚀      3  c     -     -\nżółw     4  d     -     -\n",
      done.stdout)
  end)

  it("is one line of JSON under --json, for failures of every kind",
    function()
      local function fails(code, kind, args, answers, env)
        args[#args + 1] = "--json"
        local done = etoro(args, answers, env)
        assert.are.equal(code, done.code, done.stderr)
        local value = assert(json.decode(done.stdout))
        assert.are.equal(kind, value.error.kind)
        assert.are.equal(1, select(2, done.stdout:gsub("\n", "")))
        assert.is_truthy(done.stderr:find "^etoro: "
          or done.stderr:find "\netoro: ")
        return value.error
      end
      fails(2, "usage", { "ordr" })
      fails(2, "usage", { "quote" })
      fails(2, "usage", { "order", "AAPL" })
      fails(2, "usage", { "call", "GET /me", "=x" })
      fails(2, "usage", { "--real", "sandbox" })
      fails(2, "usage", { "history", "--since", "2026-02-30" })
      fails(2, "invalid", { "portfolios", "create", "x", "--invest", "2000",
        "--token-name", "b", "--scope", "real:read", "--secret-file", "/nonexistent" })
      fails(1, "protocol", { "history" }, { "5" })
      fails(1, "protocol", { "search", "x" }, { '{"items":[5]}' })
      fails(3, "auth", { "positions" }, {}, { ETORO_USER_KEY = false })
      fails(5, "network", { "positions" }, {},
        { ETORO_BASE_URL = "http://127.0.0.1:" .. process.closed_port() })
      fails(8, "declined", { "call", "POST /v2/agent-portfolios",
        "userTokenName=a", "agentPortfolioName=MyPort1", 'scopeNames=["x"]',
        "investmentAmountInUsd=2000", "--real", "--base-url",
        "https://public-api.etoro.com" }, {},
        { https_proxy = "http://127.0.0.1:1" })
      local err = fails(4, "not_found", { "close", "7" },
        { '{"clientPortfolio":{"positions":[]}}' })
      assert.is_truthy(err.request_id)
    end)

  it("takes odd arguments of call for wrong use", function()
    for _, args in ipairs {
      { "GET /me", "=x" }, { "GET /me", "a" }, { "GET /me", "a=" },
      { "GET /me", "a:=" }, { "GET /me", "a:={" },
      { "GET /me", "body=@/nonexistent" }, { "POST /api/v1/posts", "body=@/" },
      { "POST /api/v1/posts", "body=5", "message=x" },
      { "POST /api/v1/posts", "body=null", "message=x" },
      { "POST /api/v1/watchlists/{watchlistId}/items", "watchlistId=1",
        "itemId=5" },
      { "nonsense" }, { "" },
    } do
      local done = etoro({ "call", table.unpack(args) })
      assert.are.equal(2, done.code, args[1] .. done.stderr)
      assert.are.equal(0, #rec:arrivals())
    end
  end)

  it("ends quietly at a closed pipe, and with a failure at a full disk",
    function()
      local function shell(text)
        local run = argv({}, {})
        return process.bash { 'LD_PRELOAD="$SPEC_PRELOAD" ' .. run[1] .. " "
          .. run[2] .. " " .. text, env = run.env }
      end
      local done = shell "operations | head -1"
      assert.are.equal("", done.stderr)
      assert.are.equal(0, done.code)
      done = shell "operations >/dev/full"
      assert.are.equal(1, done.code)
      assert.are.equal("etoro: the output could not be written: No space"
        .. " left on device\n",
        done.stderr)
    end)

  it("leaves no file behind where nobody says yes", function()
    local file = os.tmpname()
    os.remove(file)
    local done = etoro({ "portfolios", "create", "MyPort1", "--invest", "2000",
      "--token-name", "b", "--scope", "x", "--secret-file", file, "--real",
      "--base-url", "https://public-api.etoro.com" }, {},
      { https_proxy = "http://127.0.0.1:1" })
    assert.are.equal(8, done.code)
    assert.is_nil((io.open(file)))
  end)

  it("says of a write that was interrupted that it may have been done",
    function()
      rec:clear()
      rec:script { { stall = true } }
      local child = process.spawn(argv { "call", "POST /api/v1/posts",
        "message=x" })
      process.eventually(function() return #rec:arrivals() > 0 end)
      child:kill "sigint"
      assert.are.equal(130, (child:wait()))
      local id = rec:arrivals()[1].headers["x-request-id"]
      assert.are.equal("etoro: interrupted: the call may have been carried"
        .. " out (request " .. id .. "); look before doing it again\n",
        child:stderr())
    end)
end)
