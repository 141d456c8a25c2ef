-- What the generator has written, as it stands in the tree: it is what the generator
-- would write, and hangs together.
local classes = require "src.generate.classes"
local files = require "spec.support.files"
local knowledge = require "src.generate.knowledge"
local merge = require "src.generate.merge"
local meta = require "src.generate.meta"
local operations = require "etoro.operations"
local pools = require "etoro.client.pools"
local process = require "spec.support.process"
local read = require "src.generate.read"
local write = require "src.generate.write"

local LUA = os.getenv "LUA" or "lua5.4"

local function read_file(path) return assert(files.read(path)) end

describe("the table of operations #lua", function()
  -- Everything in the files is in the table, but the traps.
  it("is what the generator writes, and not edited by hand", function()
    local text = read_file "lua/etoro/operations.lua"
    local version = text:match "document ([^;]+);"
    local by_part = write.parts(operations, knowledge.parts)
    assert.equal(text, write.index(by_part, version))
    for part, entries in pairs(by_part) do
      text = read_file("lua/etoro/operations/" .. part .. ".lua")
      assert.equal((text:gsub("%-%- trap: [^\n]*\n", "")),
        write.part(entries, version))
    end
    assert.equal(read_file "lua/etoro/client/pools.lua", write.pools(pools))
    assert.same(knowledge.pools, pools)
    local specs = read_file "lua/etoro/sandbox/answers/specs.lua"
    assert.equal(specs, write.answers(dofile "lua/etoro/sandbox/answers/specs.lua",
      knowledge.made_up, specs:match "document ([^;]+);"))
  end)

  it("is loaded by parts, when one of its entries is asked for", function()
    local program = [[
      local operations = require "etoro.operations"
      local function parts()
        local count = 0
        for name in pairs(package.loaded) do
          if name:find("^etoro%.operations%.") then count = count + 1 end
        end
        return count
      end
      io.write(parts(), " ", tostring(operations["GET /x"]), " ", parts(), " ",
        operations["GET /api/v1/me"].path, " ", parts(), " ")
      local count = 0
      for name, op in pairs(operations) do
        assert(operations[name] == op and name == op.method .. " " .. op.path)
        count = count + 1
      end
      for _ in pairs(operations) do count = count - 1 end
      io.write(count, " ", parts())
    ]]
    local done = process.run { LUA, "-e", program }
    assert.equal("", done.stderr)
    assert.equal("0 nil 0 /api/v1/me 1 0 7", done.stdout)
  end)

  it("has no part that holds nothing of it", function()
    local by_part = write.parts(operations, knowledge.parts)
    local pipe = assert(io.popen "ls lua/etoro/operations")
    for file in pipe:lines() do
      assert.is_truthy(by_part[file:match "^(.*)%.lua$"], file)
    end
    pipe:close()
  end)

  it("is what editors are told of", function()
    local text = read_file "lua/etoro/meta/api.meta.lua"
    local version = text:match "document ([^;]+);"
    -- answers are in the document alone
    local requests = text
      :gsub("%-%-%-@class etoro%.api%.%w+\n.-\n\n", "")
      :gsub("%): [^:]-, etoro%.Response|", "): any, etoro.Response|")
    assert.equal(meta.operations(operations, version, {}), requests)
    assert.is_not_nil(loadfile "lua/etoro/meta/api.meta.lua")
    assert.is_nil((package.searchpath("etoro.meta.api.meta", package.path)))
  end)

  it("has in it what is known by hand, of every operation", function()
    local merged, complaints = merge.operations(operations, knowledge)
    assert.same({ missing = {}, unused = {}, pools = {} }, complaints)
    for name, entry in pairs(merged) do
      for _, fact in ipairs { "class", "class_by", "pool", "account", "twin",
        "trade", "reads", "final", "scopes", "paging", "one_of", "any_of",
        "at_most_one", "together", "none_of", "max_together", "in_order",
        "moves_money", "key", "since", "until" } do
        assert.same(operations[name][fact], entry[fact], name .. " " .. fact)
      end
    end
  end)

  it("would be refused with an operation unknown or known twice", function()
    local more = merge.copy(operations)
    more["GET /api/v1/new"] = { method = "GET", path = "/api/v1/new",
      params = { path = {}, query = {} }, success = { 200 } }
    local _, complaints = merge.operations(more, knowledge)
    assert.same({ "GET /api/v1/new" }, complaints.missing)
    local twice = merge.copy(knowledge)
    table.insert(twice.groups[1], "GET /api/v1/me")
    local ok, message = pcall(merge.operations, operations, twice)
    assert.is_false(ok)
    assert.equal("knowledge names twice: GET /api/v1/me", message)
  end)

  it("says what answers were seen to hold", function()
    local answers = { ["GET /a"] = { type = "object", fields = {
      rows = { type = "list", items = { type = "object", fields = {
        kind = { type = "string", enum = { "x" } } } } } } } }
    merge.answers(answers, { ["GET /a"] = { id = "integer",
      ["rows.kind"] = "string or integer", ["rows.value"] = "number",
      ["none.kind"] = "number" }, ["GET /b"] = { id = "integer" } })
    assert.same({ ["GET /a"] = { type = "object", fields = {
      id = "integer", rows = { type = "list", items = { type = "object",
        fields = { kind = "string or integer", value = "number" } } } } } },
      answers)
    local text = read_file "lua/etoro/meta/api.meta.lua"
    local function fields(class)
      return assert(text:match("%-%-%-@class " .. class:gsub("%.", "%%.")
        .. "\n(.-)\n\n"), class)
    end
    assert.matches("@field accountType? string|integer\n",
      fields "etoro.api.AccountBalanceData", 1, true)
    assert.matches("@field accountType? string|integer\n",
      fields "etoro.api.HistoricalAccountData", 1, true)
    local order = fields "etoro.api.OrderForOpenInfoResponse"
    assert.matches("@field CID? integer\n", order, 1, true)
    assert.matches("@field cid? integer\n", order, 1, true)
    assert.matches("@field costType.-\n%-%-%-@field currency[^\n]*\n"
      .. "%-%-%-@field value%? number", text)
  end)
end)

