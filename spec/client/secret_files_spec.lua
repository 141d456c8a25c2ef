-- secret:save: a file of its owner's alone, by no link and with no half of it.
local core = require "etoro.core"
local etoro = require "etoro"
local files = require "spec.support.files"
local process = require "spec.support.process"

local CANARY = "canary-secret-0123456789"

describe("secret:save #memory", function()
  local folder, path

  before_each(function()
    folder = process.scratch()
    path = folder .. "/a key"
  end)

  after_each(function() process.remove(folder) end)

  local function run(...)
    local done = process.run { ... }
    assert.equal(0, done.code, done.stderr)
    return done.stdout
  end

  local function mode(name) return run("stat", "-c", "%a %F", name):gsub("\n", "") end

  local function read(name) return assert(files.read(name)) end

  local write = files.write

  local function names() return run("ls", "-A", folder) end

  it("writes what a client reads as a key file", function()
    assert.is_true(core.secret(CANARY):save(path))
    assert.equal(CANARY .. "\n", read(path))
    assert.equal("600 regular file", (mode(path)))
    assert.equal("a key\n", names())
    local told = {}
    local client = assert(etoro.client { api_key_file = path, user_key_file = path,
      on_event = function(event) told[#told + 1] = event.message end })
    assert.same({}, told) -- of a file that others can read it would be told
    client:close()
  end)

  it("shows no name that may be a key which was given for its file's", function()
    for _, name in ipairs { CANARY, "eyJ2YWx1ZSI6_-" } do
      local none, err = etoro.client { api_key_file = name, user_key_file = path }
      assert.is_nil(none)
      assert.equal("key_file", err.code)
      assert.is_nil(tostring(err):find(name, 1, true))
      assert.matches("^api_key_file: .+; the name is not shown", err.message)
    end
    local _, err = etoro.client { api_key_file = "./none", user_key_file = path }
    assert.matches("^api_key_file '%./none': ", err.message)
  end)

  it("saves a token's secret", function()
    local client = etoro.sandbox.new():client { account = "real" }
    local portfolio = assert(client.portfolios:create { investmentAmountInUsd = 2000,
      agentPortfolioName = "Saved1", userTokenName = "bot",
      scopeNames = { "etoro-public:trade.real:read" } })
    local token = portfolio.userTokens[1]
    assert(token.userToken:save(path))
    assert.equal(token.userToken:reveal() .. "\n", read(path))
  end)

  it("has the same mode whatever the umask is", function()
    for _, umask in ipairs { "000", "022", "777" } do
      local one = folder .. "/" .. umask
      run("sh", "-c", 'umask "$1"; shift; exec sh spec/support/lua.sh "$@"', "sh", umask,
        "-e", "assert(require('etoro.core').secret('x'):save(arg[1]))", "-", one)
      assert.equal("600 regular file", (mode(one)))
    end
  end)

  it("puts it in the place of a file that others could read", function()
    write(path, "old")
    run("chmod", "644", path)
    assert(core.secret(CANARY):save(path))
    assert.equal(CANARY .. "\n", read(path))
    assert.equal("600 regular file", (mode(path)))
  end)

  it("follows no link, at the file's name or beside it", function()
    local other = folder .. "/other"
    for _, link in ipairs { path, path .. ".new" } do
      write(other, "another's")
      run("ln", "-s", other, link)
      assert(core.secret(CANARY):save(path))
      assert.equal("another's", read(other))
      assert.equal(CANARY .. "\n", read(path))
      assert.equal("600 regular file", (mode(path)))
      os.remove(path)
    end
  end)

  it("writes through no hard link, either", function()
    local other = folder .. "/other"
    write(other, "another's")
    run("ln", other, path .. ".new")
    assert(core.secret(CANARY):save(path))
    assert.equal("another's", read(other))
  end)

  it("tells why it cannot, and leaves nothing of it", function()
    local taken = folder .. "/taken"
    run("mkdir", taken)
    for _, name in ipairs { taken, folder .. "/none/key", taken .. "/" } do
      local done, message = core.secret(CANARY):save(name)
      assert.is_nil(done)
      assert.matches(name .. ": ", message, 1, true)
      assert.is_nil(message:find(CANARY, 1, true))
    end
    assert.equal("taken\n", names())
    assert.equal("", run("ls", "-A", taken))
  end)

  it("raises for what is no path", function()
    for _, name in ipairs { "", "a\0b" } do
      assert.has_error(function() core.secret(CANARY):save(name) end)
    end
    assert.has_error(function() core.secret(CANARY):save() end)
  end)
end)
