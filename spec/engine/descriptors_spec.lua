-- No descriptor is left open by what has ended: a program that makes and drops
-- states, clients and loops for months must not run out of them.
local cjson = require "cjson"
local process = require "spec.support.process"
local program = require "spec.support.program"
local recorder = require "spec.support.recorder"

describe("no descriptor is left #memory", function()
  local server, folder

  setup(function() server = recorder.start() end)
  teardown(function() server:stop() end)

  before_each(function()
    server:clear()
    server:set { default = { body = '{"orderId":77,"referenceId":"r"}' },
      on_connect = cjson.null }
    folder = process.scratch()
  end)

  after_each(function() process.remove(folder) end)

  -- What is done in each state, which is closed then.
  local WAYS = {
    ["that has made calls"] = [[
      local c = client(url)
      for _ = 1, 3 do assert(c:request { path = "/a" }) end
    ]],
    ["that had a loop"] = [[
      local c = client(url)
      local loop = etoro.loop()
      loop:pollfd()
      etoro.run(function() assert(c:request { path = "/a" }) end)
    ]],
    ["with a journal"] = [[
      local c = client(url, { journal = path, max_retries = 0 })
      assert(c:request { path = orders, method = "POST", body = {} })
    ]],
    ["with a journal and a loop"] = [[
      local c = client(url, { journal = path, max_retries = 0 })
      etoro.loop():pollfd()
      assert(c:request { path = orders, method = "POST", body = {} })
      c:close()
    ]],
    ["with a journal that cannot be had"] = [[
      for _, name in ipairs { "/", path .. "/none/x", "/dev/null", keys } do
        assert(not etoro.client { api_key = "a", user_key = "u",
          base_url = url, journal = name })
      end
    ]],
    ["with key files"] = [[
      local c = assert(etoro.client { api_key_file = keys,
        user_key_file = keys, base_url = url })
      for _, name in ipairs { "/", "/dev/null", "/none" } do
        assert(not etoro.client { api_key_file = keys, user_key_file = name,
          base_url = url })
      end
    ]],
    ["with calls under way"] = [[
      local c = client(url, { journal = path, max_retries = 0 })
      etoro.loop():pollfd()
      for n = 1, 5 do etoro.spawn(c.request, c, { path = "/stall" .. n }) end
      etoro.spawn(c.request, c, { path = orders, method = "POST", body = {} })
      etoro.run(etoro.sleep, 0.02)
    ]],
    ["with engines of its own"] = [[
      for _ = 1, 5 do
        local engine = core.engine { now = 1e9 }
        engine:pollfd()
        local journal = assert(engine:journal(path))
        engine:close()
        journal:close()
      end
    ]],
  }

  for way, code in pairs(WAYS) do
    it("by a state " .. way, function()
      local keys = folder .. "/keys"
      local file = assert(io.open(keys, "wb"))
      file:write "a key of some length\n"
      file:close()
      assert(os.execute(("chmod 600 '%s'"):format(keys)))
      program.passes(program.embed({}, [[
        local uv = require "luv"
        local url, folder, keys, code = ...
        local function count()
          local scan, n = assert(uv.fs_scandir "/dev/fd"), 0
          while uv.fs_scandir_next(scan) do n = n + 1 end
          return n
        end
        local HEAD = "local etoro, core = require 'etoro', require"
          .. " 'etoro.core' local url, path, keys = ... local orders ="
          .. " '/api/v2/trading/execution/demo/orders' local function"
          .. " client(of, options) options = options or {}"
          .. " options.base_url, options.api_key, options.user_key = of,"
          .. " 'a', 'u' return assert(etoro.client(options)) end "
        local function once(n)
          local state = host.state()
          local done, message = state:run(HEAD .. code, url,
            folder .. "/journal" .. n, keys)
          assert(done, message)
          state:close()
        end
        once(0) -- what libraries keep for good
        local before = count()
        for n = 1, 5 do once(n) end
        assert(count() == before, count() - before .. " more")
      ]], server.url, folder, keys, code))
    end)
  end

  it("by clients and journals that are closed in one state", function()
    program.passes(program.embed({}, [[
      local uv = require "luv"
      local url, folder = ...
      local function count()
        local scan, n = assert(uv.fs_scandir "/dev/fd"), 0
        while uv.fs_scandir_next(scan) do n = n + 1 end
        return n
      end
      local function once(n)
        local c = client(url, { journal = folder .. "/journal" .. n,
          max_retries = 0 })
        assert(c:request { method = "POST", body = {},
          path = "/api/v2/trading/execution/demo/orders" })
        c:close()
      end
      once(0)
      local before = count()
      for n = 1, 5 do once(n) end
      assert(count() == before, count() - before .. " more")
    ]], server.url, folder))
  end)
end)
