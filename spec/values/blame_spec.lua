-- Which line an error of a wrong call names, shown with etoro.encode: it takes
-- no function, whoever calls it from where.
local blame = require "etoro.values.blame"
local etoro = require "etoro"
local files = require "spec.support.files"
local process = require "spec.support.process"

local SAYS = "cannot encode value: it is a function, which JSON cannot hold"
local FILE = debug.getinfo(1, "S").short_src

-- Where the package was loaded from, as its functions' sources say it.
local OWN = debug.getinfo(blame.raise, "S").source:match "^(.*)values/blame"

local function line() return debug.getinfo(2, "l").currentline end

-- What a call raises, and that it names a line of this file.
local function names(at, fn, ...)
  local ok, message = pcall(fn, ...)
  assert.is_false(ok)
  assert.equal(("%s:%d: %s"):format(FILE, at, SAYS),
    (message:gsub("\nstack traceback:.*", "")))
end

-- Runs a function in a coroutine of its own.
local function resume(fn, ...)
  local ok, message = coroutine.resume(coroutine.create(fn), ...)
  if not ok then error(message, 0) end
end

describe("the line that an error names", function()
  it("is the caller's", function()
    names(line() + 1, function()
      etoro.encode(print)
    end)
    names(line() + 1, function()
      local value = { etoro.encode { 1 }, etoro.encode(print) }
      return value
    end)
  end)

  it("is the caller's through functions of C", function()
    local at = line() + 1
    local _, message = pcall(etoro.encode, print)
    assert.equal(("%s:%d: %s"):format(FILE, at, SAYS), message)
    names(line() + 1, function()
      table.sort({ 1, 2 }, function() return etoro.encode(print) == "" end)
    end)
    names(line() + 1, function()
      local text = ("x"):gsub("x", function() return (etoro.encode(print)) end)
      return text
    end)
  end)

  it("is the metamethod's, and the line's that calls a method as one",
    function()
      local ours = setmetatable({}, {
        __index = function()
          local text = etoro.encode(print)
          return text
        end,
      })
      names(line() - 4, function() return (ours.text) end)
      local theirs = setmetatable({ print }, { __index = etoro.encode,
        __call = etoro.encode, __close = etoro.encode })
      local ok, message = pcall(function()
        return (theirs.text)
      end)
      assert.is_false(ok)
      assert.equal(("%s:%d: %s"):format(FILE, line() - 3,
        (SAYS:gsub("value", "value[1]"))), message)
      ok, message = pcall(function()
        local closed <close> = theirs
        return closed
      end)
      assert.is_false(ok)
      assert.matches(FILE .. ":" .. line() - 3 .. ": cannot", message, 1, true)
    end)

  it("is the next one out where a tail call has taken it away", function()
    local function tail() return etoro.encode(print) end
    names(line() + 1, function()
      tail()
    end)
  end)

  it("is that of the iterator's user", function()
    local function iterator()
      return etoro.encode, print
    end
    names(line() + 1, function()
      for _ in iterator() do error "none is given" end
    end)
  end)

  it("is a task's, also below etoro.wrap", function()
    names(line() + 1, etoro.run, function()
      etoro.encode(print)
    end)
    names(line() + 2, etoro.run, function()
      local task = etoro.spawn(function()
        etoro.encode(print)
      end)
      task:wait()
    end)
    names(line() + 2, etoro.run, function()
      local wrapped = etoro.wrap(function()
        etoro.encode(print)
      end)
      wrapped()
    end)
    names(line() + 1, resume, function()
      etoro.encode(print)
    end)
  end)

  it("is none where a coroutine runs a method and nothing else", function()
    local function tail() return etoro.encode(print) end
    local ways = {
      function() resume(etoro.encode, print) end,
      function() resume(tail) end,
      function() etoro.run(etoro.encode, print) end,
      function() etoro.run(tail) end,
      function() etoro.wrap(etoro.encode)(print) end,
    }
    for _, way in ipairs(ways) do
      local ok, message = pcall(way)
      assert.is_false(ok)
      assert.equal(SAYS, (message:gsub("\nstack traceback:.*", "")))
    end
  end)

  it("is nowhere in the package, but for its command", function()
    local text = "local encode, value = ... local text = encode(value)"
      .. " return text"
    for _, name in ipairs { "x.lua", "init.lua", "trading/x.lua",
      "sandbox/serve.lua", "commands.lua", "values/command/x.lua" }
    do
      local chunk = assert(load(text, OWN .. name))
      names(line() + 1, function()
        chunk(etoro.encode, print)
      end)
    end
    for _, name in ipairs { OWN .. "command/x.lua", OWN:sub(1, -2) .. ".lua",
      "@x/" .. OWN:sub(2) .. "x.lua", OWN:sub(1, -2) .. "_bot/x.lua",
      "=" .. OWN:sub(2) .. "x.lua", OWN:sub(2) .. "x.lua", "=stdin" }
    do
      local chunk = assert(load(text, name))
      local ok, message = pcall(chunk, etoro.encode, print)
      assert.is_false(ok)
      assert.equal(debug.getinfo(chunk, "S").short_src .. ":1: " .. SAYS,
        message, name)
    end
  end)

  it("is none of a caller whose lines were stripped", function()
    local bare = assert(load(string.dump(function(encode, value)
      local text = encode(value)
      return text
    end, true)))
    local ok, message = pcall(bare, etoro.encode, print)
    assert.is_false(ok)
    assert.equal(SAYS, message)
  end)
end)

