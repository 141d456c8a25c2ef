-- Keys and tokens, wherever they come from.
local core = require "etoro.core"
local etoro = require "etoro"
local files = require "spec.support.files"
local keys = require "spec.support.keys"
local process = require "spec.support.process"
local raises = require "spec.support.raises"
local recorder = require "spec.support.recorder"

local with, refused, program = keys.with, keys.refused, keys.program

describe("etoro.client", function()
  local rec, dir

  setup(function()
    rec = recorder.start()
    dir = process.scratch()
  end)
  teardown(function()
    rec:stop()
    process.remove(dir)
  end)
  before_each(function() rec:clear() end)

  local function file(name, text)
    local path = dir .. "/" .. name
    files.write(path, text)
    assert(os.execute(("chmod 600 %q"):format(path)))
    return path
  end

  local function only_arrival() return rec:only_arrival() end

  describe("credentials", function()
    local function sent()
      local headers = only_arrival().headers
      return { headers["x-api-key"] or "-", headers["x-user-key"] or "-",
        headers.authorization or "-" }
    end

    it("come as a pair of keys", function()
      local client = rec:client { api_key = "the-api", user_key = "the-user" }
      assert(client:request { path = "/" })
      assert.same({ "the-api", "the-user", "-" }, sent())
    end)

    it("come as sealed secrets", function()
      local client = rec:client { api_key = core.secret "the-api",
        user_key = core.secret "the-user" }
      assert(client:request { path = "/" })
      assert.same({ "the-api", "the-user", "-" }, sent())
    end)

    it("come from files, without the line break at their end", function()
      local client = assert(etoro.client { base_url = rec.url,
        api_key_file = file("api", "file-api\n"),
        user_key_file = file("user", "file-user \r\n") })
      assert(client:request { path = "/" })
      assert.same({ "file-api", "file-user", "-" }, sent())
    end)

    it("come from a file and an option", function()
      local client = assert(etoro.client { base_url = rec.url,
        api_key_file = file("api", "file-api"), user_key = "the-user" })
      assert(client:request { path = "/" })
      assert.same({ "file-api", "the-user", "-" }, sent())
    end)

    it("in files that cannot be used are said with the file's name",
      function()
      local err = refused { api_key_file = dir .. "/none", user_key = "u" }
      assert.equal("auth", err.kind)
      assert.equal("key_file", err.code)
      assert.equal(("api_key_file '%s/none': No such file or directory")
        :format(dir), err.message)
      for _, text in ipairs { "", "\n\n", ("k"):rep(2 ^ 20) } do
        err = refused { api_key = "a", user_key_file = file("bad", text) }
        assert.equal("key_file", err.code)
        assert.is_truthy(err.message:find("user_key_file '" .. dir, 1, true))
      end
      err = refused { api_key = "a", user_key_file = file("two", "a\nb") }
      assert.equal("key_file", err.code)
      assert.matches("it holds more than one line$", err.message)
      err = refused { api_key = "a", user_key_file = file("wide", "a\0b\0") }
      assert.matches("it holds a zero byte", err.message)
    end)

    it("come from a file that begins with a mark of UTF-8", function()
      local client = assert(etoro.client { base_url = rec.url,
        api_key_file = file("api", "\239\187\191file-api\r\n"),
        user_key = "the-user" })
      assert(client:request { path = "/" })
      assert.same({ "file-api", "the-user", "-" }, sent())
    end)

    it("do not come from what is no file, which is said at once", function()
      assert(os.execute("mkfifo '" .. dir .. "/pipe'"))
      for path, what in pairs { [dir .. "/pipe"] = "pipe", [dir] = "directory",
        ["/dev/zero"] = "device" }
      do
        local err = refused { api_key = "a", user_key_file = path }
        assert.equal(("user_key_file '%s': it is a %s, not a file"):format(path,
          what), err.message)
        local _, problem = etoro.oauth.new { client_id = "c",
          client_secret_file = path }
        assert.matches("it is a " .. what .. ", not a file$", problem.message)
        assert.is_nil(etoro.client(with { ca_file = path }))
      end
      os.remove(dir .. "/pipe")
    end)

    it("in a file that others can use are refused, with the cure", function()
      local private, shared = file("it's", "a"), file("shared", "u")
      local function problems(mode)
        assert(os.execute("chmod " .. mode .. " '" .. shared .. "'"))
        local client, err = etoro.client { api_key_file = private,
          user_key_file = shared, base_url = rec.url }
        if client then client:close() end
        local sso, other = etoro.oauth.new { client_id = "c",
          client_secret_file = shared }
        assert.equal(client == nil, sso == nil)
        return err, other
      end
      for _, mode in ipairs { "600", "400" } do assert.is_nil((problems(mode))) end
      for _, mode in ipairs { "0644", "0640", "0604", "0620", "0602", "0660",
        "0610", "0666", "0777" }
      do
        local err, other = problems(mode)
        assert.equal("auth", err.kind)
        assert.equal("key_file", err.code)
        assert.equal(("user_key_file '%s' is open to others than its owner"
          .. " (mode %s). Close it: chmod 600 '%s'"):format(shared, mode,
          shared), err.message)
        assert.equal("key_file", other.code)
        assert.matches("^client_secret_file", other.message)
      end
      -- what a link leads to counts, and its own mode does not
      assert(os.execute(("ln -s shared '%s/link'"):format(dir)))
      assert.matches("link' is open to others", refused { api_key = "a",
        user_key_file = dir .. "/link" }.message)
      -- the line works as it stands
      assert(os.execute("chmod 644 \"" .. private .. "\""))
      local err = refused { api_key_file = private, user_key = "u" }
      assert(os.execute(err.message:match "chmod .*$"))
      assert.is_nil((problems "600"))
      -- a file that the environment names as well
      assert(os.execute("chmod 644 '" .. shared .. "'"))
      assert.matches("ETORO_USER_KEY_FILE '.*chmod 600 '/", program("{}", {
        ETORO_API_KEY = "a", ETORO_USER_KEY_FILE = shared }))
    end)

    it("are not given twice", function()
      raises(function() etoro.client { api_key = "a", api_key_file = "f" } end,
        "give either 'api_key' or 'api_key_file'")
      raises(function() etoro.client(with { access_token = "t" }) end,
        "give either access_token or the keys, not both")
      for _, name in ipairs { "api_key", "user_key", "api_key_file",
        "user_key_file" } do
        raises(function() etoro.client { access_token = "t", [name] = "u" } end,
          "give either access_token or the keys, not both")
      end
      raises(function() etoro.client(with { api = "sor-v3" }) end,
        "api 'sor-v3' takes an access_token, not keys")
    end)

    it("come from the environment", function()
      local url = ("{ base_url = %q }"):format(rec.url)
      assert.matches("^ok ", program(url, { ETORO_API_KEY = "env-api",
        ETORO_USER_KEY = "env-user" }))
      assert.same({ "env-api", "env-user", "-" }, sent())
      rec:clear()
      assert.matches("^ok ", program(url, { ETORO_ACCESS_TOKEN = "env-tok" }))
      assert.same({ "-", "-", "Bearer env-tok" }, sent())
    end)

    it("of the environment fill up what an option leaves open", function()
      local options = ("{ base_url = %q, user_key = 'opt-user' }"):format(
        rec.url)
      assert.matches("^ok ", program(options, { ETORO_API_KEY = "env-api",
        ETORO_USER_KEY = "env-user", ETORO_ACCESS_TOKEN = "env-tok" }))
      assert.same({ "env-api", "opt-user", "-" }, sent())
    end)

    it("as an option beat the other kind in the environment", function()
      local options = ("{ base_url = %q, access_token = 'opt-tok' }"):format(
        rec.url)
      assert.matches("^ok ", program(options, { ETORO_API_KEY = "env-api",
        ETORO_USER_KEY = "env-user" }))
      assert.same({ "-", "-", "Bearer opt-tok" }, sent())
    end)

    it("of both kinds in the environment are refused", function()
      assert.equal("auth/no_credentials: both ETORO_ACCESS_TOKEN and"
        .. " ETORO_API_KEY or ETORO_USER_KEY are set, and a request can carry"
        .. " only one kind: unset one, or give options",
        program("nil", { ETORO_ACCESS_TOKEN = "t", ETORO_API_KEY = "a",
          ETORO_USER_KEY = "u" }))
    end)

    it("that are missing are told by name", function()
      assert.equal("auth/no_credentials: no credentials: give api_key and"
        .. " user_key, or api_key_file and user_key_file, or set"
        .. " ETORO_API_KEY and ETORO_USER_KEY; or give access_token, or set"
        .. " ETORO_ACCESS_TOKEN", program("nil"))
      assert.equal("auth/no_credentials: user_key is missing: give user_key or"
        .. " user_key_file, or set ETORO_USER_KEY",
        program("{ api_key = 'a' }"))
      assert.equal("auth/no_credentials: api_key is missing: give api_key or"
        .. " api_key_file, or set ETORO_API_KEY",
        program("nil", { ETORO_USER_KEY = "u" }))
      assert.equal("auth/no_credentials: no credentials: give access_token, or"
        .. " set ETORO_ACCESS_TOKEN", program("{ api = 'sor-v3' }",
          { ETORO_API_KEY = "a", ETORO_USER_KEY = "u" }))
      -- set to nothing is not set
      assert.equal("auth/no_credentials: user_key is missing: give user_key or"
        .. " user_key_file, or set ETORO_USER_KEY",
        program("nil", { ETORO_API_KEY = "a", ETORO_USER_KEY = "" }))
    end)

    it("that are no header value are refused, and not shown", function()
      for _, bad in ipairs { "key\nwith-a-break", "key\r\nx-evil: 1", "key\0z",
        "key\27", "" }
      do
        for _, options in ipairs { { api_key = bad, user_key = "u" },
          { api_key = "a", user_key = bad }, { access_token = bad } }
        do
          local err = refused(options)
          assert.equal("invalid", err.kind)
          assert.equal("a key must not be empty, nor a key or"
            .. " user_agent hold a line break or another control character", err.message)
        end
      end
      assert.equal("invalid/invalid_argument: a key must not be empty, nor"
        .. " a key or user_agent hold a line break or another control"
        .. " character",
        program("nil", { ETORO_API_KEY = "a\nb", ETORO_USER_KEY = "u" }))
    end)
  end)
end)
