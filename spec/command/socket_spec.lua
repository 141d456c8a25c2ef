-- The sockets of etoro.terminal: what they say where something is wrong, at their
-- ceilings and beyond.
local control = require "etoro.terminal".control
local process = require "spec.support.process"
local uv = require "luv"

describe("a socket in the file system", function()
  local dir

  before_each(function() dir = process.scratch() end)
  after_each(function() process.remove(dir) end)

  local function pair()
    local listener = assert(control.listen(dir .. "/s"))
    local client = assert(control.connect(dir .. "/s"))
    return listener, client, assert(listener:accept())
  end

  it("says absent where nobody listens", function()
    local _, message, why = control.connect(dir .. "/none")
    assert.equal("absent", why)
    assert.is_string(message)
    control.listen(dir .. "/s"):close()
    _, _, why = control.connect(dir .. "/s")
    assert.equal("absent", why)
    local file = assert(io.open(dir .. "/f", "w"))
    file:close()
    _, _, why = control.connect(dir .. "/f")
    assert.equal("absent", why)
  end)

  it("takes the place of a socket that lies there, and of nothing else", function()
    control.listen(dir .. "/s"):close()
    local listener <close> = assert(control.listen(dir .. "/s"))
    assert.is_number(listener:fd())
    for _, make in ipairs {
      function(path) assert(io.open(path, "w")):close() end,
      function(path) assert(uv.fs_mkdir(path, 448)) end,
      function(path) assert(uv.fs_symlink(dir .. "/s", path)) end,
    } do
      make(dir .. "/other")
      local found, message, why = control.listen(dir .. "/other")
      assert.same({ nil, "failed" }, { found, why })
      assert.equal("File exists", message)
      assert(os.remove(dir .. "/other"))
    end
    assert(control.connect(dir .. "/s")):close()
  end)

  it("does not wait: again", function()
    local listener, client, other = pair()
    local _, _, why = listener:accept()
    assert.equal("again", why)
    _, _, why = client:receive()
    assert.equal("again", why)
    assert.equal(3, client:send("abc"))
    assert.equal("abc", other:receive())
    assert.equal(2, other:send("abcde", 4))
    assert.equal("de", client:receive())
    local count
    repeat count, _, why = client:send(("x"):rep(100000)) until not count
    assert.equal("again", why)
    other:close()
    _, _, why = client:send "x" -- no SIGPIPE
    assert.equal("failed", why)
  end)

  it("reads ETORO_CONTROL_PIECE at once", function()
    local _, client, other = pair()
    assert.equal(4097, client:send(("x"):rep(4097)))
    assert.equal(4096, #other:receive())
    assert.equal(1, #other:receive())
    client:close()
    assert.equal("", other:receive())
  end)

  it("lets ETORO_CONTROL_WAITING wait, and tells others again", function()
    local listener <close> = assert(control.listen(dir .. "/s"))
    local list = {}
    for i = 1, 100 do
      local socket, _, why = control.connect(dir .. "/s")
      if not socket then
        assert.equal("again", why)
        break
      end
      list[i] = socket
    end
    assert.is_true(#list == 16 or #list == 17, #list) -- Linux lets one more in
    assert(listener:accept()):close()
    assert(control.connect(dir .. "/s")):close()
    for _, one in ipairs(list) do one:close() end
  end)

  it("lies in a folder with a path of any length, up to ETORO_CONTROL_PATH_MAX",
    function()
    local deep = dir .. "/" .. ("d"):rep(200)
    assert(uv.fs_mkdir(deep, 448))
    local listener <close> = assert(control.listen(deep .. "/s"))
    assert.is_number(listener:fd())
    assert.equal("socket", uv.fs_lstat(deep .. "/s").type)
    assert(control.connect(deep .. "/s")):close()
    local function padded(length)
      return deep .. ("/"):rep(length - #deep)
    end
    assert(control.connect(padded(4095) .. "s")):close()
    local _, message = control.connect(padded(4096) .. "s")
    assert.equal("File name too long", message)
    _, message = control.listen(deep .. "/" .. ("n"):rep(100))
    assert.equal("File name too long", message)
  end)

  it("is closed once, and says so after that", function()
    local listener, client, other = pair()
    for _, one in ipairs { listener, client, other } do
      one:close()
      one:close()
      assert.has_error(function() one:fd() end,
        "calling 'fd' on bad self (the socket is closed)")
    end
  end)
end)
