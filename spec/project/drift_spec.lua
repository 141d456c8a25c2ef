-- make drift on copies of a document, each with one thing changed.
local cjson = require "cjson"
local process = require "spec.support.process"

local FIXTURES = "spec/fixtures/generate/"
local LUA = os.getenv "LUA" or "lua5.4"
local DOCUMENTS = FIXTURES .. "old.json " .. FIXTURES .. "newer.json"

local RETURNS = "/api/v2/returns"
local KEYS = { apiKeyAuth = {}, userKeyAuth = {} }

describe("make drift #lua", function()
  local folder, newer

  local function main(...)
    local done = process.run { LUA, "src/generate/main.lua", ... }
    assert.equal("", done.stderr)
    assert.equal(0, done.code)
    return done.stdout
  end

  setup(function()
    folder = process.scratch()
    process.run { "/bin/mkdir", "-p", folder .. "/client", folder .. "/meta",
      folder .. "/operations", folder .. "/sandbox/answers" }
    main("generate", DOCUMENTS, folder, "spec.fixtures.generate.knowledge")
    main("shapes", DOCUMENTS, folder)
    local file = assert(io.open(FIXTURES .. "newer.json"))
    newer = file:read "a"
    file:close()
  end)
  teardown(function() process.remove(folder) end)

  -- The lines on a copy that a function has changed, but for the first and the last.
  local function drift(change)
    local document = cjson.decode(newer)
    document.info.version = "v1.1"
    change(document.paths, document)
    local path = folder .. "/mutated.json"
    local file = assert(io.open(path, "w"))
    file:write((cjson.encode(document):gsub('"(%a+)":{}', '"%1":[]')))
    file:close()
    local said = main("drift", DOCUMENTS .. " " .. path, folder,
      "spec.fixtures.generate.knowledge")
    return (said:gsub("^[^\n]*\n", ""):gsub("\n[^\n]*\n$", ""))
  end

  local function tells(text, change) assert.equal(text, drift(change)) end
  local function returns(text)
    return "changed    POST " .. RETURNS .. "\n             " .. text
  end

  it("finds nothing in a copy", function()
    assert.equal("no differences", (drift(function() end):gsub("\n", "")))
  end)

  it("tells of scopes, also where any will do", function()
    tells(returns "scopes +loans:admin", function(paths)
      table.insert(paths[RETURNS].post.security, { oauth2 = { "loans:admin" } })
    end)
    tells(returns "scopes -loans:write: any will do", function(paths)
      paths[RETURNS].post.security = { KEYS, { oauth2 = {} } }
    end)
  end)

  it("tells where keys are not accepted any more", function()
    tells(returns "keys are not accepted, tokens alone", function(paths)
      paths[RETURNS].post.security = { { oauth2 = { "loans:write" } } }
    end)
  end)

  it("tells of pools: size, members, and the one that it is now in", function()
    tells(returns "pool: 20 in 60 s -> 5 in 60 s", function(paths)
      paths[RETURNS].post["x-ratelimit"].limit = 5
    end)
    local loans = "changed    GET /api/v2/loans\n             "
    tells(loans .. "pool: default -> book-writes\n             "
      .. "pool: 60 in 60 s -> 20 in 60 s", function(paths)
      paths["/api/v2/loans"].get["x-ratelimit"] = { limit = 20, window = 60,
        defaultPool = false, sharedWith = { "POST /api/v1/books" } }
    end)
    tells(loans .. "pool: default -> one of its own", function(paths)
      paths["/api/v2/loans"].get["x-ratelimit"].defaultPool = false
    end)
    assert.matches("pool: shared with %-DELETE /api/v1/shelf$", drift(function(paths)
      table.remove(paths[RETURNS].post["x-ratelimit"].sharedWith, 2)
    end))
  end)

  it("tells what is documented again", function()
    tells("changed    POST /api/v1/covers\n             "
      .. "documented again; it was not in v1.0.5", function(paths)
      local file = { type = "string", format = "binary" }
      paths["/api/v1/covers"] = { post = { responses = { ["200"] = {} },
        requestBody = { content = { ["multipart/form-data"] = { schema = {
          type = "object", required = { "file" },
          properties = { file = file } } } } } } }
    end)
  end)

  it("tells of answers by their places, whatever schemas are called", function()
    local function books(properties)
      return function(paths, document)
        document.components.schemas = { Volume = { type = "object",
          properties = properties } }
        paths["/api/v1/books"] = { post = { requestBody = { content = {
          ["application/json"] = { schema = { type = "object" } } } },
          responses = { ["201"] = { content = { ["application/json"] = {
            schema = { ["$ref"] = "#/components/schemas/Volume" } } } } } } }
      end
    end
    local text, date = { type = "string" }, { type = "string", format = "date",
      nullable = true }
    local sequel = { type = "object", properties = { title = text,
      volume = { type = "integer", nullable = true } } }
    local function answers(properties)
      local lines = {}
      for line in drift(books(properties)):gmatch "[^\n]+" do
        lines[#lines + 1] = line:match "^ +(answer .*)$"
      end
      return lines
    end
    assert.same({}, answers { title = text, printed = date, sequel = sequel,
      isbn = text })
    assert.same({ "answer field 'isbn' removed", "answer field 'price' added",
      "answer field 'printed': string or null -> string",
      "answer field 'sequel' removed", "answer field 'title': string -> list" },
      answers { title = { type = "array", items = text }, printed = text,
        price = { type = "number" } })
  end)
end)