describe("the line that an error names, of each method", function()
  local resources = require "spec.support.resources"
  local WRONG = { true, 0.5, "", { wrong = 1 } }

  -- The text that a call raises, and whether it names another line.
  local function raised(method, arguments, count)
    local at = line() + 2
    local ok, message = pcall(function()
      method(table.unpack(arguments, 1, count))
    end)
    if ok or type(message) ~= "string" then return nil, false end
    local place = ("%s:%d: "):format(FILE, at)
    return message, message:sub(1, #place) ~= place
  end

  it("is the caller's where self is another", function()
    local wrong, count = {}, 0
    for subject, of in pairs(resources.subjects()) do
      for name, method in pairs(subject ~= "client" and of.methods or {}) do
        local text, is_elsewhere = raised(method, { "self" }, 1)
        if is_elsewhere then
          wrong[#wrong + 1] = subject .. ":" .. name .. ": " .. text
        elseif text and text:find(": bad self: ", 1, true) then
          count = count + 1
        end
      end
    end
    assert.same({}, wrong)
    assert.is_true(count > 140, count)
  end)

  it("is the caller's for each of its arguments", function()
    local box = etoro.sandbox.new { now = function() return 1767225600 end }
    local wrong, count = {}, 0

    local function try(what, of, method, number, value)
      local client = assert(box:client { on_event = function() end })
      local arguments = { of.of(client), [number] = value }
      local text, is_elsewhere = raised(method, arguments, number)
      if is_elsewhere then wrong[#wrong + 1] = what .. ": " .. text end
      if text then count = count + 1 end
      client:close()
    end

    for subject, of in pairs(resources.subjects()) do
      for name, method in pairs(of.methods) do
        local info = debug.getinfo(method, "u")
        -- a row's method takes what it is given: no row has more than these
        for number = 2, info.isvararg and 5 or info.nparams do
          for _, value in ipairs(WRONG) do
            try(subject .. ":" .. name, of, method, number, value)
          end
        end
      end
    end
    assert.same({}, wrong)
    assert.is_true(count > 500, count)
  end)

  it("is the caller's for arguments of the functions beside them", function()
    local login = assert(etoro.oauth.new { client_id = "x",
      redirect_uri = "http://127.0.0.1/back" })
    local wrong = {}

    local function try(what, fn, ...)
      local text, is_elsewhere = raised(fn, { ... }, select("#", ...))
      if is_elsewhere then wrong[#wrong + 1] = what .. ": " .. text end
      return text
    end

    for _, value in ipairs(WRONG) do
      for _, name in ipairs { "client", "run", "spawn", "wrap" } do
        assert.is_string(try(name, etoro[name], value), name)
      end
      for _, name in ipairs { "new", "serve", "server" } do
        assert.is_string(try("sandbox." .. name, etoro.sandbox[name], value))
      end
      assert.is_string(try("oauth.new", etoro.oauth.new, value))
      try("oauth.new", etoro.oauth.new, { client_id = "x", scopes = value })
      try("all", etoro.all, value)
      for name, method in pairs(getmetatable(login).__index) do
        if name:sub(1, 1) ~= "_" then
          try("login:" .. name, method, login, value)
          try("login:" .. name, method, login, nil, value)
          try("login:" .. name, method, login, nil, nil, value)
        end
      end
    end
    local task = etoro.spawn(function() end)
    local others = { "task", task.status, 1, { status = "running" }, login }
    for _, other in ipairs(others) do
      assert.is_string(try("task:wait", task.wait, other))
      assert.is_string(try("task:cancel", task.cancel, other))
    end
    assert.is_string(try("task:wait", task.wait))
    task:wait()
    for _, option in ipairs { { port = "x" }, { port = 65536 }, { host = true },
      { max_body = -1 }, { on_ready = 1 } }
    do
      assert.is_string(try("sandbox.server", etoro.sandbox.server, option))
    end
    assert.same({}, wrong)
    assert.is_string(try("sleep", etoro.sleep, "1"))
    assert.is_string(try("all", etoro.all, { 1 }))
    assert.same({}, wrong)
  end)
end)

describe("the line that an error names, of a program", function()
  local LUA = os.getenv "LUA" or "lua5.4"
  local ROOT = assert(package.searchpath("etoro", package.path))
    :match "^(.*)/etoro/init.lua$"
  local FAILS = '\nrequire("etoro").encode(print)\n'
  local folder

  local function write(name, text) files.write(folder .. "/" .. name, text) end

  local function run(argv)
    local done = process.run(argv)
    assert.equal(0, done.code, done.stderr)
    return done.stdout
  end

  -- What a program says that ends with an error, without the traceback.
  local function fails(path, arguments, more)
    local argv = { LUA, table.unpack(arguments) }
    argv.cwd = folder
    argv.env = { LUA_PATH = path, LUA_PATH_5_4 = false, LUA_PATH_5_5 = false,
      LUA_CPATH = assert(package.searchpath("etoro.core", package.cpath))
        :gsub("etoro/core.so$", "?.so") .. ";;" }
    argv.input = more
    local done = process.run(argv)
    assert.equal(1, done.code)
    return done.stderr:match "^[^ ]*: ([^\n]*)\n"
  end

  -- package.path for modules below a folder
  local function below(place)
    return place .. "/?.lua;" .. place .. "/?/init.lua;;"
  end

  setup(function()
    folder = run({ "mktemp", "-d" }):gsub("\n", "")
    run { "mkdir", folder .. "/etoro", folder .. "/share" }
    run { "cp", "-R", ROOT .. "/etoro", folder .. "/share/" }
    write("bot.lua", FAILS)
    write("etoro/bot.lua", FAILS)
    write("share/etoro.bot.lua", FAILS)
  end)

  teardown(function() run { "rm", "-rf", "--", folder } end)

  it("is the same wherever the package is", function()
    for _, path in ipairs { below(folder .. "/share"), below "share",
      below "./share", below "etoro/../share", below(ROOT) }
    do
      local said = ":2: " .. SAYS
      for _, file in ipairs { "bot.lua", "etoro/bot.lua", "./etoro/bot.lua",
        folder .. "/etoro/bot.lua", "share/etoro.bot.lua" }
      do
        assert.matches("[./]*" .. file:sub(-30):gsub("%p", "%%%0") .. said,
          fails(path, { file }))
      end
    end
  end)

  it("is that of a chunk without a file", function()
    local path = below "share"
    assert.equal("stdin:2: " .. SAYS, fails(path, { "-" }, FAILS))
    assert.equal("(command line):2: " .. SAYS, fails(path, { "-e", FAILS }))
    assert.equal("(command line):1: " .. SAYS, fails(path, { "-e",
      "pcall(print, require('etoro').encode(print))" }))
  end)

  it("is found when the package's chunks have names in place of files",
    function()
      write("preload.lua", [[
        local mode = ...
        table.insert(package.searchers, 2, function(name)
          local path = package.searchpath(name, package.path)
          if not path or not name:find "^etoro" then return nil end
          local file = assert(io.open(path))
          local chunk = assert(load(file:read "a",
            mode == "path" and "@" .. path or "=" .. name))
          file:close()
          if mode == "bare" then
            chunk = assert(load(string.dump(chunk, true)))
          end
          return chunk
        end)
        require("etoro").encode(print)
      ]])
      for _, mode in ipairs { "path", "name", "bare" } do
        assert.equal("preload.lua:14: " .. SAYS,
          fails(below "share", { "preload.lua", mode }), mode)
      end
    end)
end)