describe("classes for editors #lua", function()
  local shipped = read_file "lua/etoro/meta/api.meta.lua"

  -- Fields by class.
  local function bodies(text)
    local out, count = {}, 0
    for name, body in text:gmatch "%-%-%-@class (etoro%.[oa]pi?%.[%w_.]+)\n(.-)\n\n"
    do
      assert.is_nil(out[name], name .. " stands twice")
      out[name], count = body, count + 1
    end
    return out, count
  end

  local function assert_no_twins(text)
    local seen = {}
    for name, body in pairs(bodies(text)) do
      assert.is_nil(seen[body], ("%s is %s"):format(name, seen[body] or ""))
      seen[body] = name
    end
  end

  -- What a call takes and gives.
  local function signature(name)
    local _, stop = shipped:find(('name: "%s", '):format(name), 1, true)
    return shipped:match("^(.-)\n", stop + 1)
  end

  it("stand once, whatever takes or gives such objects", function()
    local _, count = bodies(shipped)
    assert.is_true(count > 250)
    assert_no_twins(shipped)
    local lines = select(2, shipped:gsub("\n", "\n"))
    assert.is_true(lines <= 19 * 207, lines .. " lines")
    local document = read.file("spec/fixtures/generate/old.json")
    local answers = read.bodies(read.answers(document))
    local text = meta.operations(read.operations(document), "v1.0", answers)
    assert_no_twins(text)
    assert.matches("@class etoro.op.PostV1Books.body.sequel\n", text, 1, true)
  end)

  it("are all there", function()
    local known = bodies(shipped)
    for name in shipped:gmatch "etoro%.[oa]pi?%.[%w_.]+" do
      assert.is_string(known[name], name)
    end
  end)

  it("are the same for the real and the demo account", function()
    local count = 0
    for name, op in pairs(operations) do
      local twin = operations[op.twin or ""]
      if twin then
        local params, answer = signature(name):match "^(.-), options.-%): (.+)$"
        local params_too, too = signature(op.twin)
          :match "^(.-), options.-%): (.+)$"
        count = count + 1
        assert.equal(answer, too, name)
        if pcall(assert.same, { op.params, op.body },
            { twin.params, twin.body }) then
          assert.equal(params, params_too, name)
          assert.is_nil(params:find "Demo", name)
        end
      end
    end
    assert.equal(2 * #knowledge.pairs, count)
  end)

  local function settle(list)
    local collection, marks = classes.new(), {}
    for i = 1, #list do marks[i] = collection:reserve() end
    for i, class in ipairs(list) do
      collection:describe(marks[i], (class[1]:gsub("%d", function(number)
        return marks[tonumber(number)]
      end)), "", { rank = class.rank or 1, words = class })
      table.remove(class, 1)
    end
    return collection:settle()
  end

  it("that hold themselves, or each other, are compared to the end", function()
    assert.same({ { name = "Chain", rank = 1, text = "next Chain" } },
      (settle { { "next 1", "Chain" }, { "next 3", "LongChain" },
        { "next 2", "LongerChain" } }))
    assert.same({ { name = "A", rank = 1, text = "b B" },
      { name = "B", rank = 1, text = "c A" } },
      (settle { { "b 2", "A" }, { "c 1", "B" }, { "b 4", "AA" },
        { "c 3", "BB" } }))
  end)

  it("have a name of what is the same in all of theirs", function()
    local function names(...)
      local out = {}
      for i, class in ipairs((settle { ... })) do out[i] = class.name end
      return out
    end
    assert.same({ "GetV1Orders" }, names({ "x", "Get", "V1", "Demo", "Orders" },
      { "x", "Get", "V1", "Orders" }))
    -- a method and a version are no name, nor is a field without its place
    assert.same({ "PostV1Ab" }, names({ "x", "Post", "V1", "Abc" },
      { "x", "Post", "V1", "Ab" }))
    assert.same({ "PutC.body" }, names({ "x", "PostAbc", ".body" },
      { "x", "PutC", ".body" }))
    assert.same({ "AB.y.z" }, names({ "x", "AB", ".y", ".z" },
      { "x", "AB", ".long", ".name" }))
    -- what another is called is taken
    assert.same({ "Users", "UsersA" }, names({ "y", "Users" },
      { "x", "Users", "A" }, { "x", "Users", "B" }))
    -- a schema's name goes before that of a place
    assert.same({ "Schema" }, names({ "x", "P", rank = 3 },
      { "x", "Schema", rank = 2 }))
    assert.same({ "Same", "Same2" }, names({ "x", "Same" }, { "y", "Same" }))
  end)
end)
