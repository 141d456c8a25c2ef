-- A collector that runs as often as it can, under Lua 5.4 and 5.5.
local M = {}

function M.be_eager()
  collectgarbage()
  collectgarbage "incremental"
  if not pcall(collectgarbage, "param", "pause", 10) then
    collectgarbage("incremental", 1, 1000) -- Lua 5.4
  end
end

--- As the lua command of 5.4 has it.
function M.be_as_usual()
  if not pcall(collectgarbage, "param", "pause", 200) then
    collectgarbage("incremental", 200, 100)
  end
  collectgarbage "generational"
end

return M
