-- Routes that newer documents lack, on a server that has them no more: every way to
-- them says so, and what to use.
local box = require "spec.support.box"
local coverage = require "spec.support.coverage"
local etoro = require "etoro"
local operations = require "etoro.operations"
local sandbox = require "etoro.sandbox"

describe("a withdrawn route", function()
  local lines, count = {}, 0
  for name, op in pairs(operations) do
    if op["until"] then lines[name], count = {}, count + 1 end
  end
  for _, line in ipairs(coverage.lines()) do
    if lines[line.op] then table.insert(lines[line.op], line) end
  end

  -- What the sandbox says where the route is gone.
  local function refusal_of(name, status)
    local b = box.new { withdrawn = status, limits = false }
    local op = operations[name]
    local got, body, _, answer = b:ask(op.method, (op.path:gsub("{[^}]+}", "1")))
    assert.equal(status, got, name)
    assert.is_string(body.errorCode, name)
    return answer.body
  end

  -- The error of a call, returned or raised.
  local function failure_of(line, status)
    local client = coverage.client(setmetatable({ status = status,
      answer = refusal_of(line.op, status) }, { __index = line }))
    local ok, result, err = pcall(line.call, client, etoro)
    client:close()
    if not ok then return result end
    assert.is_nil(result, line.op)
    return err
  end

  it("has something to use in its place that is there", function()
    local client = assert(sandbox.new():client())
    for name in pairs(lines) do
      local text = operations[name].instead
      for resource, method in text:gmatch "client%.(%w+):?([%w_]*)" do
        assert.is_table(client[resource], text)
        assert.is_truthy(method == "" or client[resource][method], text)
      end
    end
    client:close()
  end)

  it("is one of 29", function() assert.equal(17 + 3 + 5 + 4, count) end)

  for _, status in ipairs { 404, 403 } do
    it(("is told where the server says %d, whoever calls it"):format(status),
    function()
      for name, of_route in pairs(lines) do
        assert.is_true(#of_route > 0, name)
        for _, line in ipairs(of_route) do
          local err = failure_of(line, status)
          assert.equal("etoro.error", getmetatable(err).__name, name)
          assert.equal(status, err.status, name)
          assert.matches("withdrawn; use ", err.hint, nil, nil, name)
          assert.is_truthy(err.hint:find(operations[name].instead, 1, true), name)
          assert.is_truthy(tostring(err):find(err.hint, 1, true), name)
        end
      end
    end)
  end

  it("is answered while the server has it", function()
    local client = assert(sandbox.new():client())
    local page = assert(client:call("GET /api/v1/instruments/discover",
      { pageSize = 2 }))
    assert.is_table(page)
    client:close()
  end)

  it("is not what a page is about that blocks the address", function()
    local model = sandbox.new()
    assert(model.faults:add { route = "* *", fault = "html", status = 403, times = 0 })
    local _, err = assert(model:client()):call "GET /api/v1/money/accounts/cash"
    assert.equal("html", err.code)
    assert.not_matches("withdrawn", err.hint)
  end)
end)
