-- What the fields of all answers are, as tables: `types` by name, each its
-- fields by theirs, `answers` by operation and status. What a kind stands for
-- is told in the file they are made of.
local answer_types = require "spec.support.answer_types"

local M = { types = {}, answers = {} }

-- The lines of a text, those that go on put together.
local function lines(text)
  return text:gsub("\\\n  ", ""):gsub("\n  ", " "):gmatch "[^\n]+"
end

for line in lines(answer_types.types) do
  local name, rest = line:match "^(%S+) ?(.*)$"
  local fields = {}
  for field, required, kind in rest:gmatch "([%w_]+)(%*?):(%S+)" do
    fields[field] = { kind = kind, required = required == "*" }
  end
  M.types[name] = fields
end

for line in lines(answer_types.answers) do
  local name, kind = line:match "^(%S+ %S+ %d+) ?(.*)$"
  M.answers[name] = kind
end

return M
