-- The sandbox's options on a command line.
local arguments = require "etoro.sandbox.arguments"
local options = require "etoro.sandbox.options"
local process = require "spec.support.process"

-- Options that no command line can hold.
local TABLES = { now = true, scopes = true, owner_scopes = true,
  user_keys = true, access_tokens = true }

describe("the sandbox's arguments #lua", function()
  local function sandbox(...)
    return process.run { os.getenv "LUA" or "lua5.4", "src/command/etoro",
      "sandbox", ... }
  end

  it("are there for each option, and shown by --help", function()
    local help = arguments.help "etoro sandbox"
    for name, default in pairs(options.DEFAULTS) do
      if not TABLES[name] then
        local typed = "--" .. name:gsub("_", "-")
        assert.truthy(help:find("\n   " .. typed .. " ", 1, true), typed)
        if default ~= false then
          local given = arguments.parse { typed, tostring(default) }
          assert.same({ [name] = default }, given)
        end
      end
    end
    for _, flag in ipairs { "--help", "-h" } do
      local done = sandbox(flag)
      assert.equal(0, done.code)
      assert.equal(help, done.stdout:sub(1, #help))
      assert.equal("", done.stderr)
    end
  end)

  it("take their value behind a blank or an equals sign", function()
    local wanted = { port = 8080, fill_delay = 0.5, limits = false,
      strict = true, api_key = "a=b" }
    assert.same(wanted, arguments.parse { "--port", "8080", "--fill-delay",
      "0.5", "--limits", "false", "--strict", "--api-key", "a=b" })
    assert.same(wanted, arguments.parse { "--port=8080", "--fill-delay=0.5",
      "--limits=false", "--strict=true", "--api-key=a=b" })
    assert.same({}, arguments.parse { "--port=" })
    for name, texts in pairs {
      name_suffix = { always = "always", ["false"] = false },
      both_families = { ["401"] = 401, ["false"] = false },
      withdrawn = { ["404"] = 404, ["false"] = false },
    } do
      for text, value in pairs(texts) do
        local typed = "--" .. name:gsub("_", "-")
        assert.same({ [name] = value }, arguments.parse { typed, text })
        assert.is_nil((arguments.parse { typed, "" }))
      end
    end
  end)

  it("say what is wrong with them", function()
    for _, case in ipairs {
      { "cannot use '%-%-prot' %(did you mean '%-%-port'%?%)", "--prot", "1" },
      { "cannot use 'port'", "port" },
      { "%-%-port needs a value", "--port" },
      { "cannot use 'x': %-%-port takes a number", "--port", "x" },
      { "cannot use 'maybe': %-%-limits takes true or false",
        "--limits=maybe" },
    } do
      local done = sandbox(table.unpack(case, 2))
      assert.equal(2, done.code)
      assert.matches(case[1], done.stderr)
      assert.matches("'etoro sandbox %-%-help'", done.stderr)
    end
    for _, case in ipairs {
      { "--port=65536", "option 'port' must be a whole number from 0 to 65535,"
        .. " got 65536" },
      { "--fill-delay=-5", "option 'fill_delay' must be a number from 0 to"
        .. " 1000000000, got -5" },
    } do
      local done = sandbox(case[1])
      assert.equal(2, done.code)
      assert.equal("sandbox: " .. case[2] .. "\n'etoro sandbox --help' lists the"
        .. " options\n", done.stderr)
    end
  end)

  it("are not taken for good where nobody can read the answer", function()
    local done = process.run { "sh", "-c", "exec sh spec/support/lua.sh"
      .. " src/command/etoro sandbox --help >/dev/full" }
    assert.equal(1, done.code)
    assert.matches("could not be written", done.stderr)
  end)
end)
