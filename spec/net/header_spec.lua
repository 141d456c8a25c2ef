-- Headers that do not end: bounded, and called what they are.
local recorder = require "spec.support.recorder"

local LINE = "X-Filler: " .. ("y"):rep(1000) .. "\r\n"
local OK = "HTTP/1.1 200 OK\r\n"
local CHUNKS = OK .. "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"
local LONG = ("x"):rep(400000)

-- What never ends, as far as a server gets with it.
local HEADERS = {
  ["many lines"] = OK .. LINE:rep(400),
  ["many small lines"] = OK .. ("A: b\r\n"):rep(60000),
  ["one line"] = OK .. "X-Filler: " .. LONG,
  ["a name"] = OK .. LONG,
  ["a folded line"] = OK .. "X-Filler: y\r\n" .. (" " .. LINE):rep(400),
  ["a status line"] = "HTTP/1.1 200 " .. LONG,
  ["a status"] = "HTTP/1.1 " .. ("2"):rep(400000),
  ["interim answers"] = ("HTTP/1.1 100 Continue\r\n\r\n"):rep(20000),
  ["interim answers with lines"] =
    ("HTTP/1.1 103 Early Hints\r\n" .. LINE .. "\r\n"):rep(400),
  ["trailers"] = CHUNKS .. LINE:rep(400),
  ["a trailer"] = CHUNKS .. "X-Filler: " .. LONG,
}

describe("a header that does not end: #memory", function()
  local server

  setup(function() server = recorder.start() end)
  teardown(function() server:stop() end)
  before_each(function() server:clear() end)

  for name, bytes in pairs(HEADERS) do
    it(name, function()
      local client = assert(server:client { max_retries = 4 })
      server:script { { raw = bytes }, { raw = bytes }, {} }
      local _, err = client:request { path = "/x" }
      assert.equal("protocol/too_large", err.kind .. "/" .. err.code)
      assert.matches("the header of the answer of 127.0.0.1:%d+ is too large",
        err.message)
      assert.is_nil(tostring(err):find "max_body")
      assert.is_false(err.may_have_executed)
      assert.equal(1, #server:arrivals()) -- the same would come again
      _, err = client:request { method = "POST", path = "/x" }
      assert.equal("unknown_outcome/too_large", err.kind .. "/" .. err.code)
      assert.is_true(err.may_have_executed)
      assert.equal(2, #server:arrivals())
      assert(client:request { path = "/x" }) -- which harms no other call
    end)
  end

  it("and one that ends below the ceiling is read", function()
    local client = assert(server:client { max_retries = 0 })
    local before = ("HTTP/1.1 100 Continue\r\n\r\n"):rep(1000)
    server:script { { raw = before .. OK .. LINE:rep(200)
      .. "Content-Length: 2\r\n\r\n{}" } }
    local _, response = assert(client:request { path = "/x" })
    assert.matches("^y+, y+", response.headers["x-filler"])
  end)
end)
