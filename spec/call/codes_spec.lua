-- The codes that the core has for a call without a reply, and what Lua says of
-- each: src/core/engine/codes.h and lua/etoro/call/failures.lua.
local failures = require "etoro.call.failures"
local files = require "spec.support.files"

local function text_of(path) return assert(files.read(path)) end

-- The texts of a list in codes.h.
local function list(name)
  local texts = {}
  local body = text_of("src/core/engine/codes.h")
    :match("#define " .. name .. "%(X%)(.-[^\\])\n")
  for text in assert(body, name):gmatch 'X%([%u%d_]+, "([%l%d_]+)"%)' do
    table.insert(texts, text)
  end
  return texts
end

-- The names that a table of failures.lua holds.
local function names_in(name)
  local body = text_of("lua/etoro/call/failures.lua")
    :match("\nlocal " .. name .. " = (%b{})")
  local names = {}
  body = assert(body, name):sub(2, -2):gsub("%b{}", "true"):gsub('"[^"]*"', "")
  for key in body:gmatch "([%l_]+) =" do table.insert(names, key) end
  return names
end

describe("a code of the core", function()
  local codes = {}
  for _, code in ipairs(list "ETORO_CODES") do codes[code] = true end
  codes.none = nil

  it("is in the list that is read here", function()
    assert.equal("none", list("ETORO_CODES")[1])
    assert.equal(25, #list "ETORO_CODES")
    assert.same({ "budget", "credential", "journal", "flight", "backoff",
      "done" }, list "ETORO_STATES")
  end)

  it("is named as what stands for it in C", function()
    local header = text_of "src/core/engine/codes.h"
    for name, text in header:gmatch 'X%(([%u%d_]+), "([^"]*)"%)' do
      assert.equal(name, text:upper())
    end
  end)

  it("has a sentence of its own", function()
    local seen = {}
    for code in pairs(codes) do
      local err = failures.from_transport { code = code, host = "api.test" }
      assert.equal(code, err.code)
      assert.is_nil(seen[err.message], code .. " says what another code does")
      seen[err.message] = true
    end
  end)

  it("is what a sentence is for, but for those that Lua finds", function()
    local of_lua = { large_header = true, bad_json = true, html = true }
    local count = 0
    for _, code in ipairs(names_in "TRANSPORT") do
      assert.truthy(codes[code] or of_lua[code], code .. ": no such code")
      count = count + 1
    end
    assert.equal(24 + 3, count)
    for _, name in ipairs { "NEVER_SENT", "PASSING" } do
      for _, code in ipairs(names_in(name)) do
        assert.truthy(codes[code], code .. ": no such code")
      end
    end
  end)
end)
