-- etoro recover: what became of what a journal left open.
local cjson = require "cjson"
local files = require "spec.support.files"
local journal = require "etoro.trading.journal"
local process = require "spec.support.process"
local support_server = require "spec.support.server"

local LUA = os.getenv "LUA" or "lua5.4"
local TRANSFER = "POST /api/v1/money/transfers"
local SUB = "POST /api/v1/sub-accounts/etoro-trading/money-transfers"

describe("etoro recover", function()
  local server, dir, path

  setup(function()
    server = support_server.start { limits = false }
    dir = process.scratch()
    path = dir .. "/money.jsonl"
  end)
  teardown(function()
    server:stop()
    process.remove(dir)
  end)
  before_each(function()
    server:reset()
    os.remove(path)
  end)

  local function etoro(...)
    return process.run { LUA, "src/command/etoro", env = {
      ETORO_BASE_URL = server.url, ETORO_API_KEY = "sandbox-api-key",
      ETORO_USER_KEY = "sandbox-user-key", HOME = dir, XDG_CONFIG_HOME = dir,
      XDG_CACHE_HOME = dir }, ... }
  end

  -- Moves money with a journal, and leaves it as a crash does.
  local function move()
    local client = assert(server:client { journal = path, account = "real",
      max_retries = 0, on_event = function() end })
    local of = {}
    for _, one in ipairs(assert(client.balances:get()).balances) do
      of[one.accountType] = of[one.accountType] or one
    end
    local function pay(reference)
      return client.transfers:create({ sourceAccount = of.trading, currency = "USD",
        destinationAccount = of.cash, amount = 12.5,
        requestReferenceId = reference }, { settle = 0.2 })
    end
    local made = assert(pay "r-1")
    server:fault { route = TRANSFER, fault = "cut_before" }
    pay "r-2"
    local sub = assert(client.subaccounts:create "mybot1").subAccountId
    server:fault { route = SUB, fault = "lost_reply" }
    client.subaccounts:transfer(sub, { amountInUsd = 5, direction = "ToSubAccount" })
    client:close()
    files.write(path, (files.read(path):gsub('{"kind":"outcome"[^\n]*\n', "")))
    return made.transferId
  end

  it("lists each with its kind, and ends with 7 where one is not known", function()
    local id = move()
    local done = etoro("--real", "--json", "recover", path, "--wait", "0.2")
    assert.equal(7, done.code, done.stderr)
    local list = cjson.decode(done.stdout)
    assert.equal(3, #list)
    assert.same({ "transfer", "landed", "r-1", id, 12.5, TRANSFER }, { list[1].kind,
      list[1].state, list[1].key, math.tointeger(list[1].id), list[1].amount,
      list[1].operation })
    assert.same({ "transfer", "not_landed", "r-2", cjson.null }, { list[2].kind,
      list[2].state, list[2].key, list[2].id })
    assert.same({ "sub_account_transfer", "unknown", 5 }, { list[3].kind,
      list[3].state, list[3].amount })
    -- what it found stands in the journal
    local known = 0
    for _, record in ipairs(assert(journal.read(path))) do
      known = known + (record.kind == "outcome" and 1 or 0)
    end
    assert.equal(2, known)
    done = etoro("--real", "recover", path, "--wait", "0.2")
    assert.equal(7, done.code)
    assert.matches("sub account transfer", done.stdout)
    assert.matches("1 outcome not known: look at the account", done.stdout)
    assert.is_nil(done.stdout:find("r-2", 1, true))
  end)

  it("says that nothing is open", function()
    local client = assert(server:client { journal = path })
    client:close()
    local done = etoro("recover", path)
    assert.same({ 0, "Nothing is open in the journal.\n" }, { done.code, done.stdout })
    assert.equal("[]\n", etoro("--json", "recover", path).stdout)
  end)

  it("leaves alone what is of another account, and tells it", function()
    move()
    local done = etoro("--json", "recover", path)
    assert.same({ 0, "[]\n" }, { done.code, done.stdout })
    assert.matches("line 2 is left alone: it is of the real account", done.stderr)
  end)

  it("makes no journal where none is, and takes no other file", function()
    local done = etoro("recover", dir .. "/none.jsonl")
    assert.equal(4, done.code)
    assert.matches("none.jsonl", done.stderr)
    assert.is_nil(io.open(dir .. "/none.jsonl"))
    files.write(path, "something else\n")
    done = etoro("recover", path)
    assert.equal(2, done.code)
    assert.equal("something else\n", files.read(path))
  end)

  it("is refused while a program has the journal", function()
    local client = assert(server:client { journal = path })
    finally(function() client:close() end)
    local done = etoro("recover", path)
    assert.equal(1, done.code)
    assert.matches("journal", done.stderr)
  end)
end)
