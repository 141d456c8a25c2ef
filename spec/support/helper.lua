-- Runs before the specs (.busted).
local patience = require "spec.support.patience"
local uv = require "luv"

-- A sanitizer that was put in front of Lua must not follow into every shell and
-- tool that a spec starts; process.lua puts it in front of the Lua programs it
-- starts.
uv.os_unsetenv "LD_PRELOAD"

-- What is written goes by the characters that the environment names, and specs
-- expect all of them.
uv.os_unsetenv "LC_ALL"
uv.os_unsetenv "LC_CTYPE"
uv.os_setenv("LANG", "C.UTF-8")

-- Seconds that a spec, or what is before and behind it, may take; 0 is no
-- limit. The runs whose length a variable says have none.
local limit = math.tointeger(os.getenv "SPEC_LIMIT")
  or (os.getenv "FAULT_ORDERS" or os.getenv "FAULT_MONEY"
    or os.getenv "KILL_ROUNDS" or os.getenv "ETORO_ROUNDTRIP") and 0
  or 2 * patience

if limit > 0 then
  local busted = require "busted"
  local watchdog = require "spec.support.watchdog"

  local function place(element)
    local trace = element.trace
    watchdog(("%s, %s, line %s"):format(element.name,
      trace and trace.short_src or "its file",
      trace and trace.currentline or "?"), limit)
    return nil, true
  end

  for _, kind in ipairs { "file", "describe", "test" } do
    busted.subscribe({ kind, "start" }, place)
    busted.subscribe({ kind, "end" }, place)
  end
end
