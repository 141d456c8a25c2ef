-- Ceilings on the wire, each at its limit and one past it: src/core/limits.h.
local etoro = require "etoro"
local recorder = require "spec.support.recorder"

-- The head of an answer that has so many bytes, its end included.
local function head(bytes)
  local lines = { "HTTP/1.1 200 OK", "Content-Length: 2" }
  local left = bytes - #lines[1] - #lines[2] - 6
  while left > 0 do
    local n = left > 2000 and 1000 or left
    lines[#lines + 1] = "X: " .. ("y"):rep(n - 5)
    left = left - n
  end
  return table.concat(lines, "\r\n") .. "\r\n\r\n"
end

describe("on the wire,", function()
  local server

  setup(function() server = recorder.start() end)
  teardown(function() server:stop() end)
  before_each(function() server:clear() end)

  it("ETORO_REPLY_HEADERS_MAX bytes of header lines are read", function()
    local client = assert(server:client { max_retries = 0 })
    for extra, code in pairs { [0] = "none", [1] = "too_large" } do
      local text = head(262144 + extra)
      assert.equal(262144 + extra, #text)
      server:script { { raw = text .. "{}" } }
      local _, err = client:request { path = "/x" }
      assert.equal(code, err.code or "none", extra)
    end
  end)

  it("as many are read of each attempt", function()
    local client = assert(server:client { max_retries = 1 })
    local first = head(200000):gsub("200 OK", "503 No", 1)
    server:script { { raw = first .. "{}" }, { raw = head(200000) .. "{}" } }
    local body, response = client:request { path = "/x" }
    assert.same({}, body)
    assert.equal(2, response.attempts)
  end)

  it("max_body bytes of a body are read", function()
    local client = assert(server:client { max_retries = 0, max_body = 10 })
    for body, code in pairs { ['"12345678"'] = "none",
      ['"123456789"'] = "too_large" }
    do
      server:script { { body = body } }
      local _, err = client:request { path = "/x" }
      assert.equal(code, err.code or "none", body)
    end
  end)

  it("ETORO_KEPT_CONNECTIONS_MAX connections are kept", function()
    local servers, clients = {}, {}
    finally(function()
      for _, one in ipairs(servers) do one:stop() end
    end)
    -- Has so many calls made at once; gives the connections there were so far.
    local function call(index, count)
      local server_at = servers[index]
      local before = #server_at:arrivals()
      server_at:hold()
      etoro.run(function()
        for _ = 1, count do
          etoro.spawn(function()
            assert(clients[index]:request { path = "/x" })
          end)
        end
        server_at:await(before + count)
        server_at:release()
      end)
      return #server_at:connections()
    end
    for i = 1, 9 do
      servers[i] = recorder.start()
      servers[i]:set { default = { body = "{}", held = true } }
      clients[i] = assert(servers[i]:client())
    end
    for i = 1, 8 do assert.equal(8, call(i, 8)) end
    assert.equal(8, call(1, 8)) -- all 64 are there still
    assert.equal(1, call(9, 1)) -- which closes the one that rested longest
    assert.equal(9, call(2, 8))
  end)
end)
