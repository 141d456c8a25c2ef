-- Asserts that a call raises at its caller's line: the function given starts
-- on the line of the call that is to raise, and does not return it (a tail
-- call has no line).
--
--   raises(function() etoro.client { api_keyy = "x" } end,
--     "unknown option 'api_keyy' (did you mean 'api_key'?)")
return function(call, text)
  local assert = require "luassert"
  local info = debug.getinfo(call, "S")
  local ok, message = pcall(call)
  if ok then error("nothing was raised: " .. text, 2) end
  assert.equal(("%s:%d: %s"):format(info.short_src, info.linedefined, text),
    message)
end
