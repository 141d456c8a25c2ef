-- .ci/each.sh, by which all specs are run and counted.
local files = require "spec.support.files"
local process = require "spec.support.process"

describe(".ci/each.sh #lua", function()
  local dir

  before_each(function() dir = process.scratch() end)
  after_each(function() process.remove(dir) end)

  -- Runs a text of sh with each spec file as its $0.
  local function each(text)
    return process.run { "sh", ".ci/each.sh", dir, "sh", "-c", text }
  end

  it("counts the specs of all files, and shows what one says that fails", function()
    for _, name in ipairs { "one", "two", "three" } do
      files.write(("%s/%s_spec.lua"):format(dir, name), name)
    end
    local done = each 'echo "2 passed, 0 failed"'
    assert.same({ 0, "6 passed, 0 failed" },
      { done.code, done.stdout:match "([^\n]+)\n$" })
    done = each [[case $0 in
      */two_*) echo "what was wrong"; echo "1 passed, 1 failed"; exit 1 ;;
      */three_*) exit 0 ;;
      esac; echo "2 passed, 0 failed"]]
    assert.equal("3 passed, 2 failed", done.stdout:match "([^\n]+)\n$")
    assert.truthy(done.stdout:find("two_spec.lua\nwhat was wrong\n", 1, true), done.stdout)
    assert.not_equal(0, done.code)
  end)

  it("runs nothing but specs, and says where there are none", function()
    files.write(dir .. "/helper.lua", "")
    local done = each 'echo "1 passed, 0 failed"'
    assert.same({ 1, "", "no specs are left to run in " .. dir .. "\n" },
      { done.code, done.stdout, done.stderr })
  end)
end)
