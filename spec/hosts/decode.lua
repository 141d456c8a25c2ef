-- For alloc_host: decodes of all kinds, with memory failing anywhere in them.
local core = require "etoro.core"

local LONG = ("x"):rep(300 * 1024)
local TEXTS = {
  '{"a":[1,2.5,null,"x\\u0041"],"userToken":"s\\n","apiKey":["b",{"c":1}]}',
  '{"content":"{\\"userToken\\":\\"abc\\"}","d":[],"e":{},"f\\n":1e-300}',
  '["' .. LONG .. '",{"userToken":"' .. LONG .. '"},"\\n' .. LONG .. '"]',
  "[" .. ("[1],"):rep(70) .. "{}]",
  '{"' .. ("name"):rep(20) .. '":[[[[{"x":18446744073709551616}]]]]}',
  "0." .. ("3"):rep(100),
}
local WRONG = { '{"userToken":"abc', '["\\u00"]', "[" .. ("["):rep(1200),
  '{"a":"' .. LONG }

return function()
  for _, text in ipairs(TEXTS) do
    local value, message = core.decode(text)
    if value == nil then error(message) end
    core.decode(text, true, true)
  end
  for _, text in ipairs(WRONG) do
    local value, message = core.decode(text)
    assert(value == nil and message, "it was taken")
    assert(#core.hidden(text) > 0)
  end
  return true
end
