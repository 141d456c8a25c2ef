-- The version stands once, and all that tells it takes it from there.
local docs = require "spec.support.docs"
local etoro = require "etoro"
local process = require "spec.support.process"
local recorder = require "spec.support.recorder"
local run_notify = require "etoro.command.run_notify"
local support_sso = require "spec.support.sso"
local tasks = require "etoro.tasks"
local version = require "etoro.values.version"

local LUA = os.getenv "LUA" or "lua5.4"
local AGENT = "lua-etoro/" .. version .. " (libcurl)"

describe("the version", function()
  it("has three numbers, and is in etoro._VERSION", function()
    assert.matches("^%d+%.%d+%.%d+$", version)
    assert.equal("etoro " .. version, etoro._VERSION)
  end)

  it("stands in one file of the code", function()
    local found = process.run { "grep", "-rlF", '"' .. version .. '"', "lua",
      "src", ".ci", "Makefile" }
    assert.equal("lua/etoro/values/version.lua\n", found.stdout)
  end)

  describe("is told to servers", function()
    local rec
    setup(function() rec = recorder.start() end)
    teardown(function() rec:stop() end)
    before_each(function() rec:clear() end)

    it("by a client", function()
      assert(rec:client():request { path = "/x" })
      assert.equal(AGENT, rec:arrivals()[1].headers["user-agent"])
    end)

    it("by a webhook", function()
      tasks.run(function()
        local hooks = run_notify.open { rec.url .. "/hook" }
        hooks:add { kind = "note", text = "hello", time = 0 }
        hooks:finish()
      end)
      assert.equal(AGENT, rec:arrivals()[1].headers["user-agent"])
    end)

    it("by a login", function()
      local sso = support_sso.start()
      finally(function() sso:stop() end)
      local login = assert(etoro.oauth.new { client_id = "client-1",
        redirect_uri = "http://127.0.0.1/back",
        discovery = sso.url .. "/.well-known/openid-configuration",
        authorize_url = sso.url .. "/authorize", token_url = sso.url .. "/token",
        revoke_url = sso.url .. "/revoke" })
      local url, session = login:authorize()
      assert(login:exchange(sso:visit(url), session))
      login:close()
      assert.equal(AGENT, sso:arrivals("POST /token")[1].headers["user-agent"])
    end)
  end)
end)

describe("the rockspecs", function()
  local function load(path)
    local fields = {}
    assert(loadfile(path, "t", fields))()
    return fields
  end

  local PATH = ("rockspec/etoro-%s-1.rockspec"):format(version)

  it("are that of scm and that of the version, and no others", function()
    local names = process.run { "ls", "rockspec" }.stdout
    assert.equal(("etoro-%s-1.rockspec\netoro-scm-1.rockspec\n"):format(version),
      names)
  end)

  it("differ in the version and the tag alone", function()
    local scm, own = load "rockspec/etoro-scm-1.rockspec", load(PATH)
    assert.equal("scm-1", scm.version)
    assert.equal(version .. "-1", own.version)
    assert.equal("v" .. version, own.source.tag)
    own.version, own.source.tag = scm.version, nil
    assert.same(scm, own)
  end)

  it("of the version is what `make rockspec` writes", function()
    local folder = process.scratch()
    finally(function() process.remove(folder) end)
    local done = process.run { LUA, ".ci/rockspec.lua", folder, "" }
    assert.equal(0, done.code, done.stderr)
    assert.equal(docs.read(PATH),
      docs.read(folder .. "/" .. PATH:match "[^/]+$"))
  end)

  it("of the version names the source that it is told, and nothing that is none", function()
    local folder = process.scratch()
    finally(function() process.remove(folder) end)
    local url = "git+https://example.com/somebody/lua-etoro.git"
    local done = process.run { LUA, ".ci/rockspec.lua", folder, url }
    assert.equal(0, done.code, done.stderr)
    local written = load(folder .. "/" .. PATH:match "[^/]+$")
    assert.same({ url = url, tag = "v" .. version }, written.source)
    for _, odd in ipairs { "somewhere", 'https://a"b', "https://a b" } do
      assert.equal(1, process.run { LUA, ".ci/rockspec.lua", folder, odd }.code)
    end
  end)

  it("need what the code requires", function()
    local needed = { lua = true }
    local files = process.run { "sh", "-c",
      "cat $(find lua src/command -type f)" }.stdout
    for name in files:gmatch "require *%(?[\"']([%w_.]+)[\"']" do
      if not name:find "^etoro" then needed[name] = true end
    end
    for name in files:gmatch "pcall%(require, *[\"']([%w_.]+)[\"']" do
      if not name:find "^etoro" then needed[name] = true end
    end
    needed.cjson, needed["lua-cjson"] = nil, needed.cjson
    local named = {}
    for _, line in ipairs(load(PATH).dependencies) do
      named[line:match "^%S+"] = true
    end
    assert.same(named, needed)
  end)
end)
