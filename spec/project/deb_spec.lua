-- The Debian package that `make deb` builds: what is in it, and that it is the same
-- wherever it is built. check-deb of .ci/checks.mk installs it.
local checkout = require "spec.support.checkout"
local version = require "etoro.values.version"

describe("make deb #slow", function()
  local place, deb

  setup(function()
    place = checkout.new "one"
    local done = place:must { "make", "-s", "run-deb" }
    deb = done.stdout:match "([^\n]+)\n$"
  end)
  teardown(function() place:remove() end)

  local function field(name)
    return place:must { "dpkg-deb", "-f", deb, name }.stdout:gsub("\n$", "")
  end

  -- What the package holds: names to { mode, owner }.
  local function files()
    local list = {}
    for line in place:must { "dpkg-deb", "-c", deb }.stdout:gmatch "[^\n]+" do
      local mode, owner, name = line:match "^(%S+) (%S+) +%d+ %S+ %S+ %.(%S*)"
      list[name] = { mode, owner }
    end
    return list
  end

  it("is named by the version, and depends on what it is linked with", function()
    assert.matches("^build/lua%-etoro_" .. version:gsub("%.", "%%.")
      .. "%-1_%l[%w-]*%.deb$", deb)
    assert.equal(version .. "-1", (field "Version"))
    local depends = {}
    for name in (", " .. field "Depends"):gmatch ", ([^ ,]+)" do
      depends[name:gsub("t64$", "")] = true
    end
    for _, name in ipairs { "libc6", "libcurl4", "libmicrohttpd12", "lua5.4",
      "lua-cjson", "lua-argparse", "ca-certificates", "tzdata" }
    do
      assert.is_true(depends[name], name)
    end
  end)

  it("has the modules where Debian's Lua looks, and papers", function()
    local held = files()
    assert.same({ "-rwxr-xr-x", "root/root" }, held["/usr/bin/etoro"])
    local arch = place:must { "dpkg-architecture", "-qDEB_HOST_MULTIARCH" }
      .stdout:gsub("\n", "")
    for _, name in ipairs { "core", "terminal", "httpd" } do
      assert.same({ "-rw-r--r--", "root/root" },
        held[("/usr/lib/%s/lua/5.4/etoro/%s.so"):format(arch, name)])
    end
    for _, name in ipairs { "copyright", "changelog.gz", "changelog.Debian.gz",
      "README.md", "doc/quickstart.md", "examples/ticker.lua" }
    do
      assert.truthy(held["/usr/share/doc/lua-etoro/" .. name], name)
    end
    for _, name in ipairs { "man/man1/etoro.1.gz",
      "bash-completion/completions/etoro.bash", "zsh/vendor-completions/_etoro",
      "fish/vendor_completions.d/etoro.fish" }
    do
      assert.same({ "-rw-r--r--", "root/root" }, held["/usr/share/" .. name], name)
    end
    local count, missing = 0, {}
    for name in place:must { "find", "lua", "-type", "f" }.stdout
      :gmatch "lua(/etoro/[^\n]+)" do
      count = count + 1
      if not held["/usr/share/lua/5.4" .. name] then missing[#missing + 1] = name end
    end
    assert.same({}, missing)
    assert.is_true(count > 300)
    for name, about in pairs(held) do
      assert.equal("root/root", about[2], name)
      assert.matches(name:find "/$" and "^drwxr%-xr%-x$" or "^%-rw[x-]r%-[x-]r%-[x-]$",
        about[1])
    end
  end)

  it("has the command and the modules work from where it puts them", function()
    local root = place.folder .. "/a root"
    place:must { "dpkg-deb", "-x", deb, root }
    local arch = place:must { "dpkg-architecture", "-qDEB_HOST_MULTIARCH" }
      .stdout:gsub("\n", "")
    local help = place:must({ root .. "/usr/bin/etoro", "--help", cwd = "/" },
      { LUA_CPATH = ("%s/usr/lib/%s/lua/5.4/?.so;;"):format(root, arch) })
    assert.truthy(help.stdout:find("Usage: etoro", 1, true))
    local head = place:must { "head", "-1", root .. "/usr/bin/etoro" }
    assert.equal("#!/usr/bin/lua5.4\n", head.stdout)
  end)

  it("is the same, byte for byte, in another folder at another time", function()
    local other = checkout.new "it's another, with a longer name"
    finally(function() other:remove() end)
    local done = other:must({ "sh", "-c", "umask 077; make -s run-deb" },
      { TZ = "Asia/Tokyo", LC_ALL = "C" })
    local name = done.stdout:match "([^\n]+)\n$"
    other:must { "cmp", name, place.tree .. "/" .. deb }
  end)
end)
